/**
 * The table of states in parts, each in a memory of its own. A part that is full becomes two, as in Fagin, Nievergelt,
 * Pippenger and Strong, "Extendible hashing" (1979): so the table grows by small pieces. Equal states meet in the same
 * part, in the order in which they come. So what is new is what would be new in a single table. Mutable by its nature.
 */
import { takeElsewhere, type Heap } from '../heap.ts'
import { newInstance, type Instance } from '../instance.ts'
import { compile, newMemory, type CompiledModule, type Memory } from '../platform.ts'
import { BUCKET_BYTES, GLOBALS, PAGE_BYTES } from '../plan.ts'
import { DISPLACEMENT_BITS, limitOf } from '../shape.ts'
import { PART_GLOBALS, partLayout, partModule, type PartLayout } from './part_code.ts'
import { batchMost, DEPTH_MAX } from './sizes.ts'

export interface Part extends Instance {
  readonly memory: Memory
  narrow: boolean
  depth: number
  number: number
}

export interface Parts {
  readonly heap: Heap
  readonly module: CompiledModule
  readonly layout: PartLayout
  /** Parts that are not in use, all empty. */
  readonly spare: Part[]
  /** By the low bits of a mixed state; the same part several times where fewer bits tell it. */
  readonly directory: Part[]
}

/** Parts that do not exist yet. */
export function newParts(heap: Heap): Parts {
  const { plan } = heap.machine
  const layout = partLayout(batchMost(plan), BUCKET_BYTES * 2 ** plan.limits.part)
  return { heap, module: compile(partModule(layout)), layout, spare: [], directory: [] }
}

/** A part with an empty memory. */
function emptyPart({ module }: Parts, memory: Memory): Part {
  return { ...newInstance(module, { memory }), memory, narrow: true, depth: 0, number: 0 }
}

/** Makes a part, all empty, that of the mixed states whose low `depth` bits are `number`. */
function shape({ heap, layout }: Parts, part: Part, depth: number, number: number): void {
  const { plan, read } = heap.machine
  const buckets = plan.limits.part
  const remainder = Math.max(0, read(GLOBALS.bits) - depth - buckets)
  const narrow = remainder + DISPLACEMENT_BITS <= 31
  part.narrow = narrow
  part.depth = depth
  part.number = number
  const { table, within, ...others } = PART_GLOBALS
  part.write(table, layout.table)
  part.write(within, 2 ** buckets - 1)
  part.write(others.buckets, buckets)
  part.write(others.remainder, remainder)
  part.write(others.depth, depth)
  part.write(others.number, number)
  part.write(others.limit, limitOf({ narrow, buckets }))
  part.write(others.states, 0)
}

/** An empty part; undefined where there is no memory for one. */
function takePart(parts: Parts, depth: number, number: number): Part | undefined {
  const { heap, layout, spare } = parts
  const { pages } = layout
  const made = (): Part => emptyPart(parts, newMemory(pages, pages))
  const part = spare.pop() ?? takeElsewhere(heap, pages * PAGE_BYTES, made)
  if (part !== undefined) shape(parts, part, depth, number)
  return part
}

function empty({ layout }: Parts, { memory }: Part): void {
  new Uint8Array(memory.buffer, layout.table).fill(0)
}

/** Divides all states among 2^depth empty parts, or more where states are too wide for that. Gives whether there was memory. */
export function open(parts: Parts, depth: number): boolean {
  const { plan, read } = parts.heap.machine
  const least = read(GLOBALS.bits) + DISPLACEMENT_BITS - 63 - plan.limits.part
  for (let number = 0; number < 2 ** Math.max(0, depth, least); number++) {
    const part = takePart(parts, Math.max(0, depth, least), number)
    if (part === undefined) return false
    parts.directory.push(part)
  }
  return true
}

/** Empties all parts, for states of other bits than before. Gives whether there was memory. */
export function reopen(parts: Parts): boolean {
  const { directory, spare } = parts
  const all = [...new Set(directory)]
  const depth = Math.min(...all.map((part) => part.depth))
  for (const part of all) {
    empty(parts, part)
    spare.push(part)
  }
  directory.length = 0
  return open(parts, depth)
}

/** Has a part enter mixed states, and notes in `flags` which are new. Gives how many it took before it was full. */
function enter({ layout }: Parts, part: Part, how: 'claim' | 'adopt', items: Uint8Array, flags: Uint8Array): number {
  new Uint8Array(part.memory.buffer).set(items, layout.box)
  const done = part.run(`${how}${part.narrow ? 4 : 8}`, items.length / 8)
  flags.set(new Uint8Array(part.memory.buffer, layout.flags, done))
  return done
}

/** The same; a part that is full becomes two. Gives whether there was memory. `flags` are 0 but for what is new. */
function settle(parts: Parts, part: Part, how: 'claim' | 'adopt', items: Uint8Array, flags: Uint8Array): boolean {
  const done = enter(parts, part, how, items, flags)
  if (8 * done === items.length) return true
  // A copy: what the items lie in may be used for the splitting.
  const rest = items.slice(8 * done)
  const halves = split(parts, part)
  return halves !== undefined && settleAmong(parts, halves, rest, flags.subarray(done))
}

/** The same, each part taking what belongs to it. */
function settleAmong(parts: Parts, some: readonly Part[], items: Uint8Array, flags: Uint8Array): boolean {
  return some.every((part) => {
    const own = new Uint8Array(flags.length)
    if (!settle(parts, part, 'adopt', items, own)) return false
    own.forEach((flag, i) => {
      flags[i] = (flags[i] ?? 0) | flag
    })
    return true
  })
}

/** The parts to which mixed states of which the low bits are `slot` belong, there being 2^bits = `slots` such numbers. */
const partsAt = ({ directory }: Parts, slot: number, slots: number): readonly Part[] => [
  ...new Set(directory.filter((_, at) => at % slots === slot % directory.length)),
]

/**
 * Puts what a part holds into two, and gives those that are in its place then: more, if they became full on the way.
 * Undefined where there was no memory, so that the table is lost.
 */
function split(parts: Parts, part: Part): readonly Part[] | undefined {
  const { directory, spare } = parts
  const { depth, number } = part
  const slots = 2 ** depth
  if (depth === DEPTH_MAX) return undefined
  const low = takePart(parts, depth + 1, number)
  const high = low && takePart(parts, depth + 1, number + slots)
  if (low === undefined || high === undefined) return undefined
  if (slots === directory.length) directory.push(...directory)
  directory.forEach((of, at) => {
    if (of === part) directory[at] = at % (2 * slots) < slots ? low : high
  })
  // Which of them are new is known: all are.
  const moved = unload(parts, part, (items) =>
    settleAmong(parts, partsAt(parts, number, slots), items, new Uint8Array(items.length / 8)),
  )
  if (!moved) return undefined
  empty(parts, part)
  spare.push(part)
  return partsAt(parts, number, slots)
}

/** Hands what a part holds to `each`, so much at a time. Gives whether that always went well. */
function unload({ layout }: Parts, part: Part, each: (items: Uint8Array) => boolean): boolean {
  const { table, buckets, within, remainder } = PART_GLOBALS
  const figures = [table, buckets, within, remainder].map((global) => part.read(global))
  const all = 2 ** part.read(buckets)
  const step = Math.floor(layout.most / (BUCKET_BYTES / (part.narrow ? 4 : 8)))
  for (let bucket = 0; bucket < all; bucket += step) {
    const end = Math.min(all, bucket + step)
    const last = part.run(`unload${part.narrow ? 4 : 8}`, ...figures, bucket, end, layout.box)
    if (!each(new Uint8Array(part.memory.buffer, layout.box, last - layout.box))) return false
  }
  return true
}

/**
 * Enters mixed states whose low bits are `slot`, there having been `slots` parts at most when they were told apart, and
 * notes in `flags`, which are 0, which are new. Gives whether there was memory.
 */
export function enterSorted(parts: Parts, slot: number, slots: number, items: Uint8Array, flags: Uint8Array): boolean {
  const some = partsAt(parts, slot, slots)
  const [part] = some
  // As a rule there is one; else one has been split since.
  if (part !== undefined && part.depth <= Math.log2(slots)) return settle(parts, part, 'claim', items, flags)
  return settleAmong(parts, some, items, flags)
}
