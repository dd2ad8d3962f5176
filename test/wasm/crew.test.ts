/** Several workers on one table: word for word what one of them says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Progress, SearchOptions, SearchResult } from '../../solver/engine.ts'
import type { CrewOptions } from '../../solver/wasm/crew.ts'
import { searchTogether } from '../../solver/wasm/search.ts'
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
import { share } from '../support/scenarios.ts'
import { mesh } from './models.ts'
import { wasm } from './words.ts'

/** Helpers from the first state on, in rounds of few states, so that small models have many rounds of many chunks. */
const SMALL = { alone: 0, least: 2, chunk: 3 } as const

async function together(model: LoweredModel, crew: CrewOptions, options: SearchOptions = {}): Promise<SearchResult> {
  const answer = await searchTogether(model, options, { ...SMALL, ...crew })
  if (!answer.ok) throw new Error(answer.reason)
  return answer.result
}

async function agree(model: LoweredModel, workers: number, options: SearchOptions = {}): Promise<void> {
  expect(words(await together(model, { workers }, options))).toEqual(words(wasm(model, options)))
}

const corner = (m: LoweredModel, top: number): LoweredModel => ({
  ...m,
  properties: [{ name: 'I', kind: 'invariant' }],
  invariants: [{ property: 0, expr: not(and(...[0, 1, 2].map((i) => eq(at(i), num(top))))) }],
})

describe('one, two and three workers say the same', () => {
  test.each([
    ['counters', counters([9, 9, 9]), 1],
    ['counters, the last state of which is bad', corner(counters([9, 9, 9]), 9), 2],
    ['counters, a state of which is bad', corner(counters([9, 9, 9]), 5), 3],
    ['broken Peterson', peterson(true), 2],
    ['philosophers', philosophers(5), 3],
    ['a token ring', tokenRing(3, 3), 2],
    ['a mesh, where each state has a value of its own', mesh(3, 15), 3],
  ])('%s', async (_, m, workers) => {
    await agree(m, workers)
  })

  test('limits of states', async () => {
    for (const maxStates of [1, 299, 300, 999]) await agree(counters([9, 9, 9]), 2, { maxStates })
  })

  test('random models', async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryModel,
        fc.constantFrom(2, 3),
        fc.constantFrom(20, 1500),
        async (m, workers, maxStates) => {
          await agree(m, workers, { maxStates })
        },
      ),
      { numRuns: Number(process.env['MMCHECK_RUNS'] ?? 10) },
    )
  })

  test.each([2, 3])('the table grows, copied by %d', async (workers) => {
    // Whoever puts a fork down comes to states of before: each that is lost in the copying is found once more.
    const m = philosophers(9)
    expect(words(await together(m, { workers, least: 500, chunk: 64 }))).toEqual(words(wasm(m)))
  })

  test('as large as a search is before it calls for help', async () => {
    const m = mesh(3, 39)
    const progress: Progress[] = []
    const result = await together(
      m,
      { workers: 2, alone: 5000, least: 500, chunk: 64 },
      { onProgress: (p) => progress.push(p) },
    )
    expect(words(result)).toEqual(words(wasm(m)))
    for (const { states, frontier } of progress) expect(frontier).toBeLessThanOrEqual(states)
  })
})

describe.each(share(60))('$name on $kernel', ({ lowered: { model } }) => {
  test('three workers = one', async () => {
    expect(words(await together(model, { workers: 3, chunk: 16 }))).toEqual(words(wasm(model)))
  })
})

describe('what can go wrong', () => {
  test('a step that leaves a range is the error of a single worker', async () => {
    for (const m of leavesItsRange()) await expect(together(m, { workers: 2 })).rejects.toThrow(LEAVES_ITS_RANGE)
  })

  test('memory ends the search cleanly', async () => {
    const m = counters([49, 49, 49])
    for (const maxBytes of [100, 1_000_000, 10_000_000]) {
      const { incomplete, bytes, states } = await together(m, { workers: 2 }, { maxBytes })
      expect(incomplete).toEqual({ kind: 'memory', limitBytes: maxBytes })
      expect(bytes).toBeLessThanOrEqual(Math.max(maxBytes, 2 ** 19))
      expect(states).toBeLessThan(50 ** 3)
    }
  })

  test('time ends it', async () => {
    const { incomplete } = await together(counters([9, 9, 9]), { workers: 2 }, { maxMs: -1 })
    expect(incomplete).toEqual({ kind: 'time', limitMs: -1 })
  })

  test('a worker that is killed is told, and no verdict given', async () => {
    const kill: CrewOptions['onStart'] = ([thread]) => {
      void thread?.terminate()
    }
    await expect(together(counters([49, 49, 49]), { workers: 2, onStart: kill })).rejects.toThrow(
      'a worker of the search is gone',
    )
  })

  test('a model that the engine refuses is refused', async () => {
    const answer = await searchTogether(counters(Array.from({ length: 30 }, () => 1)), {}, { workers: 2 })
    expect(answer.ok ? '' : answer.reason).toContain('more than 24 threads')
  })
})
