/**
 * A search beyond the first memory. The values of components, what is remembered of pairs and the first states stay
 * there; further states go to the attic, and the table is in parts. One worker goes on alone. Mutable by its nature.
 */
import type { Heap } from '../heap.ts'
import { GLOBALS, STATE_BYTES } from '../plan.ts'
import { pieces, type StateRoom } from '../states.ts'
import { releaseTables } from '../table_room.ts'
import { newAttic } from './attic.ts'
import { BATCH_GLOBALS } from './batch_code.ts'
import { enterArena, enterBatch, newBatch, type Batch } from './batch.ts'
import { firstPart, type Part } from './part.ts'
import { newParts, open, openAfter, reopen, type Parts } from './parts.ts'
import { batchMost, chunkStates } from './sizes.ts'

export interface Beyond {
  readonly states: StateRoom
  readonly batch: Batch
  readonly parts: Parts
}

/** The table in the first memory as a part: no state of a batch is where it is mixed any more when this part needs a box. */
function firstPartBeside({ addresses }: Batch, { machine }: Heap): Part {
  const { mixed, unknown } = addresses
  return firstPart(machine, {
    box: mixed,
    most: batchMost(machine.plan),
    flags: unknown,
    table: machine.read(GLOBALS.table),
  })
}

/**
 * Takes a search beyond its first memory. `intact` says that the table, which does not grow, knows all states and nothing
 * else. Undefined where there is no memory: the search is at its end then.
 */
export function goBeyond(states: StateRoom, intact: boolean): Beyond | undefined {
  const { heap } = states
  const { plan, read, write } = heap.machine
  // Now is what the last pages were kept for.
  heap.pages = plan.limits.pages
  const batch = newBatch(states)
  const attic = newAttic(heap, states.arenaStates / chunkStates(plan))
  if (batch === undefined || attic === undefined) return undefined
  states.attic = attic
  const parts = newParts(states)
  // At first twice as many buckets as there were.
  const depth = read(GLOBALS.buckets) + 1 - plan.limits.part
  if (intact) {
    if (!openAfter(parts, firstPartBeside(batch, heap), depth)) return undefined
  } else {
    if (!open(parts, depth) || !enterArena(batch, parts, states)) return undefined
    releaseTables(states)
  }
  states.tableLimit = Infinity
  const beyond = { states, batch, parts }
  const [from, to] = [read(GLOBALS.pendingFrom), read(GLOBALS.pendingTo)]
  write(GLOBALS.pendingFrom, 0)
  write(GLOBALS.pendingTo, 0)
  return enterPending(beyond, from, to) ? beyond : undefined
}

/** Enters successors that have waited for a larger table. */
function enterPending({ batch, parts, states }: Beyond, from: number, to: number): boolean {
  const { memory, plan } = states.heap.machine
  const most = STATE_BYTES * plan.limits.batch
  for (let at = from; at < to; at += most) {
    const end = Math.min(to, at + most)
    new Uint8Array(memory.buffer).copyWithin(batch.addresses.states, at, end)
    if (!enterBatch(batch, parts, states, (end - at) / STATE_BYTES)) return false
  }
  return true
}

/** Makes the table anew, for states of other bits. Gives whether there was memory. */
export const rebuildParts = ({ batch, parts, states }: Beyond): boolean =>
  reopen(parts) && enterArena(batch, parts, states)

export interface Step {
  /** The first state that was not expanded. */
  readonly head: number
  /** Whether there was memory. */
  readonly roomy: boolean
}

/**
 * A batch is so much smaller while parts are new. Most of their pages are first written then, each by a single state, as
 * new states lie anywhere in them: that takes the system 3 us of CPU.
 */
const NEW_PARTS = 4

/** Expands some states from `head` on, `end` not included, and no more than lead to about `stop` states. */
export function expandBeyond({ batch, parts, states }: Beyond, head: number, end: number, stop: number): Step {
  const { plan, read, write } = states.heap.machine
  const { addresses, run } = batch
  // Many states at a time only where all their successors together do not exceed the limit.
  const many = read(GLOBALS.tail) + batchMost(plan) <= stop
  // Those that are within reach together.
  const [[, to] = [head, head]] = pieces(states, head, end)
  batch.write(BATCH_GLOBALS.deadlock, read(GLOBALS.deadlock))
  const enough = many ? Math.floor(plan.limits.batch / (parts.leaving.length > 0 ? NEW_PARTS : 1)) : 0
  const n = run('gather', head, to, addresses.states + STATE_BYTES * enough)
  write(GLOBALS.deadlock, batch.read(BATCH_GLOBALS.deadlock))
  write(GLOBALS.taken, read(GLOBALS.taken) + n)
  return { head: batch.read(BATCH_GLOBALS.reached), roomy: enterBatch(batch, parts, states, n) }
}
