/** Threads and other objects that change places: what becomes of every slot and of every value. */
import { selectSlots } from '../../../model/language/slots.ts'
import type { LTarget, Slot } from '../../../model/language/lowered.ts'

/** How the value of a slot names objects of a set: one of them (0 is none), or a bit for each. */
export interface Naming {
  readonly kind: 'ref' | 'subset'
  readonly set: string
}

export const namingOf = ({ type }: Slot): Naming | undefined =>
  type.kind === 'ref' || type.kind === 'subset' ? { kind: type.kind, set: type.set } : undefined

/** The set of threads, as slots name it. */
export const THREADS = 'thread'

/** Where objects and slots go. A set that is not there stays as it is. Each list is given for every number. */
export interface Permutation {
  readonly objects: ReadonlyMap<string, readonly number[]>
  readonly slots: readonly number[]
}

export const at = (images: readonly number[], n: number): number => images[n] ?? n

export const threadAfter = ({ objects }: Permutation, thread: number): number => at(objects.get(THREADS) ?? [], thread)

/** What a value becomes; one that names nothing, or nothing that moves, stays. */
export function valueOf(naming: Naming | undefined, value: number, { objects }: Permutation): number {
  const images = naming === undefined ? undefined : objects.get(naming.set)
  if (naming === undefined || images === undefined) return value
  switch (naming.kind) {
    case 'ref':
      return value === 0 ? 0 : at(images, value - 1) + 1
    case 'subset':
      return images.reduce((mask, image, i) => (((value >> i) & 1) === 0 ? mask : mask | (1 << image)), 0)
  }
}

/** Slots that an access can mean. */
export const slotsOf = (access: LTarget): readonly number[] =>
  access.kind === 'slot' ? [access.slot] : selectSlots(access.base, access.index)

const compose = (a: readonly number[], b: readonly number[]): readonly number[] => a.map((n) => at(b, n))

/** First `a`, then `b`. */
export function after(a: Permutation, b: Permutation): Permutation {
  const sets = [...new Set([...a.objects.keys(), ...b.objects.keys()])]
  const both = sets.map((set): [string, readonly number[]] => {
    const [first, then] = [a.objects.get(set), b.objects.get(set)]
    return [set, compose(first ?? then?.map((_, i) => i) ?? [], then ?? [])]
  })
  return { objects: new Map(both), slots: compose(a.slots, b.slots) }
}

/** A text for each permutation of a model, and the same for none other. */
export const keyOf = ({ objects, slots }: Permutation): string =>
  [slots, ...[...objects].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([set, images]) => [set, images])].join()

/** Whether everything stays where it is. */
export const isIdentity = ({ objects, slots }: Permutation): boolean =>
  [slots, ...objects.values()].every((images) => images.every((image, n) => image === n))
