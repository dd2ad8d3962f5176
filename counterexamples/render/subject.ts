/** What every renderer is given: a counterexample with the replayed trace, and the model that it is a trace of. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import type { Found } from '../build.ts'
import type { Trace } from '../trace.ts'

export interface Subject {
  readonly found: Found
  readonly scenario: Scenario
  readonly model: LoweredModel
  /** One clause on what is wrong at the last step. */
  readonly bang: string
}

/** The states of a trace: the first one, then the state after each step. */
export function statesOf({ initial, steps }: Trace): readonly State[] {
  const states: State[] = [initial]
  let state = initial
  for (const step of steps) {
    const next = [...state]
    for (const { slot, to } of step.changes) next[slot] = to
    state = next
    states.push(state)
  }
  return states
}

/** What a thread is called: as at the head of its column in the mail text. */
export const laneName = (thread: number): string => `CPU${thread}`
