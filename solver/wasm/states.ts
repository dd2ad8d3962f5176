/** Room for states: the table that knows them and the arena that holds them. */
import type { Heap } from './heap.ts'
import { allocate, release } from './heap.ts'
import { BUCKET_BYTES, CHUNK_STATES, GLOBALS, STATE_BYTES, STATES_MAX } from './plan.ts'
import { partBits } from './rooms.ts'

/** What a search must not exceed before more room is made; mutable by its nature. */
export interface StateRoom {
  readonly heap: Heap
  tableBytes: number
  /** States that the table is filled with at most. */
  tableLimit: number
  /** States for which the arena has room. */
  arenaStates: number
}

interface Shape {
  readonly narrow: boolean
  /** Logarithm of the number of buckets. */
  readonly buckets: number
}

/** How full a table may get. The fuller, the more states lie behind their bucket; larger buckets even that out. */
const LOAD = { narrow: 0.8, wide: 0.72 } as const
/** Bits of an entry for its displacement, at least. */
const DISPLACEMENT_BITS = 4
/** Logarithm of the most buckets: a quarter of the memory. */
const BUCKETS_MAX = 24

const limitOf = ({ narrow, buckets }: Shape): number =>
  Math.floor((BUCKET_BYTES / (narrow ? 4 : 8)) * 2 ** buckets * (narrow ? LOAD.narrow : LOAD.wide))

/** The smallest table for so many states of so many bits with entries of one width. */
function smallest(narrow: boolean, states: number, bits: number, least: number): Shape {
  const restMax = (narrow ? 31 : 63) - DISPLACEMENT_BITS
  let buckets = Math.max(least, bits - restMax)
  while (limitOf({ narrow, buckets }) < states) buckets++
  return { narrow, buckets }
}

/** Gives the table another shape, all empty. Gives whether there was room; the old one is not released. */
function shapeTable(room: StateRoom, shape: Shape): boolean {
  const { machine } = room.heap
  if (shape.buckets > BUCKETS_MAX) return false
  const bytes = BUCKET_BYTES * 2 ** shape.buckets
  const address = allocate(room.heap, bytes)
  if (address === undefined) return false
  room.tableBytes = bytes
  room.tableLimit = limitOf(shape) - machine.plan.successorsMax
  machine.write(GLOBALS.table, address)
  machine.write(GLOBALS.buckets, shape.buckets)
  machine.write(GLOBALS.within, 2 ** (shape.buckets - partBits(machine.plan)) - 1)
  machine.write(GLOBALS.narrow, shape.narrow ? 1 : 0)
  machine.write(GLOBALS.remainder, Math.max(0, machine.read(GLOBALS.bits) - shape.buckets))
  return true
}

/** A table that is there anew, still empty, and the one before it. */
export interface Rebuilding {
  /** What `copy` asks of the old table: its address, the logarithm of its buckets, and two more figures. */
  readonly old: readonly number[]
  readonly oldBytes: number
  readonly states: number
  readonly shape: Shape
  /** Whether what is in the old one may be copied; else all states must be entered again. */
  readonly mayCopy: boolean
}

/**
 * Begins to make the table anew, for more than `states` states and at least 2^least buckets. Undefined where there
 * was no room: there is no table any longer then, and the search is at its end. `sameBits` says that states are as
 * wide as they were when the old table was made.
 */
export function beginRebuild(
  room: StateRoom,
  states: number,
  least: number,
  sameBits: boolean,
): Rebuilding | undefined {
  const { heap, tableBytes: oldBytes } = room
  const { machine } = heap
  const old = [GLOBALS.table, GLOBALS.buckets, GLOBALS.within, GLOBALS.remainder].map((global) => machine.read(global))
  const [, buckets = 0] = old
  const wasNarrow = machine.read(GLOBALS.narrow) !== 0
  // Every state of a batch may still come, with all successors of one more state.
  const needed = states + machine.plan.batch + 2 * machine.plan.successorsMax
  const bits = machine.read(GLOBALS.bits)
  const shapes = [true, false].map((narrow) => smallest(narrow, needed, bits, Math.max(least, partBits(machine.plan))))
  const [shape] = shapes.sort((a, b) => a.buckets - b.buckets)
  if (shape === undefined || !shapeTable(room, shape)) return undefined
  const mayCopy = sameBits && shape.narrow === wasNarrow && shape.buckets > buckets
  return { old, oldBytes, states, shape, mayCopy }
}

/** Ends it: where not all was copied, all states are entered. Gives whether there was room. */
export function endRebuild(room: StateRoom, { old, oldBytes, states, shape }: Rebuilding, copied: boolean): boolean {
  const { heap } = room
  if (oldBytes > 0) release(heap, old[0] ?? 0, oldBytes)
  if (copied) return true
  // A copy that found no room has left half of the states there: that does no harm, as each is entered once.
  if (heap.machine.run(shape.narrow ? 'enterAll4' : 'enterAll8') !== 0) return true
  return rebuildTable(room, states, shape.buckets + 1, false)
}

/** Both at once, by this worker alone. */
export function rebuildTable(room: StateRoom, states: number, least: number, sameBits: boolean): boolean {
  const rebuilding = beginRebuild(room, states, least, sameBits)
  if (rebuilding === undefined) return false
  const { old, shape, mayCopy } = rebuilding
  const copy = shape.narrow ? 'copy4' : 'copy8'
  const copied = mayCopy && room.heap.machine.run(copy, ...old, 0, 2 ** (old[1] ?? 0)) !== 0
  return endRebuild(room, rebuilding, copied)
}

/** Makes the table larger. Gives whether there was room. */
export const growTable = (room: StateRoom): boolean =>
  rebuildTable(room, room.heap.machine.read(GLOBALS.tail), room.heap.machine.read(GLOBALS.buckets) + 1, true)

/** Gives the arena one chunk more. Gives whether there was room. */
export function growArena(room: StateRoom): boolean {
  const { heap, arenaStates } = room
  const { memory, plan } = heap.machine
  if (arenaStates + CHUNK_STATES > STATES_MAX) return false
  const address = allocate(heap, CHUNK_STATES * STATE_BYTES)
  if (address === undefined) return false
  const chunks = new Uint32Array(memory.buffer, plan.addresses.chunks)
  chunks[arenaStates / CHUNK_STATES] = address
  room.arenaStates += CHUNK_STATES
  return true
}

/** The number of states beyond which none is expanded before room is made. */
export const stateLimit = ({ tableLimit, arenaStates, heap }: StateRoom): number =>
  Math.min(tableLimit, arenaStates - heap.machine.plan.successorsMax - 1)

/** Room for the states of a search that has stored none. */
export const newStateRoom = (heap: Heap): StateRoom => ({ heap, tableBytes: 0, tableLimit: 0, arenaStates: 0 })

/** The 64 bits of a stored state. */
export function storedState({ heap: { machine } }: StateRoom, id: number): bigint {
  const view = new DataView(machine.memory.buffer)
  const chunk = view.getUint32(machine.plan.addresses.chunks + 4 * Math.floor(id / CHUNK_STATES), true)
  return view.getBigUint64(chunk + (id % CHUNK_STATES) * STATE_BYTES, true)
}
