/** Of several traces that are equally short, the one that changes the fewest variables. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../../solver/engine.ts'
import { allFewestSwitches } from '../../solver/explicit/fewest_switches.ts'
import { replay } from '../../solver/reference/replay.ts'

/** Shared variables that some step of a trace leaves with another value. */
export function changedVariables(model: LoweredModel, moves: readonly Move[]): number {
  const { states } = replay(model, moves)
  return model.slots.filter(
    (slot, i) => slot.kind === 'shared' && states.some((state, at) => at > 0 && state[i] !== states[at - 1]?.[i]),
  ).length
}

export interface Chosen {
  readonly violation: Violation
  readonly variables: number
  /** Traces looked at. */
  readonly looked: number
  /** Whether these are all of that length and with that few switches. */
  readonly all: boolean
}

/** Looks at `max` traces at most. Of equals, the first in the order of `allFewestSwitches`. */
export function fewestVariables(model: LoweredModel, violation: Violation, max: number): Chosen {
  let best: Chosen | undefined
  let looked = 0
  for (const candidate of allFewestSwitches(model, violation)) {
    if (best !== undefined && looked >= max) return { ...best, looked, all: false }
    looked++
    const variables = changedVariables(model, candidate.moves)
    if (best === undefined || variables < best.variables) best = { violation: candidate, variables, looked, all: true }
  }
  if (best === undefined) throw new Error('there is no trace to the violation')
  return { ...best, looked, all: true }
}
