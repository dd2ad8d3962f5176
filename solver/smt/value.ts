/**
 * Symbolic integers over propositional terms, in two forms. `bits`: base + the unsigned number that
 * the bits spell, lowest first. `cases`: for each possible value the condition under which it is the
 * one; exactly one condition holds. Program counters, which are only ever set and compared to
 * constants, are cases; everything else is bits.
 */
import { FALSE, TRUE, and, constant, iff, isConstant, ite, not, or, xor } from './term.ts'
import type { Lit, Terms } from './term.ts'

export interface BitsValue {
  readonly kind: 'bits'
  readonly base: number
  /** An upper bound known from ranges, which the bits alone may not show. */
  readonly max: number
  readonly bits: readonly Lit[]
}
export interface CasesValue {
  readonly kind: 'cases'
  readonly cases: ReadonlyMap<number, Lit>
}
export type Value = BitsValue | CasesValue
export type Form = Value['kind']

/** How many bits the numbers 0..n need. */
export function widthOf(n: number): number {
  let width = 0
  while (2 ** width <= n) width++
  return width
}

export const number = (value: number): BitsValue => ({ kind: 'bits', base: value, max: value, bits: [] })
export const boolean = (a: Lit): BitsValue => (isConstant(a) ? number(a) : { kind: 'bits', base: 0, max: 1, bits: [a] })

/** Drops leading zeros, and folds to a constant where every bit is one. */
export function bitsValue(base: number, bits: readonly Lit[], max: number): BitsValue {
  let value = base
  let known = true
  let width = 0
  bits.forEach((bit, i) => {
    if (bit !== FALSE) width = i + 1
    if (bit === TRUE) value += 2 ** i
    else if (bit !== FALSE) known = false
  })
  if (known) return number(value)
  return { kind: 'bits', base, bits: bits.slice(0, width), max: Math.min(max, base + 2 ** width - 1) }
}

const bitAt = (bits: readonly Lit[], i: number): Lit => bits[i] ?? FALSE
const bitOf = (n: number, i: number): Lit => constant(Math.floor(n / 2 ** i) % 2 === 1)
const numberBits = (n: number): Lit[] => Array.from({ length: widthOf(n) }, (_, i) => bitOf(n, i))

/** The smallest value that the bits allow. */
const minOf = (a: BitsValue): number => a.bits.reduce((sum, bit, i) => (bit === TRUE ? sum + 2 ** i : sum), a.base)

/** a + b + carry, cut to `width` bits. */
function addBits(terms: Terms, a: readonly Lit[], b: readonly Lit[], width: number): Lit[] {
  const out: Lit[] = []
  let carry: Lit = FALSE
  for (let i = 0; i < width; i++) {
    const x = bitAt(a, i)
    const y = bitAt(b, i)
    const sum = xor(terms, x, y)
    out.push(xor(terms, sum, carry))
    carry = ite(terms, sum, carry, x)
  }
  return out
}

/** The bits of value - base, cut to `width`: exact wherever the value lies in base..base + 2^width - 1. */
export function bitsFrom(terms: Terms, a: BitsValue, base: number, width: number): readonly Lit[] {
  if (a.base === base) return a.bits.length <= width ? a.bits : a.bits.slice(0, width)
  const modulus = 2 ** width
  const offset = (((a.base - base) % modulus) + modulus) % modulus
  return addBits(terms, a.bits, numberBits(offset), width)
}

export function toBits(terms: Terms, a: Value): BitsValue {
  if (a.kind === 'bits') return a
  const values = [...a.cases.keys()]
  const base = Math.min(...values)
  const max = Math.max(...values)
  const bits = Array.from({ length: widthOf(max - base) }, (_, i) =>
    or(
      terms,
      [...a.cases].filter(([v]) => bitOf(v - base, i) === TRUE).map(([, lit]) => lit),
    ),
  )
  return bitsValue(base, bits, max)
}

export function equalsNumber(terms: Terms, a: Value, n: number): Lit {
  if (a.kind === 'cases') return a.cases.get(n) ?? FALSE
  if (n < a.base || n > a.max) return FALSE
  return and(
    terms,
    a.bits.map((bit, i) => (bitOf(n - a.base, i) === TRUE ? bit : not(bit))),
  )
}

export function toCases(terms: Terms, a: Value): CasesValue {
  if (a.kind === 'cases') return a
  const cases = new Map<number, Lit>()
  for (let v = minOf(a); v <= a.max; v++) {
    const lit = equalsNumber(terms, a, v)
    if (lit !== FALSE) cases.set(v, lit)
  }
  return { kind: 'cases', cases }
}

/** The value as a variable of lo..hi holds it. */
export function fit(terms: Terms, a: Value, lo: number, hi: number, form: Form): Value {
  if (form === 'cases') return toCases(terms, a)
  if (a.kind === 'bits' && a.base === lo && a.max <= hi) return a
  const bits = toBits(terms, a)
  return bits.bits.length === 0 ? bits : bitsValue(lo, bitsFrom(terms, bits, lo, widthOf(hi - lo)), hi)
}

export const truth = (terms: Terms, a: Value): Lit => not(equalsNumber(terms, a, 0))

/** Both over one base, so that their bits can be compared place by place. */
function aligned(
  terms: Terms,
  a: BitsValue,
  b: BitsValue,
): { left: readonly Lit[]; right: readonly Lit[]; width: number } {
  const base = Math.min(a.base, b.base)
  const width = widthOf(Math.max(a.max, b.max) - base)
  return { left: bitsFrom(terms, a, base, width), right: bitsFrom(terms, b, base, width), width }
}

export function equal(terms: Terms, a: Value, b: Value): Lit {
  if (a.kind === 'cases' && b.kind === 'cases')
    return or(
      terms,
      [...a.cases].map(([v, lit]) => and(terms, [lit, b.cases.get(v) ?? FALSE])),
    )
  if (b.kind === 'bits' && b.bits.length === 0) return equalsNumber(terms, a, b.base)
  if (a.kind === 'bits' && a.bits.length === 0) return equalsNumber(terms, b, a.base)
  const x = toBits(terms, a)
  const y = toBits(terms, b)
  if (minOf(x) > y.max || minOf(y) > x.max) return FALSE
  const { left, right, width } = aligned(terms, x, y)
  return and(
    terms,
    Array.from({ length: width }, (_, i) => iff(terms, bitAt(left, i), bitAt(right, i))),
  )
}

export function less(terms: Terms, a: Value, b: Value): Lit {
  const x = toBits(terms, a)
  const y = toBits(terms, b)
  if (x.max < minOf(y)) return TRUE
  if (minOf(x) >= y.max) return FALSE
  const { left, right, width } = aligned(terms, x, y)
  let result: Lit = FALSE
  for (let i = 0; i < width; i++) {
    const l = bitAt(left, i)
    const r = bitAt(right, i)
    result = ite(terms, iff(terms, l, r), result, r)
  }
  return result
}

export function add(terms: Terms, a: Value, b: Value): BitsValue {
  const x = toBits(terms, a)
  const y = toBits(terms, b)
  const base = x.base + y.base
  const max = x.max + y.max
  return bitsValue(base, addBits(terms, x.bits, y.bits, widthOf(max - base)), max)
}

/** a - b, by adding the complement of b's bits: -b = ~b + 1 over a base low enough for all of them. */
export function subtract(terms: Terms, a: Value, b: Value): BitsValue {
  const x = toBits(terms, a)
  const y = toBits(terms, b)
  const base = x.base - y.base - (2 ** y.bits.length - 1)
  const max = x.max - minOf(y)
  return bitsValue(base, addBits(terms, x.bits, y.bits.map(not), widthOf(max - base)), max)
}

const WORD = 32

/**
 * The bitwise operators as the other engines have them: on 32-bit words in two's complement. Masks of
 * the modelling language are short and not negative, and get no more bits than they need.
 */
export function mask(terms: Terms, a: Value, b: Value, op: 'band' | 'bor' | 'bandnot'): BitsValue {
  const x = toBits(terms, a)
  const y = toBits(terms, b)
  const highest = Math.max(x.max, y.max)
  const short = minOf(x) >= 0 && minOf(y) >= 0 && highest < 2 ** (WORD - 1)
  const width = short ? widthOf(highest) : WORD
  const left = bitsFrom(terms, x, 0, width)
  const right = bitsFrom(terms, y, 0, width)
  const bits = Array.from({ length: width }, (_, i) => {
    const l = bitAt(left, i)
    const r = bitAt(right, i)
    return op === 'bor' ? or(terms, [l, r]) : and(terms, [l, op === 'band' ? r : not(r)])
  })
  if (short) return bitsValue(0, bits, 2 ** width - 1)
  // The sign bit weighs -2^31: over that base it counts the other way round.
  const sign = bits.pop() ?? FALSE
  return bitsValue(-(2 ** (WORD - 1)), [...bits, not(sign)], 2 ** (WORD - 1) - 1)
}

/** A value with the condition under which it is taken. */
export type Guarded = readonly [Lit, Value]

/** The literal of whichever condition holds; exactly one does. Grouped, since most writers agree. */
function pickLit(terms: Terms, options: readonly (readonly [Lit, Lit])[]): Lit {
  const byLit = new Map<Lit, Lit[]>()
  for (const [cond, lit] of options) {
    const conds = byLit.get(lit)
    if (conds === undefined) byLit.set(lit, [cond])
    else conds.push(cond)
  }
  const [first] = byLit.keys()
  if (byLit.size === 1 && first !== undefined) return first
  return or(
    terms,
    [...byLit].map(([lit, conds]) => and(terms, [or(terms, conds), lit])),
  )
}

function pickCases(terms: Terms, options: readonly Guarded[]): CasesValue {
  const conds = new Map<number, Lit[]>()
  for (const [cond, value] of options)
    for (const [v, lit] of toCases(terms, value).cases) {
      const met = and(terms, [cond, lit])
      if (met === FALSE) continue
      const list = conds.get(v)
      if (list === undefined) conds.set(v, [met])
      else list.push(met)
    }
  return { kind: 'cases', cases: new Map([...conds].map(([v, list]) => [v, or(terms, list)])) }
}

/** The value whose condition holds, where exactly one of the conditions does. */
export function pick(terms: Terms, options: readonly Guarded[], form: Form): Value {
  const live = options.filter(([cond]) => cond !== FALSE)
  const [first] = live
  if (first === undefined) return number(0)
  if (live.every(([, value]) => value === first[1])) return first[1]
  if (form === 'cases') return pickCases(terms, live)
  const values = live.map(([cond, value]) => [cond, toBits(terms, value)] as const)
  const base = Math.min(...values.map(([, v]) => v.base))
  const max = Math.max(...values.map(([, v]) => v.max))
  const width = widthOf(max - base)
  const shifted = values.map(([cond, v]) => [cond, bitsFrom(terms, v, base, width)] as const)
  const bits = Array.from({ length: width }, (_, i) =>
    pickLit(
      terms,
      shifted.map(([cond, bits]) => [cond, bitAt(bits, i)] as const),
    ),
  )
  return bitsValue(base, bits, max)
}

export function choose(terms: Terms, cond: Lit, a: Value, b: Value): Value {
  if (cond === TRUE || a === b) return a
  if (cond === FALSE) return b
  const form: Form = a.kind === 'cases' && b.kind === 'cases' ? 'cases' : 'bits'
  return pick(
    terms,
    [
      [cond, a],
      [not(cond), b],
    ],
    form,
  )
}
