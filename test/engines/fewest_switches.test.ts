import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../../solver/engine.ts'
import { countSwitches, fewestSwitches } from '../../solver/explicit/fewest_switches.ts'
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
import { num } from './build.ts'
import { counters, peterson, philosophers, tokenRing } from './hand_models.ts'
import { arbitraryModel } from './random_lowered.ts'

/** The best trace among all traces of this length, by trying them all. Undefined where there are too many. */
function bruteForce(model: LoweredModel, { property, moves }: Violation): readonly Move[] | undefined {
  let best: { order: readonly number[]; moves: readonly Move[] } | undefined
  let tried = 0
  const order = (trace: readonly Move[]): number[] => {
    const keys = trace.flatMap(({ step, choices }) => {
      const thread = model.steps.find(({ id }) => id === step)?.thread ?? -1
      return [thread, step, ...choices]
    })
    return [countSwitches(model, trace), ...keys]
  }
  const extend = (state: State, trace: readonly Move[], failed: readonly number[]): void => {
    if (++tried > 20_000) return
    if (trace.length === moves.length) {
      const stuck = property === deadlockProperty(model) && isDeadlock(model, state)
      if (!stuck && !failed.includes(property) && !brokenInvariants(model, state).includes(property)) return
      const candidate = { order: order(trace), moves: trace }
      if (best === undefined || compareNumbers(candidate.order, best.order) < 0) best = candidate
      return
    }
    for (const next of successors(model, state)) extend(next.state, [...trace, next.move], next.failed)
  }
  extend(initialState(model), [], [])
  return tried > 20_000 ? undefined : best?.moves
}

describe('fewestSwitches', () => {
  test('is the best of all traces of random models', () => {
    let compared = 0
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        for (const violation of searchReference(m, { maxStates: 500 }).violations) {
          const better = fewestSwitches(m, violation)
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
      { numRuns: 150 },
    )
    expect(compared).toBeGreaterThan(50)
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
