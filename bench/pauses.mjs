// How long a search by one worker looks at no clock: `node bench/pauses.mjs [CASE [BYTES]]`.
// Prints as JSON those times between two looks that took most CPU, of all threads of the process, in milliseconds, with
// the wall time beside and the number of states that were stored then; results/growth.md says what came out.
import { compileLate } from '../dist/cli/late_compile.js'
import { searchWasm } from '../dist/solver/wasm/search.js'
import { modelOf } from './cases.mjs'

const [name = 'counters-1e7@64', maxBytes = 12 * 2 ** 30] = process.argv.slice(2)
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

/** Asked between any two chunks of states. */
function due() {
  const now = { wall: performance.now(), cpu: cpu() }
  if (last !== undefined) {
    const pause = { wall: now.wall - last.wall, cpu: now.cpu - last.cpu, states: machine.read({ name: 'tail' }) }
    looks++
    if (longest.length < KEPT || pause.cpu > longest.at(-1).cpu)
      longest = [...longest, pause].sort((a, b) => b.cpu - a.cpu).slice(0, KEPT)
  }
  last = now
  return false
}

const answer = searchWasm(model, {
  maxBytes: Number(maxBytes),
  onOpen: (heap) => (machine = heap.machine),
  images: { due, save: () => undefined },
})
if (!answer.ok) throw new Error(answer.reason)
const { states, transitions, depth, bytes, incomplete } = answer.result
const rounded = longest.map((pause) => ({
  ...pause,
  wall: Math.round(10 * pause.wall) / 10,
  cpu: Math.round(10 * pause.cpu) / 10,
}))
console.log(
  JSON.stringify({
    ...{ name, states, transitions, depth, bytes, incomplete, looks },
    ...{ wall: (performance.now() - begun.wall) / 1e3, cpu: (cpu() - begun.cpu) / 1e3 },
    ...{ peakBytes: 1024 * process.resourceUsage().maxRSS, longest: rounded },
  }),
)
