/**
 * The table of states in parts, each in a memory of its own. A part that is full becomes two, as in Fagin, Nievergelt,
 * Pippenger and Strong, "Extendible hashing" (1979). Equal states meet in the same part, in the order in which they come.
 * So what is new is what would be new in a single table.
 *
 * Nobody waits for a part to become two: both are there at once, and what it holds goes into them by and by, a little
 * after each batch. Until then what is new to one of them is looked for in it; nothing is entered there any more. The
 * table of the first memory becomes the first parts in the same way. Mutable by its nature.
 */
import { takeElsewhere } from '../heap.ts'
import { compile, newMemory, type CompiledModule } from '../platform.ts'
import { BUCKET_BYTES, GLOBALS, PAGE_BYTES } from '../plan.ts'
import { DISPLACEMENT_BITS } from '../shape.ts'
import type { StateRoom } from '../states.ts'
import { releaseTables } from '../table_room.ts'
import { boxful, bucketsOf, empty, emptyPart, enter, shape, unload, type Part } from './part.ts'
import { partLayout, partModule, type PartLayout } from './part_code.ts'
import { batchMost, DEPTH_MAX } from './sizes.ts'

/** A part in whose place there are others. */
interface Leaving {
  readonly part: Part
  /** Its buckets, from the first one on, of which the states are in those others, too; and those that are empty again. */
  handedOn: number
  emptied: number
}

export interface Parts {
  readonly states: StateRoom
  readonly module: CompiledModule
  readonly layout: PartLayout
  readonly pages: number
  /** Parts that are not in use, all empty. */
  readonly spare: Part[]
  /** By the low bits of a mixed state; the same part several times where fewer bits tell it. */
  readonly directory: Part[]
  /** In the order in which others took their places. */
  readonly leaving: Leaving[]
}

/** Buckets that are emptied while those of one box are handed on. */
const EMPTIED = 32

/** Parts that do not exist yet. */
export function newParts(states: StateRoom): Parts {
  const { plan } = states.heap.machine
  const layout = partLayout(batchMost(plan))
  const pages = Math.ceil((layout.table + BUCKET_BYTES * 2 ** plan.limits.part) / PAGE_BYTES)
  const module = compile(partModule(layout, { first: pages, most: pages }))
  return { states, module, layout, pages, spare: [], directory: [], leaving: [] }
}

/** An empty part; undefined where there is no memory for one. */
function takePart(parts: Parts, depth: number, number: number): Part | undefined {
  const { states, module, layout, pages, spare } = parts
  const { machine } = states.heap
  const made = (): Part => emptyPart(module, newMemory(pages, pages), layout)
  const part = spare.pop() ?? takeElsewhere(states.heap, pages * PAGE_BYTES, made)
  if (part !== undefined) shape(part, machine.plan, machine.read(GLOBALS.bits), depth, number)
  return part
}

/** So many empty parts, each told by `depth` bits, whose numbers lie so far behind one another; undefined where there is no memory for all. */
function takeParts(parts: Parts, depth: number, number: number, apart: number): readonly Part[] | undefined {
  const taken: Part[] = []
  for (let nth = number; nth < 2 ** depth; nth += apart) {
    const part = takePart(parts, depth, nth)
    if (part === undefined) {
      parts.spare.push(...taken)
      return undefined
    }
    taken.push(part)
  }
  return taken
}

/** The depth of the first parts: more than was asked for where states are too wide for that. */
function firstDepth({ states }: Parts, wanted: number): number {
  const { plan, read } = states.heap.machine
  return Math.max(0, wanted, read(GLOBALS.bits) + DISPLACEMENT_BITS - 63 - plan.limits.part)
}

/** Divides all states among 2^depth empty parts, or more. Gives whether there was memory. */
export function open(parts: Parts, depth: number): boolean {
  const taken = takeParts(parts, firstDepth(parts, depth), 0, 1)
  parts.directory.push(...(taken ?? []))
  return taken !== undefined
}

/** The same, with a part in whose place they are. */
export function openAfter(parts: Parts, first: Part, depth: number): boolean {
  parts.directory.push(first)
  return divide(parts, first, firstDepth(parts, depth))
}

/** Empties all parts, for states of other bits than before. Gives whether there was memory. */
export function reopen(parts: Parts): boolean {
  const { states, directory, leaving, spare } = parts
  const depth = Math.min(...directory.map((part) => part.depth))
  for (const part of new Set([...directory, ...leaving.map(({ part }) => part)])) {
    if (isFirst(parts, part)) continue
    empty(part, 0, bucketsOf(part))
    spare.push(part)
  }
  releaseTables(states)
  directory.length = 0
  leaving.length = 0
  return open(parts, depth)
}

const isFirst = ({ states }: Parts, { memory }: Part): boolean => memory === states.heap.machine.memory

/** The parts to which mixed states of which the low bits are `slot` belong, there being 2^bits = `slots` such numbers. */
const partsAt = ({ directory }: Parts, slot: number, slots: number): readonly Part[] => [
  ...new Set(directory.filter((_, at) => at % slots === slot % directory.length)),
]

/**
 * Has empty parts, each told by `depth` bits, take the place of one. Gives whether there was memory; else all is as it
 * was.
 */
function divide(parts: Parts, part: Part, depth: number): boolean {
  const { directory, leaving } = parts
  const slots = 2 ** part.depth
  const taken = depth > DEPTH_MAX ? undefined : takeParts(parts, depth, part.number, slots)
  if (taken === undefined) return false
  for (const one of taken) one.origin = part
  while (directory.length < 2 ** depth) directory.push(...directory)
  directory.forEach((of, at) => {
    if (of === part) directory[at] = taken[Math.floor((at % 2 ** depth) / slots)] ?? part
  })
  leaving.push({ part, handedOn: 0, emptied: 0 })
  return true
}

/**
 * Has two parts take the place of one that is full. Where there is no memory for them, what leaves goes first, to free
 * some, if it may: states that are being handed on must not be overtaken by others. Gives whether there was memory.
 */
function makeWay(parts: Parts, part: Part, mayFinish: boolean): boolean {
  if (divide(parts, part, part.depth + 1)) return true
  if (!mayFinish || !finishLeaving(parts)) return false
  return !parts.directory.includes(part) || divide(parts, part, part.depth + 1)
}

/**
 * Has a part enter mixed states as `enter` does, and those that come once it is full two others in its place. Gives
 * whether there was memory. `flags` are 0 but for what is new; there are none where states are handed on.
 */
function settle(
  parts: Parts,
  part: Part,
  how: 'claim' | 'adopt',
  items: Uint8Array,
  flags: Uint8Array | undefined,
): boolean {
  const done = enter(part, how, items, flags)
  if (8 * done === items.length) return true
  if (!makeWay(parts, part, flags !== undefined)) return false
  const heirs = partsAt(parts, part.number, 2 ** part.depth)
  return settleAmong(parts, heirs, items.subarray(8 * done), flags?.subarray(done))
}

/** The same, each part taking what belongs to it. */
function settleAmong(parts: Parts, some: readonly Part[], items: Uint8Array, flags: Uint8Array | undefined): boolean {
  return some.every((part) => {
    const own = flags && new Uint8Array(flags.length)
    if (!settle(parts, part, 'adopt', items, own)) return false
    own?.forEach((flag, i) => {
      if (flag !== 0 && flags !== undefined) flags[i] = flag
    })
    return true
  })
}

/** Hands on what some buckets of a part hold. Gives whether there was memory. */
function handOn(parts: Parts, leaving: Leaving): boolean {
  const { part } = leaving
  const end = boxful(part, leaving.handedOn)
  const heirs = partsAt(parts, part.number, 2 ** part.depth)
  if (!settleAmong(parts, heirs, unload(part, leaving.handedOn, end), undefined)) return false
  leaving.handedOn = end
  if (end < bucketsOf(part)) return true
  for (const heir of [...parts.directory, ...parts.leaving.map((l) => l.part)])
    if (heir.origin === part) heir.origin = part.origin
  if (!isFirst(parts, part)) return true
  releaseTables(parts.states)
  parts.leaving.splice(parts.leaving.indexOf(leaving), 1)
  return true
}

/** Empties some buckets of a part that has handed on what was in it. */
function emptySome({ leaving, spare }: Parts, one: Leaving): void {
  const { part, emptied } = one
  const all = bucketsOf(part)
  one.emptied = Math.min(all, emptied + EMPTIED * boxful(part, 0))
  empty(part, emptied, one.emptied)
  if (one.emptied < all) return
  leaving.splice(leaving.indexOf(one), 1)
  spare.push(part)
}

/** Goes on with what leaves, so many pieces of it. Gives whether there was memory. */
export function goOnLeaving(parts: Parts, pieces: number): boolean {
  for (let i = 0; i < pieces; i++) {
    const [first] = parts.leaving
    if (first === undefined) return true
    if (first.handedOn === bucketsOf(first.part)) emptySome(parts, first)
    else if (!handOn(parts, first)) return false
  }
  return true
}

/** The same with all of it. */
export const finishLeaving = (parts: Parts): boolean => goOnLeaving(parts, Infinity)

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
