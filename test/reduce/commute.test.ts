import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inOrder } from '../../solver/reduce/symmetry/commute.ts'
import { SEED } from '../support/seed.ts'

const sets = fc.uniqueArray(fc.nat(4), { maxLength: 2 })
const letters = fc.uniqueArray(
  fc.record({ text: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), reads: sets, writes: sets }),
  {
    selector: ({ text }) => text,
    minLength: 1,
  },
)

interface Letter {
  readonly text: string
  readonly reads: readonly number[]
  readonly writes: readonly number[]
}

const ordered = (word: readonly Letter[]): string =>
  inOrder(word.map(({ text, reads, writes }) => ({ text, reads: new Set(reads), writes: new Set(writes) }))).join('')

const independent = (a: Letter, b: Letter): boolean =>
  [...a.writes].every((s) => !b.writes.includes(s) && !b.reads.includes(s)) &&
  b.writes.every((s) => !a.reads.includes(s))

/** All words that neighbours which do not depend on one another make of a word by changing places. */
function traceOf(word: readonly Letter[]): ReadonlyMap<string, readonly Letter[]> {
  const text = (w: readonly Letter[]): string => w.map((l) => l.text).join('')
  const found = new Map([[text(word), word]])
  for (const w of found.values())
    for (let i = 0; i + 1 < w.length; i++) {
      const [a, b] = [w[i], w[i + 1]]
      if (a === undefined || b === undefined || !independent(a, b)) continue
      const swapped = [...w.slice(0, i), b, a, ...w.slice(i + 2)]
      if (!found.has(text(swapped))) found.set(text(swapped), swapped)
    }
  return found
}

test('the order is the least of all that do the same', () => {
  fc.assert(
    fc.property(letters, fc.array(fc.nat(5), { maxLength: 6 }), (alphabet, places) => {
      const word = places.flatMap((p): Letter[] => {
        const letter = alphabet[p % alphabet.length]
        return letter === undefined ? [] : [letter]
      })
      const all = traceOf(word)
      const [least = ''] = [...all.keys()].sort()
      for (const same of all.values()) expect(ordered(same)).toBe(least)
    }),
    { seed: SEED },
  )
})
