// How long a search looks at no clock: `node bench/pauses.mjs [CASE [BYTES [WORKERS [LIMITS]]]]`. LIMITS is JSON, of
// solver/wasm/limits.ts: '{"buckets":20,"part":18}' has it go beyond its first memory at 13 million states. Prints as JSON those times between two looks that took most CPU, of all threads of the process, in milliseconds, with
// the wall time beside and the number of states that were stored then; results/growth.md says what came out.
import { compileLate } from '../dist/cli/late_compile.js'
import { LIMITS } from '../dist/solver/wasm/limits.js'
import { searchTogether } from '../dist/solver/wasm/search.js'
import { modelOf } from './cases.mjs'

const [name = 'counters-1e7@64', maxBytes = 12 * 2 ** 30, workers = 1, limits = '{}'] = process.argv.slice(2)
const KEPT = 12

compileLate()
const model = modelOf(name)
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}
const begun = { wall: performance.now(), cpu: cpu() }
let last
let machine
let longest = []
let looks = 0

/** Called between any two chunks of states, or rounds of several workers. */
function onLook() {
  const now = { wall: performance.now(), cpu: cpu() }
  if (last !== undefined) {
    const pause = { wall: now.wall - last.wall, cpu: now.cpu - last.cpu, states: machine.read({ name: 'tail' }) }
    looks++
    if (longest.length < KEPT || pause.cpu > longest.at(-1).cpu)
      longest = [...longest, pause].sort((a, b) => b.cpu - a.cpu).slice(0, KEPT)
  }
  last = now
}

const options = {
  maxBytes: Number(maxBytes),
  limits: { ...LIMITS, ...JSON.parse(limits) },
  onOpen: (heap) => (machine = heap.machine),
  onLook,
}
const answer = await searchTogether(model, options, { workers: Number(workers) })
if (!answer.ok) throw new Error(answer.reason)
const { states, transitions, depth, bytes, incomplete } = answer.result
const rounded = longest.map((pause) => ({
  ...pause,
  wall: Math.round(10 * pause.wall) / 10,
  cpu: Math.round(10 * pause.cpu) / 10,
}))
console.log(
  JSON.stringify({
    ...{
      name,
      workers: Number(workers),
      limits: JSON.parse(limits),
      states,
      transitions,
      depth,
      bytes,
      incomplete,
      looks,
    },
    ...{ wall: (performance.now() - begun.wall) / 1e3, cpu: (cpu() - begun.cpu) / 1e3 },
    ...{ peakBytes: 1024 * process.resourceUsage().maxRSS, longest: rounded },
  }),
)
