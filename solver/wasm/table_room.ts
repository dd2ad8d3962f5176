/** Room for the table that knows the states, and how it is made anew. */
import { allocate, release } from './heap.ts'
import type { Machine } from './machine.ts'
import { BUCKET_BYTES, GLOBALS } from './plan.ts'
import { partBits } from './rooms.ts'
import { limitOf, smallest, type Shape } from './shape.ts'
import type { StateRoom } from './states.ts'

/** The smallest table for more than `states` states that has at least 2^least buckets. */
export function shapeFor({ plan, read }: Machine, states: number, least: number): Shape {
  // Every state of a batch may still come, with all successors of one more state.
  const needed = states + plan.batch + 2 * plan.successorsMax
  const buckets = Math.max(least, partBits(plan))
  const narrow = smallest(true, needed, read(GLOBALS.bits), buckets)
  const wide = smallest(false, needed, read(GLOBALS.bits), buckets)
  return wide.buckets < narrow.buckets ? wide : narrow
}

/** Memory for a table, which is all zero if that is wanted; undefined where there is none. */
export function takeTable({ heap }: StateRoom, { buckets }: Shape, isZero: boolean): number | undefined {
  if (buckets > heap.machine.plan.limits.buckets) return undefined
  return allocate(heap, BUCKET_BYTES * 2 ** buckets, isZero)
}

/** Has the table that is there from now on be one of a shape, at an address. */
export function useTable(room: StateRoom, shape: Shape, address: number): void {
  const { plan, read, write } = room.heap.machine
  const { narrow, buckets } = shape
  room.tableBytes = BUCKET_BYTES * 2 ** buckets
  room.tableLimit = limitOf(shape) - plan.successorsMax
  write(GLOBALS.table, address)
  write(GLOBALS.buckets, buckets)
  write(GLOBALS.within, 2 ** Math.min(plan.limits.section, buckets - partBits(plan)) - 1)
  write(GLOBALS.narrow, narrow ? 1 : 0)
  write(GLOBALS.remainder, Math.max(0, read(GLOBALS.bits) - buckets))
}

/** Gives back the table that a growing one takes the place of, if there is one. */
export function releaseOld({ heap }: StateRoom): void {
  const { read, write } = heap.machine
  const old = read(GLOBALS.old)
  if (old !== 0) release(heap, old, BUCKET_BYTES * 2 ** read(GLOBALS.oldBuckets))
  write(GLOBALS.old, 0)
}

/** Gives back whatever tables there are. There is none then. */
export function releaseTables(room: StateRoom): void {
  const { heap, tableBytes } = room
  releaseOld(room)
  if (tableBytes > 0) release(heap, heap.machine.read(GLOBALS.table), tableBytes)
  room.tableBytes = 0
}

/**
 * Makes the table anew, all at once, for more than `states` states and with at least 2^least buckets: needed where what
 * the old one holds cannot be told from it any longer. Gives whether there was room.
 */
export function rebuildTable(room: StateRoom, states: number, least: number): boolean {
  const { machine } = room.heap
  const shape = shapeFor(machine, states, least)
  const address = takeTable(room, shape, true)
  if (address === undefined) return false
  releaseTables(room)
  useTable(room, shape, address)
  machine.run('touch', address, address + room.tableBytes)
  if (machine.run(shape.narrow ? 'enterAll4' : 'enterAll8') !== 0) return true
  return rebuildTable(room, states, shape.buckets + 1)
}
