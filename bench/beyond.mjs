// One search that is larger than a WebAssembly memory: `node bench/beyond.mjs [CASE [BYTES]]`, some ten minutes. Prints
// a line for each gigabyte that it takes, and figures as JSON; results/beyond.md says what came out.
import { compileLate } from '../dist/cli/late_compile.js'
import { searchWasm } from '../dist/solver/wasm/search.js'
import { bitsOf, modelOf } from './cases.mjs'

const [name = 'counters-3e8@64', maxBytes = 12 * 2 ** 30] = process.argv.slice(2)
const GIB = 2 ** 30

compileLate()
const model = modelOf(name)
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
const peak = () => 1024 * process.resourceUsage().maxRSS
const start = performance.now()
const begun = cpu()
let last = { states: 0, bytes: 0, cpu: begun }

/** States per second of CPU since the last line, where there is one to be written. */
function onProgress({ states, bytes, depth, frontier }) {
  if (Math.floor(bytes / GIB) === Math.floor(last.bytes / GIB) && states - last.states < 2e7) return
  const now = cpu()
  const rate = Math.round((states - last.states) / (now - last.cpu))
  const wall = (performance.now() - start) / 1000
  console.log(JSON.stringify({ states, depth, frontier, bytes, rate, cpu: now - begun, wall, peakBytes: peak() }))
  last = { states, bytes, cpu: now }
}

const answer = searchWasm(model, { maxBytes: Number(maxBytes), onProgress })
if (!answer.ok) throw new Error(answer.reason)
const { states, transitions, depth, bytes, incomplete, outcomes } = answer.result
const wall = (performance.now() - start) / 1000
console.log(
  JSON.stringify({
    ...{ states, transitions, depth, bytes, incomplete, outcomes, bits: bitsOf(model) },
    ...{ cpu: cpu() - begun, wall, peakBytes: peak() },
  }),
)
