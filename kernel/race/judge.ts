/** Which outcomes a model allows, and which of them only a broken property leads to. */
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { show } from '../../model/language/types.ts'
import { condition } from '../../model/scenarios/condition.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import type { Incomplete, SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { registerSlots } from '../../solver/outcomes.ts'
import { evaluate, type State } from '../../solver/reference/interpreter.ts'
import { keeping } from './keeping.ts'
import { conditionFor, nameable, type RaceOutcome } from './outcome.ts'

/** The model of a scenario whose final condition is this outcome. */
function asking(scenario: Scenario, outcome: RaceOutcome): LoweredModel {
  const final = condition(conditionFor(outcome).cond, scenario.registers, scenario.world)
  return lower(withProperties({ ...scenario, program: { ...scenario.program, final } })).model
}

const satisfied = (result: SearchResult): boolean => result.outcomes.some((o) => o.satisfying > 0)

/** Registers of an outcome as one text, by which outcomes are told apart. */
export const registersKey = (o: Pick<RaceOutcome, 'registers'>): string =>
  o.registers.map((r) => `${r.name}=${r.value};`).join(' ')

export interface Allowed {
  /** registersKey() of every outcome of the model. */
  readonly registers: readonly string[]
  readonly states: number
  readonly incomplete?: Incomplete
}

/** Every outcome that the model has, by its registers. */
export function allowedOutcomes(scenario: Scenario, options: SearchOptions = {}): Allowed {
  const { model } = lower(withProperties(scenario))
  const result = searchExplicit(model, options)
  const slots = registerSlots(model)
  const registers = result.outcomes.map((o) =>
    registersKey({
      registers: slots.map((slot, i) => {
        const s = model.slots[slot]
        return { name: s?.name ?? '', value: s === undefined ? '' : show(s.type, o.registers[i] ?? 0) }
      }),
    }),
  )
  return {
    registers,
    states: result.states,
    ...(result.incomplete === undefined ? {} : { incomplete: result.incomplete }),
  }
}

/** Whether the model can end so, pages included; undefined where the search was cut short before it did. */
export function isAllowed(scenario: Scenario, outcome: RaceOutcome, options: SearchOptions = {}): boolean | undefined {
  if (!nameable(outcome)) return false
  const result = searchExplicit(asking(scenario, outcome), options)
  return satisfied(result) ? true : result.incomplete === undefined ? false : undefined
}

/**
 * Whether an outcome shows that a property was broken: the model has it, and has it on no path that
 * keeps the property. Undefined where that cannot be told.
 */
export function shows(
  scenario: Scenario,
  property: string,
  outcome: RaceOutcome,
  options: SearchOptions = {},
): boolean | undefined {
  if (!nameable(outcome)) return false
  const model = asking(scenario, outcome)
  const kept = keeping(
    model,
    model.properties.findIndex((p) => p.name === property),
  )
  if (kept === undefined) return undefined
  const honest = searchExplicit(kept, options)
  if (satisfied(honest)) return false
  const all = searchExplicit(model, options)
  if (!satisfied(all)) return all.incomplete === undefined ? false : undefined
  return honest.incomplete === undefined ? true : undefined
}

/** The outcome that a final state of the scenario's model has. */
export function outcomeOf(
  scenario: Scenario,
  model: LoweredModel,
  state: State,
  pages: readonly string[],
): RaceOutcome {
  const registers = registerSlots(model).flatMap((slot) => {
    const s = model.slots[slot]
    return s === undefined ? [] : [{ name: s.name, value: show(s.type, state[slot] ?? 0) }]
  })
  const guarded = (name: string): boolean => {
    const { final } = asking(scenario, { registers: [], pages: [{ name, guard: true }] })
    return final !== undefined && evaluate(model, final, state) !== 0
  }
  return { registers, pages: pages.map((name) => ({ name, guard: guarded(name) })) }
}
