import type { LExpr, LIndex, LStmt, LTarget } from '../model/language/lowered.ts'
import type { Bounds } from './bounds.ts'
import { binaryBounds, bounds, iteBounds, notBounds, selectBounds, within } from './bounds.ts'
import { lookup } from './lookup.ts'

const constant = (value: number): LExpr => ({ kind: 'const', value })
const BOOLEAN: Bounds = { lo: 0, hi: 1 }

/** An expression, and what it can be: both come of one pass over it. */
interface Folded {
  readonly expr: LExpr
  readonly range: Bounds
}

const folded = (expr: LExpr, range: Bounds): Folded =>
  range.lo === range.hi && expr.kind !== 'const' ? { expr: constant(range.lo), range } : { expr, range }

/** An access with its constant indices worked in, and what the others can be; undefined where one is out of range. */
function foldAccess(
  access: LTarget,
  ranges: readonly Bounds[],
): { readonly access: LTarget; readonly values: readonly Bounds[] } | undefined {
  if (access.kind === 'slot') return { access, values: [] }
  let base = access.base
  const index: LIndex[] = []
  const values: Bounds[] = []
  let same = true
  for (const dimension of access.index) {
    const { expr, range } = foldIn(dimension.expr, ranges)
    if (expr.kind !== 'const') {
      index.push(expr === dimension.expr ? dimension : { ...dimension, expr })
      values.push(range)
      same &&= expr === dimension.expr
      continue
    }
    same = false
    const offset = expr.value - dimension.first
    if (offset < 0 || offset >= dimension.count) return undefined
    base += offset * dimension.stride
  }
  if (same) return { access, values }
  return { access: index.length === 0 ? { kind: 'slot', slot: base } : { kind: 'select', base, index }, values }
}

/** `arg` as 0 or 1. */
function truth({ expr, range }: Folded): Folded {
  if (within(range, BOOLEAN)) return folded(expr, range)
  const zero = constant(0)
  return folded({ kind: 'binary', op: 'ne', left: expr, right: zero }, binaryBounds('ne', range, { lo: 0, hi: 0 }))
}

function not(arg: Folded, ranges: readonly Bounds[]): Folded {
  const range = notBounds(arg.range)
  const { expr } = arg
  if (expr.kind === 'not') return truth({ expr: expr.arg, range: bounds(expr.arg, ranges) })
  if (expr.kind !== 'binary') return folded({ kind: 'not', arg: expr }, range)
  switch (expr.op) {
    case 'eq':
      return folded({ ...expr, op: 'ne' }, range)
    case 'ne':
      return folded({ ...expr, op: 'eq' }, range)
    case 'lt':
      return folded({ kind: 'binary', op: 'le', left: expr.right, right: expr.left }, range)
    case 'le':
      return folded({ kind: 'binary', op: 'lt', left: expr.right, right: expr.left }, range)
    case 'and':
    case 'or':
    case 'add':
    case 'sub':
    case 'band':
    case 'bor':
    case 'bandnot':
      return folded({ kind: 'not', arg: expr }, range)
  }
}

function foldIn(expr: LExpr, ranges: readonly Bounds[]): Folded {
  switch (expr.kind) {
    case 'const':
    case 'slot':
      return folded(expr, bounds(expr, ranges))
    case 'select': {
      const found = foldAccess(expr, ranges)
      if (found === undefined) return foldIn(constant(0), ranges)
      const { access, values } = found
      return access.kind === 'slot' ? foldIn(access, ranges) : folded(access, selectBounds(access, values, ranges))
    }
    case 'not': {
      const arg = foldIn(expr.arg, ranges)
      const opposite = not(arg, ranges)
      return opposite.expr.kind === 'not' && arg.expr === expr.arg ? { expr, range: opposite.range } : opposite
    }
    case 'old': {
      const arg = foldIn(expr.arg, ranges)
      return folded(arg.expr === expr.arg ? expr : { kind: 'old', arg: arg.expr }, arg.range)
    }
    case 'ite': {
      const cond = foldIn(expr.cond, ranges)
      if (cond.expr.kind === 'const') return foldIn(cond.expr.value !== 0 ? expr.then : expr.else, ranges)
      const [then, otherwise] = [foldIn(expr.then, ranges), foldIn(expr.else, ranges)]
      const same = cond.expr === expr.cond && then.expr === expr.then && otherwise.expr === expr.else
      return folded(
        same ? expr : { kind: 'ite', cond: cond.expr, then: then.expr, else: otherwise.expr },
        iteBounds(cond.range, then.range, otherwise.range),
      )
    }
    case 'binary': {
      const left = foldIn(expr.left, ranges)
      const right = foldIn(expr.right, ranges)
      const range = binaryBounds(expr.op, left.range, right.range)
      // A constant that decides `and` or `or` has made the whole constant already, by its bounds.
      if (range.lo !== range.hi && (expr.op === 'and' || expr.op === 'or')) {
        if (left.expr.kind === 'const') return truth(right)
        if (right.expr.kind === 'const') return truth(left)
      }
      const found = range.lo === range.hi ? undefined : lookup(expr.op, left, right, ranges)
      if (found !== undefined) return folded(found, range)
      const same = left.expr === expr.left && right.expr === expr.right
      return folded(same ? expr : { kind: 'binary', op: expr.op, left: left.expr, right: right.expr }, range)
    }
  }
}

/**
 * An expression of the same value in every state whose slots lie within `ranges` (by slot number; a
 * slot without one can be anything), with everything worked out that these ranges decide. Where
 * nothing is, the expression itself.
 */
export const fold = (expr: LExpr, ranges: readonly Bounds[] = []): LExpr => foldIn(expr, ranges).expr

/** The list itself where each of its statements is given back as it is. */
export function eachStatement(body: readonly LStmt[], change: (stmt: LStmt) => readonly LStmt[]): readonly LStmt[] {
  let changed: LStmt[] | undefined
  for (const [i, stmt] of body.entries()) {
    const now = change(stmt)
    if (changed === undefined && now.length === 1 && now[0] === stmt) continue
    changed ??= body.slice(0, i)
    changed.push(...now)
  }
  return changed ?? body
}

/** Statements of the same effect, as `fold`; those that can have none are left out. */
export function foldBody(body: readonly LStmt[], ranges: readonly Bounds[]): readonly LStmt[] {
  return eachStatement(body, (stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set': {
        const target = foldAccess(stmt.target, ranges)?.access
        const value = fold(stmt.value, ranges)
        if (target === stmt.target && value === stmt.value) return [stmt]
        return target === undefined ? [] : [{ kind: 'set', target, value }]
      }
      case 'assert': {
        const cond = fold(stmt.cond, ranges)
        if (cond.kind === 'const' && cond.value !== 0) return []
        return [cond === stmt.cond ? stmt : { ...stmt, cond }]
      }
      case 'if': {
        const cond = fold(stmt.cond, ranges)
        if (cond.kind === 'const') return foldBody(cond.value !== 0 ? stmt.then : stmt.else, ranges)
        const [then, otherwise] = [foldBody(stmt.then, ranges), foldBody(stmt.else, ranges)]
        if (cond === stmt.cond && then === stmt.then && otherwise === stmt.else && then.length + otherwise.length > 0)
          return [stmt]
        return then.length + otherwise.length === 0 ? [] : [{ kind: 'if', cond, then, else: otherwise }]
      }
    }
  })
}
