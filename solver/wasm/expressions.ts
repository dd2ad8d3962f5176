/** WebAssembly of expressions over slots that lie unpacked in memory, 32 bits each. */
import type { LExpr, LTarget } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { bounds, reach } from '../bounds.ts'
import type { Local, Node } from './encoder/code.ts'
import { add, choose, get, i32, load, op, sub, tee } from './encoder/code.ts'
import type { PlainOp, ValueType } from './encoder/opcodes.ts'
import { inFrame } from './frames.ts'

export type Select = Extract<LTarget, { kind: 'select' }>

export interface Scope {
  readonly ranges: readonly Bounds[]
  /** Address of slot 0 now, and in the state before the step. */
  readonly now: number
  readonly before: number
  /** What is added to both: see frames.ts. */
  readonly frame: Node
  readonly local: (type: ValueType) => Local
}

const COMPARISONS = { eq: 'i32.eq', ne: 'i32.ne', lt: 'i32.lt_s', le: 'i32.le_s' } as const satisfies Record<
  string,
  PlainOp
>

const times = (value: Node, factor: number): Node => (factor === 1 ? value : op('i32.mul', value, i32(factor)))
const less = (value: Node, by: number): Node => (by === 0 ? value : sub(value, i32(by)))

/** Where an access points: the byte offset from slot 0, and whether it is in range (absent where it always is). */
export interface Place {
  readonly inRange?: Node
  /** To be computed after `inRange`. */
  readonly offset: Node
}

/** Code that works out which slot an access means. */
export function place(access: Select, scope: Scope): Place {
  const { sure } = reach(access, scope.ranges)
  const checks: Node[] = []
  const terms = access.index.map(({ expr, first, count, stride }, i) => {
    if (sure[i] === true) return times(less(value(expr, scope), first), 4 * stride)
    const held = scope.local('i32')
    const low = op('i32.ge_s', tee(held, value(expr, scope)), i32(first))
    checks.push(op('i32.and', low, op('i32.lt_s', get(held), i32(first + count))))
    return times(less(get(held), first), 4 * stride)
  })
  const offset = terms.reduce(add, i32(4 * access.base))
  return checks.length === 0 ? { offset } : { inRange: checks.reduce((a, b) => op('i32.and', a, b)), offset }
}

/** Code of the value of an expression, 32 bits. */
export function value(expr: LExpr, scope: Scope): Node {
  switch (expr.kind) {
    case 'const':
      return i32(expr.value)
    case 'slot':
      return load('i32.load', scope.frame, scope.now + 4 * expr.slot)
    case 'select': {
      const { inRange, offset } = place(expr, scope)
      const cell = load('i32.load', inFrame(scope.frame, offset), scope.now)
      return inRange === undefined ? cell : choose('i32', inRange, cell, i32(0))
    }
    case 'old':
      return value(expr.arg, { ...scope, now: scope.before })
    case 'ite':
      return choose('i32', value(expr.cond, scope), value(expr.then, scope), value(expr.else, scope))
    case 'not':
      return op('i32.eqz', value(expr.arg, scope))
    case 'binary':
      switch (expr.op) {
        case 'and':
          return choose('i32', value(expr.left, scope), truth(expr.right, scope), i32(0))
        case 'or':
          return choose('i32', value(expr.left, scope), i32(1), truth(expr.right, scope))
        case 'eq':
        case 'ne':
        case 'lt':
        case 'le':
          return op(COMPARISONS[expr.op], value(expr.left, scope), value(expr.right, scope))
        case 'add':
          return add(value(expr.left, scope), value(expr.right, scope))
        case 'sub':
          return sub(value(expr.left, scope), value(expr.right, scope))
        case 'band':
          return op('i32.and', value(expr.left, scope), value(expr.right, scope))
        case 'bor':
          return op('i32.or', value(expr.left, scope), value(expr.right, scope))
        case 'bandnot': {
          const all = op('i32.xor', value(expr.right, scope), i32(-1))
          return op('i32.and', value(expr.left, scope), all)
        }
      }
  }
}

/** Code of 1 where the value of an expression is not 0, and of 0 where it is. */
export function truth(expr: LExpr, scope: Scope): Node {
  const { lo, hi } = bounds(expr, scope.ranges)
  const code = value(expr, scope)
  return lo >= 0 && hi <= 1 ? code : op('i32.ne', code, i32(0))
}
