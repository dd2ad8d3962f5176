/** SPIN says the same of fair runs: of two models made by hand, and of guard install against a reader. */
import { describe, expect, test } from 'vitest'
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { searchLiveness } from '../../solver/liveness/search.ts'
import { at, eq, model, num, set, slot, type StepSpec } from '../engines/build.ts'
import { peterson } from '../engines/hand_models.ts'
import { spinLack, withSpin } from '../export/spin.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { spinFindsLasso, type PcResponse } from './spin_ltl.ts'

/** A lock that two threads take and give back for ever: who waits may never find it free at the right time. */
function unfairLock(): LoweredModel {
  const programs = [0, 1].map((): StepSpec[] => [
    { to: 1 },
    { guard: eq(at(0), num(0)), body: [set(0, 1)], to: 2 },
    { body: [set(0, 0)], to: 0 },
  ])
  return model([slot('lock', 0, 1)], programs)
}

const FAIRNESS = ['unfair', 'weak', 'strong'] as const
type Fairness = (typeof FAIRNESS)[number]

/** Whether there is a lasso for a response over program counters, all steps being as fair as that. */
function weFindLasso(m: LoweredModel, { thread, from, until }: PcResponse, fairness: Fairness): boolean {
  const pcSlot = m.threads[thread]?.pcSlot ?? -1
  const oneOf = (pcs: readonly number[]): LExpr =>
    pcs.map((pc) => eq(at(pcSlot), num(pc))).reduce((left, right) => ({ kind: 'binary', op: 'or', left, right }))
  const ids = m.steps.map(({ id }) => id)
  const liveness = {
    responses: [{ property: 'Comes', about: '', from: oneOf(from), until: oneOf(until) }],
    strong: fairness === 'strong' ? ids : [],
    unfair: fairness === 'unfair' ? ids : [],
  }
  const [answer] = searchLiveness({ ...m, liveness }).answers
  return answer?.kind === 'violated'
}

/** From the second step, which waits, to the third. */
const GETS_IN: PcResponse = { thread: 0, from: [2], until: [3] }
const GETS_LOCK: PcResponse = { thread: 0, from: [1], until: [2] }

describe('what is known of them', () => {
  test('Peterson: who waits gets in, if both go on', () => {
    expect(FAIRNESS.map((f) => weFindLasso(peterson(), GETS_IN, f))).toEqual([true, false, false])
  })
  test('a lock that is no queue: who waits gets it under strong fairness alone', () => {
    expect(FAIRNESS.map((f) => weFindLasso(unfairLock(), GETS_LOCK, f))).toEqual([true, true, false])
  })
})

/** The steps of the first thread within a function, and those outside of it. */
function within(m: LoweredModel, fn: string): PcResponse {
  const own = m.steps.filter((s) => s.thread === 0)
  const inside = own.filter((s) => s.frames.some((f) => f.fn === fn)).map((s) => s.pc)
  const outside = own.map((s) => s.pc).filter((pc) => !inside.includes(pc))
  return { thread: 0, from: inside, until: [...outside, m.threads[0]?.donePc ?? -1] }
}

describe.skipIf(spinLack !== undefined)(withSpin('SPIN with weak fairness of processes'), () => {
  test.each([
    ['Peterson', peterson(), GETS_IN],
    ['a lock that is no queue', unfairLock(), GETS_LOCK],
  ] as const)('%s', (_, m, response) => {
    expect(spinFindsLasso(m, response)).toBe(weFindLasso(m, response, 'weak'))
  })

  test.each([
    ['guard-v2', true],
    ['v6.13', false],
  ])('madvise_guard_install() on %s may go on for ever: %s', (kernel, forever) => {
    const { model: m } = lowerScenario(scenarioOn('install+keep_reading', kernel))
    const response = within(m, 'madvise_guard_install')
    expect(weFindLasso(m, response, 'weak')).toBe(forever)
    expect(spinFindsLasso(m, response)).toBe(forever)
  })

  test('the system call on v6.13 may be restarted for ever', () => {
    const { model: m } = lowerScenario(scenarioOn('install+keep_reading', 'v6.13'))
    const response = within(m, 'madvise(MADV_GUARD_INSTALL)')
    expect(weFindLasso(m, response, 'weak')).toBe(true)
    expect(spinFindsLasso(m, response)).toBe(true)
  })
})
