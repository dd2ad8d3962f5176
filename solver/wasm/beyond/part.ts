/**
 * A part of the table of states, in a memory of its own; or the whole table of the first memory, which then is the part
 * that all states belong to. Mutable by its nature.
 */
import { newInstance, type Instance } from '../instance.ts'
import type { Machine } from '../machine.ts'
import { compile, type CompiledModule, type Memory } from '../platform.ts'
import { BUCKET_BYTES, GLOBALS, type Plan } from '../plan.ts'
import { DISPLACEMENT_BITS, limitOf } from '../shape.ts'
import { PART_GLOBALS, partModule, type PartLayout } from './part_code.ts'
import { ofFirstMemory } from './sizes.ts'

export interface Part extends Instance {
  readonly memory: Memory
  readonly layout: PartLayout
  narrow: boolean
  depth: number
  number: number
  /** The one in whose place it is, until it holds all that is its own of what that one holds. */
  origin: Part | undefined
}

/** A part of no shape with an empty memory. */
export const emptyPart = (module: CompiledModule, memory: Memory, layout: PartLayout): Part => ({
  ...newInstance(module, { memory }),
  memory,
  layout,
  narrow: true,
  depth: 0,
  number: 0,
  origin: undefined,
})

/** The table of the first memory as a part. */
export function firstPart({ plan, memory, read }: Machine, layout: PartLayout): Part {
  const part = emptyPart(compile(partModule(layout, ofFirstMemory(plan))), memory, layout)
  part.narrow = read(GLOBALS.narrow) !== 0
  for (const figure of FIGURES) part.write(figure, read(figure))
  return part
}

/**
 * States are spread so evenly that all parts of a depth would become full at about the same time, and what they leave be
 * there all at once. So some are filled by up to so much less than others.
 */
const STAGGER = 1 / 4

/** For the parts of a depth, numbers from 0 to 1 at equal distances; the same for a part and for the first that it becomes. */
const fraction = (depth: number, number: number): number =>
  Array.from({ length: depth }, (_, bit) => ((number >> bit) & 1) / 2 ** (bit + 1)).reduce((a, b) => a + b, 0)

/** Makes a part, all empty, that of the mixed states of so many bits whose low `depth` bits are `number`. */
export function shape(part: Part, { limits }: Plan, bits: number, depth: number, number: number): void {
  const buckets = limits.part
  const remainder = Math.max(0, bits - depth - buckets)
  const narrow = remainder + DISPLACEMENT_BITS <= 31
  part.narrow = narrow
  part.depth = depth
  part.number = number
  part.origin = undefined
  const { table, within, ...others } = PART_GLOBALS
  part.write(table, part.layout.table)
  part.write(within, 2 ** buckets - 1)
  part.write(others.buckets, buckets)
  part.write(others.remainder, remainder)
  part.write(others.depth, depth)
  part.write(others.number, number)
  part.write(others.limit, Math.ceil(limitOf({ narrow, buckets }) * (1 - STAGGER * fraction(depth, number))))
  part.write(others.states, 0)
}

const FIGURES = [GLOBALS.table, GLOBALS.buckets, GLOBALS.within, GLOBALS.remainder]

const entryBytes = ({ narrow }: Part): 4 | 8 => (narrow ? 4 : 8)

export const bucketsOf = (part: Part): number => 2 ** part.read(PART_GLOBALS.buckets)

/**
 * Has a part enter mixed states, with `adopt` those of them that belong to it. Gives how many it took before it was full,
 * and notes in `flags`, if there are any, which of these are new, to it and to those in whose place it is.
 */
export function enter(part: Part, how: 'claim' | 'adopt', items: Uint8Array, flags: Uint8Array | undefined): number {
  const { memory, layout } = part
  new Uint8Array(memory.buffer).set(items, layout.box)
  const done = part.run(`${how}${entryBytes(part)}`, items.length / 8)
  if (flags === undefined) return done
  flags.set(new Uint8Array(memory.buffer, layout.flags, done))
  for (let { origin } = part; origin !== undefined; { origin } = origin)
    forget(origin, items.subarray(0, 8 * done), flags.subarray(0, done))
  return done
}

/** Clears the flags of those mixed states that a part holds. */
function forget(part: Part, items: Uint8Array, flags: Uint8Array): void {
  const { memory, layout } = part
  new Uint8Array(memory.buffer).set(items, layout.box)
  new Uint8Array(memory.buffer).set(flags, layout.flags)
  part.run(`forget${entryBytes(part)}`, flags.length)
  flags.set(new Uint8Array(memory.buffer, layout.flags, flags.length))
}

/** The buckets of a part, from one of them on, whose states have room in its box: where they end. */
export const boxful = (part: Part, bucket: number): number =>
  Math.min(bucketsOf(part), bucket + Math.max(1, Math.floor((part.layout.most * entryBytes(part)) / BUCKET_BYTES)))

/** The mixed states in buckets bucket..end-1 of a part, in its box. */
export function unload(part: Part, bucket: number, end: number): Uint8Array {
  const { memory, layout } = part
  const figures = FIGURES.map((figure) => part.read(figure))
  const last = part.run(`unload${entryBytes(part)}`, ...figures, bucket, end, layout.box)
  return new Uint8Array(memory.buffer, layout.box, last - layout.box)
}

/** Empties buckets bucket..end-1 of a part. */
export function empty({ memory, layout }: Part, bucket: number, end: number): void {
  new Uint8Array(memory.buffer, layout.table + BUCKET_BYTES * bucket, BUCKET_BYTES * (end - bucket)).fill(0)
}
