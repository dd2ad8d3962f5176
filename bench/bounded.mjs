// `node bench/bounded.mjs [--depth N] [--limit S] [--share K/N] [NAME...]`: CPU seconds of bounded checking to a depth
// (20), scenario by scenario of the catalogue, each on the last of its kernels, with a solver of its own and Node's start
// counted in. Ends with 1 where one takes longer than the limit (10). `npm run build` first.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './cases.mjs'
import { load, machine, median, timed } from './measure.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    depth: { type: 'string', default: '20' },
    limit: { type: 'string', default: '10' },
    share: { type: 'string', default: '1/1' },
    solver: { type: 'string', default: 'wasm' },
  },
})
const limit = Number(values.limit)
const [part, parts] = values.share.split('/').map(Number)
const scenarios = join(ROOT, 'model', 'scenarios')
const all = readdirSync(scenarios)
  .filter((file) => file.endsWith('.litmus'))
  .map((file) => file.slice(0, -'.litmus'.length))
  .sort()
const stranger = positionals.find((name) => !all.includes(name))
if (stranger !== undefined) throw new Error(`no scenario '${stranger}'`)
const names = (positionals.length > 0 ? positionals : all).filter((_, i) => i % parts === part - 1)

/** The last kernel that a scenario names, without what it leaves out. A list goes on where a line ends with a comma. */
function lastKernel(name) {
  const text = readFileSync(join(scenarios, `${name}.litmus`), 'utf8')
  const lines = [...text.matchAll(/^kernel\s+((?:.*,\n)*.+)$/gm)].map((m) => m[1].split(/\swithout\s/)[0])
  return lines.at(-1)?.split(',').at(-1)?.trim()
}

const args = ['--engine', 'smt', '--depth', values.depth, '--solver', values.solver, '--no-save']
// Violated, incomplete (a bound is one) or whole: each is an answer.
const codes = [0, 10, 11, 13, 20]
const slow = []
const costs = []
for (const name of names) {
  const kernel = lastKernel(name)
  const on = kernel === undefined ? [] : ['--kernel', kernel]
  const { cpu, wall } = timed('node', ['dist/cli/main.js', 'check', name, ...on, ...args], { cwd: ROOT, codes })
  costs.push(cpu)
  if (cpu > limit) slow.push(name)
  console.log(
    `${cpu.toFixed(1).padStart(6)} s CPU ${wall.toFixed(1).padStart(6)} s  ${name} ${kernel ?? ''}${cpu > limit ? '  TOO LONG' : ''}`,
  )
}
console.log(
  `${costs.length} scenarios to depth ${values.depth}: median ${median(costs).toFixed(1)}, longest ${Math.max(...costs).toFixed(1)} s CPU; load ${load()}, ${machine()}`,
)
if (slow.length > 0) {
  console.log(`longer than ${limit} s: ${slow.join(', ')}`)
  process.exitCode = 1
}
