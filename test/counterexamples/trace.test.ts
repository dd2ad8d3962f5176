import { describe, expect, test } from 'vitest'
import { contextSwitches } from '../../counterexamples/switches.ts'
import { buildTrace } from '../../counterexamples/trace.ts'
import { bool } from '../../model/language/types.ts'
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { replay } from '../../solver/reference/replay.ts'
import { sampleModel, sampleMoves } from './sample_model.ts'
import { sampleTrace } from './sample_mail.ts'

describe('a trace', () => {
  test('is the run that the reference interpreter makes', () => {
    const run = replay(sampleModel, sampleMoves)
    if (run.kind !== 'ran') throw new Error(run.reason)
    const { initial, steps, violated } = sampleTrace()
    let state = [...initial]
    steps.forEach((step, i) => {
      expect(step.index).toBe(i)
      state = state.map((value, slot) => step.changes.find((c) => c.slot === slot)?.to ?? value)
      expect(state).toEqual(run.states[i + 1])
    })
    expect(violated).toEqual([0])
  })
  test('says who did what, and only what changed', () => {
    const step = sampleTrace().steps[3]
    expect(step?.thread).toEqual({ number: 0, name: 'P0' })
    expect(step?.step.label).toBe('install.walk.install_pte')
    expect(step?.changes.map((c) => [c.name, c.kind, c.shownFrom, c.shownTo])).toEqual([
      ['pte0', 'shared', 'none', 'guard'],
      ['P0.pc', 'pc', '2', '3'],
    ])
  })
  test('knows what a step loaded, though the step resets it at once', () => {
    const [check, ...others] = sampleTrace().steps
    expect(check?.changes.map((c) => c.name)).toEqual(['P1.pc'])
    expect(check?.loads.map((l) => [l.name, l.shown])).toEqual([['P1.retract_page_tables.retractable', 'true']])
    expect(others.flatMap((s) => s.loads)).toEqual([])
  })
  test('of no moves is the initial state', () => {
    expect(buildTrace(sampleModel, [], replay)).toEqual({
      ok: true,
      value: { initial: sampleModel.slots.map((s) => s.init), steps: [], violated: [] },
    })
  })
})

describe('moves that are no trace', () => {
  const messageOf = (moves: readonly { step: number; choices: readonly number[] }[]): string => {
    const built = buildTrace(sampleModel, moves, replay)
    return built.ok ? 'a trace' : `${built.error.at}: ${built.error.message}`
  }
  test('a step out of order', () => {
    const [first, , third] = sampleMoves
    if (first === undefined || third === undefined) throw new Error('the sample is too short')
    expect(messageOf([first, third])).toMatch(/^1: move 2 cannot be replayed: .*install\.walk\.pte_lock/)
  })
  test('a step that no model has', () => {
    expect(messageOf([{ step: 99, choices: [] }])).toBe('0: move 1 cannot be replayed: the model has no step 99')
  })
  test('choices that the step does not make', () => {
    expect(messageOf([{ step: 0, choices: [1] }])).toMatch(/makes 0 choices, not 1/)
  })
  test('an interpreter that loses states is not believed', () => {
    const built = buildTrace(sampleModel, sampleMoves, () => ({ kind: 'ran', states: [[]], violated: [] }))
    expect(built.ok).toBe(false)
  })
})

test('choices are shown with the values taken', () => {
  const [step] = sampleModel.steps
  if (step === undefined) throw new Error('the sample has no step')
  const at = sampleModel.slots.findIndex((s) => s.kind === 'local')
  const choosing: Step = { ...step, choices: [{ slot: at, lo: 0, hi: 1 }] }
  const model: LoweredModel = { ...sampleModel, steps: [choosing] }
  const built = buildTrace(model, [{ step: 0, choices: [1] }], replay)
  if (!built.ok) throw new Error(built.error.message)
  expect(built.value.steps[0]?.choices).toEqual([
    { slot: at, name: 'P1.retract_page_tables.retractable', value: 1, shown: 'true' },
  ])
  expect(model.slots[at]?.type).toEqual(bool)
})

describe('context switches', () => {
  test('of the sample', () => {
    expect(contextSwitches(sampleMoves, sampleModel)).toBe(2)
  })
  test('none without moves, none in one move, one per change', () => {
    const of = (...threads: number[]): number =>
      contextSwitches(
        threads.map((t) => ({ step: t === 0 ? 0 : 5, choices: [] })),
        sampleModel,
      )
    expect([of(), of(1), of(0, 0, 0), of(0, 1), of(0, 1, 0, 0, 1)]).toEqual([0, 0, 0, 1, 3])
  })
  test('a step of another model is our bug', () => {
    expect(() => contextSwitches([{ step: 99, choices: [] }], sampleModel)).toThrow('no step 99')
  })
})
