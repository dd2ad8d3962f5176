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

/** What a write puts into one of some slots. */
type VisitWrite = (slots: readonly number[], value: Write['value']) => void

function eachBodyWrite(body: readonly LStmt[], ranges: readonly Bounds[], visit: VisitWrite): void {
  for (const stmt of body)
    switch (stmt.kind) {
      case 'set':
        visit(targetSlots(stmt.target, ranges), stmt.value)
        break
      case 'if':
        eachBodyWrite(stmt.then, ranges, visit)
        eachBodyWrite(stmt.else, ranges, visit)
        break
      case 'assert':
        break
    }
}

/** Calls `visit` with every write that a step may do, its choices included. */
export function eachWrite(step: Step, ranges: readonly Bounds[], visit: VisitWrite): void {
  for (const { slot, lo, hi } of step.choices) visit([slot], { lo, hi })
  eachBodyWrite(step.body, ranges, visit)
}

/** Every write that a step may do, its choices included. */
export function writes(step: Step, ranges: readonly Bounds[]): readonly Write[] {
  const all: Write[] = []
  eachWrite(step, ranges, (slots, value) => {
    for (const slot of slots) all.push({ slot, value })
  })
  return all
}

/** What a written value can be, at most. */
export function writtenBounds(value: LExpr | Bounds, ranges: readonly Bounds[]): Bounds {
  return 'kind' in value ? bounds(value, ranges) : value
}

/** By step, the slots to which it may write anything but their initial value. */
export type KnownChanges = Map<Step, readonly number[]>

function changesOf(step: Step, slots: LoweredModel['slots']): readonly number[] {
  const changes: number[] = []
  eachWrite(step, slots, (written, value) => {
    const { lo, hi } = writtenBounds(value, slots)
    for (const slot of written) {
      const init = slots[slot]?.init
      if (lo !== init || hi !== init) changes.push(slot)
    }
  })
  return changes
}

/**
 * The range of each slot: that which it declares, or its initial value alone where no step of the
 * model ever writes anything else to it. Such a slot is a constant of the model. `known` is what is known of steps
 * of models with the same slots, and is added to.
 */
export function valueRanges(model: LoweredModel, known: KnownChanges = new Map()): readonly Bounds[] {
  const changing = new Set<number>()
  for (const step of model.steps) {
    let changes = known.get(step)
    if (changes === undefined) known.set(step, (changes = changesOf(step, model.slots)))
    for (const slot of changes) changing.add(slot)
  }
  return model.slots.map(({ lo, hi, init }, slot) => (changing.has(slot) ? { lo, hi } : { lo: init, hi: init }))
}
