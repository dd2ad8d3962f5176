// The models that are measured. Sizes are reached on purpose: about 1e4, 1e5, 1e6 and 1e7 states.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lower } from '../dist/model/language/lower/lower.js'
import { parseLitmus } from '../dist/model/litmus/parser.js'
import { elaborate } from '../dist/model/scenarios/scenario.js'
import { withProperties } from '../dist/properties/all.js'
import { layOut } from '../dist/solver/explicit/layout.js'
import { specialise } from '../dist/solver/specialise.js'

export const ROOT = join(import.meta.dirname, '..')

const world = (name, threads) =>
  `MM ${name}\nkernel v7.0\n{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; }\n${threads}\n`
const MADE = {
  'three-threads': world(
    'three-threads',
    `P0 { r0 = guard_install(a[0]); r1 = guard_remove(a[0]); r2 = read(a[0]); }
P1 { r0 = write(a[0]); r1 = read(a[0]); r2 = write(a[1]); }
P2 { collapse(f); }`,
  ),
  'four-threads': world(
    'four-threads',
    `P0 { r0 = guard_install(a[0]); r1 = read(a[0]); }
P1 { r0 = write(a[0]); }
P2 { collapse(f); }
P3 { r0 = read(a[1]); }`,
  ),
}

/** From small to large, unreduced: 9998, 104804, 1567271, 9938375 and 10702460 states when this was written. */
export const SPEED = [
  'install-remove-read+read@v7.0',
  'read+read+collapse@v6.13',
  'three-threads@v7.0',
  'counters-1e7@64',
  'four-threads@v7.0',
]
/** Of those, what TLC takes minutes for and not hours. */
export const TLC = SPEED.slice(0, 3)
/** Of those, what tla-checker takes less than a minute for. */
export const TLA_CHECKER = SPEED.slice(0, 1)
/** Guard-region scenarios of more than 1e5 unreduced states: all that the catalogue has, its weekly part included. */
export const REDUCTION = [
  'read+read+collapse@v6.13',
  'install-remove+collapse+read@v7.0',
  'install+collapse+read-two@v7.0',
  'install+fork-read+read-write@v7.0',
  'install-remove+write-read+collapse@v7.0',
  'install-remove-read+write-read-write+collapse@v7.0',
]
/** Padded counters, by bits of a state: no scenario of the catalogue has as few as 64. */
export const WIDTHS = ['counters@64', 'counters@128', 'counters@256', 'counters@512']
/** A scenario with a violation. */
export const VIOLATED = ['install+madvise_collapse-huge@v7.0', 'dontneed+collapse@v6.15']

export const bitsOf = (model) =>
  layOut(specialise(model)).fields.reduce((sum, f) => sum + (f.kind === 'packed' ? f.bits : 0), 0)

function elaborated(text, kernel) {
  const span = { start: 0, end: 0 }
  const made = elaborate(parseLitmus({ name: 'bench', text }).file, [
    { names: [{ text: kernel, span }], without: [], span },
  ])
  return lower(withProperties(made.scenarios[0])).model
}

/** Three threads that count to this have 1e6 states, 9938375, 100544625, and 327082769. */
const COUNTS = { counters: 99, 'counters-1e7': 214, 'counters-1e8': 464, 'counters-3e8': 688 }

/**
 * Three threads that count, with slots beside them that make a state `bits` wide: each
 * step writes to them what follows from where the threads stand, so they add no states.
 */
function counters(count, bits) {
  const at = (slot) => ({ kind: 'slot', slot })
  const num = (value) => ({ kind: 'const', value })
  const bin = (op, left, right) => ({ kind: 'binary', op, left, right })
  const slot = (name, lo, hi, init) => ({ name, type: { kind: 'int', lo, hi }, kind: 'shared', lo, hi, init })
  const threads = [0, 1, 2]
  const own = Math.max(0, Math.floor((bits - 24) / 16))
  const slots = [
    ...threads.map((t) => slot(`c${t}`, 0, count, 0)),
    ...threads.map((t) => ({ ...slot(`pc${t}`, 0, 1, 0), kind: 'pc', thread: t })),
    ...Array.from({ length: own }, (_, i) => slot(`pad${i}`, 0, 2 ** 16 - 1, i)),
  ]
  const ite = (cond, then, otherwise) => ({ kind: 'ite', cond, then, else: otherwise })
  const steps = threads.map((t) => {
    const mine = Array.from({ length: own }, (_, i) => i).filter((i) => i % 3 === t)
    const set = (target, value) => ({ kind: 'set', target: { kind: 'slot', slot: target }, value })
    return {
      id: t,
      thread: t,
      pc: 0,
      label: `P${t}.count`,
      routine: `P${t}`,
      local: 'count',
      text: 'c++',
      frames: [],
      choices: [],
      guard: bin('lt', at(t), num(count)),
      body: [
        set(t, bin('add', at(t), num(1))),
        set(3 + t, ite(bin('lt', at(t), num(count)), num(0), num(1))),
        ...mine.map((i) => set(6 + i, bin('add', bin('add', at(t), at(t)), num(600 * i)))),
      ],
    }
  })
  return {
    slots,
    steps,
    threads: threads.map((t) => ({ name: `P${t}`, pcSlot: 3 + t, donePc: 1, daemon: false })),
    properties: [],
    invariants: [],
    covers: [],
  }
}

const SCENARIOS = join(ROOT, 'model', 'scenarios')
/** The file of a scenario of the catalogue or of its weekly part. */
function fileOf(name) {
  const large = join(SCENARIOS, 'weekly', `${name}.litmus`)
  return existsSync(large) ? large : join(SCENARIOS, `${name}.litmus`)
}

/** The lowered model of a case, NAME@KERNEL or counters@BITS. */
export function modelOf(name) {
  const [what, where] = name.split('@')
  if (COUNTS[what] !== undefined) return counters(COUNTS[what], Number(where))
  return elaborated(MADE[what] ?? readFileSync(fileOf(what), 'utf8'), where)
}
