/**
 * What a step may do when only some locals of its thread are known: every way through it, with the
 * conditions on shared slots under which it is taken, what is read and written on it, and the known
 * locals after it. Never too few ways, often some that cannot happen.
 */
import type { LExpr, LStmt, Step } from '../../model/language/lowered.ts'
import { bounds, type Bounds } from '../bounds.ts'
import { maskedBits } from './atoms.ts'
import { addBit, join, newBits, type Bits } from './bits.ts'
import { cells, settle, simplify, type Knowledge, type Known } from './known.ts'
import { eachAtom, literalsOf } from './literals.ts'
import { note } from './reads.ts'

/** One way through a step, so far. Mutable: each belongs to one walk through the body. */
export interface Path {
  readonly known: number[]
  /** Conditions, by number, that hold before the step wherever this way is taken. */
  needs: readonly number[]
  readonly reads: Bits
  readonly writes: Bits
  /** Slots that are written on the way. */
  readonly changed: Set<number>
}

/** Ways through one step that are kept apart. */
const PATHS_MAX = 64
/**
 * Ways with different ends that are gone on with: each leads to a node of its own, and there are not to be as many of
 * those. A step that stores into each of twenty followed slots, or not, has a million.
 */
const ENDS_MAX = 8192

const fork = (path: Path): Path => ({
  known: path.known.slice(),
  needs: path.needs,
  reads: path.reads.slice(),
  writes: path.writes.slice(),
  changed: new Set(path.changed),
})

/** A value that an expression may have, and the conditions under which it has it. */
interface Alternative {
  readonly value: number
  readonly needs: readonly number[]
}

const number = (value: number): LExpr => ({ kind: 'const', value })
const span = ({ lo, hi }: Bounds): readonly number[] =>
  Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i)

/** All values that an expression may have within `range`: a step that leaves it ends the search, so no way leads on. */
function alternatives(k: Knowledge, expr: LExpr, path: Path, start: Known, range: Bounds): readonly Alternative[] {
  const value = settle(k, expr, path.known, start)
  if (value !== undefined) return value < range.lo || value > range.hi ? [] : [{ value, needs: [] }]
  const when = (cond: LExpr, truth: boolean): readonly number[] =>
    literalsOf(k.literals, simplify(k, cond, path.known, start), truth, path.changed)
  if (expr.kind === 'ite') {
    const cond = settle(k, expr.cond, path.known, start)
    const side = (e: LExpr, truth: boolean): readonly Alternative[] => {
      const needs = cond === undefined ? when(expr.cond, truth) : []
      return alternatives(k, e, path, start, range).map((a) => ({ ...a, needs: [...needs, ...a.needs] }))
    }
    return [
      ...(cond === 0 ? [] : side(expr.then, true)),
      ...(cond === undefined || cond === 0 ? side(expr.else, false) : []),
    ]
  }
  const simple = simplify(k, expr, path.known, start)
  const possible = bounds(simple, k.ranges)
  const values = span({ lo: Math.max(possible.lo, range.lo), hi: Math.min(possible.hi, range.hi) })
  const literal = (condition: LExpr, truth: boolean): readonly number[] =>
    literalsOf(k.literals, condition, truth, path.changed)
  if (possible.lo >= 0 && possible.hi <= 1) return values.map((v) => ({ value: v, needs: literal(simple, v === 1) }))
  if (simple.kind !== 'slot' && simple.kind !== 'select') return values.map((v) => ({ value: v, needs: [] }))
  return values.map((v) => ({
    value: v,
    needs: literal({ kind: 'binary', op: 'eq', left: simple, right: number(v) }, true),
  }))
}

/** The paths on which a known slot has each of its possible values. */
function learn(path: Path, place: number, found: readonly Alternative[]): readonly Path[] {
  return found.map(({ value, needs }, i) => {
    const next = i === found.length - 1 ? path : fork(path)
    next.known[place] = value
    if (needs.length > 0) next.needs = [...next.needs, ...needs]
    return next
  })
}

function assign(k: Knowledge, stmt: Extract<LStmt, { kind: 'set' }>, path: Path, start: Known): readonly Path[] {
  const { target, value } = stmt
  const bits = target.kind === 'slot' ? maskedBits(target.slot, value) : undefined
  const masked = target.kind === 'slot' && bits !== undefined && (k.atoms.width[target.slot] ?? 1) > 1
  if (!masked) note(k, value, path.known, start, path.reads)
  if (target.kind === 'select') for (const d of target.index) note(k, d.expr, path.known, start, path.reads)
  const place = target.kind === 'slot' ? (k.place[target.slot] ?? -1) : -1
  const range = target.kind === 'slot' ? k.model.slots[target.slot] : undefined
  const found = place < 0 || range === undefined ? [] : alternatives(k, value, path, start, range)
  for (const slot of cells(k, target, path.known, start)) {
    path.changed.add(slot)
    eachAtom(k.atoms, slot, masked ? (bits ?? -1) : -1, (atom) => {
      addBit(path.writes, atom)
    })
  }
  return place < 0 || range === undefined ? [path] : learn(path, place, found)
}

function branch(
  k: Knowledge,
  stmt: Extract<LStmt, { kind: 'if' }>,
  path: Path,
  start: Known,
): readonly Path[] | undefined {
  const cond = settle(k, stmt.cond, path.known, start)
  if (cond !== undefined) return run(k, cond !== 0 ? stmt.then : stmt.else, [path], start)
  note(k, stmt.cond, path.known, start, path.reads)
  const said = simplify(k, stmt.cond, path.known, start)
  const side = (body: readonly LStmt[], from: Path, truth: boolean): readonly Path[] | undefined => {
    from.needs = [...from.needs, ...literalsOf(k.literals, said, truth, from.changed)]
    return run(k, body, [from], start)
  }
  const other = fork(path)
  const then = side(stmt.then, other, true)
  const otherwise = side(stmt.else, path, false)
  return then === undefined || otherwise === undefined ? undefined : [...then, ...otherwise]
}

/** Ways that end alike, having set the same known slots, become one, needing only what all of them need. */
function merged(k: Knowledge, paths: readonly Path[]): readonly Path[] {
  if (paths.length <= PATHS_MAX) return paths
  const byEnd = new Map<string, Path>()
  for (const path of paths) {
    const set = [...path.changed].filter((slot) => (k.place[slot] ?? -1) >= 0).sort((a, b) => a - b)
    const key = `${path.known.join()};${set.join()}`
    const before = byEnd.get(key)
    if (before === undefined) byEnd.set(key, path)
    else {
      join(before.reads, path.reads)
      join(before.writes, path.writes)
      before.needs = before.needs.filter((n) => path.needs.includes(n))
      for (const slot of path.changed) before.changed.add(slot)
    }
  }
  return [...byEnd.values()]
}

function run(k: Knowledge, body: readonly LStmt[], from: readonly Path[], start: Known): readonly Path[] | undefined {
  let paths = from
  for (const stmt of body) {
    if (stmt.kind === 'assert') {
      for (const path of paths) note(k, stmt.cond, path.known, start, path.reads)
      continue
    }
    const next: Path[] = []
    for (const path of paths) {
      const on = stmt.kind === 'set' ? assign(k, stmt, path, start) : branch(k, stmt, path, start)
      if (on === undefined) return undefined
      next.push(...on)
    }
    paths = merged(k, next)
    if (paths.length > ENDS_MAX) return undefined
  }
  return paths
}

/** Every way through a step from what is known before it; undefined where they are too many. */
export function waysThrough(k: Knowledge, step: Step, start: Known): readonly Path[] | undefined {
  const size = k.atoms.count
  let paths: readonly Path[] = [
    {
      known: [...start],
      needs: [],
      reads: newBits(size),
      writes: newBits(size),
      changed: new Set(),
    },
  ]
  for (const { slot, lo, hi } of step.choices) {
    paths = paths.flatMap((path) => {
      path.changed.add(slot)
      eachAtom(k.atoms, slot, -1, (atom) => {
        addBit(path.writes, atom)
      })
      const place = k.place[slot] ?? -1
      return place < 0
        ? [path]
        : learn(
            path,
            place,
            span({ lo, hi }).map((value) => ({ value, needs: [] })),
          )
    })
  }
  const open = paths.filter((path) => {
    const guard = settle(k, step.guard, path.known, start)
    if (guard !== undefined) return guard !== 0
    note(k, step.guard, path.known, start, path.reads)
    path.needs = literalsOf(k.literals, simplify(k, step.guard, path.known, start), true, path.changed)
    return true
  })
  const ways = run(k, step.body, open, start)
  if (ways === undefined) return undefined
  // A way that writes what a part looks at looks at all of it.
  for (const { known, reads, changed } of ways)
    for (const { expr, slots } of k.parts) if (intersects(slots, changed)) note(k, expr, known, start, reads)
  return ways
}

function intersects(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const x of a) if (b.has(x)) return true
  return false
}
