/**
 * Chunks of states that lie outside the first memory, and the frames in it through which they are reached. A search
 * reads states in order and appends them in order, so few chunks need to be within reach at any time. Mutable by its
 * nature.
 */
import { allocate, takeElsewhere, type Heap } from '../heap.ts'
import { chunkBytes, framesOf } from './sizes.ts'

interface Frame {
  readonly address: number
  /** The chunk that is in it, or -1. */
  chunk: number
  /** Whether that is not the same as in the attic. */
  changed: boolean
}

export interface Attic {
  readonly heap: Heap
  /** Addresses of the chunks that stay in the first memory. */
  readonly settled: Uint32Array
  /** The chunks behind those, so many to a slab. */
  readonly slabs: Uint8Array[]
  /** The one that was asked for longest ago first. */
  readonly frames: Frame[]
}

/** Chunks of a slab: few pieces of memory burden the platform less than many. */
const SLAB_CHUNKS = 64

/** An attic for all chunks but the first ones, which stay where they are. Undefined where there is no room for frames. */
export function newAttic(heap: Heap, chunks: number): Attic | undefined {
  const { plan, memory } = heap.machine
  const frames: Frame[] = []
  while (frames.length < framesOf(plan)) {
    const address = allocate(heap, chunkBytes(plan))
    if (address === undefined) return undefined
    frames.push({ address, chunk: -1, changed: false })
  }
  const settled = new Uint32Array(memory.buffer, plan.addresses.chunks, chunks).slice()
  return { heap, settled, slabs: [], frames }
}

/** Gives the attic room for a chunk, the one after all others. Gives whether there was memory. */
export function addChunk({ heap, settled, slabs }: Attic, chunk: number): boolean {
  if (chunk - settled.length < slabs.length * SLAB_CHUNKS) return true
  const bytes = SLAB_CHUNKS * chunkBytes(heap.machine.plan)
  const slab = takeElsewhere(heap, bytes, () => new Uint8Array(bytes))
  if (slab === undefined) return false
  slabs.push(slab)
  return true
}

/** Where a chunk lies in the attic. */
function placeOf({ heap, settled, slabs }: Attic, chunk: number): Uint8Array {
  const bytes = chunkBytes(heap.machine.plan)
  const nth = chunk - settled.length
  const from = (nth % SLAB_CHUNKS) * bytes
  const slab = slabs[Math.floor(nth / SLAB_CHUNKS)]
  if (slab === undefined) throw new Error('a chunk of states is not in the attic')
  return slab.subarray(from, from + bytes)
}

/** The frame of a chunk, which is brought into it unless it is there. */
function framed(attic: Attic, chunk: number): Frame {
  const { heap, frames } = attic
  const known = frames.findIndex((f) => f.chunk === chunk)
  const [frame] = frames.splice(Math.max(0, known), 1)
  if (frame === undefined) throw new Error('there is no frame for a chunk of states')
  frames.push(frame)
  if (known >= 0) return frame
  const held = new Uint8Array(heap.machine.memory.buffer, frame.address, chunkBytes(heap.machine.plan))
  if (frame.changed) placeOf(attic, frame.chunk).set(held)
  held.set(placeOf(attic, chunk))
  frame.chunk = chunk
  frame.changed = false
  return frame
}

/** Brings a chunk within reach of the generated code; those asked for last stay there, as many as there are frames. */
export function reach(attic: Attic, chunk: number, toWrite: boolean): void {
  const { settled, heap } = attic
  const { memory, plan } = heap.machine
  const ring = new Uint32Array(memory.buffer, plan.addresses.chunks, 2 ** plan.limits.ring)
  const at = chunk % ring.length
  const address = settled[chunk]
  if (address !== undefined) {
    ring[at] = address
    return
  }
  const frame = framed(attic, chunk)
  if (toWrite) frame.changed = true
  ring[at] = frame.address
}
