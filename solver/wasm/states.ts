/** Room for states: the table that knows them and the arena that holds them. */
import type { Heap } from './heap.ts'
import { allocate, release } from './heap.ts'
import { BUCKET_BYTES, CHUNK_STATES, GLOBALS, STATE_BYTES, STATES_MAX } from './plan.ts'

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

/**
 * Makes the table anew, for more than `states` states and at least 2^least buckets. Gives whether
 * there was room; where not, there is no table any longer, and the search is at its end.
 */
export function rebuildTable(room: StateRoom, states: number, least: number = 0): boolean {
  const { heap } = room
  const { machine } = heap
  const bits = machine.read(GLOBALS.bits)
  // Every state of a batch may still come, with all successors of one more state.
  const needed = states + machine.plan.batch + 2 * machine.plan.successorsMax
  const shapes = [true, false].map((narrow) => smallest(narrow, needed, bits, least))
  const [shape] = shapes.sort((a, b) => a.buckets - b.buckets)
  if (room.tableBytes > 0) release(heap, machine.read(GLOBALS.table), room.tableBytes)
  room.tableBytes = 0
  if (shape === undefined || shape.buckets > BUCKETS_MAX) return false
  const bytes = BUCKET_BYTES * 2 ** shape.buckets
  const address = allocate(heap, bytes)
  if (address === undefined) return false
  room.tableBytes = bytes
  machine.write(GLOBALS.table, address)
  machine.write(GLOBALS.buckets, shape.buckets)
  machine.write(GLOBALS.narrow, shape.narrow ? 1 : 0)
  machine.write(GLOBALS.remainder, Math.max(0, bits - shape.buckets))
  room.tableLimit = limitOf(shape) - machine.plan.successorsMax
  if (machine.run(shape.narrow ? 'enterAll4' : 'enterAll8') === 1) return true
  return rebuildTable(room, states, shape.buckets + 1)
}

/** Makes the table larger. Gives whether there was room. */
export const growTable = (room: StateRoom): boolean =>
  rebuildTable(room, room.heap.machine.read(GLOBALS.tail), room.heap.machine.read(GLOBALS.buckets) + 1)

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
