/** All that `explain` finds out about a counterexample beyond the trace itself. */
import type { Lowered } from '../../model/language/lower/lower.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { inevitable, type Inevitable } from '../../solver/explicit/inevitable.ts'
import type { Move, SearchOptions } from '../../solver/engine.ts'
import { searchBase } from '../necessity/judge.ts'
import type { Trace } from '../trace.ts'
import { outsidePast } from './past.ts'
import { remedies, type Remedies } from './remedies.ts'

export interface Explanation {
  readonly inevitable: Inevitable
  /** Places (from 0) of the steps that are not in the causal past of the violation. */
  readonly outside: ReadonlySet<number>
  readonly remedies: Remedies
}

const movesOf = (trace: Trace): readonly Move[] =>
  trace.steps.map((s) => ({ step: s.step.id, choices: s.choices.map((c) => c.value) }))

export async function explanation(
  scenario: Scenario,
  lowered: Lowered,
  trace: Trace,
  property: number,
  options: SearchOptions,
  onStep: (done: number, of: number, name: string) => void = () => undefined,
): Promise<Explanation> {
  const moves = movesOf(trace)
  const outside = outsidePast(lowered.model, property, moves)
  const name = lowered.model.properties[property]?.name ?? ''
  const { broken } = searchBase(scenario, options)
  return {
    inevitable: inevitable(lowered.model, property, moves, options),
    outside,
    remedies: await remedies({ scenario, lowered, trace, property: name }, outside, broken, options, onStep),
  }
}
