/** Successors on their way into the parts of the table, many at a time. Mutable by its nature. */
import { allocate } from '../heap.ts'
import { newInstance, type Instance } from '../instance.ts'
import { compile } from '../platform.ts'
import { GLOBALS, STATE_BYTES } from '../plan.ts'
import { pieces, type StateRoom } from '../states.ts'
import { BATCH_GLOBALS, batchModule } from './batch_code.ts'
import { enterSorted, goOnLeaving, type Parts } from './parts.ts'
import { batchAddresses, type BatchAddresses } from './sizes.ts'

export interface Batch extends Instance {
  readonly addresses: BatchAddresses
}

/** Room for a batch, and the code for it; undefined where there is no memory. */
export function newBatch({ heap }: StateRoom): Batch | undefined {
  const { plan, memory, exported } = heap.machine
  const address = allocate(heap, batchAddresses(plan, 0).end)
  if (address === undefined) return undefined
  const addresses = batchAddresses(plan, address)
  const env = { memory, successors: exported('successors'), isFinal: exported('isFinal') }
  return { ...newInstance(compile(batchModule(plan, addresses)), env), addresses }
}

/** Puts mixed states in the order of the parts that they belong to, and gives where those of each slot of the directory begin. */
function sort(batch: Batch, { states: { heap }, directory }: Parts, n: number): Uint32Array {
  const slots = directory.length
  const counts = new Uint32Array(heap.machine.memory.buffer, batch.addresses.counts, slots)
  counts.fill(0)
  batch.write(BATCH_GLOBALS.partMask, slots - 1)
  batch.run('count', n)
  const starts = new Uint32Array(slots + 1)
  counts.forEach((count, slot) => {
    starts[slot + 1] = (starts[slot] ?? 0) + count
  })
  counts.set(starts.subarray(0, slots))
  batch.run('sort', n)
  return starts
}

/** Enters the first n mixed states of a batch, notes which are new, and lets parts that are left go on with it. Gives whether there was memory. */
function enterMixed(batch: Batch, parts: Parts, n: number): boolean {
  const { sorted, flags } = batch.addresses
  const starts = sort(batch, parts, n)
  const { memory, plan } = parts.states.heap.machine
  const allFlags = new Uint8Array(memory.buffer, flags, n)
  allFlags.fill(0)
  const slots = starts.length - 1
  for (let slot = 0; slot < slots; slot++) {
    const [from = 0, to = 0] = starts.subarray(slot, slot + 2)
    if (from === to) continue
    const items = new Uint8Array(memory.buffer, sorted + STATE_BYTES * from, STATE_BYTES * (to - from))
    if (!enterSorted(parts, slot, slots, items, allFlags.subarray(from, to))) return false
  }
  return goOnLeaving(parts, plan.limits.leaving)
}

/** Enters the first n states of a batch, and appends the new ones to the arena. Gives whether there was memory. */
export function enterBatch(batch: Batch, parts: Parts, room: StateRoom, n: number): boolean {
  if (n === 0) return true
  const { machine } = room.heap
  const tail = machine.read(GLOBALS.tail)
  batch.write(BATCH_GLOBALS.bits, machine.read(GLOBALS.bits))
  batch.run('mix', n)
  if (!enterMixed(batch, parts, n)) return false
  // Whatever is new must find its place, and one more that is written before it is known not to be new.
  for (const _ of pieces(room, tail, tail + n + 1, true));
  batch.write(BATCH_GLOBALS.tail, tail)
  batch.run('place', n)
  machine.write(GLOBALS.tail, batch.read(BATCH_GLOBALS.tail))
  return true
}

/** Enters all states of the arena. Gives whether there was memory. */
export function enterArena(batch: Batch, parts: Parts, room: StateRoom): boolean {
  const { machine } = room.heap
  const { limits } = machine.plan
  batch.write(BATCH_GLOBALS.bits, machine.read(GLOBALS.bits))
  for (const [first, end] of pieces(room, 0, machine.read(GLOBALS.tail))) {
    for (let from = first; from < end; from += limits.batch) {
      const to = Math.min(end, from + limits.batch)
      batch.run('fetch', from, to)
      batch.run('mix', to - from)
      if (!enterMixed(batch, parts, to - from)) return false
    }
  }
  return true
}
