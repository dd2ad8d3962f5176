/** What expressions come to where some locals of a thread are known. */
import { apply } from '../../model/language/lower/build.ts'
import type { LExpr, LIndex, LoweredModel, LTarget } from '../../model/language/lowered.ts'
import { eachRead } from '../../model/language/slots.ts'
import { reach, type Bounds } from '../bounds.ts'
import { fold } from '../fold.ts'
import type { Atoms } from './atoms.ts'
import type { Bits } from './bits.ts'
import type { Literals } from './literals.ts'
import type { Part } from './parts.ts'

/** Values of the known slots, by their place among them. */
export type Known = readonly number[]

/** What there is to know of a model. */
export interface ModelKnowledge {
  readonly model: LoweredModel
  readonly ranges: readonly Bounds[]
  readonly atoms: Atoms
  readonly literals: Literals
  /** What is looked at from outside. */
  readonly parts: readonly Part[]
}

/** And of one thread of it. What is worked out of an expression is kept beside it. */
export interface Knowledge extends ModelKnowledge {
  /** The place of each known slot among them, or -1. */
  readonly place: readonly number[]
  /** The places of the known slots that an expression reads. */
  readonly uses: Map<LExpr, readonly number[]>
  /** What an expression without known slots reads. */
  readonly reads: Map<LExpr, Bits>
  readonly cells: Map<LTarget, readonly number[]>
  readonly simplified: Map<LExpr, Map<string, LExpr>>
}

export type Select = Extract<LTarget, { kind: 'select' }>

export const knowledgeOf = (of: ModelKnowledge, place: readonly number[]): Knowledge => ({
  ...of,
  place,
  uses: new Map(),
  reads: new Map(),
  cells: new Map(),
  simplified: new Map(),
})

/** The places of the known slots that an expression reads. */
export function usesOf(k: Knowledge, expr: LExpr): readonly number[] {
  const before = k.uses.get(expr)
  if (before !== undefined) return before
  const places = new Set<number>()
  eachRead(expr, (slot) => {
    const place = k.place[slot] ?? -1
    if (place >= 0) places.add(place)
  })
  const uses = [...places]
  k.uses.set(expr, uses)
  return uses
}

/** The value of an expression where the known slots settle it; `start` is what was known before the step. */
export function settle(k: Knowledge, expr: LExpr, known: Known, start: Known): number | undefined {
  switch (expr.kind) {
    case 'const':
      return expr.value
    case 'slot':
      return known[k.place[expr.slot] ?? -1]
    case 'select':
      return cell(k, expr, known, start) === 'outside' ? 0 : undefined
    case 'old':
      return settle(k, expr.arg, start, start)
    case 'not': {
      const arg = settle(k, expr.arg, known, start)
      return arg === undefined ? undefined : arg === 0 ? 1 : 0
    }
    case 'ite': {
      const cond = settle(k, expr.cond, known, start)
      return cond === undefined ? undefined : settle(k, cond !== 0 ? expr.then : expr.else, known, start)
    }
    case 'binary': {
      if (usesOf(k, expr).length === 0) return undefined
      const left = settle(k, expr.left, known, start)
      if (expr.op === 'and' && left === 0) return 0
      if (expr.op === 'or' && left !== undefined && left !== 0) return 1
      const right = settle(k, expr.right, known, start)
      if (expr.op === 'and' && right === 0) return 0
      if (expr.op === 'or' && right !== undefined && right !== 0) return 1
      return left === undefined || right === undefined ? undefined : apply(expr.op, left, right)
    }
  }
}

/** The slot that an access means; undefined where that is not known. No known slot is a cell of an array. */
function cell(k: Knowledge, access: LTarget, known: Known, start: Known): number | 'outside' | undefined {
  if (access.kind === 'slot') return access.slot
  let slot = access.base
  for (const { expr, first, count, stride } of access.index) {
    const value = settle(k, expr, known, start)
    if (value === undefined) return undefined
    if (value < first || value >= first + count) return 'outside'
    slot += (value - first) * stride
  }
  return slot
}

/** Every slot that an access can mean, given what is known. */
export function cells(k: Knowledge, access: LTarget, known: Known, start: Known): readonly number[] {
  const slot = cell(k, access, known, start)
  if (slot === 'outside') return []
  if (slot !== undefined) return [slot]
  if (access.kind === 'slot') return [access.slot]
  const fixed = access.index.every((d) => usesOf(k, d.expr).length === 0)
  const before = fixed ? k.cells.get(access) : undefined
  if (before !== undefined) return before
  const index = access.index.map((d): LIndex => ({ ...d, expr: substitute(k, d.expr, known, start) }))
  const found = reach({ ...access, index }, k.ranges).offsets.map((offset) => access.base + offset)
  if (fixed) k.cells.set(access, found)
  return found
}

/** The expression with everything that is known worked in. */
function substitute(k: Knowledge, expr: LExpr, known: Known, start: Known): LExpr {
  const value = settle(k, expr, known, start)
  if (value !== undefined) return { kind: 'const', value }
  const sub = (e: LExpr): LExpr => substitute(k, e, known, start)
  switch (expr.kind) {
    case 'const':
    case 'slot':
      return expr
    case 'select':
      return { ...expr, index: expr.index.map((d): LIndex => ({ ...d, expr: sub(d.expr) })) }
    case 'old':
      return { kind: 'old', arg: substitute(k, expr.arg, start, start) }
    case 'not':
      return { kind: 'not', arg: sub(expr.arg) }
    case 'ite':
      return { kind: 'ite', cond: sub(expr.cond), then: sub(expr.then), else: sub(expr.else) }
    case 'binary':
      return { ...expr, left: sub(expr.left), right: sub(expr.right) }
  }
}

/** As simple an expression without `old` as what is known makes it. */
export function simplify(k: Knowledge, expr: LExpr, known: Known, start: Known): LExpr {
  const key = usesOf(k, expr)
    .map((place) => known[place])
    .join()
  let memo: Map<string, LExpr> | undefined = k.simplified.get(expr)
  if (memo === undefined) k.simplified.set(expr, (memo = new Map<string, LExpr>()))
  let simple = memo.get(key)
  if (simple === undefined) memo.set(key, (simple = fold(substitute(k, expr, known, start), k.ranges)))
  return simple
}
