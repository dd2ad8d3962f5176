/**
 * What a step may do when only some locals of its thread are known: every way through it, with the
 * conditions on shared slots under which it is taken, what is read and written on it, and the known
 * locals after it. Never too few ways, often some that cannot happen.
 */
import type { LExpr, LIndex, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import { bounds, reach, type Bounds } from '../bounds.ts'
import { fold } from '../fold.ts'
import { maskedBits, type Atoms } from './atoms.ts'
import { addBit, join, newBits, type Bits } from './bits.ts'
import { bitTest, eachAtom, literalsOf, type Literals } from './literals.ts'
import type { Part } from './parts.ts'

/** Values of the known slots, by their place among them. */
export type Known = readonly number[]

/** One way through a step. */
export interface Path {
  readonly known: Known
  /** Conditions, by number, that hold before the step wherever this way is taken. */
  readonly needs: readonly number[]
  readonly reads: Bits
  readonly writes: Bits
  /** Slots that are written on the way. */
  readonly changed: ReadonlySet<number>
}

/** What there is to know of a model and of one thread of it. */
export interface Knowledge {
  readonly model: LoweredModel
  readonly ranges: readonly Bounds[]
  readonly atoms: Atoms
  readonly literals: Literals
  /** What is looked at from outside, by slots and by atoms. */
  readonly parts: readonly (Part & { readonly atoms: Bits })[]
  /** The place of each known slot among them, or -1. */
  readonly place: readonly number[]
}

/** Ways through one step that are kept apart. */
const PATHS_MAX = 64

/** The value of an expression where the known slots settle it. */
function settle(k: Knowledge, expr: LExpr, known: Known, start: Known): number | undefined {
  switch (expr.kind) {
    case 'const':
      return expr.value
    case 'slot':
      return known[k.place[expr.slot] ?? -1]
    case 'select': {
      const slot = cell(k, expr, known, start)
      return slot === 'outside' ? 0 : slot === undefined ? undefined : known[k.place[slot] ?? -1]
    }
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
      const left = settle(k, expr.left, known, start)
      if (expr.op === 'and' && left === 0) return 0
      if (expr.op === 'or' && left !== undefined && left !== 0) return 1
      const right = settle(k, expr.right, known, start)
      if (expr.op === 'and' && right === 0) return 0
      if (expr.op === 'or' && right !== undefined && right !== 0) return 1
      if (left === undefined || right === undefined) return undefined
      const { lo, hi } = bounds({ ...expr, left: number(left), right: number(right) }, [])
      return lo === hi ? lo : undefined
    }
  }
}

const number = (value: number): LExpr => ({ kind: 'const', value })

/** The slot that an access means; undefined where that is not known. */
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

/** The expression with everything that is known worked in. */
function substitute(k: Knowledge, expr: LExpr, known: Known, start: Known): LExpr {
  const value = settle(k, expr, known, start)
  if (value !== undefined) return number(value)
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

const simplified = (k: Knowledge, expr: LExpr, known: Known, start: Known): LExpr =>
  fold(substitute(k, expr, known, start), k.ranges)

/** Notes the atoms that the value of an expression depends on. */
function note(k: Knowledge, expr: LExpr, known: Known, start: Known, reads: Bits): void {
  if (settle(k, expr, known, start) !== undefined) return
  const visit = (e: LExpr): void => {
    note(k, e, known, start, reads)
  }
  switch (expr.kind) {
    case 'const':
      return
    case 'slot':
      eachAtom(k.atoms, expr.slot, -1, (atom) => {
        addBit(reads, atom)
      })
      return
    case 'select':
      for (const slot of cells(k, expr, known, start))
        eachAtom(k.atoms, slot, -1, (atom) => {
          addBit(reads, atom)
        })
      for (const d of expr.index) visit(d.expr)
      return
    case 'old':
      note(k, expr.arg, start, start, reads)
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
      if (bit !== undefined) {
        eachAtom(k.atoms, bit.slot, bit.mask, (atom) => {
          addBit(reads, atom)
        })
        return
      }
      visit(expr.left)
      visit(expr.right)
      return
    }
  }
}

/** Every slot that an access can mean, given what is known. */
function cells(k: Knowledge, access: LTarget, known: Known, start: Known): readonly number[] {
  const slot = cell(k, access, known, start)
  if (slot === 'outside') return []
  if (slot !== undefined) return [slot]
  if (access.kind === 'slot') return [access.slot]
  const index = access.index.map((d): LIndex => ({ ...d, expr: substitute(k, d.expr, known, start) }))
  return reach({ ...access, index }, k.ranges).offsets.map((offset) => access.base + offset)
}

/** A value that an expression may have, and the conditions under which it has it. */
interface Alternative {
  readonly value: number
  readonly needs: readonly number[]
}

const span = ({ lo, hi }: Bounds): readonly number[] =>
  Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i)

/** All values that an expression may have within `range`. */
function alternatives(k: Knowledge, expr: LExpr, path: Path, start: Known, range: Bounds): readonly Alternative[] {
  const value = settle(k, expr, path.known, start)
  if (value !== undefined) return [{ value, needs: [] }]
  const when = (cond: LExpr, truth: boolean): readonly number[] =>
    literalsOf(k.literals, simplified(k, cond, path.known, start), truth, path.changed)
  if (expr.kind === 'ite') {
    const cond = settle(k, expr.cond, path.known, start)
    const branch = (e: LExpr, needs: readonly number[]): readonly Alternative[] =>
      alternatives(k, e, path, start, range).map((a) => ({ ...a, needs: [...needs, ...a.needs] }))
    return [
      ...(cond === 0 ? [] : branch(expr.then, cond === undefined ? when(expr.cond, true) : [])),
      ...(cond !== undefined && cond !== 0 ? [] : branch(expr.else, cond === undefined ? when(expr.cond, false) : [])),
    ]
  }
  const possible = bounds(simplified(k, expr, path.known, start), k.ranges)
  const values = span({ lo: Math.max(possible.lo, range.lo), hi: Math.min(possible.hi, range.hi) })
  const boolean = possible.lo >= 0 && possible.hi <= 1
  if (boolean) return values.map((v) => ({ value: v, needs: when(expr, v === 1) }))
  if (expr.kind !== 'slot' && expr.kind !== 'select') return values.map((v) => ({ value: v, needs: [] }))
  return values.map((v) => ({
    value: v,
    needs: when({ kind: 'binary', op: 'eq', left: expr, right: number(v) }, true),
  }))
}

/** The path after `slot`, if it is known, has got a value. */
function learn(k: Knowledge, path: Path, slot: number, { value, needs }: Alternative): Path {
  const place = k.place[slot] ?? -1
  const known = place < 0 ? path.known : path.known.map((old, i) => (i === place ? value : old))
  return { ...path, known, needs: [...path.needs, ...needs], changed: new Set([...path.changed, slot]) }
}

function assign(k: Knowledge, stmt: Extract<LStmt, { kind: 'set' }>, path: Path, start: Known): readonly Path[] {
  const { target, value } = stmt
  const reads = path.reads.slice()
  const writes = path.writes.slice()
  const bits = target.kind === 'slot' ? maskedBits(target.slot, value) : undefined
  const masked = target.kind === 'slot' && bits !== undefined && (k.atoms.width[target.slot] ?? 1) > 1
  if (!masked) note(k, value, path.known, start, reads)
  if (target.kind === 'select') for (const d of target.index) note(k, d.expr, path.known, start, reads)
  const slots = cells(k, target, path.known, start)
  for (const slot of slots)
    eachAtom(k.atoms, slot, masked ? (bits ?? -1) : -1, (atom) => {
      addBit(writes, atom)
    })
  const next: Path = { ...path, reads, writes }
  if (target.kind !== 'slot' || (k.place[target.slot] ?? -1) < 0)
    return [{ ...next, changed: new Set([...path.changed, ...slots]) }]
  const range = k.model.slots[target.slot] ?? { lo: 0, hi: 0 }
  return alternatives(k, value, next, start, range).map((a) => learn(k, next, target.slot, a))
}

function branch(k: Knowledge, stmt: Extract<LStmt, { kind: 'if' }>, path: Path, start: Known): readonly Path[] {
  const cond = settle(k, stmt.cond, path.known, start)
  if (cond !== undefined) return run(k, cond !== 0 ? stmt.then : stmt.else, [path], start)
  const reads = path.reads.slice()
  note(k, stmt.cond, path.known, start, reads)
  const said = simplified(k, stmt.cond, path.known, start)
  const side = (body: readonly LStmt[], truth: boolean): readonly Path[] => {
    const needs = [...path.needs, ...literalsOf(k.literals, said, truth, path.changed)]
    return run(k, body, [{ ...path, reads: reads.slice(), needs }], start)
  }
  return [...side(stmt.then, true), ...side(stmt.else, false)]
}

/** Ways that end alike become one, needing only what all of them need. */
function merged(paths: readonly Path[]): readonly Path[] {
  if (paths.length <= PATHS_MAX) return paths
  const byEnd = new Map<string, Path>()
  for (const path of paths) {
    const key = path.known.join()
    const before = byEnd.get(key)
    if (before === undefined) byEnd.set(key, { ...path, reads: path.reads.slice(), writes: path.writes.slice() })
    else {
      join(before.reads, path.reads)
      join(before.writes, path.writes)
      const needs = before.needs.filter((n) => path.needs.includes(n))
      byEnd.set(key, { ...before, needs, changed: new Set([...before.changed, ...path.changed]) })
    }
  }
  return [...byEnd.values()]
}

function run(k: Knowledge, body: readonly LStmt[], from: readonly Path[], start: Known): readonly Path[] {
  let paths = from
  for (const stmt of body) {
    switch (stmt.kind) {
      case 'set':
        paths = merged(paths.flatMap((path) => assign(k, stmt, path, start)))
        break
      case 'if':
        paths = merged(paths.flatMap((path) => branch(k, stmt, path, start)))
        break
      case 'assert':
        paths = paths.map((path) => {
          const reads = path.reads.slice()
          note(k, stmt.cond, path.known, start, reads)
          return { ...path, reads }
        })
        break
    }
  }
  return paths
}

/** A way that writes what a part looks at looks at all of it. */
function watch(k: Knowledge, path: Path): Path {
  const reads = path.reads.slice()
  for (const { slots, atoms } of k.parts) if ([...slots].some((slot) => path.changed.has(slot))) join(reads, atoms)
  return { ...path, reads }
}

/** Every way through a step from what is known before it. */
export function waysThrough(k: Knowledge, step: Step, start: Known): readonly Path[] {
  const size = k.atoms.count
  const nothing: Path = { known: start, needs: [], reads: newBits(size), writes: newBits(size), changed: new Set() }
  let paths: readonly Path[] = [nothing]
  for (const { slot, lo, hi } of step.choices) {
    paths = paths.flatMap((path) => {
      const writes = path.writes.slice()
      eachAtom(k.atoms, slot, -1, (atom) => {
        addBit(writes, atom)
      })
      const next = { ...path, reads: path.reads.slice(), writes }
      const values = (k.place[slot] ?? -1) < 0 ? [lo] : span({ lo, hi })
      return values.map((value) => learn(k, next, slot, { value, needs: [] }))
    })
  }
  const open = paths.flatMap((path): readonly Path[] => {
    const guard = settle(k, step.guard, path.known, start)
    if (guard === 0) return []
    const reads = path.reads.slice()
    note(k, step.guard, path.known, start, reads)
    const said = simplified(k, step.guard, path.known, start)
    const needs = [...path.needs, ...literalsOf(k.literals, said, true, path.changed)]
    return [{ ...path, reads, writes: path.writes.slice(), needs }]
  })
  return run(k, step.body, open, start).map((path) => watch(k, path))
}
