/** The tests of the reduction can fail: each of its parts, once spoilt, gives some model a wrong answer. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchReducedFast } from '../../solver/reduce/fast.ts'
import { searchReduced } from '../../solver/reduce/reduced.ts'
import type { Sabotage } from '../../solver/reduce/sabotage.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { and, at, eq, model, not, num, set, slot } from '../engines/build.ts'
import { answer, type Answer } from './compare.ts'
import { arbitraryLocks } from './random_locks.ts'

/** The two that carry out the reduction: a depth-first search, and generated WebAssembly. */
const SEARCHES = { explicit: searchReduced, wasm: searchReducedFast } as const
type By = keyof typeof SEARCHES

/** Answers as a spoilt reduction gives them; undefined where it contradicts itself and says so. */
function spoilt(m: LoweredModel, by: By, sabotage?: Sabotage): Answer | undefined {
  try {
    return answer(SEARCHES[by](m, { reductions: ['por'], ...(sabotage === undefined ? {} : { sabotage }) }))
  } catch {
    return undefined
  }
}

const register = slot('r', 0, 1, { kind: 'register' })

/** One thread writes what the other reads. */
const race = model([slot('x', 0, 1), register], [[{ body: [set(0, 1)], to: 1 }], [{ body: [set(1, at(0))], to: 1 }]])
/** The other way round: the reader comes first. */
const mirrored = model(
  [slot('x', 0, 1), register],
  [[{ body: [set(1, at(0))], to: 1 }], [{ body: [set(0, 1)], to: 1 }]],
)

/** P1 waits for a lock, and then writes what P0 reads; P2 opens that lock. */
const opened = model(
  [slot('x', 0, 1), register, slot('lock', 0, 1, { init: 1 })],
  [
    [{ body: [set(1, at(0))], to: 1 }],
    [{ guard: eq(at(2), num(0)), body: [set(0, 1)], to: 1 }],
    [{ body: [set(2, 0)], to: 1 }],
  ],
)

/** P0 goes round for ever by itself. */
const spinning = model(
  [slot('x', 0, 1), slot('y', 0, 1)],
  [[{ body: [set(0, not(at(0)))] }], [{ body: [set(1, 1)], to: 1 }]],
  {
    covers: [{ name: 'P1 has moved', expr: at(1) }],
  },
)

/** Two threads that never meet, but for an invariant on both. */
const seenTogether = model(
  [slot('x', 0, 2), slot('y', 0, 2)],
  [0, 1].map((own) => [
    { body: [set(own, 1)], to: 1 },
    { body: [set(own, 2)], to: 2 },
  ]),
  {
    properties: [{ name: 'I', kind: 'invariant' }],
    invariants: [{ property: 0, expr: not(and(eq(at(0), num(1)), eq(at(1), num(1)))) }],
  },
)

/** A daemon changes an outcome, before the other thread ends or after. */
const late = model([register], [[{ body: [set(0, 1)], to: 1 }], [{ to: 1 }]], { daemons: [0] })

describe.each<By>(['explicit', 'wasm'])('by %s', (by) => {
  test.each<[Sabotage, LoweredModel]>([
    ['ignore-writes', race],
    ['ignore-reads', mirrored],
    ['trust-shut', opened],
    ['no-proviso', spinning],
    ['blind', seenTogether],
    ['no-endings', late],
  ])('%s is noticed by hand', (sabotage, m) => {
    const truth = answer(searchReference(m))
    expect(spoilt(m, by)).toEqual(truth)
    expect(spoilt(m, by, sabotage)).not.toEqual(truth)
  })

  describe('random models notice', () => {
    const models = fc.sample(arbitraryLocks, { numRuns: 150, seed: 20_260_801 })
    test.each<Sabotage>(['ignore-writes', 'ignore-reads', 'no-proviso'])('%s', (sabotage) => {
      const noticed = models.some((m) => {
        const truth = searchReference(m, { maxStates: 1000 })
        return (
          truth.incomplete === undefined && JSON.stringify(spoilt(m, by, sabotage)) !== JSON.stringify(answer(truth))
        )
      })
      expect(noticed).toBe(true)
    })
  })
})
