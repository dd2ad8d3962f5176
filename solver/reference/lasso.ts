/**
 * Runs a lasso again, and asks everything of it that makes it one: that it runs, that its loop comes back
 * to where it began, that going round it for ever is fair, and which responses then never come. Step by
 * step, from the definitions; it shares nothing with the search that finds lassos.
 */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import type { Move } from '../engine.ts'
import { sameNumbers } from '../order.ts'
import { evaluate, successors, type State } from './interpreter.ts'
import { replay } from './replay.ts'

export type LassoReplay =
  | {
      readonly kind: 'ran'
      /** One more than there are moves. */
      readonly states: readonly State[]
      /** Responses, by their place in the model, that are asked for and never given. Ascending. */
      readonly missing: readonly number[]
    }
  /** `move` is the one that fails, or the last one where it is the loop as a whole that does. */
  | { readonly kind: 'stuck'; readonly move: number; readonly reason: string }

/** Why going round for ever is not fair to a step; undefined where it is. `loop` has the steps that can run, state by state. */
function unfairTo(
  model: LoweredModel,
  step: Step,
  loop: readonly ReadonlySet<number>[],
  taken: ReadonlySet<number>,
): string | undefined {
  if (taken.has(step.id) || model.liveness?.unfair.includes(step.id) === true) return undefined
  const name = `${model.threads[step.thread]?.name ?? ''} '${step.label}'`
  if (model.liveness?.strong.includes(step.id) === true)
    return loop.some((can) => can.has(step.id))
      ? `not fair: ${name} can run again and again, and never does`
      : undefined
  return loop.every((can) => can.has(step.id)) ? `not fair: ${name} can run all the time, and never does` : undefined
}

/** Runs `moves`, of which those from `loopStart` on are repeated for ever; none of them where it is their number. */
export function replayLasso(model: LoweredModel, moves: readonly Move[], loopStart: number): LassoReplay {
  const last = Math.max(0, moves.length - 1)
  if (!Number.isInteger(loopStart) || loopStart < 0 || loopStart > moves.length)
    return { kind: 'stuck', move: last, reason: `a loop cannot begin at move ${loopStart} of ${moves.length}` }
  const run = replay(model, moves)
  if (run.kind === 'stuck') return { kind: 'stuck', move: run.move, reason: run.reason }
  const { states } = run
  const first = states[loopStart]
  const end = states.at(-1)
  if (first === undefined || end === undefined || !sameNumbers(first, end))
    return { kind: 'stuck', move: last, reason: 'the loop does not come back to the state in which it began' }
  const loop = states.slice(loopStart).map((s) => new Set(successors(model, s).map(({ move }) => move.step)))
  const taken = new Set(moves.slice(loopStart).map(({ step }) => step))
  for (const step of model.steps) {
    const reason = unfairTo(model, step, loop, taken)
    if (reason !== undefined) return { kind: 'stuck', move: last, reason }
  }
  const missing = (model.liveness?.responses ?? []).flatMap(({ from, until }, i) => {
    const given = states.map((s) => evaluate(model, until, s) !== 0)
    const open = given.lastIndexOf(true) + 1
    return states.some((s, at) => at >= open && evaluate(model, from, s) !== 0) ? [i] : []
  })
  return { kind: 'ran', states, missing }
}
