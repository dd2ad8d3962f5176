// SPIN's verifier against our explicit engine, on the same states: `npm run build && node bench/spin.mjs`.
// Runs alternate, so that what else the machine does hits both; medians of five; the counts of states must be
// equal. pan is compiled as its manual advises for speed (-O2, safety only), has its hash table sized for the
// states to come, and checks the same properties. Our export is one loop per thread, whose every option pan
// tries in every state: doubling the options made pan a third slower (three-threads: 4.6 s to 6.0 s), so text
// written with labels instead of a pc would be faster by about as much.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lower } from '../dist/model/language/lower/lower.js'
import { parseLitmus } from '../dist/model/litmus/parser.js'
import { elaborate } from '../dist/model/scenarios/scenario.js'
import { withProperties } from '../dist/properties/all.js'
import { searchExplicit } from '../dist/solver/explicit/search.js'
import { toPromela } from '../dist/solver/export/promela.js'

const ROOT = join(import.meta.dirname, '..')
const RUNS = 5

const THREE = `MM three-threads
kernel v7.0
{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0]); r1 = guard_remove(a[0]); r2 = read(a[0]); }
P1 { r0 = write(a[0]); r1 = read(a[0]); r2 = write(a[1]); }
P2 { collapse(f); }
`

const catalogue = (name) => readFileSync(join(ROOT, 'model', 'scenarios', `${name}.litmus`), 'utf8')
const CASES = [
  ['read+read+collapse', 'v6.13', catalogue('read+read+collapse')],
  ['read+read+collapse', 'v7.0', catalogue('read+read+collapse')],
  ['three-threads', 'v7.0', THREE],
]

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const seconds = (run) => {
  const start = performance.now()
  const result = run()
  return { result, s: (performance.now() - start) / 1000 }
}
const spread = (numbers) =>
  `${median(numbers).toFixed(2)} s (${Math.min(...numbers).toFixed(2)}..${Math.max(...numbers).toFixed(2)})`

function modelOf(text, kernel) {
  const span = { start: 0, end: 0 }
  const parsed = parseLitmus({ name: 'bench', text })
  const made = elaborate(parsed.file, [{ names: [{ text: kernel, span }], without: [], span }])
  return lower(withProperties(made.scenarios[0])).model
}

function measure([name, kernel, text]) {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
  try {
    const model = modelOf(text, kernel)
    const ours = searchExplicit(model)
    if (ours.incomplete !== undefined) throw new Error(`${name} is too large`)
    writeFileSync(join(directory, 'a.litmus'), text)
    writeFileSync(join(directory, 'a.pml'), toPromela(model, { scenario: name, kernel, states: ours.states }))
    const compile = () => {
      execFileSync('spin', ['-a', '-o2', 'a.pml'], { cwd: directory })
      execFileSync('gcc', ['-O2', '-w', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c'], { cwd: directory })
    }
    const hash = Math.max(16, Math.ceil(Math.log2(ours.states)) + 1)
    const pan = () =>
      execFileSync('./pan', ['-c0', `-m${ours.states + 10}`, `-w${hash}`], { cwd: directory, encoding: 'utf8' })
    const check = () => {
      const args = [join(ROOT, 'dist', 'cli', 'main.js'), 'check', 'a.litmus', '-k', kernel, '--json', '--no-save']
      const ran = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8', maxBuffer: 2 ** 28 })
      if (ran.error !== undefined) throw ran.error
      return ran.stdout
    }
    const times = { compile: [], pan: [], check: [], engine: [] }
    let memory = ''
    for (let i = 0; i < RUNS; i++) {
      times.compile.push(seconds(compile).s)
      const { result, s } = seconds(pan)
      times.pan.push(s)
      const stored = Number(/(\d+) states, stored/.exec(result)?.[1])
      if (stored !== ours.states) throw new Error(`${name}: pan stores ${stored} states, we ${ours.states}`)
      memory = /([\d.]+)\s+total actual memory usage/.exec(result)?.[1] ?? '?'
      const checked = seconds(check)
      if (!checked.result.includes(`"states": ${ours.states}`)) throw new Error(`${name}: check sees other states`)
      times.check.push(checked.s)
      times.engine.push(seconds(() => searchExplicit(model)).s)
    }
    const over = (a, b) => (median(a) / median(b)).toFixed(2)
    const both = times.pan.map((s, i) => s + times.compile[i])
    console.log(`${name} on ${kernel}: ${ours.states} states, ${ours.transitions} transitions`)
    console.log(`  pan, run only        ${spread(times.pan)}, ${memory} MB`)
    console.log(`  spin + gcc + pan     ${spread(both)}`)
    console.log(`  mmcheck check        ${spread(times.check)}`)
    console.log(`  our engine alone     ${spread(times.engine)}, ${(ours.bytes / 1e6).toFixed(1)} MB for states`)
    console.log(
      `  pan run / check      ${over(times.pan, times.check)}    pan run / engine  ${over(times.pan, times.engine)}`,
    )
    console.log(`  pan whole / check    ${over(both, times.check)}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

CASES.forEach(measure)
