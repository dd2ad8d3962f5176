/** The memory that a search has taken, and from whom the parts that move get theirs. Mutable by its nature. */
import type { Machine } from './machine.ts'
import { HEAP_END } from './plan.ts'

export interface Heap {
  readonly machine: Machine
  maxBytes: number
  /** Where the next piece begins, if none of its size is free. */
  next: number
  /** Addresses of free pieces, by their size in bytes. */
  readonly free: Map<number, number[]>
  tableBytes: number
  arenaBytes: number
  peakBytes: number
}

/** A heap of which nothing is given away, without a budget. */
export function newHeap(machine: Machine): Heap {
  const next = machine.plan.addresses.end
  return { machine, maxBytes: Infinity, next, free: new Map(), tableBytes: 0, arenaBytes: 0, peakBytes: next }
}

/** All that the search holds, in bytes. */
export const heldBytes = ({ next, tableBytes, arenaBytes }: Heap): number => next + tableBytes + arenaBytes

/** Notes how much is held, after it became more. */
export function noteBytes(heap: Heap): void {
  heap.peakBytes = Math.max(heap.peakBytes, heldBytes(heap))
}

/** Whether so many bytes more would stay within the budget. */
export const allows = (heap: Heap, more: number): boolean => heldBytes(heap) + more <= heap.maxBytes

/** The address of a piece of the heap, all zero; undefined where budget or address space do not allow it. */
export function allocate(heap: Heap, bytes: number): number | undefined {
  const size = Math.ceil(bytes / 64) * 64
  const reused = heap.free.get(size)?.pop()
  if (reused !== undefined) {
    new Uint8Array(heap.machine.memory.buffer, reused, size).fill(0)
    return reused
  }
  if (heap.next + size > HEAP_END || !allows(heap, size)) return undefined
  const address = heap.next
  heap.next += size
  noteBytes(heap)
  return address
}

/** Gives a piece back, whose size was asked for as `bytes`. */
export function release(heap: Heap, address: number, bytes: number): void {
  const size = Math.ceil(bytes / 64) * 64
  const pieces = heap.free.get(size) ?? []
  pieces.push(address)
  heap.free.set(size, pieces)
}
