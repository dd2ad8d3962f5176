/** Comparisons of an array entry that come to asking whether there is such an entry. */
import type { BinaryOp, LExpr } from '../model/language/lowered.ts'
import { binaryBounds, bounds, selectBounds, type Bounds } from './bounds.ts'

/** An operand, and what it can be. */
interface Operand {
  readonly expr: LExpr
  readonly range: Bounds
}

const ZERO: Bounds = { lo: 0, hi: 0 }

/** The same where the entry is `entry`; `compare` says what the comparison gives for one that lies within bounds. */
function byIndex(entry: LExpr, compare: (entry: Bounds) => Bounds, ranges: readonly Bounds[]): LExpr | undefined {
  if (entry.kind !== 'select') return undefined
  const [dimension, more] = entry.index
  if (dimension === undefined || more !== undefined) return undefined
  const { expr, first, count } = dimension
  const { lo, hi } = bounds(expr, ranges)
  // One value alone means none of the entries, as 0 does of a reference.
  if (lo !== first - 1 || hi > first + count - 1) return undefined
  const [there, none] = [compare(selectBounds(entry, [{ lo: first, hi }], ranges)), compare(ZERO)]
  if (there.lo !== there.hi || none.lo !== none.hi || there.lo === none.lo) return undefined
  return { kind: 'binary', op: there.lo === 1 ? 'ne' : 'eq', left: expr, right: { kind: 'const', value: lo } }
}

/**
 * A comparison that gives one answer for every entry that there is, and the other where the index means none of them,
 * as a test of the index: so does `vma->vm_start` compared with 0 where no VMA begins there. Undefined for any other.
 */
export function lookup(op: BinaryOp, left: Operand, right: Operand, ranges: readonly Bounds[]): LExpr | undefined {
  switch (op) {
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
      return (
        byIndex(left.expr, (entry) => binaryBounds(op, entry, right.range), ranges) ??
        byIndex(right.expr, (entry) => binaryBounds(op, left.range, entry), ranges)
      )
    case 'and':
    case 'or':
    case 'add':
    case 'sub':
    case 'band':
    case 'bor':
    case 'bandnot':
      return undefined
  }
}
