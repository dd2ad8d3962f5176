/** How large tables of states are, and how full they may get. */
import { BUCKET_BYTES } from './plan.ts'

export interface Shape {
  readonly narrow: boolean
  /** Logarithm of the number of buckets. */
  readonly buckets: number
}

/** The fuller, the more states lie behind their bucket; larger buckets even that out. */
const LOAD = { narrow: 0.8, wide: 0.72 } as const
/** Bits of an entry for its displacement, at least. */
export const DISPLACEMENT_BITS = 4

/** States that a table is filled with at most. */
export const limitOf = ({ narrow, buckets }: Shape): number =>
  Math.floor((BUCKET_BYTES / (narrow ? 4 : 8)) * 2 ** buckets * (narrow ? LOAD.narrow : LOAD.wide))

/** The smallest table for so many states of so many bits with entries of one width. */
export function smallest(narrow: boolean, states: number, bits: number, least: number): Shape {
  const restMax = (narrow ? 31 : 63) - DISPLACEMENT_BITS
  let buckets = Math.max(least, bits - restMax)
  while (limitOf({ narrow, buckets }) < states) buckets++
  return { narrow, buckets }
}
