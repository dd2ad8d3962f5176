/** The state that a path begins in: the model's own, or any that meets some conditions. */
import type { LExpr, LoweredModel, Slot } from '../../model/language/lowered.ts'
import { condition, formOf, newEnv } from './execute.ts'
import { TRUE, not, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import { bitsValue, less, number, widthOf } from './value.ts'
import type { Value } from './value.ts'

export interface OpenStart {
  /** Slots whose first value is left open. No program counter is. */
  readonly open: ReadonlySet<number>
  /** What the first state must meet. */
  readonly conditions: readonly { readonly expr: LExpr }[]
}

export interface Start {
  readonly state: readonly Value[]
  readonly constraints: readonly Lit[]
  /** For each open slot, what its value is made of. */
  readonly bits: ReadonlyMap<number, { readonly base: number; readonly bits: readonly Lit[] }>
}

const fixed = (slot: Slot): Value =>
  formOf(slot) === 'cases' ? { kind: 'cases', cases: new Map([[slot.init, TRUE]]) } : number(slot.init)

/** The first state. Where it is open, the model's invariants hold in it as well. */
export function startState(terms: Terms, model: LoweredModel, start: OpenStart | undefined): Start {
  const bits = new Map<number, { readonly base: number; readonly bits: readonly Lit[] }>()
  if (start === undefined) return { state: model.slots.map(fixed), constraints: [], bits }
  const constraints: Lit[] = []
  const state = model.slots.map((slot, i): Value => {
    if (!start.open.has(i) || slot.lo === slot.hi) return fixed(slot)
    const vars = Array.from({ length: widthOf(slot.hi - slot.lo) }, (_, b) => variable(terms, `start.${i}.${b}`))
    bits.set(i, { base: slot.lo, bits: vars })
    const unlimited = bitsValue(slot.lo, vars, slot.lo + 2 ** vars.length - 1)
    constraints.push(not(less(terms, number(slot.hi), unlimited)))
    return bitsValue(slot.lo, vars, slot.hi)
  })
  const env = newEnv(terms, model.slots, state)
  for (const { expr } of [...start.conditions, ...model.invariants]) constraints.push(condition(env, expr))
  return { state, constraints, bits }
}

/** The first state that a model of the solver gives. */
export const startValues = (model: LoweredModel, start: Start, holding: ReadonlySet<Lit>): readonly number[] =>
  model.slots.map((slot, i) => {
    const open = start.bits.get(i)
    return open === undefined
      ? slot.init
      : open.bits.reduce((sum, bit, b) => (holding.has(bit) ? sum + 2 ** b : sum), open.base)
  })
