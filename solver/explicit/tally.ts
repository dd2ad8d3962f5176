/** Counts final states by their registers. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Outcome } from '../engine.ts'
import { registerSlots, sortOutcomes } from '../outcomes.ts'
import { unpackSlot, type Layout } from './layout.ts'
import type { Program } from './program.ts'

interface Count {
  readonly registers: readonly number[]
  states: number
  satisfying: number
}

export interface Tally {
  /** Counts a final state of an arena. */
  readonly add: (arena: Int32Array, id: number) => void
  readonly outcomes: () => readonly Outcome[]
}

/** Nothing counted yet, for a specialised model. */
export function newTally(model: LoweredModel, layout: Layout, program: Pick<Program, 'satisfying'>): Tally {
  const { words } = layout
  const registers = registerSlots(model)
  const masks = new Int32Array(words)
  for (const slot of registers) {
    const field = layout.fields[slot]
    if (field?.kind === 'packed') masks[field.word] = (masks[field.word] ?? 0) | ((2 ** field.bits - 1) << field.shift)
  }
  const counts = new Map<string, Count>()
  return {
    add(arena, id) {
      const key = masks.map((mask, w) => mask & (arena[id * words + w] ?? 0)).join()
      let count = counts.get(key)
      if (count === undefined) {
        count = {
          registers: registers.map((slot) => unpackSlot(layout, arena, id * words, slot)),
          states: 0,
          satisfying: 0,
        }
        counts.set(key, count)
      }
      count.states++
      if (program.satisfying(arena, id, id + 1) === id) count.satisfying++
    },
    outcomes: () => sortOutcomes(counts.values()),
  }
}
