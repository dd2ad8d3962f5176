// `node bench/agreement.mjs [--depth N] [--share K/N] [--to FILE]`: bounded checking to a depth (20) of every cell of the
// catalogue, held against what the explicit search has recorded of it: the same properties violated, after as many steps,
// and no other. One line each to FILE, with the milliseconds (code that is warm, and a solver of its own); a run that was
// ended goes on from there. Ends with 1 where some disagree. `npm run build` first.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readBaseline } from '../dist/cli/baseline.js'
import { catalogue, load } from '../dist/cli/input.js'
import { kernelText } from '../dist/counterexamples/build.js'
import { lower } from '../dist/model/language/lower/lower.js'
import { withProperties } from '../dist/properties/all.js'
import { boundedCheck } from '../dist/solver/smt/bmc.js'

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '20' },
    share: { type: 'string', default: '1/1' },
    to: { type: 'string', default: 'agreement.tsv' },
  },
})
const maxDepth = Number(values.depth)
const [part, parts] = values.share.split('/').map(Number)
const baseline = readBaseline()
const known = existsSync(values.to)
  ? readFileSync(values.to, 'utf8')
      .split('\n')
      .filter((l) => l.endsWith('\tagree'))
  : []
const done = new Set(known.map((l) => l.split('\t').slice(0, 2).join('\t')))
const scenarios = catalogue().flatMap((name) => {
  const loaded = load(name)
  if (!loaded.ok) throw new Error(`${name} cannot be loaded`)
  return loaded.scenarios.map((scenario) => ({ name, scenario }))
})
const shortest = (lengths) => JSON.stringify(Object.entries(lengths).sort())

let bad = 0
for (const [i, { name, scenario }] of scenarios.entries()) {
  const kernel = kernelText(scenario)
  const expected = baseline[name]?.[kernel]
  const key = `${name}\t${kernel}`
  if (i % parts !== part - 1 || expected === undefined || done.has(key)) continue
  const start = performance.now()
  const { model } = lower(withProperties(scenario))
  const result = await boundedCheck(model, { maxDepth, maxMs: 600_000 })
  const ms = Math.round(performance.now() - start)
  const safety = new Set(model.properties.map((p) => p.name))
  const recorded = Object.entries(expected.violations).filter(([p, v]) => safety.has(p) && v.steps <= maxDepth)
  const found = result.violations.map(({ property, moves }) => [model.properties[property]?.name ?? '', moves.length])
  const complete = result.incomplete === undefined || result.incomplete.kind === 'depth'
  const want = shortest(Object.fromEntries(recorded.map(([p, v]) => [p, v.steps])))
  const got = shortest(Object.fromEntries(found))
  const agrees = complete && want === got
  if (!agrees) bad++
  appendFileSync(
    values.to,
    `${key}\t${ms}\t${agrees ? 'agree' : `DISAGREE: ${got} for ${want}, ${JSON.stringify(result.incomplete ?? null)}`}\n`,
  )
}
console.log(`${scenarios.length} cells, ${done.size} known before; ${bad} of this run disagree`)
process.exitCode = bad === 0 ? 0 : 1
