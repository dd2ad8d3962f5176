/** What expressions read, and the conditions under which it matters. */
import type { LExpr } from '../../model/language/lowered.ts'
import { eachRead } from '../../model/language/slots.ts'
import { reach } from '../bounds.ts'
import { addBit, join, newBits } from './bits.ts'
import {
  cells,
  settle,
  simplify,
  usesOf,
  type Knowledge,
  type Known,
  type Pivot,
  type Reads,
  type Select,
} from './known.ts'
import { bitTest, eachAtom, literalsOf } from './literals.ts'
import { operands } from './parts.ts'

/** Which reads are noted, and what no longer holds what it did before the step. */
interface Noting {
  readonly into: Reads
  readonly changed: ReadonlySet<number>
  /** Slots on whose values reads were made to depend. */
  readonly pivots: Set<number>
}

const newReads = (k: Knowledge): Reads => ({ atoms: newBits(k.atoms.count), where: [] })
const NONE: ReadonlySet<number> = new Set()

function addReads(into: Reads, from: Reads): void {
  join(into.atoms, from.atoms)
  into.where.push(...from.where)
}

/** Adds the atoms that the value of an expression depends on. */
export function note(
  k: Knowledge,
  expr: LExpr,
  known: Known,
  start: Known,
  into: Reads,
  changed: ReadonlySet<number>,
): void {
  if (expr.kind === 'const') return
  if (usesOf(k, expr).length > 0) {
    noteParts(k, expr, known, start, { into, changed, pivots: new Set() })
    return
  }
  let memo = k.reads.get(expr)
  if (memo === undefined) {
    const pivots = new Set<number>()
    const [all, apart] = [newReads(k), newReads(k)]
    noteParts(k, expr, known, start, { into: apart, changed: NONE, pivots })
    noteParts(k, expr, known, start, { into: all, changed: pivots, pivots: new Set() })
    k.reads.set(expr, (memo = { all, apart, pivots }))
  }
  addReads(into, [...memo.pivots].some((slot) => changed.has(slot)) ? memo.all : memo.apart)
}

function noteParts(k: Knowledge, expr: LExpr, known: Known, start: Known, noting: Noting): void {
  if (settle(k, expr, known, start) !== undefined) return
  const visit = (e: LExpr): void => {
    noteParts(k, e, known, start, noting)
  }
  const add = (atom: number): void => {
    addBit(noting.into.atoms, atom)
  }
  switch (expr.kind) {
    case 'const':
      return
    case 'slot':
      eachAtom(k.atoms, expr.slot, -1, add)
      return
    case 'select':
      if (!noteByPivot(k, expr, noting))
        for (const slot of cells(k, expr, known, start)) eachAtom(k.atoms, slot, -1, add)
      for (const d of expr.index) visit(d.expr)
      return
    case 'old':
      // Whatever the step changes, the value before it is what the conditions speak of.
      noteParts(k, expr.arg, start, start, { ...noting, changed: NONE, pivots: new Set() })
      return
    case 'not':
      visit(expr.arg)
      return
    case 'ite': {
      const cond = settle(k, expr.cond, known, start)
      if (cond === undefined) visit(expr.cond)
      if (cond !== 0) visit(expr.then)
      if (cond === undefined || cond === 0) visit(expr.else)
      return
    }
    case 'binary': {
      const bit = bitTest(expr)
      if (bit !== undefined) eachAtom(k.atoms, bit.slot, bit.mask, add)
      else {
        visit(expr.left)
        visit(expr.right)
      }
      return
    }
  }
}

/** A slot with more values would make too many conditions. */
const PIVOT_VALUES_MAX = 16

function findPivot(k: Knowledge, access: Select): Pivot | undefined {
  const slots = new Set<number>()
  for (const d of access.index) eachRead(d.expr, (slot) => slots.add(slot))
  const [slot] = slots
  if (slot === undefined || slots.size > 1 || (k.atoms.first[slot] ?? -1) < 0) return undefined
  const { lo, hi } = k.ranges[slot] ?? { lo: 0, hi: Infinity }
  if (hi - lo >= PIVOT_VALUES_MAX) return undefined
  const only = [...k.ranges]
  const choices = Array.from({ length: hi - lo + 1 }, (_, i) => {
    const value = lo + i
    only[slot] = { lo: value, hi: value }
    const test: LExpr = { kind: 'binary', op: 'eq', left: { kind: 'slot', slot }, right: { kind: 'const', value } }
    return { test, cells: reach(access, only).offsets.map((offset) => access.base + offset) }
  })
  return { slot, choices }
}

/** Notes the cells of an access whose index is a shared slot, each where that slot has its value; or does nothing. */
function noteByPivot(k: Knowledge, access: Select, { into, changed, pivots }: Noting): boolean {
  if (access.index.some((d) => usesOf(k, d.expr).length > 0)) return false
  let pivot = k.pivots.get(access)
  if (pivot === undefined) k.pivots.set(access, (pivot = findPivot(k, access) ?? 'none'))
  if (pivot === 'none' || changed.has(pivot.slot)) return false
  const where = pivot.choices.map(({ test, cells: slots }) => {
    const atoms = newBits(k.atoms.count)
    for (const slot of slots)
      eachAtom(k.atoms, slot, -1, (atom) => {
        addBit(atoms, atom)
      })
    return { needs: literalsOf(k.literals, test, true, changed), atoms }
  })
  if (where.some(({ needs }) => needs.length === 0)) return false
  pivots.add(pivot.slot)
  into.where.push(...where)
  return true
}

/**
 * Adds what a condition depends on that must hold after the step. Where one side of an `or` in it is
 * sure to stay true, the other sides do not matter.
 */
export function noteCheck(
  k: Knowledge,
  cond: LExpr,
  known: Known,
  start: Known,
  into: Reads,
  changed: ReadonlySet<number>,
): void {
  for (const clause of operands(cond, 'and')) {
    if (settle(k, clause, known, start) !== undefined) continue
    const sides = operands(clause, 'or')
    const guarded = sides.length < 2 ? undefined : guardOf(k, sides, known, start, changed)
    if (guarded === undefined) note(k, clause, known, start, into, changed)
    else {
      const all = newReads(k)
      note(k, clause, known, start, all, changed)
      note(k, guarded.side, known, start, into, changed)
      for (const { needs, atoms } of [{ needs: [], atoms: all.atoms }, ...all.where])
        into.where.push({ needs: [...guarded.needs, ...needs], atoms })
    }
  }
}

function guardOf(
  k: Knowledge,
  sides: readonly LExpr[],
  known: Known,
  start: Known,
  changed: ReadonlySet<number>,
): { readonly side: LExpr; readonly needs: readonly number[] } | undefined {
  for (const side of sides) {
    const needs = literalsOf(k.literals, simplify(k, side, known, start), false, changed)
    if (needs.length > 0) return { side, needs }
  }
  return undefined
}
