/** Lowered expressions with constants folded as they are made. */
import type { BinaryOp, LExpr, LIndex, LStmt, LTarget } from '../lowered.ts'

export const constant = (value: number): LExpr => ({ kind: 'const', value })
export const TRUE: LExpr = constant(1)
export const FALSE: LExpr = constant(0)
export const slotOf = (slot: number): LExpr => ({ kind: 'slot', slot })

const isConst = (e: LExpr, value: number): boolean => e.kind === 'const' && e.value === value

/** The value of an operator on two numbers; the one place that says what each operator means. */
export function apply(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case 'and':
      return a !== 0 && b !== 0 ? 1 : 0
    case 'or':
      return a !== 0 || b !== 0 ? 1 : 0
    case 'eq':
      return a === b ? 1 : 0
    case 'ne':
      return a !== b ? 1 : 0
    case 'lt':
      return a < b ? 1 : 0
    case 'le':
      return a <= b ? 1 : 0
    case 'add':
      return a + b
    case 'sub':
      return a - b
    case 'band':
      return a & b
    case 'bor':
      return a | b
    case 'bandnot':
      return a & ~b
  }
}

export function negate(arg: LExpr): LExpr {
  if (arg.kind === 'const') return arg.value === 0 ? TRUE : FALSE
  if (arg.kind === 'not') return arg.arg
  return { kind: 'not', arg }
}

export function combine(op: BinaryOp, left: LExpr, right: LExpr): LExpr {
  if (left.kind === 'const' && right.kind === 'const') return constant(apply(op, left.value, right.value))
  if (op === 'and') {
    if (isConst(left, 0) || isConst(right, 0)) return FALSE
    if (left.kind === 'const') return right
    if (right.kind === 'const') return left
  }
  if (op === 'or') {
    if (left.kind === 'const') return left.value === 0 ? right : TRUE
    if (right.kind === 'const') return right.value === 0 ? left : TRUE
  }
  return { kind: 'binary', op, left, right }
}

export const both = (left: LExpr, right: LExpr): LExpr => combine('and', left, right)
export const either = (left: LExpr, right: LExpr): LExpr => combine('or', left, right)
export const equals = (left: LExpr, value: number): LExpr => combine('eq', left, constant(value))

export function choose(cond: LExpr, then: LExpr, otherwise: LExpr): LExpr {
  if (cond.kind === 'const') return cond.value === 0 ? otherwise : then
  return { kind: 'ite', cond, then, else: otherwise }
}

/** An array element; constant dimensions are folded into the base, a constant nil index reads 0. */
export function element(base: number, index: readonly LIndex[]): LExpr {
  const target = elementTarget(base, index)
  return target === undefined ? FALSE : target
}

/** The same as a place to write to; undefined where a constant index names no element. */
export function elementTarget(base: number, index: readonly LIndex[]): LTarget | undefined {
  let at = base
  const dynamic: LIndex[] = []
  for (const dimension of index) {
    if (dimension.expr.kind === 'const') {
      const offset = dimension.expr.value - dimension.first
      if (offset < 0 || offset >= dimension.count) return undefined
      at += offset * dimension.stride
    } else dynamic.push(dimension)
  }
  return dynamic.length === 0 ? { kind: 'slot', slot: at } : { kind: 'select', base: at, index: dynamic }
}

export const assign = (target: LTarget, value: LExpr): LStmt => ({ kind: 'set', target, value })

export function branch(cond: LExpr, then: readonly LStmt[], otherwise: readonly LStmt[]): readonly LStmt[] {
  if (cond.kind === 'const') return cond.value === 0 ? otherwise : then
  if (then.length === 0 && otherwise.length === 0) return []
  return [{ kind: 'if', cond, then, else: otherwise }]
}

export const lowerAssert = (property: number, cond: LExpr): LStmt => ({ kind: 'assert', property, cond })
