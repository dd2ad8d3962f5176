/** How often a trace changes from one thread to another. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { Move } from '../solver/engine.ts'

/** How often two neighbours in a list of thread numbers differ. */
export const switchesBetween = (threads: readonly number[]): number =>
  threads.filter((thread, i) => i > 0 && thread !== threads[i - 1]).length

/**
 * The number of context switches of a schedule: moves whose thread is not that of the move before.
 * Throws on a step that the model does not have, since such moves never came from an engine.
 */
export function contextSwitches(moves: readonly Move[], model: LoweredModel): number {
  const threadOf = new Map(model.steps.map((step) => [step.id, step.thread]))
  return switchesBetween(
    moves.map((move) => {
      const thread = threadOf.get(move.step)
      if (thread === undefined) throw new Error(`the model has no step ${move.step}`)
      return thread
    }),
  )
}
