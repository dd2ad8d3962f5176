import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move } from '../engine.ts'
import type { State, Successor } from './interpreter.ts'
import { brokenInvariants, deadlockProperty, initialState, isDeadlock, runStep } from './interpreter.ts'

export type ReplayResult =
  | {
      readonly kind: 'ran'
      /** One more than there are moves: the initial state, then the state after each move. */
      readonly states: readonly State[]
      /** Properties violated at the end: by the last state, or by an assertion of the last move. Ascending. */
      readonly violated: readonly number[]
    }
  | {
      readonly kind: 'stuck'
      /** Index of the move that cannot run. */
      readonly move: number
      readonly reason: string
      /** The states up to the one in which the move cannot run. */
      readonly states: readonly State[]
    }

/** Runs one move, or says why it cannot run. */
function runMove(model: LoweredModel, move: Move, state: State): Successor | string {
  const step = model.steps.find(({ id }) => id === move.step)
  if (step === undefined) return `the model has no step ${move.step}`
  const name = `step ${step.id} '${step.label}'`
  const thread = model.threads[step.thread]
  if (thread === undefined) return `${name} belongs to thread ${step.thread}, which the model does not have`
  const pc = state[thread.pcSlot]
  if (pc !== step.pc) {
    const at = model.steps.find((other) => other.thread === step.thread && other.pc === pc)
    const where = at === undefined ? (pc === thread.donePc ? 'is done' : `is at pc ${pc}`) : `is at '${at.label}'`
    return `${name} cannot run: thread ${thread.name} ${where}`
  }
  if (move.choices.length !== step.choices.length) {
    return `${name} makes ${step.choices.length} choices, not ${move.choices.length}`
  }
  for (const [i, { slot, lo, hi }] of step.choices.entries()) {
    const value = move.choices[i]
    if (value === undefined || !Number.isInteger(value) || value < lo || value > hi) {
      return `${name} chooses '${model.slots[slot]?.name ?? slot}' from ${lo}..${hi}, not ${value}`
    }
  }
  return runStep(model, step, move.choices, state) ?? `${name} cannot run: its guard does not hold`
}

/** Runs a list of moves again from the initial state. Throws only where a slot leaves its range. */
export function replay(model: LoweredModel, moves: readonly Move[]): ReplayResult {
  let state = initialState(model)
  let failed: readonly number[] = []
  const states = [state]
  for (const [i, move] of moves.entries()) {
    const result = runMove(model, move, state)
    if (typeof result === 'string') return { kind: 'stuck', move: i, reason: result, states }
    state = result.state
    failed = result.failed
    states.push(state)
  }
  const deadlock = deadlockProperty(model)
  const violated = new Set([...failed, ...brokenInvariants(model, state)])
  if (deadlock !== undefined && isDeadlock(model, state)) violated.add(deadlock)
  return { kind: 'ran', states, violated: [...violated].sort((a, b) => a - b) }
}
