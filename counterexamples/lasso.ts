/** From a lasso that the search found, or that a file holds, to the counterexample that a person gets. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import type { Move } from '../solver/engine.ts'
import type { Lasso } from '../solver/liveness/search.ts'
import { replayLasso } from '../solver/reference/lasso.ts'
import { replay } from '../solver/reference/replay.ts'
import { describeAs, type Found, type Origin } from './build.ts'
import { failed, ok, type Result } from './result.ts'
import { buildTrace, type Trace } from './trace.ts'

/**
 * The trace of a lasso, run by the reference interpreter, which also sees to it that the loop closes, that
 * it is fair, and that some response of the property never comes. The error says what of that is not so.
 */
export function lassoTrace(
  model: LoweredModel,
  property: string,
  moves: readonly Move[],
  loopStart: number,
): Result<Trace, string> {
  const built = buildTrace(model, moves, replay)
  if (!built.ok) return failed(built.error.message)
  const run = replayLasso(model, moves, loopStart)
  if (run.kind === 'stuck') return failed(run.reason)
  if (!run.missing.some((r) => model.liveness?.responses[r]?.property === property))
    return failed(`${property} holds on this run`)
  return ok({ ...built.value, loopStart })
}

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

/** How a lasso was come by. */
function originOf({ moves, loopStart, shortestLoop }: Lasso): Origin {
  const length = moves.length - loopStart
  if (length === 0) return { minimality: 'then nobody moves any more; no shorter way leads to such a run.' }
  const loop = shortestLoop ? 'no shorter one is fair' : 'a shorter one may be fair'
  return {
    minimality: `${plural(loopStart, 'step')} to the loop (no fair one begins sooner), ${length} around it (${loop}).`,
  }
}

/** A lasso that cannot be replayed is an error of mmcheck and is never shown. */
export function buildLasso(
  scenario: Scenario,
  model: LoweredModel,
  property: string,
  lasso: Lasso,
): Result<Found, string> {
  const trace = lassoTrace(model, property, lasso.moves, lasso.loopStart)
  if (!trace.ok) return failed(`the lasso cannot be replayed: ${trace.error}`)
  return describeAs(scenario, model, trace.value, property, originOf(lasso))
}
