/** The memory that a search has taken, and the pieces of it that are free again. Mutable by its nature. */
import type { Machine } from './machine.ts'
import { MEMORY_PAGES, PAGE_BYTES } from './plan.ts'

export interface Heap {
  readonly machine: Machine
  maxBytes: number
  /** Where the next piece begins, if none is free: how much memory was ever in use. */
  next: number
  /** Addresses of free pieces, by the logarithm of their size in bytes. */
  readonly free: number[][]
}

/** Pieces begin at a line of the cache. */
const LEAST = 6

/** A heap of which nothing is given away, without a budget. */
export const newHeap = (machine: Machine): Heap => ({
  machine,
  maxBytes: Infinity,
  next: machine.plan.addresses.end,
  free: Array.from({ length: 33 }, () => []),
})

/** Pieces are powers of two, so that what one use leaves serves another, whole or cut in halves. */
const sizeOf = (bytes: number): number => Math.max(LEAST, Math.ceil(Math.log2(bytes)))

/** A free piece of a size, cut from a larger one if need be. */
function takeFree({ free }: Heap, size: number): number | undefined {
  const from = free.findIndex((pieces, s) => s >= size && pieces.length > 0)
  const address = free[from]?.pop()
  if (address === undefined) return undefined
  for (let s = from - 1; s >= size; s--) free[s]?.push(address + 2 ** s)
  return address
}

/** Lets the memory reach to `end`. Gives whether it does. */
function extend({ memory }: Machine, end: number): boolean {
  const pages = memory.buffer.byteLength / PAGE_BYTES
  const needed = Math.ceil(end / PAGE_BYTES)
  if (needed <= pages) return true
  if (needed > MEMORY_PAGES) return false
  // A little more than needed, since growing costs a call of the system each time.
  const wanted = Math.min(MEMORY_PAGES, Math.max(needed, pages + Math.ceil(pages / 8)))
  try {
    memory.grow(wanted - pages)
    return true
  } catch (error) {
    // What the engine throws where there is no memory.
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The address of a piece of memory, all zero; undefined where the budget or the machine does not allow it. */
export function allocate(heap: Heap, bytes: number): number | undefined {
  const size = sizeOf(bytes)
  const reused = takeFree(heap, size)
  if (reused !== undefined) {
    new Uint8Array(heap.machine.memory.buffer, reused, 2 ** size).fill(0)
    return reused
  }
  const end = heap.next + 2 ** size
  if (end > heap.maxBytes || !extend(heap.machine, end)) return undefined
  const address = heap.next
  heap.next = end
  return address
}

/** Gives a piece back, whose size was asked for as `bytes`. */
export function release(heap: Heap, address: number, bytes: number): void {
  heap.free[sizeOf(bytes)]?.push(address)
}
