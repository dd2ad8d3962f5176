/**
 * Random lowered models, built from a tape of numbers: each decision takes the next number, and 0,
 * also what an empty tape gives, is always the simplest decision. So fast-check shrinks models by
 * shrinking tapes. No value ever leaves its slot's range: what is written is wrapped in an `ite`.
 */
import fc from 'fast-check'
import type {
  BinaryOp,
  LExpr,
  LIndex,
  LoweredModel,
  LStmt,
  LTarget,
  Slot,
  SlotKind,
} from '../../model/language/lowered.ts'
import { evaluate } from '../../solver/reference/interpreter.ts'
import type { StepSpec } from './build.ts'
import { and, assert, at, bin, ite, model, not, num, old, set, slot } from './build.ts'

interface Tape {
  /** A number below n. */
  readonly below: (n: number) => number
  readonly pick: <T>(first: T, ...others: readonly T[]) => T
}

function tapeOf(numbers: readonly number[]): Tape {
  let next = 0
  const below = (n: number): number => (numbers[next++] ?? 0) % n
  return { below, pick: (first, ...others) => [first, ...others][below(others.length + 1)] ?? first }
}

/** Cells side by side: a plain variable, an array or a matrix, all holding at least lo..hi. */
interface Variable {
  readonly base: number
  readonly dims: readonly number[]
  readonly lo: number
  readonly hi: number
}

const OPS: readonly [BinaryOp, ...BinaryOp[]] = [
  'eq',
  'ne',
  'lt',
  'le',
  'and',
  'or',
  'add',
  'sub',
  'band',
  'bor',
  'bandnot',
]
/** Assertions are about properties 0 and 1, invariants about 2 and 3; 4 is deadlock. */
const INVARIANTS = [2, 3, 2]

function randomVariables(tape: Tape, slots: Slot[]): readonly Variable[] {
  const kinds: readonly SlotKind[] = ['shared', 'register', 'ghost', 'register']
  return Array.from({ length: 2 + tape.below(4) }, (_, v) => {
    const dims = tape.pick<readonly number[]>([], [3], [2], [2, 2], [4])
    const lo = tape.pick(0, 0, 1, -1, -3)
    // The widest makes an array spill into a second word.
    const hi = lo + tape.pick(1, 2, 3, 4, 0, 5000)
    const base = slots.length
    const cells = dims.reduce((n, d) => n * d, 1)
    const kind = kinds[v % kinds.length] ?? 'shared'
    for (let c = 0; c < cells; c++) {
      // A cell may hold more than its variable needs: so that cells differ in width.
      slots.push(slot(`v${v}_${c}`, lo, hi + tape.pick(0, 0, 0, 0, 1), { kind, init: lo + tape.below(hi - lo + 1) }))
    }
    return { base, dims, lo, hi }
  })
}

interface Source {
  readonly tape: Tape
  readonly slots: readonly Slot[]
  readonly variables: readonly [Variable, ...Variable[]]
}

function variable({ tape, variables }: Source): Variable {
  return tape.pick(...variables)
}

/** A cell of a variable; some indices are out of range. */
function access(source: Source, of: Variable, depth: number): LTarget {
  if (of.dims.length === 0) return at(of.base)
  const [a = 1, b] = of.dims
  const first = source.tape.pick(0, 0, 1, -1)
  const rows: LIndex = { expr: expression(source, depth - 1, false), first, count: a, stride: b ?? 1 }
  if (b === undefined) return { kind: 'select', base: of.base, index: [rows] }
  const columns: LIndex = { expr: expression(source, depth - 1, false), first: 0, count: b, stride: 1 }
  return { kind: 'select', base: of.base, index: [rows, columns] }
}

function expression(source: Source, depth: number, mayLookBack: boolean): LExpr {
  const { tape } = source
  const sub = (): LExpr => expression(source, depth - 1, mayLookBack)
  if (depth <= 0) return tape.below(3) === 0 ? num(tape.below(4) - 1) : at(tape.below(source.slots.length))
  switch (tape.below(mayLookBack ? 8 : 7)) {
    case 0:
      return at(tape.below(source.slots.length))
    case 1:
    case 2:
      return access(source, variable(source), depth)
    case 3:
      return not(sub())
    case 4:
      return ite(sub(), sub(), sub())
    case 7:
      return old(expression(source, depth - 1, false))
    default:
      return bin(tape.pick(...OPS), sub(), sub())
  }
}

/** The value where it fits lo..hi, else something that does. */
function wrapped(source: Source, value: LExpr, lo: number, hi: number): LExpr {
  const fits = and(bin('le', num(lo), value), bin('le', value, num(hi)))
  return ite(fits, value, num(lo + source.tape.below(hi - lo + 1)))
}

function write(source: Source): LStmt {
  const to = variable(source)
  const target = access(source, to, 2)
  const value = source.tape.below(3) === 0 ? num(to.lo + source.tape.below(to.hi - to.lo + 1)) : undefined
  return set(target, value ?? wrapped(source, expression(source, 2, false), to.lo, to.hi))
}

function statement(source: Source, depth: number): LStmt {
  switch (depth <= 0 ? 0 : source.tape.below(5)) {
    case 3: {
      const branch = (): LStmt[] => Array.from({ length: source.tape.below(3) }, () => statement(source, depth - 1))
      return { kind: 'if', cond: expression(source, 2, false), then: branch(), else: branch() }
    }
    case 4:
      return assert(source.tape.below(2), bin('or', expression(source, 2, true), expression(source, 2, true)))
    default:
      return write(source)
  }
}

function randomStep(source: Source, pc: number, length: number): StepSpec {
  const { tape, slots } = source
  const choices = Array.from({ length: tape.pick(0, 0, 0, 1, 2) }, () => {
    const chosen = tape.below(slots.length)
    const { lo, hi } = slots[chosen] ?? { lo: 0, hi: 0 }
    const low = lo + tape.below(hi - lo + 1)
    return { slot: chosen, lo: low, hi: Math.min(hi, low + 1) }
  })
  const body = Array.from({ length: 1 + tape.below(3) }, () => statement(source, 2))
  const guard = tape.pick(num(1), num(1), num(1), expression(source, 2, false), not(expression(source, 1, false)))
  return { choices, guard, body, to: tape.pick(pc + 1, pc + 1, tape.below(length + 1)) }
}

/** A model of two or three threads, with everything that a lowered model can have. */
export function randomModel(numbers: readonly number[]): LoweredModel {
  const tape = tapeOf(numbers)
  const slots: Slot[] = []
  const [first, ...others] = randomVariables(tape, slots)
  if (first === undefined) throw new Error('a random model has at least two variables')
  const source: Source = { tape, slots, variables: [first, ...others] }
  const programs = Array.from({ length: 2 + tape.below(2) }, () => {
    const length = 2 + tape.below(3)
    return Array.from({ length }, (_, pc) => randomStep(source, pc, length))
  })
  /** An expression that is true at the start, or nearly every model would be wrong from the start on. */
  const trueAtFirst = (): LExpr => {
    const expr = expression(source, 3, false)
    const start = [...slots.map(({ init }) => init), ...programs.map(() => 0)]
    return evaluate(model(slots, programs), expr, start) === 0 ? not(expr) : expr
  }
  return model(slots, programs, {
    daemons: tape.pick<readonly number[]>([], [], [], [0], [1]),
    properties: [
      { name: 'A0', kind: 'assertion' },
      { name: 'A1', kind: 'assertion' },
      { name: 'I2', kind: 'invariant' },
      { name: 'I3', kind: 'invariant' },
      ...tape.pick([{ name: 'D', kind: 'deadlock' } as const], []),
    ],
    invariants: INVARIANTS.map((property) => ({
      property,
      expr: bin('or', trueAtFirst(), tape.below(2) === 0 ? num(0) : expression(source, 2, false)),
    })),
    covers: [0, 1, 2].map((i) => ({ name: `C${i}`, expr: expression(source, 3, false) })),
    ...(tape.below(3) === 0 ? {} : { final: expression(source, 2, false) }),
  })
}

const tapes = fc.array(fc.nat({ max: 2 ** 16 }), { minLength: 300, maxLength: 2000, size: 'max' })

/**
 * Without fast-check's bias to small numbers, which would make nearly all of a model simple; and not
 * shrunk for ever, as a tape is long.
 */
export const arbitraryModel: fc.Arbitrary<LoweredModel> = fc.limitShrink(fc.noBias(tapes).map(randomModel), 500)
