/** From declared variables to a flat vector of slots. */
import type { Field } from '../expr.ts'
import type { Slot } from '../lowered.ts'
import { range, sizeOf, type SetSizes, type Type } from '../types.ts'

export interface Layout {
  readonly slots: Slot[]
  readonly sizes: SetSizes
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly base: Map<string, number>
  /** Values of geometry fields, one per element in slot order. */
  readonly geometry: Map<string, number[]>
}

export const objectName = (layout: Pick<Layout, 'names'>, set: string, i: number): string =>
  layout.names[set]?.[i] ?? `${set}${i}`

/** `vma.flags` of object `a` is `a.flags`; further indices stand in brackets: `table0.pte[1]`. */
function slotName(layout: Layout, field: Field, index: readonly number[]): string {
  const [first, ...others] = index
  if (first === undefined) return field.name
  const [head, ...rest] = field.name.split('.')
  const owner = objectName(layout, field.sets[0] ?? '', first)
  const path = head === field.sets[0] ? rest : [head ?? '', ...rest]
  return `${[owner, ...path].join('.')}${others.map((i) => `[${i}]`).join('')}`
}

/** Adds a slot and returns its number. */
export function addSlot(layout: Layout, slot: Omit<Slot, 'lo' | 'hi'>): number {
  layout.slots.push({ ...slot, ...range(slot.type, layout.sizes) })
  return layout.slots.length - 1
}

/** The first value of a type: what a variable holds before anything is stored in it. */
export const firstValue = (type: Type, sizes: SetSizes): number => {
  const { lo, hi } = range(type, sizes)
  return lo <= 0 && hi >= 0 ? 0 : lo
}

/** Strides of a row-major array over `sets`, innermost last. */
export function strides(field: Field, sizes: SetSizes): readonly { readonly count: number; readonly stride: number }[] {
  const counts = field.sets.map((s) => sizeOf(s, sizes))
  return counts.map((count, i) => ({ count, stride: counts.slice(i + 1).reduce((a, b) => a * b, 1) }))
}

/** Gives every element of `field` a slot (or, for geometry, a value). Throws where a field is declared twice. */
export function addField(layout: Layout, field: Field): void {
  if (field.role === 'geometry') {
    const elements = field.sets.reduce((n, s) => n * sizeOf(s, layout.sizes), 1)
    layout.geometry.set(field.name, new Array<number>(elements).fill(field.initial))
    return
  }
  const role = field.role
  if (layout.base.has(field.name)) throw new Error(`variable '${field.name}' is declared twice`)
  layout.base.set(field.name, layout.slots.length)
  const counts = field.sets.map((s) => sizeOf(s, layout.sizes))
  const add = (index: readonly number[]): void => {
    const count = counts[index.length]
    if (count !== undefined) {
      for (let i = 0; i < count; i++) add([...index, i])
      return
    }
    const { lo, hi } = range(field.type, layout.sizes)
    const init = Math.min(Math.max(field.initial, lo), hi)
    addSlot(layout, { name: slotName(layout, field, index), type: field.type, kind: role, init })
  }
  add([])
}
