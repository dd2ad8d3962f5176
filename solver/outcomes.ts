import type { LoweredModel } from '../model/language/lowered.ts'
import type { Outcome } from './engine.ts'
import { compareNumbers } from './order.ts'

/** The slots whose values make an outcome, in slot order. */
export function registerSlots(model: LoweredModel): readonly number[] {
  return model.slots.flatMap((slot, i) => (slot.kind === 'register' ? [i] : []))
}

/** Outcomes in the order in which every engine reports them. */
export function sortOutcomes(outcomes: Iterable<Outcome>): readonly Outcome[] {
  return [...outcomes].sort((a, b) => compareNumbers(a.registers, b.registers))
}
