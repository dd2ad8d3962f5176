/** Multiplication by an odd number undone, against the definition. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GOLDEN, inverse } from '../../solver/wasm/mixing.ts'

const odd = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map((n) => 2n * n + 1n)

test('an odd number times its inverse is one, modulo 2^64 and any power of two below', () => {
  for (const factor of [1n, GOLDEN, 0xd6e8feb86659fd93n]) expect((factor * inverse(factor)) % (1n << 64n)).toBe(1n)
  fc.assert(
    fc.property(odd, fc.integer({ min: 1, max: 64 }), (factor, bits) => {
      expect((factor * inverse(factor)) % (1n << BigInt(bits))).toBe(1n)
    }),
  )
})
