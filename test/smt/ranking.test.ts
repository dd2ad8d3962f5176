/** Ranks held against what the reference interpreter does from every state, and against known kernels. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchLiveness } from '../../solver/liveness/search.ts'
import { successors, type State } from '../../solver/reference/interpreter.ts'
import { callsOf, rankLoops, type Ranking } from '../../solver/smt/ranking.ts'
import { closePool, giveSolver, newPool, takeSolver } from '../../solver/smt/pool.ts'
import { at, bin, model, set, slot, type StepSpec } from '../engines/build.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

const AMPLE_MS = 240_000
const solvers = newPool()
afterAll(() => {
  closePool(solvers)
})

async function ranked(m: LoweredModel, steps = m.steps): Promise<Ranking & { readonly kind: 'ranked' }> {
  const solver = takeSolver(solvers)
  const ranking = await rankLoops(m, steps, solver, AMPLE_MS)
  giveSolver(solvers, solver)
  if (ranking.kind !== 'ranked') throw new Error(ranking.reason)
  return ranking
}

const TOP = 2
const local = (name: string): ReturnType<typeof slot> => ({ ...slot(name, 0, TOP, { kind: 'local' }), thread: 0 })

/** Whether some run of a model of one thread never ends, from any state whatever. */
function loopsFromSomewhere(m: LoweredModel): boolean {
  const next = (state: State): readonly State[] => {
    try {
      return successors(m, state).map((s) => s.state)
    } catch {
      // A counter that leaves its range ends the run in every engine.
      return []
    }
  }
  const done = new Set<string>()
  const onPath = new Set<string>()
  const visit = (state: State): boolean => {
    const key = state.join()
    if (onPath.has(key)) return true
    if (done.has(key)) return false
    onPath.add(key)
    const loops = next(state).some(visit)
    onPath.delete(key)
    done.add(key)
    return loops
  }
  const states = m.slots.reduce<readonly (readonly number[])[]>(
    (all, { lo, hi }) => all.flatMap((s) => Array.from({ length: hi - lo + 1 }, (_, i) => [...s, lo + i])),
    [[]],
  )
  return states.some(visit)
}

const SIZE = 3
const stepSpec: fc.Arbitrary<StepSpec> = fc
  .record({
    counter: fc.nat(1),
    change: fc.constantFrom('up', 'down', 'zero', 'copy', 'none'),
    limited: fc.boolean(),
    bound: fc.nat(TOP),
    to: fc.nat(SIZE),
  })
  .map(({ counter, change, limited, bound, to }): StepSpec => {
    const here = at(counter)
    const value = {
      up: bin('add', here, { kind: 'const', value: 1 }),
      down: bin('sub', here, { kind: 'const', value: 1 }),
      zero: { kind: 'const', value: 0 },
      copy: at(1 - counter),
      none: here,
    } as const
    const guard = bin('lt', here, { kind: 'const', value: bound })
    return { body: change === 'none' ? [] : [set(counter, value[change])], to, ...(limited ? { guard } : {}) }
  })

test('what has a rank ends from every state', async () => {
  let endless = 0
  let proved = 0
  await fc.assert(
    fc.asyncProperty(fc.array(stepSpec, { minLength: SIZE, maxLength: SIZE }), async (program) => {
      const m = model([local('x'), local('y')], [program])
      const { loops } = await ranked(m)
      const ends = loops.every((l) => l.unranked.length === 0)
      if (loopsFromSomewhere(m)) endless++
      else if (loops.length > 0 && ends) proved++
      expect(ends && loopsFromSomewhere(m)).toBe(false)
    }),
    { numRuns: 60, seed: 7 },
  )
  // Neither side of the comparison may be empty.
  expect(endless).toBeGreaterThan(5)
  expect(proved).toBeGreaterThan(2)
})

test('nested loops need two counters, and a counter that is set back ends nothing', async () => {
  const inner = bin('lt', at(1), { kind: 'const', value: TOP })
  const more = bin('add', at(1), { kind: 'const', value: 1 })
  const outer: StepSpec = { body: [set(0, bin('add', at(0), { kind: 'const', value: 1 })), set(1, 0)], to: 0 }
  const nested = model(
    [local('i'), local('j')],
    [[{ body: [{ kind: 'if', cond: inner, then: [set(1, more), set(2, 0)], else: [set(2, 1)] }] }, outer]],
  )
  const [loop] = (await ranked(nested)).loops
  expect(loop?.unranked).toEqual([])
  expect(loop?.rank.map((c) => [c.counter.slot, c.at])).toEqual([
    [0, [1]],
    [1, [0]],
  ])
  const back = model(
    [local('i'), local('j')],
    [
      [
        { body: [set(1, more)], to: 1 },
        { body: [set(1, 0)], to: 0 },
      ],
    ],
  )
  expect((await ranked(back)).loops[0]?.unranked).toEqual([[0, 1]])
})

describe('the retries of guard install', () => {
  const of = async (kernel: string): Promise<{ m: LoweredModel; ranking: Ranking & { readonly kind: 'ranked' } }> => {
    const m = lowerScenario(scenarioOn('install+keep_reading', kernel)).model
    return { m, ranking: await ranked(m, callsOf(m, 'madvise_guard_install')[0] ?? []) }
  }
  const labels = (m: LoweredModel, ids: readonly number[]): readonly string[] =>
    ids.map((id) => m.steps.find((s) => s.id === id)?.label ?? '')

  test.each(['v6.13', 'v7.0'])(
    '%s: the counter of MAX_MADVISE_GUARD_RETRIES goes up after each zap',
    async (kernel) => {
      const { m, ranking } = await of(kernel)
      const [first] = ranking.loops.flatMap((l) => l.rank)
      expect(m.slots[first?.counter.slot ?? -1]?.name).toMatch(/madvise_guard_install\.i$/)
      expect(first?.counter.falls).toBe('up')
      expect(labels(m, first?.at ?? []).every((l) => l.includes('.zap.'))).toBe(true)
      // What is left are loops of the walk or of the zap by itself: none leads from one to the other.
      for (const left of ranking.loops.flatMap((l) => l.unranked)) {
        const names = labels(m, left)
        expect(names.some((l) => l.includes('.zap.')) && names.some((l) => l.includes('.walk.'))).toBe(false)
      }
    },
  )

  test('guard-v2 has no counter, and a fair run goes round what has no rank', async () => {
    const { m, ranking } = await of('guard-v2')
    const unranked = new Set(ranking.loops.flatMap((l) => l.unranked).flat())
    const found = searchLiveness(m, { engine: 'explicit' })
    const lassos = found.answers.flatMap((a) => (a.kind === 'violated' ? [a.lasso] : []))
    expect(lassos.length).toBeGreaterThan(0)
    const [own] = m.steps
    for (const { moves, loopStart } of lassos) {
      const round = moves
        .slice(loopStart)
        .filter(({ step }) => m.steps.find((s) => s.id === step)?.thread === own?.thread)
      expect(round.length).toBeGreaterThan(0)
      for (const { step } of round) expect(unranked).toContain(step)
    }
  })
})
