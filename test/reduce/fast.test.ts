/** The reduction that the generated WebAssembly carries out says what the full search says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReducedFast } from '../../solver/reduce/fast.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { assert, at, eq, model, not, num, set, slot } from '../engines/build.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { share } from '../support/scenarios.ts'
import { answer } from './compare.ts'
import { arbitraryLocks } from './random_locks.ts'

const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_261_121)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 20)
const STATES_MAX = 2000

/** Checks one model, and gives how many states the reduction saved; undefined where the engine did not take it. */
function agrees(m: LoweredModel): number | undefined {
  const truth = searchReference(m, { maxStates: STATES_MAX })
  fc.pre(truth.incomplete === undefined)
  const reduced = searchReducedFast(m, { reductions: ['por'] })
  expect(answer(reduced)).toEqual(answer(truth))
  expect(reduced.incomplete).toBeUndefined()
  expect(reduced.states).toBeLessThanOrEqual(truth.states)
  return reduced.engine === 'wasm' ? truth.states - reduced.states : undefined
}

/** Else the reduction would not have been put to the test. */
function expectUse(saved: readonly (number | undefined)[], taken: number, reduced: number): void {
  expect(saved.filter((s) => s !== undefined).length).toBeGreaterThan(taken * saved.length)
  expect(saved.filter((s) => s !== undefined && s > 0).length).toBeGreaterThan(reduced * saved.length)
}

describe('a reduced search says what the full one says', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['token ring', tokenRing(4, 3)],
  ])('%s', (_, m) => {
    expect(agrees(m)).toBeDefined()
  })

  test('random lowered models', () => {
    const saved: (number | undefined)[] = []
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        saved.push(agrees(m))
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expectUse(saved, 0.5, 0.05)
  })

  test('random models of locks', () => {
    const saved: (number | undefined)[] = []
    fc.assert(
      fc.property(arbitraryLocks, (m) => {
        saved.push(agrees(m))
      }),
      { numRuns: 3 * RUNS, seed: SEED },
    )
    expectUse(saved, 0.8, 0.5)
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
    expectUse(saved, 0.5, 0.2)
  })
})

describe('limits', () => {
  test('a trace that could not be made shortest is said to be so, and is one all the same', () => {
    // One of four threads that never meet comes to a bad end, which many states of the others precede.
    const ends = [0, 1, 2, 3].map((t) =>
      Array.from({ length: 9 }, (_, pc) => ({
        body: [set(t, pc + 1), ...(t === 0 ? [assert(0, not(eq(at(0), num(9))))] : [])],
        to: pc + 1,
      })),
    )
    const four = [0, 1, 2, 3].map((t) => slot(`x${t}`, 0, 9))
    const wide: LoweredModel = model(four, ends, { properties: [{ name: 'A', kind: 'assertion' }] })
    const reduced = searchReducedFast(wide, { reductions: ['por'], maxStates: 300 })
    expect(reduced.incomplete).toBeUndefined()
    expect(reduced.notShortest).toEqual({ kind: 'states', limit: 300 })
    const [violation] = reduced.violations
    expect(replay(wide, violation?.moves ?? [])).toMatchObject({ kind: 'ran', violated: [0] })
    expect(searchReducedFast(wide, { reductions: ['por'] }).violations).toEqual(searchExplicit(wide).violations)
  })

  test('of states, memory and time', () => {
    const wide = philosophers(9)
    const limited = (limit: object): unknown => searchReducedFast(wide, { reductions: ['por'], ...limit }).incomplete
    expect(limited({ maxMs: -1 })).toEqual({ kind: 'time', limitMs: -1 })
    expect(limited({ maxBytes: 100 })).toEqual({ kind: 'memory', limitBytes: 100 })
    expect(limited({ maxStates: 10 })).toEqual({ kind: 'states', limit: 10 })
  })
})

test('a model that the engine refuses is reduced by the explicit one', () => {
  const many = Array.from({ length: 26 }, (_, t) => t)
  const m = model(
    many.map((t) => slot(`x${t}`, 0, 1)),
    many.map((t) => [{ body: [set(t, 1)], to: 1 }]),
  )
  const { engine, states, reductions } = searchReducedFast(m, { reductions: ['por'] })
  expect({ engine, states, reductions }).toEqual({ engine: 'explicit', states: 2, reductions: [{ name: 'por' }] })
})

describe.each(share(80))('$name on $kernel', ({ lowered: { model: m } }) => {
  test('reduced', () => {
    const full = searchExplicit(m)
    const reduced = searchReducedFast(m, { reductions: ['por'] })
    expect(answer(reduced)).toEqual(answer(full))
    expect(reduced.states).toBeLessThanOrEqual(full.states)
  })
})
