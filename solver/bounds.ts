import type { BinaryOp, LExpr, LIndex, LTarget } from '../model/language/lowered.ts'

/** The integers from lo to hi, both included. A slot of a model is one. */
export interface Bounds {
  readonly lo: number
  readonly hi: number
}

const UNKNOWN: Bounds = { lo: -Infinity, hi: Infinity }
const INT32: Bounds = { lo: -(2 ** 31), hi: 2 ** 31 - 1 }
const FALSE: Bounds = { lo: 0, hi: 0 }
const TRUE: Bounds = { lo: 1, hi: 1 }
const EITHER: Bounds = { lo: 0, hi: 1 }

export const within = (inner: Bounds, outer: Bounds): boolean => inner.lo >= outer.lo && inner.hi <= outer.hi
export const fitsInt32 = (b: Bounds): boolean => within(b, INT32)

const hull = (a: Bounds, b: Bounds): Bounds => ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) })
const single = (b: Bounds): boolean => b.lo === b.hi
const isZero = (b: Bounds): boolean => b.lo === 0 && b.hi === 0
const excludesZero = (b: Bounds): boolean => b.lo > 0 || b.hi < 0
const negated = (b: Bounds): Bounds => (b === TRUE ? FALSE : b === FALSE ? TRUE : EITHER)

/** The slots that an access can mean, each once, as distances from its base. */
export interface Reach {
  readonly offsets: readonly number[]
  /** For each index, whether its value surely lies in range. */
  readonly sure: readonly boolean[]
}

/** The values of an index that lie in range, and whether all of its values do. */
interface Inside {
  readonly lo: number
  readonly hi: number
  readonly sure: boolean
}

function inside({ first, count }: LIndex, value: Bounds): Inside {
  const lo = Math.max(value.lo, first)
  const hi = Math.min(value.hi, first + count - 1)
  return { lo, hi, sure: lo === value.lo && hi === value.hi }
}

/** Which cells an access can mean, given what its indices can be. */
export const reach = (access: Select, ranges: readonly Bounds[]): Reach =>
  reachOf(
    access,
    access.index.map(({ expr }) => bounds(expr, ranges)),
  )

type Select = Extract<LTarget, { kind: 'select' }>

function reachOf({ index }: Select, values: readonly Bounds[]): Reach {
  let offsets: readonly number[] = [0]
  const sure: boolean[] = []
  index.forEach((dimension, d) => {
    const { first, stride } = dimension
    const { lo, hi, sure: isSure } = inside(dimension, values[d] ?? UNKNOWN)
    const further: number[] = []
    for (const offset of offsets) for (let i = lo; i <= hi; i++) further.push(offset + (i - first) * stride)
    // One index alone, the usual case, gives each cell once and in order.
    offsets = index.length === 1 ? further : [...new Set(further)].sort((a, b) => a - b)
    sure.push(isSure)
  })
  return { offsets, sure }
}

/** What an operator gives, given what its operands can be. */
export function binaryBounds(op: BinaryOp, a: Bounds, b: Bounds): Bounds {
  switch (op) {
    case 'and':
      return isZero(a) || isZero(b) ? FALSE : excludesZero(a) && excludesZero(b) ? TRUE : EITHER
    case 'or':
      return excludesZero(a) || excludesZero(b) ? TRUE : isZero(a) && isZero(b) ? FALSE : EITHER
    case 'eq':
      return a.hi < b.lo || b.hi < a.lo ? FALSE : single(a) && single(b) ? TRUE : EITHER
    case 'ne':
      return negated(binaryBounds('eq', a, b))
    case 'lt':
      return a.hi < b.lo ? TRUE : a.lo >= b.hi ? FALSE : EITHER
    case 'le':
      return negated(binaryBounds('lt', b, a))
    case 'add':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi }
    case 'sub':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo }
    case 'band':
    case 'bor':
    case 'bandnot':
      return maskBounds(op, a, b)
  }
}

/** Bits of the operators that JavaScript computes on 32-bit words. */
function maskBounds(op: 'band' | 'bor' | 'bandnot', a: Bounds, b: Bounds): Bounds {
  if (!fitsInt32(a) || !fitsInt32(b)) return INT32
  if (a.lo < 0 || b.lo < 0) {
    // Words that are all sign from bit n up stay so.
    const n = [a, b].flatMap(({ lo, hi }) => [lo, hi]).map((v) => 32 - Math.clz32(v < 0 ? ~v : v))
    const reached = 2 ** Math.max(...n)
    return { lo: -reached, hi: reached - 1 }
  }
  const exact = { band: a.lo & b.lo, bor: a.lo | b.lo, bandnot: a.lo & ~b.lo }[op]
  if (single(a) && single(b)) return { lo: exact, hi: exact }
  switch (op) {
    case 'band':
      return { lo: 0, hi: Math.min(a.hi, b.hi) }
    case 'bor':
      return { lo: Math.max(a.lo, b.lo), hi: 2 ** (32 - Math.clz32(a.hi | b.hi)) - 1 }
    case 'bandnot':
      return { lo: 0, hi: a.hi }
  }
}

/** Whether a value is 0, given what it can be. */
export const notBounds = (arg: Bounds): Bounds => (isZero(arg) ? TRUE : excludesZero(arg) ? FALSE : EITHER)

/** One of two values, chosen by a condition. */
export function iteBounds(cond: Bounds, then: Bounds, otherwise: Bounds): Bounds {
  if (isZero(cond)) return otherwise
  return excludesZero(cond) ? then : hull(then, otherwise)
}

/** What an array access can give, given what its indices can be. */
export function selectBounds(access: Select, values: readonly Bounds[], ranges: readonly Bounds[]): Bounds {
  const { offsets, sure } = reachOf(access, values)
  let found = sure.every((s) => s) ? undefined : FALSE
  for (const offset of offsets) {
    const cell = ranges[access.base + offset] ?? UNKNOWN
    found = found === undefined ? cell : hull(found, cell)
  }
  return found ?? FALSE
}

/**
 * What an expression can be, at most, while every slot stays within `ranges` (by slot number; a
 * slot without one can be anything). Never too narrow, often too wide.
 */
export function bounds(expr: LExpr, ranges: readonly Bounds[]): Bounds {
  switch (expr.kind) {
    case 'const':
      return { lo: expr.value, hi: expr.value }
    case 'slot':
      return ranges[expr.slot] ?? UNKNOWN
    case 'select':
      return selectBounds(
        expr,
        expr.index.map((d) => bounds(d.expr, ranges)),
        ranges,
      )
    case 'not':
      return notBounds(bounds(expr.arg, ranges))
    case 'binary':
      return binaryBounds(expr.op, bounds(expr.left, ranges), bounds(expr.right, ranges))
    case 'ite': {
      const cond = bounds(expr.cond, ranges)
      if (isZero(cond)) return bounds(expr.else, ranges)
      if (excludesZero(cond)) return bounds(expr.then, ranges)
      return hull(bounds(expr.then, ranges), bounds(expr.else, ranges))
    }
    case 'old':
      return bounds(expr.arg, ranges)
  }
}
