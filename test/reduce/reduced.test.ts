import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReduced } from '../../solver/reduce/reduced.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { assert, at, eq, model, not, num, set, slot } from '../engines/build.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { share } from '../support/scenarios.ts'
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

describe('limits', () => {
  const m = peterson(true)
  test('a full search that ends soon is left as it is', () => {
    const { reductions, ...rest } = searchReduced(m, { reductions: ['por'], after: 1000 })
    expect(rest).toEqual(searchExplicit(m))
    expect(reductions).toEqual([{ name: 'por', refused: 'the full search ended within 1000 states' }])
    expect(searchReduced(m, { reductions: ['por'], after: 5 }).reductions).toEqual([{ name: 'por' }])
  })

  test('no reduction asked for, none made', () => {
    expect(searchReduced(m, { reductions: [] })).toEqual({ ...searchExplicit(m), reductions: [] })
  })

  test('a trace that could not be made shortest is said to be so, and is one all the same', () => {
    // One of four counters that never meet comes to a bad end, which many states of the others precede.
    const four = counters([9, 9, 9, 9])
    const steps = four.steps.map((s, i) => (i > 0 ? s : { ...s, body: [...s.body, assert(0, not(eq(at(0), num(9))))] }))
    const wide: LoweredModel = { ...four, steps, properties: [{ name: 'A', kind: 'assertion' }] }
    const reduced = searchReduced(wide, { reductions: ['por'], maxStates: 300 })
    expect(reduced.incomplete).toBeUndefined()
    expect(reduced.notShortest).toEqual({ kind: 'states', limit: 300 })
    const [violation] = reduced.violations
    expect(replay(wide, violation?.moves ?? [])).toMatchObject({ kind: 'ran', violated: [0] })
    expect(searchReduced(wide, { reductions: ['por'] }).violations).toEqual(searchExplicit(wide).violations)
  })

  test('of states, memory and time', () => {
    const wide = philosophers(9)
    expect(searchReduced(wide, { reductions: ['por'], maxMs: -1 }).incomplete).toEqual({ kind: 'time', limitMs: -1 })
    expect(searchReduced(wide, { reductions: ['por'], maxBytes: 100 }).incomplete).toEqual({
      kind: 'memory',
      limitBytes: 100,
    })
    expect(searchReduced(wide, { reductions: ['por'], maxStates: 10 }).incomplete).toEqual({
      kind: 'states',
      limit: 10,
    })
  })
})

describe('refusals', () => {
  test('a thread whose program counter others write', () => {
    const m = model([slot('x', 0, 1)], [[{ to: 1 }], [{ body: [set(1, 0)], to: 1 }]])
    const reduced = searchReduced(m, { reductions: ['por'] })
    expect(reduced.reductions).toEqual([{ name: 'por', refused: 'the program counter of P0 is written by others' }])
    expect(answer(reduced)).toEqual(answer(searchReference(m)))
  })

  test('a thread that goes on once it is done', () => {
    const [step] = model([slot('x', 0, 1)], [[{ to: 1 }]]).steps
    const m = model([slot('x', 0, 1)], [[{ to: 1 }], [{ to: 1 }]])
    if (step === undefined) throw new Error('a step was made')
    const more = { ...m, steps: [...m.steps, { ...step, id: 9, pc: 1, body: [set(0, 1)] }] }
    expect(searchReduced(more, { reductions: ['por'] }).reductions).toEqual([
      { name: 'por', refused: 'P0 may go on once it is done' },
    ])
  })
})

describe.each(share(20))('$name on $kernel', ({ lowered: { model } }) => {
  test('reduced', () => {
    const full = searchExplicit(model)
    const reduced = searchReduced(model, { reductions: ['por'] })
    expect(answer(reduced)).toEqual(answer(full))
    expect(reduced.states).toBeLessThanOrEqual(full.states)
  })
})
