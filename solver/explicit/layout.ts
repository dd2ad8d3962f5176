import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { fitsInt32 } from '../bounds.ts'
import { valueRanges } from '../writes.ts'

/** Where the value of a slot is found: nowhere, as it never changes, or in bits of one 32-bit word, less `lo`. */
export type Field =
  | { readonly kind: 'constant'; readonly value: number }
  | {
      readonly kind: 'packed'
      readonly word: number
      readonly shift: number
      readonly bits: number
      readonly lo: number
    }

export interface Layout {
  /** Words of a packed state, at least one. */
  readonly words: number
  /** By slot number. */
  readonly fields: readonly Field[]
  /** What each slot can hold, by slot number: its initial value alone where it never changes. */
  readonly ranges: readonly Bounds[]
}

/** One bit less than a word has, so that a mask of a field is never negative. */
const FIELD_BITS_MAX = 31

/**
 * Gives every slot that changes just the bits it needs, in slot order, in the first word with room:
 * so arrays mostly lie side by side, and no field straddles two words. Throws on a slot of more
 * than 2^31 values, or of values beyond 32 bits.
 */
export function layOut(model: LoweredModel): Layout {
  const ranges = valueRanges(model)
  const used: number[] = []
  const fields = ranges.map((range, slot): Field => {
    const { lo, hi } = range
    if (lo === hi) return { kind: 'constant', value: lo }
    const bits = Math.ceil(Math.log2(hi - lo + 1))
    if (bits > FIELD_BITS_MAX || !fitsInt32(range))
      throw new Error(`slot ${slot} '${model.slots[slot]?.name}' has too many values to pack`)
    const room = used.findIndex((taken) => taken + bits <= 32)
    const word = room < 0 ? used.length : room
    const shift = used[word] ?? 0
    used[word] = shift + bits
    return { kind: 'packed', word, shift, bits, lo }
  })
  return { words: Math.max(1, used.length), fields, ranges }
}

/** The mask of a field at the low end of a word. */
export const fieldMask = (bits: number): number => 2 ** bits - 1

/** Packs a state, given by slot, into the words of `into` from `at` on. */
export function pack(layout: Layout, state: readonly number[], into: Int32Array, at: number): void {
  into.fill(0, at, at + layout.words)
  layout.fields.forEach((field, slot) => {
    if (field.kind === 'constant') return
    const value = (state[slot] ?? 0) - field.lo
    into[at + field.word] = (into[at + field.word] ?? 0) | (value << field.shift)
  })
}

/** The state, by slot, that is packed in the words of `from` from `at` on. */
export function unpack(layout: Layout, from: Int32Array, at: number): readonly number[] {
  return layout.fields.map((field) =>
    field.kind === 'constant'
      ? field.value
      : (((from[at + field.word] ?? 0) >>> field.shift) & fieldMask(field.bits)) + field.lo,
  )
}

/** The value of one slot of the state that is packed in the words of `from` from `at` on. */
export function unpackSlot(layout: Layout, from: Int32Array, at: number, slot: number): number {
  const field = layout.fields[slot]
  if (field === undefined) throw new Error(`there is no slot ${slot}`)
  if (field.kind === 'constant') return field.value
  return (((from[at + field.word] ?? 0) >>> field.shift) & fieldMask(field.bits)) + field.lo
}
