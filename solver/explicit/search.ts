import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Outcome, SearchOptions, SearchResult, Violation } from '../engine.ts'
import { sameNumbers } from '../order.ts'
import { registerSlots, sortOutcomes } from '../outcomes.ts'
import { deadlockProperty, successors } from '../reference/interpreter.ts'
import type { Exploration } from './explore.ts'
import { explore } from './explore.ts'
import { unpack } from './layout.ts'
import { stateOf, tracePath, traceFailure } from './trace.ts'

/** A violation, and the state whose expansion brings it to light; -1 where the initial state shows it. */
interface Candidate extends Violation {
  readonly from: number
}

/** Where the last move of a candidate stands among the moves out of the state before it. */
function place(exploration: Exploration, { from, moves }: Candidate): number {
  const last = moves.at(-1)
  if (from < 0 || last === undefined) return -1
  return successors(exploration.model, stateOf(exploration, from)).findIndex(
    ({ move }) => move.step === last.step && sameNumbers(move.choices, last.choices),
  )
}

/** A shortest violation of each property, the first in breadth-first order; it may be broken in several ways. */
export function violations(exploration: Exploration): readonly Violation[] {
  const { model, program, store, broken, deadlock } = exploration
  const stuck = deadlockProperty(model)
  return model.properties.flatMap((_, property): readonly Violation[] => {
    const found: Candidate[] = []
    const failedFrom = program.failed[property] ?? -1
    if (failedFrom >= 0)
      found.push({ property, from: failedFrom, moves: traceFailure(exploration, failedFrom, property) })
    const bad = broken.filter((id, i) => id >= 0 && model.invariants[i]?.property === property)
    if (bad.length > 0) {
      const id = Math.min(...bad)
      found.push({ property, from: store.parents[id] ?? -1, moves: tracePath(exploration, id) })
    }
    if (property === stuck && deadlock >= 0)
      found.push({ property, from: deadlock, moves: tracePath(exploration, deadlock) })
    const [first] = found.sort(
      (a, b) => a.moves.length - b.moves.length || a.from - b.from || place(exploration, a) - place(exploration, b),
    )
    return first === undefined ? [] : [{ property, moves: first.moves }]
  })
}

interface Tally {
  readonly first: number
  states: number
  satisfying: number
}

/** Stored states, with all that is needed to read them. */
export interface Stored extends Pick<Exploration, 'model' | 'layout' | 'program' | 'states'> {
  readonly store: { readonly arena: Int32Array }
}

/** Counts the final states by the bits of their registers. */
export function outcomes({ model, layout, program, store, states }: Stored): readonly Outcome[] {
  const registers = registerSlots(model)
  const masks = new Int32Array(layout.words)
  for (const slot of registers) {
    const field = layout.fields[slot]
    if (field?.kind === 'packed') masks[field.word] = (masks[field.word] ?? 0) | ((2 ** field.bits - 1) << field.shift)
  }
  const tallies = new Map<string, Tally>()
  const find = (id: number): number => program.final(store.arena, id, states)
  for (let id = find(0); id >= 0; id = find(id + 1)) {
    const key = masks.map((mask, w) => mask & (store.arena[id * layout.words + w] ?? 0)).join()
    const tally = tallies.get(key) ?? { first: id, states: 0, satisfying: 0 }
    tallies.set(key, tally)
    tally.states++
    if (program.satisfying(store.arena, id, id + 1) === id) tally.satisfying++
  }
  return sortOutcomes(
    [...tallies.values()].map(({ first, ...counts }) => {
      const state = unpack(layout, store.arena, first * layout.words)
      return { registers: registers.map((slot) => state[slot] ?? 0), ...counts }
    }),
  )
}

/**
 * Explores every reachable state with a successor function generated for the model. The answer is
 * word for word that of the reference interpreter, but for `engine` and `bytes`. Throws where a slot
 * leaves its range, or where the model does not fit the limits of the packed states.
 */
export function searchExplicit(model: LoweredModel, options: SearchOptions = {}): SearchResult {
  const exploration = explore(model, options)
  const { program, covered, incomplete } = exploration
  const ran = exploration.model.steps.filter((_, index) => program.ran[index] !== 0)
  return {
    engine: 'explicit',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: violations(exploration),
    states: exploration.states,
    transitions: exploration.transitions,
    depth: exploration.levels.length - 1,
    reachedSteps: ran.map(({ id }) => id).sort((a, b) => a - b),
    reachedCovers: covered.map((id) => id >= 0),
    outcomes: outcomes(exploration),
    bytes: exploration.store.peakBytes,
  }
}
