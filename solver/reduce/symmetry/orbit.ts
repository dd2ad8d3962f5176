/** A packed state, and the states that it becomes when threads, and what goes with them, change places. */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import { fieldMask, type Field, type Layout } from '../../explicit/layout.ts'
import type { Symmetry } from './group.ts'
import { at, namingOf, valueOf } from './swap.ts'

type Packed = Extract<Field, { kind: 'packed' }>

/** Bits of one word that go to another, or elsewhere in it: fields that lie side by side go together. */
interface Shift {
  readonly from: number
  readonly to: number
  mask: number
  /** To the left; to the right where it is negative. */
  readonly by: number
}

/** A field that names what changes places. */
interface Renaming {
  readonly from: Packed
  readonly to: Packed
  /** What is packed in `to`, by what is packed in `from`. */
  readonly values: readonly number[]
}

interface Parts {
  readonly shifts: readonly Shift[]
  readonly renamings: readonly Renaming[]
}

/** Carries a packed state over: the words of `from` at `at` become those of `into` from 0 on. */
export type Carry = (from: Int32Array, at: number, into: Int32Array) => void

function partsOf(model: LoweredModel, { fields }: Layout, by: Symmetry): Parts | undefined {
  const shifts = new Map<string, Shift>()
  const renamings: Renaming[] = []
  for (const [s, slot] of model.slots.entries()) {
    const [from, to] = [fields[s], fields[at(by.slots, s)]]
    const naming = namingOf(slot)
    if (from === undefined || to === undefined) return undefined
    if (from.kind === 'constant' || to.kind === 'constant') {
      if (from.kind !== 'constant' || to.kind !== 'constant') return undefined
      // Nobody looks at it, as all that is constant stands in the steps as a number.
      continue
    }
    if (from.lo !== to.lo || from.bits !== to.bits) return undefined
    if (naming === undefined || !by.objects.has(naming.set)) {
      const mask = fieldMask(from.bits) << from.shift
      const key = `${from.word} ${to.word} ${to.shift - from.shift}`
      const known = shifts.get(key)
      if (known === undefined) shifts.set(key, { from: from.word, to: to.word, mask, by: to.shift - from.shift })
      else known.mask |= mask
      continue
    }
    const values = Array.from({ length: 2 ** from.bits }, (_, v) => valueOf(naming, v + from.lo, by) - to.lo)
    renamings.push({ from, to, values })
  }
  return { shifts: [...shifts.values()], renamings }
}

/** Undefined where the two sides are packed differently. */
export function carrier(model: LoweredModel, layout: Layout, by: Symmetry): Carry | undefined {
  const parts = partsOf(model, layout, by)
  if (parts === undefined) return undefined
  const { shifts, renamings } = parts
  return (from, start, into) => {
    into.fill(0)
    for (const { from: f, to, mask, by: left } of shifts) {
      const bits = (from[start + f] ?? 0) & mask
      into[to] = (into[to] ?? 0) | (left >= 0 ? bits << left : bits >>> -left)
    }
    for (const { from: f, to, values } of renamings) {
      const value = ((from[start + f.word] ?? 0) >>> f.shift) & fieldMask(f.bits)
      into[to.word] = (into[to.word] ?? 0) | ((values[value] ?? 0) << to.shift)
    }
  }
}

/** Whether the words of `a` come before those of `b`. */
function isLess(a: Int32Array, b: Int32Array): boolean {
  for (let w = 0; w < a.length; w++) {
    const [x, y] = [a[w] ?? 0, b[w] ?? 0]
    if (x !== y) return x < y
  }
  return false
}

export const sameWords = (a: Int32Array, b: Int32Array): boolean => a.every((x, w) => x === b[w])

export interface Orbits {
  /** The words of the state that stands for the one at `at`, until the next call. */
  readonly represent: (from: Int32Array, at: number) => Int32Array
  /** Each state of the orbit of the one at `at`, once; the words are good until the visit ends. Gives how many there are. */
  readonly members: (from: Int32Array, at: number, visit?: (words: Int32Array) => void) => number
}

/** The state that stands for those that become one another is the least of them, its words compared in order. */
export function orbits(words: number, carries: readonly Carry[]): Orbits {
  const rooms = [0, 1].map(() => new Int32Array(words))
  return {
    represent(from, start): Int32Array {
      let [least = new Int32Array(words), free = new Int32Array(words)] = rooms
      for (let w = 0; w < words; w++) least[w] = from[start + w] ?? 0
      for (const carry of carries) {
        carry(from, start, free)
        if (isLess(free, least)) [least, free] = [free, least]
      }
      return least
    },
    members(from, start, visit): number {
      const seen = [from.slice(start, start + words)]
      for (const carry of carries) {
        const image = new Int32Array(words)
        carry(from, start, image)
        if (seen.every((other) => !sameWords(image, other))) seen.push(image)
      }
      if (visit !== undefined) seen.forEach(visit)
      return seen.length
    },
  }
}
