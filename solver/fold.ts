import type { LExpr, LIndex, LStmt, LTarget } from '../model/language/lowered.ts'
import type { Bounds, Known } from './bounds.ts'
import { bounds, within } from './bounds.ts'

const constant = (value: number): LExpr => ({ kind: 'const', value })
const BOOLEAN: Bounds = { lo: 0, hi: 1 }

/** An access with its constant indices worked in; undefined where one of them is out of range. */
function foldAccess(access: LTarget, ranges: readonly Bounds[], known: Known): LTarget | undefined {
  if (access.kind === 'slot') return access
  let base = access.base
  const index: LIndex[] = []
  let same = true
  for (const dimension of access.index) {
    const expr = fold(dimension.expr, ranges, known)
    if (expr.kind !== 'const') {
      index.push(expr === dimension.expr ? dimension : { ...dimension, expr })
      same &&= expr === dimension.expr
      continue
    }
    same = false
    const offset = expr.value - dimension.first
    if (offset < 0 || offset >= dimension.count) return undefined
    base += offset * dimension.stride
  }
  if (same) return access
  return index.length === 0 ? { kind: 'slot', slot: base } : { kind: 'select', base, index }
}

/** `arg` as 0 or 1. */
function truth(arg: LExpr, ranges: readonly Bounds[], known: Known): LExpr {
  if (within(bounds(arg, ranges, known), BOOLEAN)) return arg
  return { kind: 'binary', op: 'ne', left: arg, right: constant(0) }
}

function not(arg: LExpr, ranges: readonly Bounds[], known: Known): LExpr {
  if (arg.kind === 'not') return truth(arg.arg, ranges, known)
  if (arg.kind !== 'binary') return { kind: 'not', arg }
  switch (arg.op) {
    case 'eq':
      return { ...arg, op: 'ne' }
    case 'ne':
      return { ...arg, op: 'eq' }
    case 'lt':
      return { kind: 'binary', op: 'le', left: arg.right, right: arg.left }
    case 'le':
      return { kind: 'binary', op: 'lt', left: arg.right, right: arg.left }
    case 'and':
    case 'or':
    case 'add':
    case 'sub':
    case 'band':
    case 'bor':
    case 'bandnot':
      return { kind: 'not', arg }
  }
}

/** The expression with its parts folded, and itself where it then says something simpler. */
function foldParts(expr: LExpr, ranges: readonly Bounds[], known: Known): LExpr {
  switch (expr.kind) {
    case 'const':
    case 'slot':
      return expr
    case 'select':
      return foldAccess(expr, ranges, known) ?? constant(0)
    case 'not': {
      const arg = fold(expr.arg, ranges, known)
      const opposite = not(arg, ranges, known)
      return opposite.kind === 'not' && arg === expr.arg ? expr : opposite
    }
    case 'old': {
      const arg = fold(expr.arg, ranges, known)
      return arg === expr.arg ? expr : { kind: 'old', arg }
    }
    case 'ite': {
      const cond = fold(expr.cond, ranges, known)
      if (cond.kind === 'const') return fold(cond.value !== 0 ? expr.then : expr.else, ranges, known)
      const [then, otherwise] = [fold(expr.then, ranges, known), fold(expr.else, ranges, known)]
      if (cond === expr.cond && then === expr.then && otherwise === expr.else) return expr
      return { kind: 'ite', cond, then, else: otherwise }
    }
    case 'binary': {
      const left = fold(expr.left, ranges, known)
      const right = fold(expr.right, ranges, known)
      // A constant that decides `and` or `or` has made the whole constant already, by its bounds.
      if (expr.op === 'and' || expr.op === 'or') {
        const decides = (side: LExpr): boolean => side.kind === 'const' && (side.value === 0) === (expr.op === 'or')
        if (decides(left)) return truth(right, ranges, known)
        if (decides(right)) return truth(left, ranges, known)
      }
      return left === expr.left && right === expr.right ? expr : { kind: 'binary', op: expr.op, left, right }
    }
  }
}

/**
 * An expression of the same value in every state whose slots lie within `ranges` (by slot number; a
 * slot without one can be anything), with everything worked out that these ranges decide. `known` is
 * what is known of the parts under these ranges. Where nothing is, the expression itself.
 */
export function fold(expr: LExpr, ranges: readonly Bounds[] = [], known: Known = new Map()): LExpr {
  const folded = foldParts(expr, ranges, known)
  if (folded.kind === 'const') return folded
  const { lo, hi } = bounds(folded, ranges, known)
  return lo === hi ? constant(lo) : folded
}

/** The list itself where each of its statements is given back as it is. */
export function eachStatement(body: readonly LStmt[], change: (stmt: LStmt) => readonly LStmt[]): readonly LStmt[] {
  const changed = body.map(change)
  return changed.every((of, i) => of.length === 1 && of[0] === body[i]) ? body : changed.flat()
}

/** Statements of the same effect, as `fold`; those that can have none are left out. */
export function foldBody(body: readonly LStmt[], ranges: readonly Bounds[]): readonly LStmt[] {
  return eachStatement(body, (stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set': {
        const target = foldAccess(stmt.target, ranges, new Map())
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
