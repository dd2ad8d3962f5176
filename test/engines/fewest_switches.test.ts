import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../../solver/engine.ts'
import { countSwitches, fewestSwitches, groundFor, groundOf } from '../../solver/explicit/fewest_switches.ts'
import { searchExplored } from '../../solver/explicit/search.ts'
import { compareNumbers } from '../../solver/order.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import {
  brokenInvariants,
  deadlockProperty,
  initialState,
  isDeadlock,
  successors,
} from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { SEED } from '../support/seed.ts'
import type { StepSpec } from './build.ts'
import { at, bin, eq, ite, model, num, set, slot } from './build.ts'
import { counters, peterson, philosophers, tokenRing } from './hand_models.ts'
import { arbitraryModel } from './random_lowered.ts'

/** The best trace among all traces of this length, by trying them all. Undefined where there are too many. */
function bruteForce(m: LoweredModel, { property, moves }: Violation): readonly Move[] | undefined {
  let best: { order: readonly number[]; moves: readonly Move[] } | undefined
  let tried = 0
  const order = (trace: readonly Move[]): number[] => {
    const threadOf = (step: number): number => m.steps.find(({ id }) => id === step)?.thread ?? -1
    const keys = trace.flatMap(({ step, choices }, i) => {
      const before = trace[i - 1]
      const stays = before !== undefined && threadOf(before.step) === threadOf(step) ? 1 : 0
      return [stays, threadOf(step), step, ...choices]
    })
    return [countSwitches(m, trace), ...keys]
  }
  const extend = (state: State, trace: readonly Move[], failed: readonly number[]): void => {
    if (++tried > 20_000) return
    if (trace.length === moves.length) {
      const stuck = property === deadlockProperty(m) && isDeadlock(m, state)
      if (!stuck && !failed.includes(property) && !brokenInvariants(m, state).includes(property)) return
      const candidate = { order: order(trace), moves: trace }
      if (best === undefined || compareNumbers(candidate.order, best.order) < 0) best = candidate
      return
    }
    for (const next of successors(m, state)) extend(next.state, [...trace, next.move], next.failed)
  }
  extend(initialState(m), [], [])
  return tried > 20_000 ? undefined : best?.moves
}

describe('fewestSwitches', () => {
  test('is the best of all traces of random models', () => {
    let compared = 0
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const { violations, incomplete } = searchReference(m, { maxStates: 500 })
        // To the depth that is needed, and where all states are known.
        const grounds = [
          groundFor(m, violations),
          ...(incomplete === undefined ? [groundOf(searchExplored(m).exploration)] : []),
        ]
        for (const violation of violations) {
          const better = fewestSwitches(m, violation)
          for (const ground of grounds) expect(fewestSwitches(m, violation, ground)).toEqual(better)
          expect(better.property).toBe(violation.property)
          expect(better.moves).toHaveLength(violation.moves.length)
          expect(countSwitches(m, better.moves)).toBeLessThanOrEqual(countSwitches(m, violation.moves))
          const ran = replay(m, better.moves)
          expect(ran.kind === 'ran' && ran.violated).toContain(violation.property)
          const truth = bruteForce(m, violation)
          if (truth === undefined) continue
          if (violation.moves.length > 1) compared++
          expect(better.moves).toEqual(truth)
        }
      }),
      { numRuns: 150, seed: SEED },
    )
    expect(compared).toBeGreaterThan(30)
  })

  test('broken Peterson: three moves each', () => {
    const m = peterson(true)
    const [violation] = searchReference(m).violations
    if (violation === undefined) throw new Error('the broken Peterson has a violation')
    const { moves } = fewestSwitches(m, violation)
    expect(moves).toEqual(bruteForce(m, violation))
  })

  test('a deadlock, and a violation of the initial state', () => {
    const m = philosophers(4)
    const [violation] = searchReference(m).violations
    if (violation === undefined) throw new Error('philosophers have a deadlock')
    expect(countSwitches(m, fewestSwitches(m, violation).moves)).toBe(3)
    const broken = { ...peterson(), invariants: [{ property: 0, expr: num(0) }] }
    expect(fewestSwitches(broken, { property: 0, moves: [] })).toEqual({ property: 0, moves: [] })
  })

  test('moves within one depth do not count', () => {
    // From 0, P0 leads to 1 and P1 to 2; 1 and 2 lead to the bad 3, by P1 and P0; and P1 leads from 2 to 1.
    const jump = (to: readonly number[]): StepSpec => {
      const target = to.reduce<LExpr>((rest, value, x) => ite(eq(at(0), num(x)), num(value), rest), num(3))
      return { guard: bin('ne', at(0), target), body: [set(0, target)] }
    }
    const m = model([slot('x', 0, 3)], [[jump([1, 1, 3])], [jump([2, 3, 1])]], {
      properties: [{ name: 'I', kind: 'invariant' }],
      invariants: [{ property: 0, expr: bin('ne', at(0), num(3)) }],
    })
    const moves = [0, 1].map((step) => ({ step, choices: [] }))
    const [violation] = searchReference(m).violations
    expect(violation?.moves).toEqual(moves)
    expect(fewestSwitches(m, { property: 0, moves })).toEqual({ property: 0, moves })
  })

  test('a longer trace than needed is shortened', () => {
    const m = tokenRing(2, 2)
    const detour = [
      [0, 1],
      [1, 1],
      [0, 0],
      [0, 0],
      [0, 0],
    ].map(([step = 0, c = 0]) => ({ step, choices: [c] }))
    expect(replay(m, detour)).toMatchObject({ kind: 'ran', violated: [1] })
    const moves = Array(3).fill({ step: 0, choices: [0] })
    expect(fewestSwitches(m, { property: 1, moves: detour })).toEqual({ property: 1, moves })
  })

  test('what is no violation is an error', () => {
    expect(() => fewestSwitches(counters([2]), { property: 0, moves: [] })).toThrow('does not violate property 0')
  })
})
