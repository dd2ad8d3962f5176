// The parts of the benchmark. Each takes how many pairs of runs to make, and gives rows of figures: of several
// runs all are kept, so that medians and spreads can be told. Runs alternate, so that what else the machine
// does hits both sides.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as cases from './cases.mjs'
import { load, timed } from './measure.mjs'
import { withPan } from './spin.mjs'
import { missing as noTlc, withTlc } from './tlc.mjs'

const OURS = join(import.meta.dirname, 'ours.mjs')
const TLA_CHECKER = join(import.meta.dirname, 'tla_checker.mjs')
const MAIN = join(cases.ROOT, 'dist', 'cli', 'main.js')

function ours(name, how, workers = 1) {
  const whole = timed(process.execPath, [OURS, JSON.stringify({ name, how, workers })])
  return { ...JSON.parse(whole.out), wholeCpu: whole.cpu, wholeWall: whole.wall }
}

/** Two searches by one worker each, at the same time: what the machine lets two threads do that share only its memory. */
function oursAtOnce(name) {
  const command = [process.execPath, OURS, JSON.stringify({ name, how: 'wasm', workers: 1 })]
  const whole = timed('bash', ['-c', '"$@" & "$@"; wait', 'bash', ...command])
  const each = whole.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  return { ...each[0], wall: Math.max(...each.map(({ wall }) => wall)), cpu: each[0].cpu + each[1].cpu }
}

const chosen = (all, only) => (only === undefined ? all : all.filter((name) => only.includes(name.split('@')[0])))

/** Alternating runs of two sides; says what each gave. */
function alternate(pairs, sides) {
  const runs = Object.fromEntries(Object.keys(sides).map((side) => [side, []]))
  const loads = []
  for (let i = 0; i < pairs; i++) {
    loads.push(load())
    for (const [side, run] of Object.entries(sides)) runs[side].push(run())
  }
  return { runs, loads }
}

const same = (name, a, b) => {
  if (a.states !== b.states) throw new Error(`${name}: ${a.states} states here, ${b.states} there`)
}

/** Unreduced, one worker, against pan; `variant` may be COLLAPSE. */
function against(names, pairs, variant) {
  return names.map((name) => {
    const model = cases.modelOf(name)
    const { states } = ours(name, 'wasm')
    return withPan(model, { name, states, variant }, (pan, build) => {
      const { runs, loads } = alternate(pairs, { ours: () => ours(name, 'wasm'), pan })
      same(name, runs.ours[0], runs.pan[0])
      return { name, states, bits: cases.bitsOf(model), build, loads, runs }
    })
  })
}

export const PARTS = {
  speed: (pairs, only) => against(chosen(cases.SPEED, only), pairs, 'full'),
  collapse: (pairs, only) => against(chosen(cases.SPEED, only), pairs, 'collapse'),
  widths: (pairs) => against(cases.WIDTHS, pairs, 'full'),
  tlc: (pairs, only) =>
    chosen(noTlc().length > 0 ? [] : cases.TLC, only).map((name) => {
      const model = cases.modelOf(name)
      return withTlc(model, { name }, (tlc) => {
        const { runs, loads } = alternate(pairs, { ours: () => ours(name, 'wasm'), other: tlc })
        same(name, runs.ours[0], runs.other[0])
        return { name, states: runs.ours[0].states, bits: cases.bitsOf(model), loads, runs }
      })
    }),
  tlaChecker: (pairs, only) =>
    chosen(cases.TLA_CHECKER, only).map((name) => {
      const other = () => JSON.parse(timed(process.execPath, [TLA_CHECKER, name]).out)
      const { runs, loads } = alternate(pairs, { ours: () => ours(name, 'wasm'), other })
      same(name, runs.ours[0], runs.other[0])
      return { name, states: runs.ours[0].states, bits: cases.bitsOf(cases.modelOf(name)), loads, runs }
    }),
  reductions: (pairs, only) =>
    chosen(cases.REDUCTION, only).map((name) => {
      const model = cases.modelOf(name)
      const full = ours(name, 'wasm')
      return withPan(model, { name, states: full.states, variant: 'por' }, (pan, build) => {
        const sides = {
          por: () => ours(name, 'por'),
          full: () => ours(name, 'wasm'),
          auto: () => ours(name, 'auto'),
          pan,
        }
        return { name, states: full.states, build, ...alternate(pairs, sides) }
      })
    }),
  workers: (pairs, only) =>
    chosen(cases.SPEED.slice(-2), only).map((name) => {
      const sides = {
        one: () => ours(name, 'wasm', 1),
        two: () => ours(name, 'wasm', 2),
        atOnce: () => oursAtOnce(name),
      }
      const { runs, loads } = alternate(pairs, sides)
      same(name, runs.one[0], runs.two[0])
      return { name, states: runs.one[0].states, loads, runs }
    }),
  first: (pairs) =>
    cases.VIOLATED.map((name) => {
      const [scenario, kernel] = name.split('@')
      const check = () =>
        timed(process.execPath, [MAIN, 'check', scenario, '-k', kernel, '--no-save'], { codes: [0, 10] })
      return withPan(cases.modelOf(name), { name, states: 1e5, variant: 'full', first: true }, (pan, build) => ({
        name,
        build,
        ...alternate(pairs, { check: () => ({ ...check(), out: undefined }), pan }),
      }))
    }),
  startup: (pairs) => {
    const directory = mkdtempSync(join(tmpdir(), 'mmcheck-bench-'))
    try {
      const file = join(directory, 'ten.litmus')
      writeFileSync(
        file,
        'MM ten\nkernel v7.0\n{ shmem f[1]; map a = f[0..0] shared rw; }\nP0 { r0 = mincore(a[0]); }\n',
      )
      const run = (...args) => ({ ...timed(process.execPath, [MAIN, ...args]), out: undefined })
      const sides = { version: () => run('--version'), litmus: () => run('check', file, '--no-save') }
      return [{ name: 'start-up', ...alternate(pairs, sides) }]
    } finally {
      rmSync(directory, { recursive: true })
    }
  },
}
