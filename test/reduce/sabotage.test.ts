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

/** One thread writes twice what the other reads. */
const twice = model(
  [slot('x', 0, 1), register],
  [
    [
      { body: [set(0, 1)], to: 1 },
      { body: [set(0, 0)], to: 2 },
    ],
    [{ body: [set(1, at(0))], to: 1 }],
  ],
)

const second = slot('q', 0, 1, { kind: 'register' })
const looks = [
  { body: [set(1, at(0))], to: 1 },
  { body: [set(2, at(0))], to: 2 },
]
/** One thread reads twice what the other writes. */
const twoLooks = model([slot('x', 0, 1), register, second], [looks, [{ body: [set(0, 1)], to: 1 }]])
/** As `opened`, where P2 opens the lock only once P0 has begun. */
const openedLater = model(
  [slot('x', 0, 1), register, slot('lock', 0, 1, { init: 1 }), slot('begun', 0, 1)],
  [
    [
      { body: [set(3, 1)], to: 1 },
      { body: [set(1, at(0))], to: 2 },
    ],
    [{ guard: eq(at(2), num(0)), body: [set(0, 1)], to: 1 }],
    [{ guard: at(3), body: [set(2, 0)], to: 1 }],
  ],
)

/** P0 chooses for ever, by itself, and P1 has a choice to make. */
const choosing = model(
  [slot('x', 0, 1), slot('y', 0, 1)],
  [[{ choices: [{ slot: 0, lo: 0, hi: 1 }] }], [{ choices: [{ slot: 1, lo: 0, hi: 1 }], to: 1 }]],
  { covers: [{ name: 'P1 has moved', expr: at(1) }] },
)

/** A daemon that has begun before P1 changes an outcome and changes it back, before P1 ends or after. */
const thereAndBack = model(
  [register, slot('begun', 0, 1)],
  [
    [
      { guard: not(at(1)), body: [set(0, 1)], to: 1 },
      { body: [set(0, 0)], to: 2 },
    ],
    [{ body: [set(1, 1)], to: 1 }, { to: 2 }],
  ],
  { daemons: [0] },
)

test.each<[By, Sabotage, LoweredModel]>([
  ['explicit', 'ignore-writes', race],
  ['explicit', 'ignore-reads', mirrored],
  ['explicit', 'trust-shut', opened],
  ['explicit', 'no-proviso', spinning],
  ['explicit', 'blind', seenTogether],
  ['explicit', 'no-endings', late],
  // The first state is expanded in full there, so what is left out must come later.
  ['wasm', 'ignore-writes', twice],
  ['wasm', 'ignore-reads', twoLooks],
  ['wasm', 'trust-shut', openedLater],
  ['wasm', 'no-proviso', choosing],
  ['wasm', 'blind', seenTogether],
  ['wasm', 'no-endings', thereAndBack],
])('by %s, %s is noticed by hand', (by, sabotage, m) => {
  const truth = answer(searchReference(m))
  expect(spoilt(m, by)).toEqual(truth)
  expect(spoilt(m, by, sabotage)).not.toEqual(truth)
})

describe('random models notice', () => {
  const models = fc.sample(arbitraryLocks, { numRuns: 150, seed: 20_260_801 })
  test.each<[By, Sabotage]>([
    ['explicit', 'ignore-writes'],
    ['explicit', 'ignore-reads'],
    ['explicit', 'no-proviso'],
    ['wasm', 'ignore-writes'],
    ['wasm', 'ignore-reads'],
  ])('by %s, %s', (by, sabotage) => {
    const noticed = models.some((m) => {
      const truth = searchReference(m, { maxStates: 1000 })
      return truth.incomplete === undefined && JSON.stringify(spoilt(m, by, sabotage)) !== JSON.stringify(answer(truth))
    })
    expect(noticed).toBe(true)
  })
})
