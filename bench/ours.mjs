// One search of ours in a process of its own: `node bench/ours.mjs '{"name": ..., "how": ...}'`, figures as JSON.
import { compileLate } from '../dist/cli/late_compile.js'
import { searchExplicit } from '../dist/solver/explicit/search.js'
import { searchAuto } from '../dist/solver/reduce/auto.js'
import { searchReducedFast } from '../dist/solver/reduce/fast.js'
import { searchReduced } from '../dist/solver/reduce/reduced.js'
import { searchTogether } from '../dist/solver/wasm/search.js'
import { bitsOf, modelOf } from './cases.mjs'

const { name, how, workers = 1 } = JSON.parse(process.argv[2])
const HOW = {
  wasm: async (model) => {
    const answer = await searchTogether(model, {}, { workers })
    if (!answer.ok) throw new Error(answer.reason)
    return answer.result
  },
  explicit: searchExplicit,
  auto: (model) => searchAuto(model, {}),
  por: (model) => searchReducedFast(model, { reductions: ['por'] }),
  'por-explicit': (model) => searchReduced(model, { reductions: ['por'] }),
}
// As the program does.
compileLate()
const model = modelOf(name)
const before = process.cpuUsage()
const start = performance.now()
// Code generation and whatever else a model takes is within.
const result = await HOW[how](model)
const wall = (performance.now() - start) / 1000
const { user, system } = process.cpuUsage(before)
const { states, transitions, bytes, violations } = result
const reduced = result.reductions?.every(({ refused }) => refused === undefined) ?? false
const figures = { states, transitions, bytes, reduced, violations: violations.length, bits: bitsOf(model) }
console.log(
  JSON.stringify({ ...figures, cpu: (user + system) / 1e6, wall, peakBytes: 1024 * process.resourceUsage().maxRSS }),
)
