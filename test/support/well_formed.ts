/** Whether the conditions of model/mm/well_formed.ts hold where a scenario begins and comes to rest. */
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { wellFormed } from '../../model/mm/well_formed.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { evaluate, initialState } from '../../solver/reference/interpreter.ts'
import { searchAll } from './search.ts'

const both = (left: LExpr, right: LExpr): LExpr => ({ kind: 'binary', op: 'and', left, right })
const equals = (slot: number, value: number): LExpr => ({
  kind: 'binary',
  op: 'eq',
  left: { kind: 'slot', slot },
  right: { kind: 'const', value },
})
const TRUE: LExpr = { kind: 'const', value: 1 }

/** Every thread that has to end has ended. */
const atRest = (model: LoweredModel): LExpr =>
  model.threads
    .filter(({ daemon }) => !daemon)
    .map(({ pcSlot, donePc }) => equals(pcSlot, donePc))
    .reduce(both, TRUE)

/** The scenario with the conditions for its only properties, each asked of the states at rest. */
export function asked(scenario: Scenario): LoweredModel {
  const properties = wellFormed(scenario.kernel.has).map((c) => ({ name: c.name, invariant: c.expr, covers: [] }))
  const { model } = lower({ ...scenario.program, properties })
  const rest: LExpr = { kind: 'not', arg: atRest(model) }
  return {
    ...model,
    invariants: model.invariants.map(({ property, expr }) => ({
      property,
      expr: { kind: 'binary', op: 'or', left: rest, right: expr },
    })),
  }
}

/** Names of the conditions that fail: at the start, and in some state at rest. */
export function broken(scenario: Scenario): {
  readonly atStart: readonly string[]
  readonly atRest: readonly string[]
} {
  const model = asked(scenario)
  const start = initialState(model)
  const name = (property: number): string => model.properties[property]?.name ?? ''
  const plain = lower({
    ...scenario.program,
    properties: wellFormed(scenario.kernel.has).map((c) => ({ name: c.name, invariant: c.expr, covers: [] })),
  }).model
  return {
    atStart: plain.invariants.filter(({ expr }) => evaluate(plain, expr, start) === 0).map((i) => name(i.property)),
    atRest: searchAll(model)
      .violations.filter(({ property }) => model.invariants.some((i) => i.property === property))
      .map((v) => name(v.property)),
  }
}
