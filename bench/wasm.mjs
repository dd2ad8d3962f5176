// The WebAssembly engine against the JavaScript one and SPIN's verifier, on the same states:
// `npm run build && node bench/wasm.mjs [large]`. Runs alternate, so that what else the machine does hits all;
// medians of five; the counts of states must be equal. Ours are whole calls, code generation included; pan's are
// runs of a verifier that is compiled already, -O2, safety only, its hash table sized for the states to come.
// `large` adds a scenario of 32 million states, ours alone, by the WebAssembly engine alone, and once.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lower } from '../dist/model/language/lower/lower.js'
import { parseLitmus } from '../dist/model/litmus/parser.js'
import { elaborate } from '../dist/model/scenarios/scenario.js'
import { withProperties } from '../dist/properties/all.js'
import { layOut } from '../dist/solver/explicit/layout.js'
import { searchExplicit } from '../dist/solver/explicit/search.js'
import { toPromela } from '../dist/solver/export/promela.js'
import { specialise } from '../dist/solver/specialise.js'
import { searchWasm } from '../dist/solver/wasm/search.js'

const RUNS = 5
const ROOT = join(import.meta.dirname, '..')

const WORLD = 'kernel v7.0\n{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }\n'
const THREE = `MM three-threads
${WORLD}
P0 { r0 = guard_install(a[0]); r1 = guard_remove(a[0]); r2 = read(a[0]); }
P1 { r0 = write(a[0]); r1 = read(a[0]); r2 = write(a[1]); }
P2 { collapse(f); }
`
const FOUR = `MM four-threads
${WORLD}
P0 { r0 = guard_install(a[0]); r1 = read(a[0]); }
P1 { r0 = write(a[0]); r1 = read(a[0]); }
P2 { collapse(f); }
P3 { r0 = read(a[1]); r1 = write(a[1]); }
`
const catalogue = (name) => readFileSync(join(ROOT, 'model', 'scenarios', `${name}.litmus`), 'utf8')
const CASES = [
  ['dontneed+collapse', 'v7.0', catalogue('dontneed+collapse')],
  ['collapse-dontneed+madvise_collapse', 'v7.0', catalogue('collapse-dontneed+madvise_collapse')],
  ['read+read+collapse', 'v7.0', catalogue('read+read+collapse')],
  ['three-threads', 'v7.0', THREE],
]

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
const seconds = (run) => {
  const start = performance.now()
  const result = run()
  return { result, s: (performance.now() - start) / 1000 }
}

function modelOf(text, kernel) {
  const span = { start: 0, end: 0 }
  const made = elaborate(parseLitmus({ name: 'bench', text }).file, [
    { names: [{ text: kernel, span }], without: [], span },
  ])
  return lower(withProperties(made.scenarios[0])).model
}

function bitsOf(model) {
  const { fields } = layOut(specialise(model))
  return fields.reduce((sum, field) => sum + (field.kind === 'packed' ? field.bits : 0), 0)
}

function line(engine, states, times, bytesPerState) {
  const s = median(times)
  const spread = `${Math.min(...times).toFixed(3)}..${Math.max(...times).toFixed(3)}`
  const rate = `${(states / s / 1000).toFixed(0)}k states/s`
  console.log(`  ${engine.padEnd(6)} ${s.toFixed(3)} s (${spread})  ${rate}  ${bytesPerState} B/state`)
}

/** A compiled verifier in a directory of its own, or undefined where spin or gcc is missing. */
function buildPan(model, name, kernel, states) {
  if (spawnSync('spin', ['-V']).status !== 0 || spawnSync('gcc', ['--version']).status !== 0) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
  writeFileSync(join(directory, 'a.pml'), toPromela(model, { scenario: name, kernel, states }))
  execFileSync('spin', ['-a', '-o2', 'a.pml'], { cwd: directory })
  execFileSync('gcc', ['-O2', '-w', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c'], { cwd: directory })
  const hash = Math.max(16, Math.ceil(Math.log2(states)) + 1)
  const args = ['-c0', `-m${states + 10}`, `-w${hash}`]
  return { directory, run: () => execFileSync('./pan', args, { cwd: directory, encoding: 'utf8' }) }
}

function measure([name, kernel, text]) {
  const model = modelOf(text, kernel)
  const ours = searchExplicit(model)
  const { states } = ours
  const pan = buildPan(model, name, kernel, states)
  const times = { js: [], wasm: [], pan: [] }
  let wasmBytes = 0
  let panBytes = 0
  try {
    for (let i = 0; i < RUNS; i++) {
      times.js.push(seconds(() => searchExplicit(model)).s)
      const { result: answer, s } = seconds(() => searchWasm(model))
      if (!answer.ok || answer.result.states !== states) throw new Error(`${name}: the engines disagree`)
      times.wasm.push(s)
      wasmBytes = answer.result.bytes
      if (pan === undefined) continue
      const verified = seconds(pan.run)
      if (Number(/(\d+) states, stored/.exec(verified.result)?.[1]) !== states)
        throw new Error(`${name}: pan disagrees`)
      panBytes = Number(/([\d.]+)\s+total actual memory usage/.exec(verified.result)?.[1]) * 1e6
      times.pan.push(verified.s)
    }
  } finally {
    if (pan !== undefined) rmSync(pan.directory, { recursive: true })
  }
  console.log(`${name} on ${kernel}: ${states} states of ${bitsOf(model)} bits, ${ours.transitions} transitions`)
  line('js', states, times.js, (ours.bytes / states).toFixed(0))
  line('wasm', states, times.wasm, (wasmBytes / states).toFixed(0))
  if (times.pan.length > 0) line('pan', states, times.pan, (panBytes / states).toFixed(0))
  const over = (other) => (other.length === 0 ? '-' : (median(other) / median(times.wasm)).toFixed(1))
  console.log(`  wasm is ${over(times.js)} times as fast as js, ${over(times.pan)} times as fast as pan`)
}

CASES.forEach(measure)
if (process.argv[2] === 'large') {
  const model = modelOf(FOUR, 'v7.0')
  const { result: answer, s } = seconds(() => searchWasm(model))
  if (!answer.ok) throw new Error(answer.reason)
  const { states, transitions, bytes } = answer.result
  console.log(`four-threads on v7.0: ${states} states of ${bitsOf(model)} bits, ${transitions} transitions`)
  line('wasm', states, [s], (bytes / states).toFixed(0))
}
