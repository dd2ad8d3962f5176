/** WebAssembly that tells where a state belongs in the table, or in the old one that the table takes the place of. */
import type { Global, Local, Node } from './encoder/code.ts'
import { add, get, getGlobal, i32, op, shl, sub, wrap } from './encoder/code.ts'
import { BUCKET_BYTES, GLOBALS } from './plan.ts'

/** What tells of a table where it is, the logarithm of its buckets, and the bits of a state that these do not tell. */
export interface Table {
  readonly address: Global
  readonly buckets: Global
  readonly remainder: Global
}

export const TABLE: Table = { address: GLOBALS.table, buckets: GLOBALS.buckets, remainder: GLOBALS.remainder }
export const OLD_TABLE: Table = { address: GLOBALS.old, buckets: GLOBALS.oldBuckets, remainder: GLOBALS.oldRemainder }

/** The bucket in which a mixed state begins to be looked for. */
export const bucketOf = (mixed: Node, { buckets }: Table = TABLE): Node =>
  op('i32.and', wrap(mixed), sub(op('i32.shl', i32(1), getGlobal(buckets)), i32(1)))

/** The bucket after one in its section of the table, whose last bucket the first one follows. */
export function nextBucket(bucket: Local): Node {
  const section = op('i32.and', get(bucket), op('i32.xor', getGlobal(GLOBALS.within), i32(-1)))
  return op('i32.or', section, op('i32.and', add(get(bucket), i32(1)), getGlobal(GLOBALS.within)))
}

/** The address of a bucket. */
export const line = (bucket: Node, { address }: Table = TABLE): Node =>
  add(getGlobal(address), shl(bucket, Math.log2(BUCKET_BYTES)))

/** Whether the section of the old table to which a mixed state belongs has moved. */
export const hasMoved = (mixed: Node): Node => op('i32.lt_u', bucketOf(mixed, OLD_TABLE), getGlobal(GLOBALS.moved))
