/** Room for states: the table that knows them and the arena that holds them. */
import type { Heap } from './heap.ts'
import { allows, noteBytes } from './heap.ts'
import { ARENA, BUCKET_BYTES, BUCKETS_MAX, GLOBALS, STATE_BYTES, STATES_MAX, TABLE } from './plan.ts'

/** What a search must not exceed before more room is made; mutable by its nature. */
export interface StateRoom {
  readonly heap: Heap
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
const ARENA_FIRST = 2 ** 13

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
 * there was room; where not, the table is as it was.
 */
export function rebuildTable(room: StateRoom, states: number, least: number = 0): boolean {
  const { heap } = room
  const { machine } = heap
  const bits = machine.read(GLOBALS.bits)
  // Every state of a batch may still come, with all successors of one more state.
  const needed = states + machine.plan.batch + 2 * machine.plan.successorsMax
  const shapes = [true, false].map((narrow) => smallest(narrow, needed, bits, least))
  const [shape] = shapes.sort((a, b) => a.buckets - b.buckets)
  if (shape === undefined || shape.buckets > BUCKETS_MAX) return false
  const bytes = BUCKET_BYTES * 2 ** shape.buckets
  if (!allows(heap, bytes - heap.tableBytes)) return false
  new Uint8Array(machine.memory.buffer, TABLE, bytes).fill(0)
  heap.tableBytes = Math.max(heap.tableBytes, bytes)
  noteBytes(heap)
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

/** Gives the arena an eighth more. Gives whether there was room. */
export function growArena(room: StateRoom): boolean {
  const { heap } = room
  const wanted = room.arenaStates + Math.max(ARENA_FIRST, Math.ceil(room.arenaStates / 8))
  const states = Math.min(STATES_MAX, wanted)
  const more = (states - room.arenaStates) * STATE_BYTES
  if (more === 0 || !allows(heap, more)) return false
  room.arenaStates = states
  heap.arenaBytes += more
  noteBytes(heap)
  return true
}

/** The number of states beyond which none is expanded before room is made. */
export const stateLimit = ({ tableLimit, arenaStates, heap }: StateRoom): number =>
  Math.min(tableLimit, arenaStates - heap.machine.plan.successorsMax - 1)

/** Room for the states of a search that has stored none. */
export const newStateRoom = (heap: Heap): StateRoom => ({ heap, tableLimit: 0, arenaStates: 0 })

/** The 64 bits of a stored state. */
export const storedState = ({ heap }: StateRoom, id: number): bigint =>
  new DataView(heap.machine.memory.buffer).getBigUint64(ARENA + id * STATE_BYTES, true)
