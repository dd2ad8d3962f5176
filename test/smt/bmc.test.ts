import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { boundedCheck } from '../../solver/smt/bmc.ts'
import type { BoundedOptions, BoundedResult } from '../../solver/smt/bmc.ts'
import { logText, newLog } from '../../solver/smt/log.ts'
import { closePool, newPool } from '../../solver/smt/pool.ts'
import { closeSolver, run, startSolver } from '../../solver/smt/solver_process.ts'
import { assert, at, bin, eq, model, not, num, old, set, slot } from '../engines/build.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { SEED } from '../support/seed.ts'

const AMPLE_MS = 240_000

const solvers = newPool()
afterAll(() => {
  closePool(solvers)
})

/** Checks a model, and that the interpreter accepts every trace that comes back. */
async function checked(m: LoweredModel, maxDepth: number, more: Partial<BoundedOptions> = {}): Promise<BoundedResult> {
  const result = await boundedCheck(m, { maxDepth, maxMs: AMPLE_MS, solvers, ...more })
  for (const { property, moves } of result.violations) {
    const ran = replay(m, moves)
    expect(ran.kind === 'ran' && ran.violated).toContain(property)
  }
  return result
}

const lengths = (violations: BoundedResult['violations']): (readonly [number, number])[] =>
  violations.map(({ property, moves }) => [property, moves.length])

/** Each thread takes a lock, stays inside for a move, and gives it back; without the lock, both get in. */
function lockedRegion(locked: boolean): LoweredModel {
  const program = (me: number): Parameters<typeof model>[1][number] => [
    { guard: locked ? eq(at(0), num(0)) : num(1), body: [set(0, me + 1)], to: 1 },
    { body: [set(0, 0)], to: 2 },
  ]
  return model([slot('lock', 0, 2, { kind: 'lock' })], [program(0), program(1)], {
    properties: [
      { name: 'OneInside', kind: 'invariant' },
      { name: 'Deadlock', kind: 'deadlock' },
    ],
    invariants: [{ property: 0, expr: not(bin('and', eq(at(1), num(1)), eq(at(2), num(1)))) }],
  })
}

describe('known models', () => {
  test('a lock excludes, and the search of a model that ends is complete', async () => {
    const result = await checked(lockedRegion(true), 10)
    expect(result).toMatchObject({ violations: [], depth: 4 })
    expect(result.incomplete).toBeUndefined()
  })

  test('without the lock both get in after two moves', async () => {
    expect(lengths((await checked(lockedRegion(false), 10)).violations)).toEqual([[0, 2]])
  })

  test('a bound at the very end of the longest path bounds nothing', async () => {
    expect((await checked(lockedRegion(true), 4)).incomplete).toBeUndefined()
    expect((await checked(lockedRegion(true), 3)).incomplete).toEqual({ kind: 'depth', limit: 3 })
  })

  test('philosophers wait for each other once each has a fork, and not before', async () => {
    const result = await checked(philosophers(4), 6)
    expect(lengths(result.violations)).toEqual([[0, 4]])
    expect(result.incomplete).toEqual({ kind: 'depth', limit: 6 })
    expect((await checked(philosophers(4), 3)).violations).toEqual([])
  })

  test('Peterson holds to the bound; without giving way it fails', async () => {
    expect((await checked(peterson(), 12)).violations).toEqual([])
    const broken = await checked(peterson(true), 12)
    expect(lengths(broken.violations)).toEqual(lengths(searchReference(peterson(true)).violations))
  })

  test('assertions that look back, choices, and an index that moves', async () => {
    const result = await checked(tokenRing(3, 2), 8, { stopWhenAllFound: true })
    expect(lengths(result.violations)).toEqual([[1, 3]])
  })

  test('an assertion looks at the state before the choices', async () => {
    const m = model(
      [slot('x', 0, 5, { init: 3 })],
      [
        [
          {
            choices: [{ slot: 0, lo: 1, hi: 4 }],
            body: [set(0, bin('add', at(0), num(1))), assert(0, bin('le', at(0), bin('add', old(at(0)), num(1))))],
            to: 1,
          },
        ],
      ],
      { properties: [{ name: 'A', kind: 'assertion' }] },
    )
    expect((await checked(m, 3)).violations).toEqual([{ property: 0, moves: [{ step: 0, choices: [4] }] }])
  })

  test('the order of commuting moves does not hide an assertion of an earlier thread', async () => {
    const m = model(
      [slot('x', 0, 1), slot('y', 0, 1)],
      [[{ body: [set(0, 1), assert(0, eq(at(1), num(0)))], to: 1 }], [{ body: [set(1, 1)], to: 1 }]],
      { properties: [{ name: 'A', kind: 'assertion' }] },
    )
    expect(lengths((await checked(m, 3)).violations)).toEqual([[0, 2]])
  })

  test('counters', async () => {
    const result = await checked(counters([2, 1, 3]), 20)
    expect(result.depth).toBe(searchReference(counters([2, 1, 3])).depth)
    expect(result.incomplete).toBeUndefined()
  })

  test('no thread at all', async () => {
    expect(await checked(model([slot('x', 0, 1)], []), 3)).toMatchObject({ violations: [], depth: 0 })
  })

  test('a slot that leaves its range is a bug of the model, and throws', async () => {
    const m = model([slot('x', 0, 3)], [[{ body: [set(0, bin('add', at(0), num(1)))], to: 0 }]])
    await expect(boundedCheck(m, { maxDepth: 3, maxMs: AMPLE_MS })).resolves.toBeDefined()
    await expect(boundedCheck(m, { maxDepth: 4, maxMs: AMPLE_MS })).rejects.toThrow('range')
  })
})

describe('what can go wrong', () => {
  test('time', async () => {
    expect(await checked(philosophers(3), 10, { maxMs: 1 })).toMatchObject({ incomplete: { kind: 'time', limitMs: 1 } })
  })

  test('no solver', async () => {
    const result = await boundedCheck(philosophers(3), {
      maxDepth: 10,
      maxMs: AMPLE_MS,
      solver: { packagePath: '/nonexistent/z3' },
    })
    expect(result.incomplete).toMatchObject({ kind: 'solver', reason: expect.stringContaining('missing') })
  })
})

describe('the text', () => {
  test('is the same each time, and is all that a solver needs', async () => {
    const logs = [newLog(), newLog()]
    for (const log of logs) await checked(peterson(true), 6, { log })
    const [first = '', second] = logs.map((log) => logText(log, 'QF_UF'))
    expect(first).toEqual(second)
    const solver = startSolver()
    try {
      const reply = await run(solver, first.replace('(exit)', ''), AMPLE_MS)
      const answers = reply.kind === 'output' ? reply.text.match(/^(sat|unsat|unknown|\(error.*)$/gm) : []
      const stated = [...first.matchAll(/:status (\w+)/g)].map(([, status]) => status)
      expect(stated).toContain('sat')
      expect(stated).toContain('unsat')
      expect(answers).toEqual(stated)
    } finally {
      closeSolver(solver)
    }
  })
})

test('random models: the same properties break, as soon as the reference says', async () => {
  const maxDepth = 5
  await fc.assert(
    fc.asyncProperty(arbitraryModel, async (m) => {
      const truth = searchReference(m, { maxStates: 3000 })
      fc.pre(truth.incomplete === undefined)
      const result = await checked(m, maxDepth)
      expect(lengths(result.violations)).toEqual(lengths(truth.violations).filter(([, length]) => length <= maxDepth))
      if (result.incomplete === undefined) expect(result.depth).toBeGreaterThanOrEqual(truth.depth)
    }),
    { numRuns: 12, seed: SEED },
  )
})
