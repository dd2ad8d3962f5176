/**
 * Two threads that change places: what becomes of every slot and of every value. Whether the model is the same
 * afterwards is for same.ts to say; this is only the guess.
 */
import type { LoweredModel, LTarget, Slot } from '../../../model/language/lowered.ts'
import { accessesOf, selectSlots, slotsRead } from '../../../model/language/slots.ts'

/** How the value of a slot names threads: not at all, one of them (0 is none), or a set of them, a bit each. */
export type Naming = 'no' | 'ref' | 'subset'

export function namingOf({ type }: Slot): Naming {
  return (type.kind === 'ref' || type.kind === 'subset') && type.set === 'thread' ? type.kind : 'no'
}

/** A permutation of threads, and of the slots that are theirs. Both are given for every number. */
export interface Permutation {
  readonly threads: readonly number[]
  readonly slots: readonly number[]
}

export const at = (images: readonly number[], n: number): number => images[n] ?? n

/** What a value of a slot that names threads becomes. */
export function valueOf(naming: Naming, value: number, { threads }: Permutation): number {
  switch (naming) {
    case 'no':
      return value
    case 'ref':
      return value === 0 ? 0 : at(threads, value - 1) + 1
    case 'subset':
      return threads.reduce((mask, image, t) => (((value >> t) & 1) === 0 ? mask : mask | (1 << image)), 0)
  }
}

/** Slots that an access can mean. */
export const slotsOf = (access: LTarget): readonly number[] =>
  access.kind === 'slot' ? [access.slot] : selectSlots(access.base, access.index)

/** By thread, ascending: its locals and program counter, and whatever no step of another thread touches. */
export function owned(model: LoweredModel): readonly (readonly number[])[] {
  const touched = model.slots.map(() => new Set<number>())
  for (const { thread, guard, body, choices } of model.steps) {
    const { reads, writes } = accessesOf(body)
    for (const s of [...reads, ...writes, ...slotsRead(guard), ...choices.map((c) => c.slot)]) touched[s]?.add(thread)
  }
  const owner = (slot: Slot, s: number): number | undefined => {
    const [only, another] = touched[s] ?? []
    return slot.thread ?? (another === undefined ? only : undefined)
  }
  const owners = model.slots.map(owner)
  const pcs = new Map(model.threads.map(({ pcSlot }, t) => [pcSlot, t]))
  return model.threads.map((_, t) => owners.flatMap((o, s) => ((pcs.get(s) ?? o) === t ? [s] : [])))
}

/** The permutation that lets two threads change places, slot for slot in their order; undefined where they differ in kind. */
export function swapOf(
  model: LoweredModel,
  slotsOfThreads: readonly (readonly number[])[],
  one: number,
  other: number,
): Permutation | undefined {
  const [mine, theirs] = [slotsOfThreads[one] ?? [], slotsOfThreads[other] ?? []]
  const alike = (a: Slot | undefined, b: Slot | undefined): boolean =>
    a !== undefined &&
    b !== undefined &&
    a.kind === b.kind &&
    a.lo === b.lo &&
    a.hi === b.hi &&
    namingOf(a) === namingOf(b)
  if (mine.length !== theirs.length || !mine.every((s, i) => alike(model.slots[s], model.slots[theirs[i] ?? -1])))
    return undefined
  const slots = model.slots.map((_, s) => s)
  mine.forEach((s, i) => {
    const t = theirs[i] ?? s
    slots[s] = t
    slots[t] = s
  })
  const threads = model.threads.map((_, t) => (t === one ? other : t === other ? one : t))
  return { threads, slots }
}

/** First `a`, then `b`. */
export const after = (a: Permutation, b: Permutation): Permutation => ({
  threads: a.threads.map((t) => at(b.threads, t)),
  slots: a.slots.map((s) => at(b.slots, s)),
})
