import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReduced } from '../../solver/reduce/reduced.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { cells } from '../support/scenarios.ts'
import { arbitraryLocks } from './random_locks.ts'
import { answer } from './compare.ts'

const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_260_801)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 300)
const STATES_MAX = 2000

/** Checks one model, and gives how many states the reduction saved; undefined where it was refused. */
function agrees(model: LoweredModel): number | undefined {
  const truth = searchReference(model, { maxStates: STATES_MAX })
  fc.pre(truth.incomplete === undefined)
  const reduced = searchReduced(model, { reductions: ['por'] })
  expect(answer(reduced)).toEqual(answer(truth))
  expect(reduced.incomplete).toBeUndefined()
  expect(reduced.states).toBeLessThanOrEqual(truth.states)
  return reduced.reductions.some((r) => r.refused !== undefined) ? undefined : truth.states - reduced.states
}

describe('a reduced search says what the full one says', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['token ring', tokenRing(4, 3)],
  ])('%s', (_, m) => {
    agrees(m)
  })

  test('random lowered models', () => {
    const saved: (number | undefined)[] = []
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        saved.push(agrees(m))
      }),
      { numRuns: RUNS, seed: SEED },
    )
    // Else the reduction would not have been put to the test.
    expect(saved.filter((s) => s === undefined).length).toBeLessThan(saved.length / 10)
    expect(saved.filter((s) => s !== undefined && s > 0).length).toBeGreaterThan(saved.length / 10)
  })

  test('random models of locks', () => {
    const saved: (number | undefined)[] = []
    fc.assert(
      fc.property(arbitraryLocks, (m) => {
        saved.push(agrees(m))
      }),
      { numRuns: 2 * RUNS, seed: SEED },
    )
    expect(saved.filter((s) => s === undefined).length).toBeLessThan(saved.length / 10)
    expect(saved.filter((s) => s !== undefined && s > 0).length).toBeGreaterThan(saved.length / 2)
  })

  test('random programs', async () => {
    const saved: (number | undefined)[] = []
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, async ({ program }) => {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        saved.push(agrees(lower(program).model))
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect(saved.filter((s) => s === undefined).length).toBeLessThan(saved.length / 10)
    expect(saved.filter((s) => s !== undefined && s > 0).length).toBeGreaterThan(saved.length / 4)
  })
})

describe.each(cells())('$name on $kernel', ({ lowered: { model } }) => {
  test('reduced', () => {
    const full = searchExplicit(model)
    const reduced = searchReduced(model, { reductions: ['por'] })
    expect(answer(reduced)).toEqual(answer(full))
    expect(reduced.states).toBeLessThanOrEqual(full.states)
  })
})
