/** From a violation that begins in a state of the solver's choice to a scenario of its own. */
import { lower } from '../model/language/lower/lower.ts'
import type { Lowered } from '../model/language/lower/lower.ts'
import { concreteFile } from '../model/scenarios/concrete.ts'
import { scenarioOf } from '../model/scenarios/scenario.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { withProperties } from '../properties/all.ts'
import type { Violation } from '../solver/engine.ts'
import { buildCounterexample, type Found } from './build.ts'
import { failed, ok, type Result } from './result.ts'

/** The scenario as properties are to see it where it may begin with guards: which of them are asked depends on that. */
export function asIfGuarded(scenario: Scenario): Scenario {
  const { file } = scenario
  const [mapping] = scenario.world.mappings
  if (mapping === undefined) return scenario
  const { span } = file
  const guard = {
    kind: 'fill',
    name: { text: mapping.name, span },
    range: { first: 0, last: 0, span },
    access: 'guard',
    span,
  } as const
  return { ...scenario, file: { ...file, decls: [...file.decls, guard] } }
}

export interface FoundFromStart {
  /** Begins in that state by itself, so it can be checked, minimised and replayed like any other. */
  readonly scenario: Scenario
  readonly found: Found
}

/**
 * Writes the state out as a litmus file, builds its scenario, and has the reference interpreter replay the
 * moves there. A state that the file does not give back slot by slot is an error of mmcheck.
 */
export function buildFromStart(
  scenario: Scenario,
  { model, base }: Pick<Lowered, 'model' | 'base'>,
  property: string,
  violation: Violation,
): Result<FoundFromStart, string> {
  const state = violation.start ?? model.slots.map((s) => s.init)
  const file = concreteFile(scenario, base, state)
  const concrete = scenarioOf(file, scenario.kernel, scenario.without)
  if (concrete === undefined) return failed('the state that it begins in cannot be written as a litmus file')
  const own = lower(withProperties(concrete)).model
  const differs = own.slots.find((s, i) => s.init !== state[i])
  if (differs !== undefined || own.slots.length !== state.length)
    return failed(`the litmus file begins with another ${differs?.name ?? 'set of variables'}`)
  const number = own.properties.findIndex((p) => p.name === property)
  if (number < 0) return failed(`the litmus file does not ask for ${property}`)
  const found = buildCounterexample(concrete, own, { property: number, moves: violation.moves })
  return found.ok ? ok({ scenario: concrete, found: found.value }) : found
}
