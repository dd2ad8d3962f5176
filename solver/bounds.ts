import type { BinaryOp, LExpr, LTarget } from '../model/language/lowered.ts'

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

/** What is known of expressions under some ranges, so that nothing within nested ones is worked out again. */
export type Known = Map<LExpr, Bounds>

/** Which cells an access can mean, given what its indices can be. */
export function reach(access: Extract<LTarget, { kind: 'select' }>, ranges: readonly Bounds[], known?: Known): Reach {
  let offsets: readonly number[] = [0]
  const sure: boolean[] = []
  for (const { expr, first, count, stride } of access.index) {
    const value = bounds(expr, ranges, known)
    const lo = Math.max(value.lo, first)
    const hi = Math.min(value.hi, first + count - 1)
    const steps = Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => (lo - first + i) * stride)
    // One index alone, the usual case, gives each cell once and in order.
    offsets =
      access.index.length === 1
        ? steps
        : [...new Set(offsets.flatMap((offset) => steps.map((step) => offset + step)))].sort((a, b) => a - b)
    sure.push(lo === value.lo && hi === value.hi)
  }
  return { offsets, sure }
}

function binaryBounds(op: BinaryOp, a: Bounds, b: Bounds): Bounds {
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

/**
 * What an expression can be, at most, while every slot stays within `ranges` (by slot number; a
 * slot without one can be anything). Never too narrow, often too wide.
 */
export function bounds(expr: LExpr, ranges: readonly Bounds[], known?: Known): Bounds {
  switch (expr.kind) {
    case 'const':
      return { lo: expr.value, hi: expr.value }
    case 'slot':
      return ranges[expr.slot] ?? UNKNOWN
    case 'select':
    case 'not':
    case 'binary':
    case 'ite':
    case 'old': {
      const before = known?.get(expr)
      if (before !== undefined) return before
      const found = compoundBounds(expr, ranges, known)
      known?.set(expr, found)
      return found
    }
  }
}

type Compound = Exclude<LExpr, { kind: 'const' | 'slot' }>

function compoundBounds(expr: Compound, ranges: readonly Bounds[], known: Known | undefined): Bounds {
  const of = (part: LExpr): Bounds => bounds(part, ranges, known)
  switch (expr.kind) {
    case 'select': {
      const { offsets, sure } = reach(expr, ranges, known)
      const cells = offsets.map((offset) => ranges[expr.base + offset] ?? UNKNOWN)
      const [first, ...rest] = sure.every((s) => s) ? cells : [FALSE, ...cells]
      return first === undefined ? FALSE : rest.reduce(hull, first)
    }
    case 'not': {
      const arg = of(expr.arg)
      return isZero(arg) ? TRUE : excludesZero(arg) ? FALSE : EITHER
    }
    case 'binary':
      return binaryBounds(expr.op, of(expr.left), of(expr.right))
    case 'ite': {
      const cond = of(expr.cond)
      if (isZero(cond)) return of(expr.else)
      if (excludesZero(cond)) return of(expr.then)
      return hull(of(expr.then), of(expr.else))
    }
    case 'old':
      return of(expr.arg)
  }
}
