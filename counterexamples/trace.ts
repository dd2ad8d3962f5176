/**
 * The one trace object, which every writer reads: the steps taken, and what each of them changed. It
 * is always rebuilt by running the moves again, so that nothing is shown which the model cannot do.
 */
import type { LoweredModel, Slot, SlotKind, Step } from '../model/language/lowered.ts'
import { show, type Type } from '../model/language/types.ts'
import type { Move } from '../solver/engine.ts'
import type { State } from '../solver/reference/interpreter.ts'
import type { ReplayResult } from '../solver/reference/replay.ts'
import { loadsIn, type Load } from './loads.ts'
import { failed, ok, type Result } from './result.ts'

/** One slot that a step left with another value. Writers hide some by `kind`: `pc` and `local`, say. */
export interface Change {
  readonly slot: number
  readonly name: string
  readonly kind: SlotKind
  readonly type: Type
  readonly from: number
  readonly to: number
  readonly shownFrom: string
  readonly shownTo: string
}

/** What a nondeterministic choice of a step came out as. */
export interface TraceChoice {
  readonly slot: number
  readonly name: string
  readonly value: number
  readonly shown: string
}

export interface TraceStep {
  /** Position in the trace, from 0. */
  readonly index: number
  readonly thread: { readonly number: number; readonly name: string }
  readonly step: Step
  readonly choices: readonly TraceChoice[]
  /** In slot order. */
  readonly changes: readonly Change[]
  /** What it read of shared variables. */
  readonly loads: readonly Load[]
}

export interface Trace {
  readonly initial: State
  readonly steps: readonly TraceStep[]
  /** Numbers of the properties that the last state, or the last step, violates; ascending. */
  readonly violated: readonly number[]
  /**
   * Of a run that never ends: the place of the step from which on the rest is repeated for ever; the number
   * of steps where nobody moves any more.
   */
  readonly loopStart?: number
}

/** Why moves are no trace of a model. `at` is the move that fails, from 0. */
export interface TraceError {
  readonly kind: 'unreplayable'
  readonly at: number
  readonly message: string
}

/** Runs moves from the initial state: `replay` of the reference interpreter, for all callers but tests. */
export type Replay = (model: LoweredModel, moves: readonly Move[]) => ReplayResult

const unreplayable = (at: number, reason: string): { readonly ok: false; readonly error: TraceError } =>
  failed({ kind: 'unreplayable', at, message: `move ${at + 1} cannot be replayed: ${reason}` })

function difference(slots: readonly Slot[], before: State, after: State): Change[] {
  return slots.flatMap((slot, i) => {
    const from = before[i] ?? slot.init
    const to = after[i] ?? slot.init
    if (from === to) return []
    const { name, kind, type } = slot
    return [{ slot: i, name, kind, type, from, to, shownFrom: show(type, from), shownTo: show(type, to) }]
  })
}

function choicesOf(slots: readonly Slot[], step: Step, values: readonly number[]): TraceChoice[] {
  return step.choices.flatMap((choice, i) => {
    const slot = slots[choice.slot]
    const value = values[i]
    if (slot === undefined || value === undefined) return []
    return [{ slot: choice.slot, name: slot.name, value, shown: show(slot.type, value) }]
  })
}

/**
 * The trace of `moves`, which `replay` runs. The error says which move the model cannot make, or that
 * a move names a step or a choice which the model does not have.
 */
export function buildTrace(model: LoweredModel, moves: readonly Move[], replay: Replay): Result<Trace, TraceError> {
  const stepOf = new Map(model.steps.map((step) => [step.id, step]))
  for (const [at, move] of moves.entries()) {
    const step = stepOf.get(move.step)
    if (step === undefined) return unreplayable(at, `the model has no step ${move.step}`)
    if (step.choices.length !== move.choices.length)
      return unreplayable(at, `'${step.label}' makes ${step.choices.length} choices, not ${move.choices.length}`)
  }
  const run = replay(model, moves)
  if (run.kind === 'stuck') return unreplayable(run.move, run.reason)
  const [initial] = run.states
  if (initial === undefined || run.states.length !== moves.length + 1)
    return unreplayable(0, `${moves.length} moves gave ${run.states.length} states`)
  const loads = loadsIn(model)
  const steps: TraceStep[] = []
  for (const [index, move] of moves.entries()) {
    const step = stepOf.get(move.step)
    const before = run.states[index]
    const after = run.states[index + 1]
    if (step === undefined || before === undefined || after === undefined)
      return unreplayable(index, 'its state is missing')
    steps.push({
      index,
      thread: { number: step.thread, name: model.threads[step.thread]?.name ?? `thread ${step.thread}` },
      step,
      choices: choicesOf(model.slots, step, move.choices),
      changes: difference(model.slots, before, after),
      loads: loads(step, move.choices, before),
    })
  }
  return ok({ initial, steps, violated: run.violated })
}
