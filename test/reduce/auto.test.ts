/** The choice between a full search and a reduced one: never another answer, and a true word on which it was. */
import { describe, expect, test } from 'vitest'
import { searchAuto } from '../../solver/reduce/auto.ts'
import { searchReducedFast } from '../../solver/reduce/fast.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { searchWasm } from '../../solver/wasm/search.ts'
import { model, set, slot } from '../engines/build.ts'
import { counters, peterson, philosophers } from '../engines/hand_models.ts'
import { answer } from './compare.ts'

test.each([
  ['Peterson', peterson()],
  ['broken Peterson', peterson(true)],
  ['philosophers', philosophers(5)],
])('%s: in full, the answer is that of the full search', (_, m) => {
  const { reductions, ...rest } = searchAuto(m, {})
  const full = searchWasm(m)
  expect(full.ok && full.result).toEqual(rest)
  expect(reductions).toMatchObject([{ name: 'por' }])
  expect(reductions[0]?.refused).toMatch(new RegExp(`^explored in full: ${rest.states} states; `))
})

test('few threads, and many, are told apart', () => {
  expect(searchAuto(peterson(), {}).reductions[0]?.refused).toMatch(/reduction pays in memory alone$/)
  expect(searchAuto(counters([2, 2, 2, 2]), {}).reductions[0]?.refused).toMatch(/below the 2000000 from which/)
})

describe('a search that turns into a reduced one', () => {
  test.each([
    ['broken Peterson', peterson(true), 5],
    ['philosophers', philosophers(6), 100],
    ['counters', counters([4, 5, 6]), 50],
  ])('%s', (_, m, after) => {
    const turned = searchAuto(m, { after })
    expect(answer(turned)).toEqual(answer(searchReference(m)))
    expect(turned.states).toBe(searchReducedFast(m, { reductions: ['por'] }).states)
    expect(turned.reductions).toEqual([
      { name: 'por', because: `the full search passed the ${after} states from which it pays` },
    ])
  })

  test('where memory ends', () => {
    // Four threads that never meet: nearly all that they do together is left out.
    const threads = [0, 1, 2, 3]
    const own = threads.map((t) => Array.from({ length: 25 }, (_, pc) => ({ body: [set(t, pc + 1)], to: pc + 1 })))
    const apart = threads.map((t) => slot(`x${t}`, 0, 25))
    const m = model(apart, own)
    const full = searchWasm(m)
    const bytes = [full.ok ? full.result.bytes : 0, searchReducedFast(m, { reductions: ['por'] }).bytes]
    const [inFull = 0, reduced = 0] = bytes
    expect(reduced).toBeLessThan(inFull)
    const turned = searchAuto(m, { maxBytes: Math.floor((inFull + reduced) / 2) })
    expect(turned.incomplete).toBeUndefined()
    expect(turned.reductions[0]?.because).toMatch(/^\d+ states of the full search filled \d+ bytes$/)
    expect(full.ok && answer(turned)).toEqual(full.ok && answer(full.result))
  })

  test('not where the limit of states is that of the caller', () => {
    const stopped = searchAuto(philosophers(6), { maxStates: 100, after: 1000 })
    expect(stopped.incomplete).toEqual({ kind: 'states', limit: 100 })
    expect(stopped.reductions[0]?.refused).toMatch(/^explored in full/)
  })
})
