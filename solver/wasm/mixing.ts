/** Odd, with bits all over: 2^64 over the golden ratio. Multiplication by it can be undone modulo any power of two. */
export const GOLDEN = 0x9e3779b97f4a7c15n

/** What undoes multiplication by an odd number modulo 2^64, and so modulo any power of two below. */
export function inverse(factor: bigint): bigint {
  // Newton's method: right in the lowest 3 bits at first, and in twice as many each time.
  let found = factor
  for (let bits = 3; bits < 64; bits *= 2) found = BigInt.asUintN(64, found * (2n - factor * found))
  return found
}
