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
  for (const dimension of access.index) {
    const expr = fold(dimension.expr, ranges, known)
    if (expr.kind !== 'const') {
      index.push({ ...dimension, expr })
      continue
    }
    const offset = expr.value - dimension.first
    if (offset < 0 || offset >= dimension.count) return undefined
    base += offset * dimension.stride
  }
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
    case 'not':
      return not(fold(expr.arg, ranges, known), ranges, known)
    case 'old':
      return { kind: 'old', arg: fold(expr.arg, ranges, known) }
    case 'ite': {
      const cond = fold(expr.cond, ranges, known)
      if (cond.kind === 'const') return fold(cond.value !== 0 ? expr.then : expr.else, ranges, known)
      return { kind: 'ite', cond, then: fold(expr.then, ranges, known), else: fold(expr.else, ranges, known) }
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
      return { kind: 'binary', op: expr.op, left, right }
    }
  }
}

/**
 * An expression of the same value in every state whose slots lie within `ranges` (by slot number; a
 * slot without one can be anything), with everything worked out that these ranges decide. `known` is
 * what is known of the parts under these ranges.
 */
export function fold(expr: LExpr, ranges: readonly Bounds[] = [], known: Known = new Map()): LExpr {
  const folded = foldParts(expr, ranges, known)
  if (folded.kind === 'const') return folded
  const { lo, hi } = bounds(folded, ranges, known)
  return lo === hi ? constant(lo) : folded
}

/** Statements of the same effect, as `fold`; those that can have none are left out. */
export function foldBody(body: readonly LStmt[], ranges: readonly Bounds[]): readonly LStmt[] {
  return body.flatMap((stmt): readonly LStmt[] => {
    switch (stmt.kind) {
      case 'set': {
        const target = foldAccess(stmt.target, ranges, new Map())
        return target === undefined ? [] : [{ kind: 'set', target, value: fold(stmt.value, ranges) }]
      }
      case 'assert': {
        const cond = fold(stmt.cond, ranges)
        return cond.kind === 'const' && cond.value !== 0 ? [] : [{ ...stmt, cond }]
      }
      case 'if': {
        const cond = fold(stmt.cond, ranges)
        if (cond.kind === 'const') return foldBody(cond.value !== 0 ? stmt.then : stmt.else, ranges)
        const branches = { then: foldBody(stmt.then, ranges), else: foldBody(stmt.else, ranges) }
        return branches.then.length + branches.else.length === 0 ? [] : [{ kind: 'if', cond, ...branches }]
      }
    }
  })
}
