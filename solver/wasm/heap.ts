/** The memory that a search has taken, and the pieces of it that are free again. Mutable by its nature. */
import type { Machine } from './machine.ts'
import { reservedPages } from './beyond/sizes.ts'
import { PAGE_BYTES } from './plan.ts'

export interface Heap {
  readonly machine: Machine
  maxBytes: number
  /** Where the next piece begins, if none is free: how much memory was ever in use. */
  next: number
  /** Pages that the memory may have. A few are kept for a search that goes beyond it. */
  pages: number
  /** Bytes taken outside the memory. */
  elsewhere: number
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
  pages: machine.plan.limits.pages - reservedPages(machine.plan),
  elsewhere: 0,
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
function extend({ machine: { memory }, pages: most }: Heap, end: number): boolean {
  const pages = memory.buffer.byteLength / PAGE_BYTES
  const needed = Math.ceil(end / PAGE_BYTES)
  if (needed <= pages) return true
  if (needed > most) return false
  // A little more than needed, since growing costs a call of the system each time.
  const wanted = Math.min(most, Math.max(needed, pages + Math.ceil(pages / 8)))
  return ifThereIsMemory(() => memory.grow(wanted - pages)) !== undefined
}

/** What a function gives; undefined where it fails for want of memory. */
function ifThereIsMemory<T>(take: () => T): T | undefined {
  try {
    return take()
  } catch (error) {
    // What the engine throws where there is no memory.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Bytes that a search has taken at most, in its first memory and elsewhere. */
export const bytesTaken = ({ next, elsewhere }: Heap): number => next + elsewhere

/** Takes memory outside the first one, so many bytes; undefined where the budget or the machine does not allow it. */
export function takeElsewhere<T>(heap: Heap, bytes: number, take: () => T): T | undefined {
  if (bytesTaken(heap) + bytes > heap.maxBytes) return undefined
  const taken = ifThereIsMemory(take)
  if (taken !== undefined) heap.elsewhere += bytes
  return taken
}

/** Takes the memory up to an address at once. Gives whether there was as much. */
export function takeUpTo(heap: Heap, end: number): boolean {
  if (end <= heap.next) return true
  if (!extend(heap, end)) return false
  heap.next = end
  return true
}

/**
 * The address of a piece of memory, undefined where the budget or the machine does not allow it. It is all zero, unless
 * whoever asks writes all of it before he reads it, and says so.
 */
export function allocate(heap: Heap, bytes: number, isZero: boolean = true): number | undefined {
  const size = sizeOf(bytes)
  const reused = takeFree(heap, size)
  if (reused !== undefined) {
    if (isZero) new Uint8Array(heap.machine.memory.buffer, reused, 2 ** size).fill(0)
    return reused
  }
  const end = heap.next + 2 ** size
  if (end + heap.elsewhere > heap.maxBytes || !extend(heap, end)) return undefined
  const address = heap.next
  heap.next = end
  return address
}

/** The addresses of several such pieces; undefined where there is not room for all, and nothing is taken then. */
export function allocateAll(heap: Heap, sizes: readonly number[]): readonly number[] | undefined {
  const taken: number[] = []
  for (const bytes of sizes) {
    const address = allocate(heap, bytes)
    if (address === undefined) {
      taken.forEach((given, i) => {
        release(heap, given, sizes[i] ?? 0)
      })
      return undefined
    }
    taken.push(address)
  }
  return taken
}

/** Gives a piece back, whose size was asked for as `bytes`. */
export function release(heap: Heap, address: number, bytes: number): void {
  heap.free[sizeOf(bytes)]?.push(address)
}
