/** A search beyond its first memory says word for word what it says within, and what the reference interpreter says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchReducedFast } from '../../solver/reduce/fast.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import type { Image } from '../../solver/wasm/checkpoint.ts'
import { LIMITS, type Limits } from '../../solver/wasm/limits.ts'
import { searchTogether, searchWasm } from '../../solver/wasm/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { words } from '../engines/budgets.ts'
import { and, at, eq, not, num } from '../engines/build.ts'
import {
  counters,
  leavesItsRange,
  LEAVES_ITS_RANGE,
  peterson,
  philosophers,
  tokenRing,
} from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { arbitraryLocks } from '../reduce/random_locks.ts'
import { share } from '../support/scenarios.ts'
import { mesh, tree, woven } from './models.ts'
import { breathe, wasm } from './words.ts'

/** Beyond from the first state on: parts of 4 buckets, chunks of 8 states, few at a time, and a ring that is soon full. */
const AT_ONCE: Limits = { ...LIMITS, buckets: -1, chunk: 3, ring: 4, part: 2, batch: 32 }
/** From some 200 states on, so that a table is moved, and successors may be waiting for it. */
const LATER: Limits = { ...AT_ONCE, buckets: 4, part: 3, batch: 64 }
/** From where 16 chunks are full. */
const WHEN_THE_ARENA_IS_FULL: Limits = { ...LATER, buckets: 24, ring: 4 }

/** The same, where the table of the first memory and parts that are full hand on little at a time, or nothing at all. */
const SLOWLY: Limits = { ...LATER, part: 2, leaving: 1 }
const NEVER: Limits = { ...LATER, leaving: 0 }
/** And where sections of that table are full. */
const FULL: Limits = { ...NEVER, section: 0, part: 2 }

const EACH = [AT_ONCE, LATER, WHEN_THE_ARENA_IS_FULL, SLOWLY, NEVER, FULL]

function beyond(model: LoweredModel, limits: Limits, options: SearchOptions = {}): SearchResult {
  const answer = searchWasm(model, { ...options, limits })
  if (!answer.ok) throw new Error(answer.reason)
  return answer.result
}

const corner = (m: LoweredModel, top: number): LoweredModel => ({
  ...m,
  properties: [{ name: 'I', kind: 'invariant' }],
  invariants: [{ property: 0, expr: not(and(...[0, 1, 2].map((i) => eq(at(i), num(top))))) }],
})

describe('beyond = within = reference', () => {
  test.each([
    ['counters', counters([9, 9, 9])],
    ['counters, the last state of which is bad', corner(counters([9, 9, 9]), 9)],
    ['counters, a state of which is bad', corner(counters([9, 9, 9]), 5)],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['a token ring', tokenRing(4, 3)],
    ['a mesh', mesh(3, 9)],
    ['a weave, the states of which become wider on the way', woven(3, 9)],
    ['a tree', tree(8)],
  ])('%s', (_, m) => {
    const truth = words(searchReference(m))
    for (const limits of EACH) expect(words(beyond(m, limits))).toEqual(truth)
  })

  test('limits of states', () => {
    const m = counters([9, 9, 9])
    for (const maxStates of [1, 2, 299, 300, 999, 1000])
      for (const limits of EACH)
        expect(words(beyond(m, limits, { maxStates }))).toEqual(words(searchReference(m, { maxStates })))
  })

  const runs = { numRuns: Number(process.env['MMCHECK_RUNS'] ?? 40) }
  const some = fc.constantFrom(...EACH)
  async function agree(model: LoweredModel, limits: Limits, maxStates: number): Promise<void> {
    await breathe()
    const result = beyond(model, limits, { maxStates })
    expect(words(result)).toEqual(words(searchReference(model, { maxStates })))
    for (const { property, moves } of result.violations)
      expect(replay(model, moves)).toMatchObject({ kind: 'ran', violated: expect.arrayContaining([property]) })
  }

  test('random models', async () => {
    await fc.assert(fc.asyncProperty(arbitraryModel, some, fc.constantFrom(20, 150, 1500), agree), runs)
  })

  test('random programs', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, some, async ({ program }, limits) =>
        agree(lower(program).model, limits, 1500),
      ),
      runs,
    )
  })
})

describe('with a reduction', () => {
  const reduced = (m: LoweredModel, limits: Limits): unknown =>
    words(searchReducedFast(m, { reductions: ['por'], maxStates: 2000, limits }))

  test('philosophers', () => {
    for (const limits of EACH) expect(reduced(philosophers(6), limits)).toEqual(reduced(philosophers(6), LIMITS))
  })

  test('random models of locks', () => {
    fc.assert(
      fc.property(arbitraryLocks, (m) => {
        expect(reduced(m, AT_ONCE)).toEqual(reduced(m, LIMITS))
      }),
      { numRuns: 20 },
    )
  })
})

describe.each(share(60))('$name on $kernel', ({ lowered: { model } }) => {
  test('beyond = within', () => {
    const within = words(wasm(model))
    for (const limits of [LATER, WHEN_THE_ARENA_IS_FULL, SLOWLY]) expect(words(beyond(model, limits))).toEqual(within)
  })
})

describe('several workers', () => {
  test.each([
    ['counters', corner(counters([9, 9, 9]), 5)],
    ['a mesh', mesh(3, 9)],
  ])('%s: one of them goes on', async (_, m) => {
    const crew = { workers: 2, alone: 0, least: 2, chunk: 3 }
    for (const limits of [
      { ...LATER, buckets: 6 },
      { ...NEVER, buckets: 6 },
      { ...WHEN_THE_ARENA_IS_FULL, ring: 5 },
    ]) {
      const answer = await searchTogether(m, { limits }, crew)
      expect(answer.ok && words(answer.result)).toEqual(words(wasm(m)))
    }
  })
})

test('states that a round has entered, but not stored, are not taken for known', async () => {
  // A bucket that is full sends the whole round to be done again, beyond, as there may be no larger table.
  for (const buckets of [8, 9]) {
    const answer = await searchTogether(
      tree(12),
      { limits: { ...FULL, buckets, ring: 12 } },
      { workers: 2, alone: 0, least: 2 },
    )
    expect(answer.ok && words(answer.result)).toEqual(words(wasm(tree(12))))
  }
})

test('successors that wait for a larger table are not lost on the way', async () => {
  // A table for several workers has parts of its own, of a single bucket here: one of them is full before the table is.
  const limits = { ...LATER, buckets: 6, ring: 8 }
  const answer = await searchTogether(tree(10), { limits }, { workers: 2 })
  expect(answer.ok && words(answer.result)).toEqual(words(wasm(tree(10))))
})

describe('memory', () => {
  const large = { ...LATER, chunk: 6, ring: 6, part: 5, batch: 512 }

  test('the budget counts all memories, and ends the search cleanly', () => {
    const m = corner(counters([24, 24, 24]), 5)
    const whole = beyond(m, large)
    expect(words(whole)).toEqual(words(wasm(m)))
    const [shortest] = whole.violations
    let before = 0
    for (const share of [0.4, 0.6, 0.8, 0.95]) {
      const maxBytes = Math.floor(share * whole.bytes)
      const { incomplete, bytes, states, violations } = beyond(m, large, { maxBytes })
      expect(incomplete).toEqual({ kind: 'memory', limitBytes: maxBytes })
      expect(bytes).toBeLessThanOrEqual(maxBytes)
      expect(states).toBeGreaterThan(before)
      before = states
      expect(violations).toEqual([shortest])
    }
    expect(before).toBeLessThan(25 ** 3)
    expect(whole.bytes).toBeGreaterThan(8 * 25 ** 3)
  })

  test('where there is no memory for more parts, those that are left are done with first', () => {
    const m = counters([24, 24, 24])
    const truth = searchReference(m)
    const { bytes } = beyond(m, { ...large, leaving: 0 })
    for (let share = 0.5; share < 1; share += 0.02) {
      const { incomplete, states, transitions } = beyond(m, { ...large, leaving: 0 }, { maxBytes: share * bytes })
      expect(incomplete?.kind).toBe('memory')
      // All that is stored is new, and the first state of all is reached again by none.
      expect(states).toBeLessThanOrEqual(Math.min(truth.states, transitions + 1))
    }
  })

  test('values that have no room beside the table have it once that is gone', () => {
    const m = mesh(3, 19)
    const within = words(wasm(m))
    // The fewer the pages, the sooner: at 12 it is the values that do not fit, at 14 the table.
    for (const pages of [11, 12, 13, 14])
      for (const leaving of [LIMITS.leaving, 0]) {
        const result = beyond(m, { ...LIMITS, chunk: 9, batch: 512, part: 8, pages, leaving })
        expect(words(result)).toEqual(within)
        expect(result.bytes).toBeGreaterThan(2 ** 16 * pages)
      }
  })
})

describe('what can go wrong', () => {
  test('a step that leaves a range is the error that it is within', () => {
    for (const m of leavesItsRange())
      for (const limits of EACH) expect(() => beyond(m, limits)).toThrow(LEAVES_ITS_RANGE)
  })

  test('an image is of the first memory alone: one goes on from the last that was saved there', () => {
    const m = counters([9, 9, 9])
    const images: Image[] = []
    const save = ({ figures, memory }: Image): void => {
      images.push({ figures: structuredClone(figures), memory: memory.slice() })
    }
    const whole = searchWasm(m, { limits: LATER, images: { due: () => true, save } })
    const states = images.map(({ figures }) => figures.progressed.states)
    expect(Math.max(...states)).toBeLessThan(300)
    const from = images.at(-1)
    if (from === undefined) throw new Error('no image')
    const again = searchWasm(m, { limits: LATER, images: { from, due: () => false, save } })
    expect(again).toEqual(whole)
    expect(whole.ok && whole.result.states).toBe(1000)
  })

  test('an image of more than half of the memory that there may be is taken up', () => {
    const images: Image[] = []
    const save = ({ figures, memory }: Image): void => {
      images.splice(0, 1, { figures: structuredClone(figures), memory: memory.slice() })
    }
    const limits = { ...LIMITS, chunk: 9, batch: 512, pages: 26 }
    const whole = searchWasm(mesh(3, 19), { limits, images: { due: () => true, save } })
    const [from] = images
    expect(from?.memory.length).toBeGreaterThan(13 * 2 ** 16)
    const again = searchWasm(mesh(3, 19), { limits, images: { ...(from && { from }), due: () => false, save } })
    expect(again).toEqual(whole)
  })
})
