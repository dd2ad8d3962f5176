/**
 * How long some path of the model is, at least. A path that has been walked need not be asked for: what
 * the solver is asked of existence then is only what lies beyond it.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { newRandom } from '../random.ts'
import { initialState, successors } from '../reference/interpreter.ts'
import type { State, Successor } from '../reference/interpreter.ts'

/** A walk can run into a corner that others do not. */
const WALKS = 4

/** A step that would leave the range of a slot is for the search to find, with the path to it. */
function safeSuccessors(model: LoweredModel, state: State): readonly Successor[] {
  try {
    return successors(model, state)
  } catch {
    return []
  }
}

/** The length of the longest of a few random walks, cut at `enough`. The same each time. */
export function pathLength(model: LoweredModel, enough: number): number {
  let longest = 0
  for (let seed = 0; seed < WALKS && longest < enough; seed++) {
    const random = newRandom(seed)
    let state = initialState(model)
    let length = 0
    for (; length < enough; length++) {
      const next = safeSuccessors(model, state)
      const taken = next[random.below(Math.max(1, next.length))]
      if (taken === undefined) break
      state = taken.state
    }
    longest = Math.max(longest, length)
  }
  return longest
}
