/**
 * A state taken apart. Component 0 holds the slots that several threads touch; component t + 1 those
 * that thread t alone touches: its program counter, locals and registers. Few values of each are ever
 * reached, so each value is stored once and numbered, and a state is one number per component.
 *
 * What a thread can do depends on its own component and on component 0 alone, and changes no other.
 */
import { accessesOf, stepAccesses } from '../../model/language/slots.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { valueRanges } from '../writes.ts'

/** Bits of one 64-bit word of a component, in which a slot lies less `lo`. */
export interface Field {
  readonly component: number
  readonly word: number
  readonly shift: number
  readonly bits: number
  readonly lo: number
}

export interface Component {
  readonly index: number
  readonly slots: readonly number[]
  /** 64-bit words of a value, at least one. */
  readonly words: number
}

export interface Composition {
  readonly components: readonly Component[]
  /** By slot number; undefined where the slot never changes. */
  readonly fields: readonly (Field | undefined)[]
  /** What each slot can hold, by slot number: its initial value alone where it never changes. */
  readonly ranges: readonly Bounds[]
}

/** The component of each slot, whether it changes or not. */
function owners(model: LoweredModel): readonly number[] {
  const owner: (number | undefined)[] = model.slots.map(() => undefined)
  const touch = (slot: number, thread: number): void => {
    owner[slot] = owner[slot] === undefined || owner[slot] === thread + 1 ? thread + 1 : 0
  }
  model.threads.forEach(({ pcSlot }, t) => {
    touch(pcSlot, t)
  })
  for (const step of model.steps) {
    const { reads, writes } = stepAccesses(step)
    // What assertions read counts as well: they are looked at once per value of the two components.
    for (const slot of [...reads, ...writes, ...accessesOf(step.body).reads]) touch(slot, step.thread)
  }
  return owner.map((o) => o ?? 0)
}

/** Takes a (specialised) model apart. */
export function compose(model: LoweredModel): Composition {
  const ranges = valueRanges(model)
  const owner = owners(model)
  const used = Array.from({ length: model.threads.length + 1 }, (): number[] => [])
  const fields = ranges.map(({ lo, hi }, slot): Field | undefined => {
    if (lo === hi) return undefined
    const component = owner[slot] ?? 0
    const words = used[component] ?? []
    const bits = Math.ceil(Math.log2(hi - lo + 1))
    const room = words.findIndex((taken) => taken + bits <= 64)
    const word = room < 0 ? words.length : room
    const shift = words[word] ?? 0
    words[word] = shift + bits
    return { component, word, shift, bits, lo }
  })
  const components = used.map((words, index): Component => ({
    index,
    slots: fields.flatMap((field, slot) => (field?.component === index ? [slot] : [])),
    words: Math.max(1, words.length),
  }))
  return { components, fields, ranges }
}
