/** A search that takes free steps at once with the step before (free.ts), and the ways of its chains. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions } from '../engine.ts'
import { initialState, successors, type State } from '../reference/interpreter.ts'
import { valueRanges } from '../writes.ts'
import { explore, exploreTogether, type Exploration, type Outcome } from '../wasm/explore.ts'
import type { CrewOptions } from '../wasm/crew.ts'
import { machineFor } from '../wasm/search.ts'
import { freePcs, type FreePcs } from './free.ts'
import type { Sabotage } from './sabotage.ts'
import type { Searched } from './trace.ts'

export type Chained =
  | { readonly ok: true; readonly value: Exploration; readonly legs: Searched['legs'] }
  | { readonly ok: false; readonly reason: string }

/** The states that each move out of a state passes, up to the end of its chain. */
const legsFrom =
  (model: LoweredModel, free: FreePcs, stateOf: (id: number) => State): Searched['legs'] =>
  (id) => {
    const moves = (state: State, thread: number): readonly State[] =>
      successors(model, state).flatMap((s) =>
        model.steps.find((step) => step.id === s.move.step)?.thread === thread ? [s.state] : [],
      )
    return model.threads.flatMap(({ pcSlot }, t) =>
      moves(stateOf(id), t).map((to) => {
        const leg = [to]
        for (let at = to; free[t]?.has(at[pcSlot] ?? -1) === true;) {
          const [only, ...others] = moves(at, t)
          if (only === undefined || others.length > 0) break
          leg.push(only)
          at = only
        }
        return leg
      }),
    )
  }

function answer(model: LoweredModel, free: FreePcs, explored: Outcome): Chained {
  if (!explored.ok) return explored
  return { ok: true, value: explored.value, legs: legsFrom(model, free, explored.value.stateOf) }
}

/** Explores a (specialised) model in this way. Throws where a slot leaves its range. */
export function exploreChained(
  model: LoweredModel,
  original: LoweredModel,
  options: SearchOptions,
  sabotage?: Sabotage,
): Chained {
  const free = freePcs(model, valueRanges(model), sabotage)
  const machine = machineFor(model, 1, free)
  if (typeof machine === 'string') return { ok: false, reason: machine }
  return answer(model, free, explore(machine, initialState(original), options))
}

/** The same by several workers, with the same states. */
export async function exploreChainedTogether(
  model: LoweredModel,
  original: LoweredModel,
  options: SearchOptions,
  crew: CrewOptions,
): Promise<Chained> {
  const free = freePcs(model, valueRanges(model))
  const machine = machineFor(model, crew.workers, free)
  if (typeof machine === 'string') return { ok: false, reason: machine }
  return answer(model, free, await exploreTogether(machine, initialState(original), options, crew))
}
