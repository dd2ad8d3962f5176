import type { LExpr, LoweredModel, LStmt, LTarget, Step } from '../model/language/lowered.ts'
import type { Bounds } from './bounds.ts'
import { bounds, reach } from './bounds.ts'

/** A write that a step may do: to `slot`, a value of `value` or, for a choice, any value of it. */
export interface Write {
  readonly slot: number
  readonly value: LExpr | Bounds
}

/** The slots that a write through `target` can change. */
export function targetSlots(target: LTarget, ranges: readonly Bounds[]): readonly number[] {
  return target.kind === 'slot' ? [target.slot] : reach(target, ranges).offsets.map((offset) => target.base + offset)
}

function bodyWrites(body: readonly LStmt[], ranges: readonly Bounds[]): readonly Write[] {
  return body.flatMap((stmt): readonly Write[] => {
    switch (stmt.kind) {
      case 'set':
        return targetSlots(stmt.target, ranges).map((slot) => ({ slot, value: stmt.value }))
      case 'if':
        return [...bodyWrites(stmt.then, ranges), ...bodyWrites(stmt.else, ranges)]
      case 'assert':
        return []
    }
  })
}

/** Every write that a step may do, its choices included. */
export function writes(step: Step, ranges: readonly Bounds[]): readonly Write[] {
  const chosen = step.choices.map(({ slot, lo, hi }) => ({ slot, value: { lo, hi } }))
  return [...chosen, ...bodyWrites(step.body, ranges)]
}

/** What a written value can be, at most. */
export function writtenBounds(value: LExpr | Bounds, ranges: readonly Bounds[]): Bounds {
  return 'kind' in value ? bounds(value, ranges) : value
}

/**
 * The range of each slot: that which it declares, or its initial value alone where no step of the
 * model ever writes anything else to it. Such a slot is a constant of the model.
 */
export function valueRanges(model: LoweredModel): readonly Bounds[] {
  const changing = new Set<number>()
  for (const step of model.steps) {
    for (const { slot, value } of writes(step, model.slots)) {
      const { lo, hi } = writtenBounds(value, model.slots)
      const init = model.slots[slot]?.init
      if (lo !== init || hi !== init) changing.add(slot)
    }
  }
  return model.slots.map(({ lo, hi, init }, slot) => (changing.has(slot) ? { lo, hi } : { lo: init, hi: init }))
}
