/** Numbers that look random and are the same on every machine for the same seed. */

export interface Random {
  /** A whole number from 0 to n - 1; n at most 2^32. */
  readonly below: (n: number) => number
}

const WORD = 2 ** 32

/** Spreads the bits of a 32-bit word over all of it (the finaliser of MurmurHash3). */
function mixed(word: number): number {
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The sequence of a list of whole numbers: each list has its own. Mutable by its nature. */
export function newRandom(...seeds: readonly number[]): Random {
  // Weyl's sequence, mixed: every word comes once in 2^32.
  let at = seeds.reduce(
    (h, seed) => mixed(h ^ mixed((seed % WORD) + Math.floor(seed / WORD))) + 0x9e3779b9,
    seeds.length,
  )
  return {
    below: (n) => {
      at = (at + 0x9e3779b9) | 0
      return Math.floor((mixed(at) / WORD) * n)
    },
  }
}
