/** The store against a plain model of it: the path is never forgotten, and what is stored is found. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, find, meet, newStore, pop, push, type Store } from '../../solver/depth_first/store.ts'

const WORDS = 2

function storeFor(states: number): Store {
  const store = newStore(WORDS, bytesOf(states + 1, WORDS))
  if (store === undefined) throw new Error('there is room')
  return store
}

const wordsOf = (store: Store, id: number): string => store.arena.subarray(id * WORDS, id * WORDS + WORDS).join()

test('forgets what was left, and only that', () => {
  let forgotten = 0
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 40 }),
      fc.array(fc.record({ state: fc.nat(60), leaves: fc.boolean() }), { minLength: 100, maxLength: 300 }),
      (room, turns) => {
        const store = storeFor(room)
        const path: { readonly id: number; readonly words: string }[] = []
        for (const { state, leaves } of turns) {
          const words = Int32Array.of(state, -state)
          const top = path.at(-1)
          if (leaves && top !== undefined) {
            const beneath = pop(store, top.id)
            path.pop()
            expect(beneath).toBe(path.at(-1)?.id ?? -1)
          } else if (!meet(store, words, 0)) {
            const id = push(store, words, 0, top?.id ?? -1)
            if (id < 0) {
              expect(path).toHaveLength(store.count)
              continue
            }
            path.push({ id, words: words.join() })
          }
          expect(store.open).toBe(path.length)
          expect(path.map(({ id }) => wordsOf(store, id))).toEqual(path.map((p) => p.words))
          const held = Array.from({ length: store.count }, (_, id) => wordsOf(store, id))
          expect(new Set(held).size).toBe(store.count)
          expect(held.findIndex((_, id) => find(store, store.arena, id * WORDS) !== id)).toBe(-1)
        }
        expect(store.count).toBeLessThanOrEqual(store.capacity)
        forgotten += store.forgotten
      },
    ),
    { numRuns: 25, seed: 6 },
  )
  expect(forgotten).toBeGreaterThan(500)
})

test('grows as far as it may, and not further', () => {
  for (const maxBytes of [300_000, 1_000_000, Infinity]) {
    const store = newStore(WORDS, maxBytes)
    if (store === undefined) throw new Error('there is room')
    let top = -1
    for (let i = 0; i < 60_000; i++) {
      const next = push(store, Int32Array.of(i, i >> 3), 0, top)
      if (next < 0) break
      top = next
    }
    expect(store.peakBytes).toBeLessThanOrEqual(maxBytes)
    expect(store.count).toBe(maxBytes === Infinity ? 60_000 : store.capacity)
    // Seven eighths at least of what it may take are taken in the end.
    if (maxBytes < Infinity) expect(bytesOf(store.capacity, WORDS)).toBeGreaterThan((maxBytes * 7) / 8 - 100)
    for (let id = 0; id < store.count; id += 97) expect(find(store, store.arena, id * WORDS)).toBe(id)
  }
  expect(newStore(WORDS, 20)).toBeUndefined()
})
