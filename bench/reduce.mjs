// What reductions save: `npm run build && node bench/reduce.mjs [--spin] [FILE@KERNEL...]`.
// For each case: states, transitions and CPU seconds of the full search and of the reduced one; the set-up of
// the latter by itself. With --spin also what SPIN's own partial-order reduction makes of the exported model:
// states stored, and seconds of its verifier without the time to compile it. A case named with a slash is a file.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lower } from '../dist/model/language/lower/lower.js'
import { parseLitmus } from '../dist/model/litmus/parser.js'
import { elaborate } from '../dist/model/scenarios/scenario.js'
import { withProperties } from '../dist/properties/all.js'
import { compile } from '../dist/solver/explicit/program.js'
import { layOut } from '../dist/solver/explicit/layout.js'
import { searchExplicit } from '../dist/solver/explicit/search.js'
import { toPromela } from '../dist/solver/export/promela.js'
import { partialOrder } from '../dist/solver/reduce/por.js'
import { searchOrder } from '../dist/solver/reduce/search.js'
import { initialState } from '../dist/solver/reference/interpreter.js'
import { specialise } from '../dist/solver/specialise.js'

const ROOT = join(import.meta.dirname, '..')
const MADE = {
  'three-threads': `{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0]); r1 = guard_remove(a[0]); r2 = read(a[0]); }
P1 { r0 = write(a[0]); r1 = read(a[0]); r2 = write(a[1]); }
P2 { collapse(f); }`,
  'guard+madvise_collapse+read': `{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0]); }
P1 { r0 = madvise_collapse(a); }
P2 { r0 = read(a[0]); }`,
  'guard+madvise_collapse+read-remove': `{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = guard_install(a[0..1]); }
P1 { r0 = madvise_collapse(a); }
P2 { r0 = read(a[0]); r1 = guard_remove(a[0..1]); }`,
  'read+read+write+collapse': `{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }
P0 { r0 = read(a[0]); }
P1 { r0 = read(a[0]); }
P2 { r0 = write(a[1]); }
P3 { collapse(f); }`,
}
const CASES = [
  'collapse-dontneed+madvise_collapse@v7.0',
  'two-processes+collapse@maybe-guard-v2',
  'install-remove-read+read@v7.0',
  'read+read+collapse@v7.0',
  ...Object.keys(MADE).map((name) => `${name}@v7.0`),
]

function textOf(name, kernel) {
  if (MADE[name] !== undefined) return `MM ${name.replaceAll('+', '-')}\nkernel ${kernel}\n${MADE[name]}\n`
  return readFileSync(name.includes('/') ? name : join(ROOT, 'model', 'scenarios', `${name}.litmus`), 'utf8')
}

function modelOf(text, kernel) {
  const span = { start: 0, end: 0 }
  const parsed = parseLitmus({ name: 'bench', text })
  const made = elaborate(parsed.file, [{ names: [{ text: kernel, span }], without: [], span }])
  return lower(withProperties(made.scenarios[0])).model
}

// CPU seconds: the machine may have other things to do.
function cpu(run) {
  const before = process.cpuUsage()
  const result = run()
  const { user, system } = process.cpuUsage(before)
  return { result, s: (user + system) / 1e6 }
}

function spin(name, model, states) {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
  try {
    writeFileSync(join(directory, 'a.pml'), toPromela(model, { scenario: name, kernel: '', states }))
    execFileSync('spin', ['-a', '-o2', 'a.pml'], { cwd: directory })
    execFileSync('gcc', ['-O2', '-w', '-DSAFETY', '-o', 'pan', 'pan.c'], { cwd: directory })
    const args = ['-c0', `-m${states + 10}`, `-w${Math.max(16, Math.ceil(Math.log2(states)) + 1)}`]
    const out = execFileSync('./pan', args, { cwd: directory, encoding: 'utf8' })
    return `${/(\d+) states, stored/.exec(out)?.[1]} states, ${/elapsed time ([\d.]+)/.exec(out)?.[1] ?? '?'} s`
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function measure(name, kernel, withSpin) {
  const original = modelOf(textOf(name, kernel), kernel)
  const full = cpu(() => searchExplicit(original))
  const model = specialise(original)
  const layout = layOut(model)
  const program = compile(model, layout)
  const setUp = cpu(() => partialOrder(model, layout))
  const first = initialState(original)
  const { order } = setUp.result
  const reduced = cpu(() => searchOrder({ model, layout, program, first, order }))
  const { states, transitions } = reduced.result
  const times = (a, b) => `${(a / b).toFixed(1)}x`
  console.log(`${name} on ${kernel}`)
  console.log(`  full     ${full.result.states} states, ${full.result.transitions} transitions, ${full.s.toFixed(2)} s`)
  console.log(
    `  por      ${states.count} states, ${transitions} transitions, ${reduced.s.toFixed(2)} s, set-up ${setUp.s.toFixed(2)} s`,
  )
  console.log(
    `  full/por ${times(full.result.states, states.count)} states, ${times(full.s, reduced.s + setUp.s)} seconds`,
  )
  if (withSpin) console.log(`  SPIN's por ${spin(name, original, full.result.states)}`)
}

const args = process.argv.slice(2)
const chosen = args.filter((a) => a !== '--spin')
for (const c of chosen.length > 0 ? chosen : CASES) {
  const [name, kernel] = c.split('@')
  measure(name, kernel ?? 'v7.0', args.includes('--spin'))
}
