// `npm run bench [-- PART...] [--pairs N] [--only MODEL,...]`: measures mmcheck against its peers and records the figures
// in bench/results, as JSON, Markdown and a plot. Parts that are not named keep what was recorded before, and so do
// the models of a part that --only leaves out. A peer that is not installed is left out by name. Fewer than five pairs
// are a trial: their figures are printed and nothing is recorded.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './cases.mjs'
import { machine } from './measure.mjs'
import { PARTS } from './parts.mjs'
import { markdown, plot } from './report.mjs'
import * as spin from './spin.mjs'
import * as tlc from './tlc.mjs'

const RESULTS = join(ROOT, 'bench', 'results')
const FILE = join(RESULTS, 'bench.json')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '5' }, only: { type: 'string' } },
})
const known = Object.keys(PARTS)
const stranger = positionals.find((part) => !known.includes(part))
if (stranger !== undefined) throw new Error(`no part '${stranger}': there are ${known.join(', ')}`)
const without = [...spin.missing(), ...tlc.missing()]
if (without.some((peer) => peer.startsWith('SPIN')))
  throw new Error(`${without[0]} is not installed: nothing to compare with`)

mkdirSync(RESULTS, { recursive: true })
const pairs = Number(values.pairs)
/** A median of fewer is left to chance on a machine that does other work too. */
const LEAST_PAIRS = 5
const record = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { parts: {} }
for (const part of positionals.length > 0 ? positionals : known) {
  const start = performance.now()
  const rows = PARTS[part](pairs, values.only?.split(','))
  const took = ((performance.now() - start) / 1000).toFixed(0)
  if (pairs < LEAST_PAIRS) {
    console.log(markdown({ machine: machine(), missing: without, parts: { [part]: { rows } } }))
    console.log(`${part}: ${took} s; not recorded, for which ${LEAST_PAIRS} pairs are needed`)
    continue
  }
  const kept = (record.parts[part]?.rows ?? []).filter(({ name }) => !rows.some((row) => row.name === name))
  record.machine = machine()
  record.missing = without
  record.parts[part] = { rows: [...rows, ...kept].sort((a, b) => (a.states ?? 0) - (b.states ?? 0)) }
  writeFileSync(FILE, `${JSON.stringify(record, null, 1)}\n`)
  writeFileSync(join(RESULTS, 'bench.md'), markdown(record))
  const drawn = plot(record)
  if (drawn !== undefined) writeFileSync(join(RESULTS, 'bench.svg'), drawn)
  console.log(`${part}: done in ${took} s`)
}
