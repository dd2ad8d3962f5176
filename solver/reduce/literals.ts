/**
 * Conditions on shared slots that a step may wait for or branch on. Where one is false, and nobody who
 * may move can change what it reads, the way behind it stays shut: so it is seen that a lock keeps
 * others out, or that no page table is free.
 */
import type { LExpr } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import { fold } from '../fold.ts'
import { type Atoms } from './atoms.ts'
import { addBit, newBits, type Bits } from './bits.ts'

export interface Literals {
  readonly atoms: Atoms
  /** Whether a slot may be looked at by a condition. */
  readonly mayTest: (slot: number) => boolean
  /** The conditions, by number. */
  readonly exprs: LExpr[]
  readonly numbers: Map<string, number>
  /** By expression: the conditions that it being true, or being false, comes to. */
  readonly truths: Map<LExpr, readonly Candidate[]>
  readonly falsehoods: Map<LExpr, readonly Candidate[]>
}

/** A condition that could be followed, and is once it has a number. */
interface Candidate {
  readonly expr: LExpr
  readonly key: string
  readonly slots: readonly number[]
  /** It speaks of the state before the step, whatever the step changes. */
  readonly isPast: boolean
}

/** Two words of bits: a search handles a set of them for every state. Conditions beyond are not followed. */
export const LITERALS_MAX = 64
/** A condition on more slots is hardly ever settled. */
const SLOTS_MAX = 9

export const newLiterals = (atoms: Atoms, mayTest: (slot: number) => boolean = () => true): Literals => ({
  atoms,
  mayTest,
  exprs: [],
  numbers: new Map(),
  truths: new Map(),
  falsehoods: new Map(),
})

/** A text that equal expressions share. */
export function keyOf(e: LExpr): string {
  switch (e.kind) {
    case 'const':
      return String(e.value)
    case 'slot':
      return `s${e.slot}`
    case 'select':
      return `s${e.base}[${e.index.map((d) => `${keyOf(d.expr)}:${d.first}:${d.count}:${d.stride}`).join()}]`
    case 'not':
      return `!(${keyOf(e.arg)})`
    case 'old':
      return `old(${keyOf(e.arg)})`
    case 'ite':
      return `(${keyOf(e.cond)}?${keyOf(e.then)}:${keyOf(e.else)})`
    case 'binary':
      return `(${keyOf(e.left)} ${e.op} ${keyOf(e.right)})`
  }
}

/** What an expression over values before the step, and nothing else, says of the state before the step. */
function before(e: LExpr): LExpr | undefined {
  switch (e.kind) {
    case 'const':
      return e
    case 'old':
      return e.arg
    case 'not': {
      const arg = before(e.arg)
      return arg && { kind: 'not', arg }
    }
    case 'binary': {
      const [left, right] = [before(e.left), before(e.right)]
      return left && right && { ...e, left, right }
    }
    case 'slot':
    case 'select':
    case 'ite':
      return undefined
  }
}

function candidate({ atoms, mayTest }: Literals, said: LExpr): readonly Candidate[] {
  const past = before(said)
  const expr = past ?? said
  const slots = [...slotsRead(expr)]
  if (slots.length === 0 || slots.length > SLOTS_MAX) return []
  if (!slots.every((slot) => (atoms.first[slot] ?? -1) >= 0 && mayTest(slot))) return []
  return [{ expr, key: keyOf(expr), slots, isPast: past !== undefined }]
}

/** The number of a condition; undefined where there is room for no more of them. */
function numberOf({ exprs, numbers }: Literals, { expr, key }: Candidate): number | undefined {
  const known = numbers.get(key)
  if (known !== undefined) return known
  if (exprs.length >= LITERALS_MAX) return undefined
  numbers.set(key, exprs.length)
  exprs.push(expr)
  return exprs.length - 1
}

/** The slot of `slot == 0`, in the forms that folding gives it. */
function zeroTest(expr: LExpr): number | undefined {
  if (expr.kind === 'not' && expr.arg.kind === 'slot') return expr.arg.slot
  if (expr.kind !== 'binary' || expr.op !== 'eq' || expr.left.kind !== 'slot') return undefined
  return expr.right.kind === 'const' && expr.right.value === 0 ? expr.left.slot : undefined
}

/** The conditions that must all be true for `expr` to be `truth`; as few as need be, none where nothing is known. */
function candidates(literals: Literals, expr: LExpr, truth: boolean): readonly Candidate[] {
  const memo = truth ? literals.truths : literals.falsehoods
  let found = memo.get(expr)
  if (found === undefined) memo.set(expr, (found = takeApart(literals, expr, truth)))
  return found
}

function takeApart(literals: Literals, expr: LExpr, truth: boolean): readonly Candidate[] {
  if (expr.kind === 'not') return candidates(literals, expr.arg, !truth)
  if (expr.kind === 'binary' && expr.op === (truth ? 'and' : 'or'))
    return [expr.left, expr.right].flatMap((side) => candidates(literals, side, truth))
  const condition = truth ? expr : fold({ kind: 'not', arg: expr })
  const slot = zeroTest(condition)
  const width = slot === undefined ? 1 : (literals.atoms.width[slot] ?? 1)
  if (slot === undefined || width === 1) return candidate(literals, condition)
  return Array.from({ length: width }, (_, bit): LExpr => {
    const masked: LExpr = {
      kind: 'binary',
      op: 'band',
      left: { kind: 'slot', slot },
      right: { kind: 'const', value: 2 ** bit },
    }
    return { kind: 'binary', op: 'eq', left: masked, right: { kind: 'const', value: 0 } }
  }).flatMap((bit) => candidate(literals, bit))
}

/**
 * Numbers of conditions that must all be true for `expr` to be `truth`; as few as need be, none where
 * nothing is known. `changed` are slots that no longer hold what they did before the step.
 */
export function literalsOf(
  literals: Literals,
  expr: LExpr,
  truth: boolean,
  changed: ReadonlySet<number>,
): readonly number[] {
  const numbers: number[] = []
  for (const one of candidates(literals, expr, truth)) {
    if (!one.isPast && one.slots.some((slot) => changed.has(slot))) continue
    const number = numberOf(literals, one)
    if (number !== undefined) numbers.push(number)
  }
  return numbers
}

/** Calls `visit` with every atom of a slot, or those of its bits in `mask`. */
export function eachAtom(atoms: Atoms, slot: number, mask: number, visit: (atom: number) => void): void {
  const first = atoms.first[slot] ?? -1
  const width = atoms.width[slot] ?? 1
  if (first < 0) return
  if (width === 1) visit(first)
  else for (let bit = 0; bit < width; bit++) if ((mask >> bit) & 1) visit(first + bit)
}

/** The bits of a slot that `slot & constant` looks at. */
export function bitTest(expr: LExpr): { readonly slot: number; readonly mask: number } | undefined {
  if (expr.kind !== 'binary' || expr.op !== 'band' || expr.left.kind !== 'slot' || expr.right.kind !== 'const')
    return undefined
  return { slot: expr.left.slot, mask: expr.right.value }
}

/** For each atom, the conditions that read it. */
export function readersOf({ atoms, exprs }: Literals): readonly Bits[] {
  const readers = Array.from({ length: atoms.count }, () => newBits(LITERALS_MAX))
  const note = (literal: number) => (atom: number) => {
    const set = readers[atom]
    if (set !== undefined) addBit(set, literal)
  }
  exprs.forEach((expr, literal) => {
    const bit = expr.kind === 'binary' ? bitTest(expr.left) : undefined
    if (bit !== undefined && expr.kind === 'binary' && expr.right.kind === 'const')
      eachAtom(atoms, bit.slot, bit.mask, note(literal))
    else for (const slot of slotsRead(expr)) eachAtom(atoms, slot, -1, note(literal))
  })
  return readers
}
