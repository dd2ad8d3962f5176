/** Traces of an exploration, rebuilt along the parents by the reference interpreter. */
import type { Move } from '../engine.ts'
import { sameNumbers } from '../order.ts'
import type { State, Successor } from '../reference/interpreter.ts'
import { successors } from '../reference/interpreter.ts'
import type { Exploration } from './explore.ts'
import { unpack } from './layout.ts'

/** A stored state, by slot. */
export function stateOf({ layout, store }: Exploration, id: number): State {
  return unpack(layout, store.arena, id * layout.words)
}

function firstMove(exploration: Exploration, state: State, wanted: (successor: Successor) => boolean): Move {
  const found = successors(exploration.model, state).find(wanted)
  if (found === undefined) throw new Error('the explicit engine took a transition that the reference does not have')
  return found.move
}

/** The first trace, in breadth-first order, to a stored state. */
export function tracePath(exploration: Exploration, id: number): readonly Move[] {
  const path: State[] = []
  for (let at = id; at >= 0; at = exploration.store.parents[at] ?? -1) path.push(stateOf(exploration, at))
  path.reverse()
  let from = stateOf(exploration, 0)
  return path.slice(1).map((to) => {
    const move = firstMove(exploration, from, ({ state }) => sameNumbers(state, to))
    from = to
    return move
  })
}

/** The first trace to a stored state and, from there, the first transition on which an assertion fails. */
export function traceFailure(exploration: Exploration, id: number, property: number): readonly Move[] {
  const fails = ({ failed }: Successor): boolean => failed.includes(property)
  return [...tracePath(exploration, id), firstMove(exploration, stateOf(exploration, id), fails)]
}
