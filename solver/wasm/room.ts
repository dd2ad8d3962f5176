/** Room for more states, values and pairs, wherever there is little left. */
import { batchMost } from './beyond/sizes.ts'
import { goBeyond, rebuildParts, type Beyond } from './beyond/beyond.ts'
import { finishLeaving } from './beyond/parts.ts'
import { fullCell } from './cells.ts'
import { growComponents, type Growth } from './components_room.ts'
import { beginGrowth, finishGrowth, goOnGrowing, isGrowing, movesAtOnce } from './growth.ts'
import type { Heap } from './heap.ts'
import type { Memos } from './memos.ts'
import { makeMemoRoom } from './memos.ts'
import { GLOBALS } from './plan.ts'
import { growArena, type StateRoom } from './states.ts'
import { rebuildTable } from './table_room.ts'

/** What a search lets grow. Mutable by its nature. */
export interface Rooms {
  readonly heap: Heap
  readonly states: StateRoom
  readonly memos: Memos
  /** There once the first memory was too small. */
  beyond?: Beyond
}

export type Room = 'room' | 'no memory' | 'too wide'

/** Where successors wait, a table that grows goes on as if one more state had come for each so many that there are. */
const WAITING = 256

/** Takes the search beyond its first memory, if it is not there already. Gives whether there was memory. */
function further(rooms: Rooms, intact: boolean): boolean {
  if (rooms.beyond !== undefined) return false
  const beyond = goBeyond(rooms.states, intact)
  if (beyond === undefined) return false
  rooms.beyond = beyond
  return true
}

/** As `further`, where what the table holds is not to be relied on. */
export const furtherAnew = (rooms: Rooms): boolean => further(rooms, false)

/** As `further`, with what the table holds, unless that is growing and cannot hold it. */
export const furtherAsIs = (rooms: Rooms): boolean =>
  finishGrowth(rooms.states) ? further(rooms, true) : furtherAnew(rooms)

/** Begins to make the table larger, or the search goes beyond its memory. */
function growOrFurther(rooms: Rooms): boolean {
  const { states } = rooms
  if (!finishGrowth(states)) return furtherAnew(rooms)
  if (!beginGrowth(states)) return further(rooms, true)
  return !movesAtOnce(states) || finishGrowth(states) || furtherAnew(rooms)
}

/** Lets a table that grows go on with it, after so many states have come. Gives whether there was memory. */
export const growFurther = (rooms: Rooms, fresh: number): boolean =>
  goOnGrowing(rooms.states, fresh) || furtherAnew(rooms)

/** Enters successors that wait, into larger and larger tables. */
export function flush(rooms: Rooms): Room {
  const { machine } = rooms.heap
  while (machine.read(GLOBALS.pendingTo) !== 0) {
    // Where it is an old table that is too full, what waits has room once the section has moved that it belongs to.
    const fresh = Math.ceil(machine.read(GLOBALS.tail) / WAITING)
    if (!(isGrowing(rooms.states) ? growFurther(rooms, fresh) : growOrFurther(rooms))) return 'no memory'
    machine.run('flush')
  }
  return 'room'
}

/** Does what takes memory: what an old table leaves behind if there is no other, and then what the table does. */
function inMemory(rooms: Rooms, take: () => boolean): boolean {
  if (take()) return true
  if (isGrowing(rooms.states)) {
    if (!finishGrowth(rooms.states) && !furtherAnew(rooms)) return false
    if (take()) return true
  }
  if (rooms.beyond === undefined && !further(rooms, true)) return false
  // What the first table takes is free once all that it holds is in parts.
  return take() || (rooms.beyond !== undefined && finishLeaving(rooms.beyond.parts) && take())
}

/** Doubles the room of components. */
function growValues(rooms: Rooms): Growth {
  let grown: Growth = 'no memory'
  inMemory(rooms, () => (grown = growComponents(rooms.states)) !== 'no memory')
  return grown
}

/** Makes the table anew, after states have become wider. */
function rebuild(rooms: Rooms): boolean {
  const { states, heap, beyond } = rooms
  if (beyond !== undefined) return rebuildParts(beyond)
  return rebuildTable(states, heap.machine.read(GLOBALS.tail), 0) || furtherAnew(rooms)
}

/** States that may come before room is made again, and one that is written before it is known not to come. */
const mayCome = ({ heap: { machine }, beyond }: Rooms): number =>
  (beyond === undefined ? machine.plan.successorsMax : batchMost(machine.plan)) + 1

/** Makes room for one more chunk of states wherever there is little left. */
export function makeRoom(rooms: Rooms): Room {
  const { heap, states, memos } = rooms
  const { machine } = heap
  if (machine.peek(fullCell(machine.plan)) !== 0) {
    const grown = growValues(rooms)
    if (grown === 'no memory' || grown === 'too wide') return grown
    if (grown === 'widened' && !rebuild(rooms)) return 'no memory'
    makeMemoRoom(memos)
    machine.poke(fullCell(machine.plan), 0)
  }
  const tail = machine.read(GLOBALS.tail)
  if (tail > states.tableLimit && !growOrFurther(rooms)) return 'no memory'
  while (tail + mayCome(rooms) > states.arenaStates) if (!inMemory(rooms, () => growArena(states))) return 'no memory'
  return 'room'
}
