/**
 * How the table becomes larger while the search goes on. A larger one is there at once, and what the old one holds moves
 * into it by and by, a little after each chunk of states, so that nobody ever waits for all of it. A state is looked for
 * in the old table until the section of buckets has moved in which it begins to be looked for: no entry lies behind the
 * end of its section. Sections move in order, so that one figure says which have moved, and memory is read and written
 * in order.
 *
 * All that tells how far it has come is in globals of the module, and so in an image of the search.
 */
import type { Machine } from './machine.ts'
import { GLOBALS } from './plan.ts'
import { limitOf } from './shape.ts'
import type { StateRoom } from './states.ts'
import { rebuildTable, releaseOld, shapeFor, takeTable, useTable } from './table_room.ts'

/** How far beyond its limit a table may be filled that is about to go. */
const CROWDED = 9 / 8
/** Buckets that one call moves at most: what it zeroes must stay in a cache until it is filled. */
const BUCKETS_AT_ONCE = 2 ** 12

/**
 * Buckets that move for each new state: fewer where several workers come to very many states before anything moves. Even
 * then all have moved when the old table is by a tenth too full.
 */
const pace = ({ plan: { limits, workers } }: Machine): number => (workers === 1 ? limits.pace : limits.pace / 4)

/** Whether part of the states are still in an old table. */
export const isGrowing = ({ heap }: StateRoom): boolean => heap.machine.read(GLOBALS.old) !== 0

const oldBuckets = ({ read }: Machine): number => 2 ** read(GLOBALS.oldBuckets)

/** Buckets that can move without the others. */
export function sectionBuckets({ read }: Machine, all: number): number {
  const within = read(GLOBALS.within)
  // Where the new table has larger sections, what is in one of them is known only when all has moved.
  return within === read(GLOBALS.oldWithin) ? within + 1 : all
}

/** States that there may be before the old table is too full, whatever has moved; without end where none is there. */
export function crowdedAt(room: StateRoom): number {
  const { read } = room.heap.machine
  if (!isGrowing(room)) return Infinity
  return Math.floor(CROWDED * limitOf({ narrow: read(GLOBALS.oldNarrow) !== 0, buckets: read(GLOBALS.oldBuckets) }))
}

/** The number of states beyond which none is expanded before room is made. */
export const stateLimit = (room: StateRoom): number =>
  Math.min(room.tableLimit, crowdedAt(room), room.arenaStates - room.heap.machine.plan.successorsMax - 1)

/**
 * Begins to make the table larger, which must not be growing. Gives whether there was room; else it is as it was. Where
 * `movesAtOnce` says so, all must have moved before anything is looked for.
 */
export function beginGrowth(room: StateRoom): boolean {
  const { machine } = room.heap
  const { read, write } = machine
  const shape = shapeFor(machine, read(GLOBALS.tail), read(GLOBALS.buckets) + 1)
  // What moves into it writes all of it.
  const address = takeTable(room, shape, false)
  if (address === undefined) return false
  write(GLOBALS.old, read(GLOBALS.table))
  write(GLOBALS.oldBuckets, read(GLOBALS.buckets))
  write(GLOBALS.oldWithin, read(GLOBALS.within))
  write(GLOBALS.oldRemainder, read(GLOBALS.remainder))
  write(GLOBALS.oldNarrow, read(GLOBALS.narrow))
  write(GLOBALS.moved, 0)
  useTable(room, shape, address)
  return true
}

/** Whether a table that begins to grow must move as a whole, or is so small that it had better. */
export function movesAtOnce({ heap: { machine } }: StateRoom): boolean {
  const all = oldBuckets(machine)
  return all <= 2 ** machine.plan.limits.small || sectionBuckets(machine, all) === all
}

/**
 * The bucket of the old table up to which all should have moved once `fresh` more states have come, where `coming` may
 * come before the next time that something moves.
 */
export function dueAfter(room: StateRoom, fresh: number, coming: number = 0): number {
  const { machine } = room.heap
  const all = oldBuckets(machine)
  if (machine.read(GLOBALS.tail) + coming > crowdedAt(room)) return all
  const section = sectionBuckets(machine, all)
  const sections = Math.max(1, Math.ceil((pace(machine) * fresh) / section))
  return Math.min(all, machine.read(GLOBALS.moved) + section * sections)
}

/**
 * To be called once the buckets below `to` of the old table have moved, or where the new one did not hold them: a table
 * is then made anew. Gives whether there was memory; else all is still where it was before.
 */
export function noteMoved(room: StateRoom, to: number, succeeded: boolean): boolean {
  const { machine } = room.heap
  const { read, write } = machine
  if (!succeeded) return rebuildTable(room, read(GLOBALS.tail), read(GLOBALS.buckets) + 1)
  write(GLOBALS.moved, to)
  if (to === oldBuckets(machine)) releaseOld(room)
  return true
}

/** Moves the buckets below `to` of the old table. Gives the same. */
function moveTo(room: StateRoom, to: number): boolean {
  const { machine } = room.heap
  const step = sectionBuckets(machine, to) === to ? to : BUCKETS_AT_ONCE
  for (let at = machine.read(GLOBALS.moved); at < to; at += step)
    if (machine.run('move', at, Math.min(to, at + step)) === 0) return noteMoved(room, at, false)
  return noteMoved(room, to, true)
}

/** Moves what is due when `fresh` states have come. Gives the same. */
export const goOnGrowing = (room: StateRoom, fresh: number): boolean =>
  !isGrowing(room) || moveTo(room, dueAfter(room, fresh))

/** Moves all that has not moved yet. Gives the same. */
export const finishGrowth = (room: StateRoom): boolean =>
  !isGrowing(room) || moveTo(room, oldBuckets(room.heap.machine))
