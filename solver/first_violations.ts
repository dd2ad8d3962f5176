/** Traces of a breadth-first search that has numbered its states in the order of finding them. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { Move, Violation } from './engine.ts'
import { sameNumbers } from './order.ts'
import type { State, Successor } from './reference/interpreter.ts'
import { deadlockProperty, successors } from './reference/interpreter.ts'

/** The states that a search has stored, and what it saw. States are numbers from 0, the initial state. */
export interface Stored {
  /** The specialised model. */
  readonly model: LoweredModel
  readonly stateOf: (id: number) => State
  /** The state whose expansion brought another to light; -1 for the initial state. */
  readonly parentOf: (id: number) => number
  /** The first state that breaks each invariant (by its place in the model), or -1. */
  readonly broken: readonly number[]
  /** The first state from which an assertion of a property failed, by property, or -1. */
  readonly failedFrom: readonly number[]
  /** The first deadlock, or -1. */
  readonly deadlock: number
}

/** A violation, and the state whose expansion brings it to light; -1 where the initial state shows it. */
interface Candidate extends Violation {
  readonly from: number
}

function firstMove(model: LoweredModel, state: State, wanted: (successor: Successor) => boolean): Move {
  const found = successors(model, state).find(wanted)
  if (found === undefined) throw new Error('the explicit engine took a transition that the reference does not have')
  return found.move
}

/** The first trace, in breadth-first order, to a stored state. */
export function tracePath(
  { model, stateOf, parentOf }: Pick<Stored, 'model' | 'stateOf' | 'parentOf'>,
  id: number,
): readonly Move[] {
  const path: State[] = []
  for (let at = id; at >= 0; at = parentOf(at)) path.push(stateOf(at))
  path.reverse()
  let from = stateOf(0)
  return path.slice(1).map((to) => {
    const move = firstMove(model, from, ({ state }) => sameNumbers(state, to))
    from = to
    return move
  })
}

/** The first trace to a stored state and, from there, the first transition on which an assertion fails. */
function traceFailure(stored: Stored, id: number, property: number): readonly Move[] {
  const fails = ({ failed }: Successor): boolean => failed.includes(property)
  return [...tracePath(stored, id), firstMove(stored.model, stored.stateOf(id), fails)]
}

/** Where the last move of a candidate stands among the moves out of the state before it. */
function place({ model, stateOf }: Stored, { from, moves }: Candidate): number {
  const last = moves.at(-1)
  if (from < 0 || last === undefined) return -1
  return successors(model, stateOf(from)).findIndex(
    ({ move }) => move.step === last.step && sameNumbers(move.choices, last.choices),
  )
}

/** A shortest violation of a property, the first in breadth-first order; it may be broken in several ways. */
export function violationOf(stored: Stored, property: number): Violation | undefined {
  const { model, parentOf, broken, deadlock } = stored
  const found: Candidate[] = []
  const failedFrom = stored.failedFrom[property] ?? -1
  if (failedFrom >= 0) found.push({ property, from: failedFrom, moves: traceFailure(stored, failedFrom, property) })
  const bad = broken.filter((id, i) => id >= 0 && model.invariants[i]?.property === property)
  if (bad.length > 0) {
    const id = Math.min(...bad)
    found.push({ property, from: parentOf(id), moves: tracePath(stored, id) })
  }
  if (property === deadlockProperty(model) && deadlock >= 0)
    found.push({ property, from: deadlock, moves: tracePath(stored, deadlock) })
  const [first] = found.sort(
    (a, b) => a.moves.length - b.moves.length || a.from - b.from || place(stored, a) - place(stored, b),
  )
  return first && { property, moves: first.moves }
}

/** A shortest violation of each property that is violated. */
export const firstViolations = (stored: Stored): readonly Violation[] =>
  stored.model.properties.flatMap((_, property) => violationOf(stored, property) ?? [])
