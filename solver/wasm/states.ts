/** Room for states: the table that knows them and the arena that holds them. */
import type { Heap } from './heap.ts'
import { allocate } from './heap.ts'
import { addChunk, reach, type Attic } from './beyond/attic.ts'
import { chunkBytes, chunkStates } from './beyond/sizes.ts'
import { STATE_BYTES, STATES_MAX } from './plan.ts'

/** What a search must not exceed before more room is made; mutable by its nature. */
export interface StateRoom {
  readonly heap: Heap
  tableBytes: number
  /** States that the table is filled with at most. */
  tableLimit: number
  /** States for which the arena has room. */
  arenaStates: number
  /** Where chunks of the arena are that are not in the memory. */
  attic?: Attic
}

/** Gives the arena one chunk more. Gives whether there was room. */
export function growArena(room: StateRoom): boolean {
  const { heap, arenaStates, attic } = room
  const { memory, plan } = heap.machine
  if (arenaStates + chunkStates(plan) > STATES_MAX) return false
  const chunk = arenaStates / chunkStates(plan)
  if (attic === undefined) {
    const address = chunk < 2 ** plan.limits.ring ? allocate(heap, chunkBytes(plan), false) : undefined
    if (address === undefined) return false
    new Uint32Array(memory.buffer, plan.addresses.chunks)[chunk] = address
  } else if (!addChunk(attic, chunk)) return false
  room.arenaStates += chunkStates(plan)
  return true
}

/** What of the room for states tells where they are. */
export type Arena = Pick<StateRoom, 'heap' | 'attic'>

/**
 * Has the states from..to-1 within reach of the generated code, piece by piece: each is given by its first state and
 * the one behind its last. Where they are to be changed, that must be said.
 */
export function* pieces(
  { heap, attic }: Arena,
  from: number,
  to: number,
  toWrite: boolean = false,
): Generator<readonly [number, number]> {
  if (attic === undefined) {
    yield [from, to]
    return
  }
  const states = chunkStates(heap.machine.plan)
  for (let at = from; at < to;) {
    const chunk = Math.floor(at / states)
    const end = Math.min(to, (chunk + 1) * states)
    reach(attic, chunk, toWrite)
    yield [at, end]
    at = end
  }
}

/** Room for the states of a search that has stored none. */
export const newStateRoom = (heap: Heap): StateRoom => ({ heap, tableBytes: 0, tableLimit: 0, arenaStates: 0 })

/** Has one state within reach of the generated code. */
export function bringNear(arena: Arena, id: number): void {
  pieces(arena, id, id + 1).next()
}

/** The 64 bits of a stored state. */
export function storedState(arena: Arena, id: number): bigint {
  const { memory, plan } = arena.heap.machine
  bringNear(arena, id)
  const view = new DataView(memory.buffer)
  const chunk = Math.floor(id / chunkStates(plan))
  const address = view.getUint32(plan.addresses.chunks + 4 * (chunk % 2 ** plan.limits.ring), true)
  return view.getBigUint64(address + (id % chunkStates(plan)) * STATE_BYTES, true)
}
