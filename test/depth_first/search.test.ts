import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lower } from '../../model/language/lower/lower.ts'
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { searchDepthFirst } from '../../solver/depth_first/search.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { arbitraryProgram } from '../differential/random_program.ts'
import { and, at, bin, eq, ite, model, num, set, slot, type StepSpec } from '../engines/build.ts'
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
import { expectTraces, roomFor, said, searchInLittle } from './compare.ts'

const SEED = Number(process.env['MMCHECK_SEED'] ?? 20_261_122)
const RUNS = Number(process.env['MMCHECK_RUNS'] ?? 60)
const STATES_MAX = 400

interface Tally {
  models: number
  violated: number
  forgetful: number
  revisits: number
}
const newTally = (): Tally => ({ models: 0, violated: 0, forgetful: 0, revisits: 0 })

/** With room for all, and with hardly any: the answer is that of the reference. */
function agrees(m: LoweredModel, tally: Tally): void {
  const truth = searchReference(m, { maxStates: STATES_MAX })
  fc.pre(truth.incomplete === undefined)
  const { states, transitions, outcomes } = truth

  const whole = searchDepthFirst(m, { beyond: true })
  expect(said(whole)).toEqual(said(truth))
  // Where nothing is forgotten, every count is exact.
  expect(whole).toMatchObject({ states, transitions, outcomes, depthFirst: { visits: states, forgotten: 0 } })
  expect(whole.incomplete).toBeUndefined()
  expectTraces(m, whole, truth)

  const little = searchInLittle(m, { beyond: true })
  expect(said(little)).toEqual(said(truth))
  expect(little.depthFirst.visits).toBeGreaterThanOrEqual(states)
  expect(little.depthFirst.visits).toBe(little.states + little.depthFirst.forgotten)
  expect(little.states).toBeLessThanOrEqual(states)
  expectTraces(m, little, truth)

  const first = searchInLittle(m)
  expectTraces(m, first, truth)
  const bad = said(truth).violated
  expect(first.violations.length === 0).toBe(bad.length === 0)
  for (const { property } of first.violations) expect(bad).toContain(property)
  if (bad.length === 0) expect(first.incomplete).toBeUndefined()

  tally.models++
  if (bad.length > 0) tally.violated++
  if (little.depthFirst.forgotten > states / 2) tally.forgetful++
  if (little.depthFirst.visits > states) tally.revisits++
}

describe('a depth-first search says what the reference says', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(4)],
    ['token ring', tokenRing(3, 2)],
    ['no thread at all', model([slot('x', 0, 1)], [])],
  ])('%s', (_, m) => {
    agrees(m, newTally())
  })

  test('random lowered models', () => {
    const tally = newTally()
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        agrees(m, tally)
      }),
      { numRuns: RUNS, seed: SEED },
    )
    // Else little would have been put to the test.
    expect(tally.violated).toBeGreaterThan(tally.models / 4)
    expect(tally.forgetful).toBeGreaterThan(tally.models / 3)
    expect(tally.revisits).toBeGreaterThan(tally.models / 4)
  })

  test('random models of locks', () => {
    const tally = newTally()
    fc.assert(
      fc.property(arbitraryLocks, (m) => {
        agrees(m, tally)
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect(tally.forgetful).toBeGreaterThan(tally.models / 3)
  })

  test('random programs', async () => {
    const tally = newTally()
    await fc.assert(
      fc.asyncProperty(arbitraryProgram, async ({ program }) => {
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        agrees(lower(program).model, tally)
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect(tally.violated).toBeGreaterThan(tally.models / 3)
    expect(tally.forgetful).toBeGreaterThan(tally.models / 6)
  })
})

/** Counters up to `last`, and a thread that sets them all back once they are there, for ever. */
const rounds = (counters: number, last: number): LoweredModel => {
  const own = Array.from({ length: counters }, (_, t) => slot(`x${t}`, 0, last))
  const count = own.map((_, t) => [{ guard: bin('lt', at(t), num(last)), body: [set(t, bin('add', at(t), num(1)))] }])
  const atLast = and(...own.map((_, t) => eq(at(t), num(last))))
  return model(own, [...count, [{ guard: atLast, body: own.map((_, t) => set(t, 0)) }]])
}

describe('where memory ends', () => {
  test('a world of circles comes to an end', () => {
    const m = rounds(3, 5)
    const full = searchExplicit(m)
    const little = searchInLittle(m)
    expect(little.incomplete).toBeUndefined()
    expect(little.depthFirst.forgotten).toBeGreaterThan(0)
    expect(said(little)).toEqual(said(full))
  })

  test('it goes on where breadth first stops', () => {
    const m = counters([19, 19, 19, 1])
    const full = searchExplicit(m)
    const maxBytes = Math.floor(full.bytes / 6)
    expect(searchExplicit(m, { maxBytes }).incomplete).toEqual({ kind: 'memory', limitBytes: maxBytes })
    const deep = searchDepthFirst(m, { maxBytes })
    expect(deep.incomplete).toBeUndefined()
    expect(said(deep)).toEqual(said(full))
    expect(deep.bytes).toBeLessThanOrEqual(maxBytes)
    expect(deep.states).toBeLessThan(full.states / 2)
    expect(deep.depthFirst.visits).toBeGreaterThanOrEqual(full.states)
  })

  test('and stops where the path alone does not fit', () => {
    const line = counters([500])
    const maxBytes = roomFor(line, 100)
    const { incomplete, depth, violations } = searchDepthFirst(line, { maxBytes })
    expect(incomplete).toEqual({ kind: 'memory', limitBytes: maxBytes })
    expect(depth).toBeGreaterThan(90)
    expect(violations).toEqual([])
    expect(searchDepthFirst(line, { maxBytes: roomFor(line, 502) })).toMatchObject({ states: 501, depth: 500 })
    expect(searchDepthFirst(line, { maxBytes: 10 })).toMatchObject({
      incomplete: { kind: 'memory', limitBytes: 10 },
      states: 0,
    })
  })

  test('the same search twice is the same', () => {
    const m = philosophers(4)
    expect(searchInLittle(m, { beyond: true })).toEqual(searchInLittle(m, { beyond: true }))
  })
})

test('a trace is the shortest of those through states of the path', () => {
  // Each counter may also leap to its end, which is tried last.
  const last = 9
  const step = (t: number): StepSpec[] => [
    { choices: [{ slot: 2, lo: 1, hi: last }], guard: bin('lt', at(t), num(last)), body: [set(t, sum(t)), set(2, 1)] },
  ]
  const sum = (t: number): LExpr =>
    ite(bin('le', bin('add', at(t), at(2)), num(last)), bin('add', at(t), at(2)), num(last))
  const slots = [slot('x', 0, last), slot('y', 0, last), slot('by', 1, last)]
  const m = model(slots, [step(0), step(1)], {
    properties: [{ name: 'Deadlock', kind: 'deadlock' }],
  })
  const { depth, violations } = searchDepthFirst(m)
  expect(depth).toBe(2 * last)
  expect(violations[0]?.moves).toHaveLength(2)
  expectTraces(m, searchDepthFirst(m), searchReference(m))
})

describe('limits', () => {
  test('the first violation ends it, and says nothing of others', () => {
    const m = peterson(true)
    const { incomplete, violations, transitions } = searchDepthFirst(m)
    expect(incomplete).toEqual({ kind: 'violation' })
    expect(violations).toHaveLength(1)
    const beyond = searchDepthFirst(m, { beyond: true })
    expect(beyond.incomplete).toBeUndefined()
    expect(beyond.transitions).toBeGreaterThan(transitions)
  })

  test('states, which are visits here, and time', () => {
    const m = counters([9, 9, 9])
    expect(searchDepthFirst(m, { maxStates: 1000 }).incomplete).toBeUndefined()
    const few = { maxBytes: roomFor(m, 40), maxStates: 999 }
    const stopped = searchDepthFirst(m, few)
    expect(stopped.incomplete).toEqual({ kind: 'states', limit: 999 })
    expect(stopped.depthFirst.visits).toBe(1000)
    expect(searchDepthFirst(m, { maxMs: -1 }).incomplete).toEqual({ kind: 'time', limitMs: -1 })
  })

  test('a step that leaves a range is the same error as in the reference', () => {
    for (const m of leavesItsRange()) expect(() => searchDepthFirst(m)).toThrow(LEAVES_ITS_RANGE)
  })
})

test('a store that forgets the path is noticed', () => {
  const spoilt = (m: LoweredModel, maxBytes: number, sabotage?: 'forget-path'): string => {
    const more = sabotage === undefined ? {} : { sabotage }
    try {
      const result = searchDepthFirst(m, { beyond: true, maxBytes, maxStates: 20_000, ...more })
      return JSON.stringify([said(result), result.incomplete ?? 'complete'])
    } catch {
      return 'it contradicts itself'
    }
  }
  for (const m of [tokenRing(3, 2), rounds(3, 3), philosophers(4)]) {
    const states = searchInLittle(m, { beyond: true }).states
    const truth = JSON.stringify([said(searchReference(m)), 'complete'])
    const maxBytes = roomFor(m, states)
    expect(spoilt(m, maxBytes)).toBe(truth)
    expect(spoilt(m, maxBytes, 'forget-path')).not.toBe(truth)
  }
})

describe.each(share(40))('$name on $kernel', ({ lowered: { model: m } }) => {
  test('depth first', () => {
    const full = searchExplicit(m)
    const whole = searchDepthFirst(m, { beyond: true })
    const { states, transitions, outcomes } = full
    expect(whole).toMatchObject({ states, transitions, outcomes })
    expect(said(whole)).toEqual(said(full))
    expectTraces(m, whole, full)
    // Of a world that is hardly more than one path, nearly all must be held.
    const tries = [0.4, 0.6, 0.8, 1].map((held) =>
      searchDepthFirst(m, { beyond: true, maxBytes: roomFor(m, Math.ceil(states * held)), maxStates: 10 * states }),
    )
    const part = tries.find(({ incomplete }) => incomplete === undefined)
    if (part === undefined) throw new Error('it does not end with room for every state')
    expect(said(part)).toEqual(said(full))
    expectTraces(m, part, full)
  })
})
