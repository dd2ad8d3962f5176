import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, Outcome, SearchOptions, SearchResult, Violation } from '../engine.ts'
import type { Stored } from '../first_violations.ts'
import { firstViolations, violationOf } from '../first_violations.ts'
import type { Exploration, ExploreOptions } from './explore.ts'
import { explore } from './explore.ts'
import { newTally } from './tally.ts'
import { stateOf } from './trace.ts'

/** What an exploration has stored, for traces to be made of. */
const storedOf = (exploration: Exploration): Stored => ({
  model: exploration.model,
  stateOf: (id) => stateOf(exploration, id),
  parentOf: (id) => exploration.store.parents[id] ?? -1,
  broken: exploration.broken,
  failedFrom: [...exploration.program.failed],
  deadlock: exploration.deadlock,
})

/** A shortest violation of each property, the first in breadth-first order; it may be broken in several ways. */
export const violations = (exploration: Exploration): readonly Violation[] => firstViolations(storedOf(exploration))

/** What became of a search for one violation. */
export type Finding =
  | {
      readonly kind: 'found'
      readonly violation: Violation
      readonly states: number
      /** Every property whose violation was met by then, ascending. */
      readonly met: readonly number[]
    }
  /** Every reachable state was seen, and none of them, nor any transition, breaks the property. */
  | { readonly kind: 'none'; readonly states: number }
  | { readonly kind: 'open'; readonly incomplete: Incomplete; readonly states: number }

/** Looks for a shortest violation of one property and, where there is one, for nothing beyond. Throws as `searchExplicit`. */
export function findViolation(model: LoweredModel, property: number, options: SearchOptions = {}): Finding {
  const exploration = explore(model, { ...options, until: property })
  const { states, incomplete } = exploration
  const stored = storedOf(exploration)
  const violation = violationOf(stored, property)
  if (violation !== undefined) {
    const met = exploration.model.properties.flatMap((_, p) => (violationOf(stored, p) === undefined ? [] : [p]))
    return { kind: 'found', violation, states, met }
  }
  return incomplete === undefined ? { kind: 'none', states } : { kind: 'open', incomplete, states }
}

/** Stored states, with all that is needed to read them. */
export interface StateStore extends Pick<Exploration, 'model' | 'layout' | 'program' | 'states'> {
  readonly store: { readonly arena: Int32Array }
}

/** Counts the final states by their registers. */
export function outcomes({ model, layout, program, store, states }: StateStore): readonly Outcome[] {
  const tally = newTally(model, layout, program)
  const find = (id: number): number => program.final(store.arena, id, states)
  for (let id = find(0); id >= 0; id = find(id + 1)) tally.add(store.arena, id)
  return tally.outcomes()
}

/**
 * Explores every reachable state with a successor function generated for the model. The answer is
 * word for word that of the reference interpreter, but for `engine` and `bytes`. Throws where a slot
 * leaves its range, or where the model does not fit the limits of the packed states.
 */
export function searchExplicit(model: LoweredModel, options: ExplicitOptions = {}): SearchResult {
  return searchExplored(model, options).result
}

export type ExplicitOptions = SearchOptions & Pick<ExploreOptions, 'checkpoints'>

/** As `searchExplicit`, with all that was stored, for whoever asks more of the same states. */
export function searchExplored(
  model: LoweredModel,
  options: ExplicitOptions = {},
): { readonly result: SearchResult; readonly exploration: Exploration } {
  const exploration = explore(model, options)
  const { program, covered, incomplete } = exploration
  const ran = exploration.model.steps.filter((_, index) => program.ran[index] !== 0)
  const result: SearchResult = {
    engine: 'explicit',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: firstViolations(storedOf(exploration)),
    states: exploration.states,
    transitions: exploration.transitions,
    depth: exploration.levels.length - 1,
    reachedSteps: ran.map(({ id }) => id).sort((a, b) => a - b),
    reachedCovers: covered.map((id) => id >= 0),
    outcomes: outcomes(exploration),
    bytes: exploration.store.peakBytes,
  }
  return { result, exploration }
}
