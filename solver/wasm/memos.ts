/** Room for what is remembered of pairs. It is a cache: where it may not grow, it is emptied. */
import type { Heap } from './heap.ts'
import { allocate, release } from './heap.ts'
import { GLOBALS, MEMO_BYTES, memoGlobals } from './plan.ts'

interface Piece {
  readonly address: number
  readonly bytes: number
}

export interface Memos {
  readonly heap: Heap
  /** Entries of each thread's memo. */
  readonly sizes: number[]
  /** Memory for lists of successors, and which piece is being filled. */
  readonly lists: Piece[]
  list: number
}

const ENTRIES_FIRST = 2 ** 8
const LISTS_FIRST = 2 ** 13
const LOAD = 0.6
/** Bytes that memos may take however few the states are; beyond that, a third of all. */
const BYTES_FREE = 2 ** 24

function limitOf(entries: number): number {
  return Math.floor(entries * LOAD)
}

function setMemo({ heap: { machine } }: Memos, thread: number, address: number, entries: number): void {
  const { memo, mask, limit } = memoGlobals(thread)
  machine.write(memo, address)
  machine.write(mask, entries - 1)
  machine.write(limit, limitOf(entries))
}

function useList({ heap: { machine }, lists }: Memos, index: number): void {
  const { address, bytes } = lists[index] ?? { address: 0, bytes: 0 }
  machine.write(GLOBALS.listNext, address)
  machine.write(GLOBALS.listEnd, address + bytes)
}

/** Memory for more lists; the first piece that was not used since the memos were emptied, or a new one. */
function moreLists(memos: Memos, mayGrow: boolean): boolean {
  const { heap, lists } = memos
  if (memos.list + 1 >= lists.length) {
    const bytes = Math.max(LISTS_FIRST, 16 * (heap.machine.plan.successorsMax + 1), ...lists.map((l) => 2 * l.bytes))
    const address = mayGrow || lists.length === 0 ? allocate(heap, bytes) : undefined
    if (address === undefined) return false
    lists.push({ address, bytes })
  }
  memos.list++
  useList(memos, memos.list)
  return true
}

const memoBytes = ({ sizes, lists }: Memos): number =>
  sizes.reduce((sum, entries) => sum + MEMO_BYTES * entries, 0) + lists.reduce((sum, { bytes }) => sum + bytes, 0)

/** Empty memos; undefined where there is no memory even for those. */
export function newMemos(heap: Heap): Memos | undefined {
  const memos: Memos = { heap, sizes: [], lists: [], list: -1 }
  for (const [thread] of heap.machine.plan.model.threads.entries()) {
    const address = allocate(heap, MEMO_BYTES * ENTRIES_FIRST)
    if (address === undefined) return undefined
    memos.sizes.push(ENTRIES_FIRST)
    setMemo(memos, thread, address, ENTRIES_FIRST)
  }
  return moreLists(memos, true) ? memos : undefined
}

/** Forgets all pairs. */
export function emptyMemos(memos: Memos): void {
  const { machine } = memos.heap
  for (const [thread, entries] of memos.sizes.entries()) {
    const { memo, count } = memoGlobals(thread)
    new Uint8Array(machine.memory.buffer, machine.read(memo), MEMO_BYTES * entries).fill(0)
    machine.write(count, 0)
  }
  memos.list = 0
  useList(memos, 0)
}

/** Doubles one thread's memo. Gives whether there was room. */
function growMemo(memos: Memos, thread: number): boolean {
  const { heap } = memos
  const { machine } = heap
  const entries = memos.sizes[thread] ?? ENTRIES_FIRST
  const address = allocate(heap, MEMO_BYTES * 2 * entries)
  if (address === undefined) return false
  const from = machine.read(memoGlobals(thread).memo)
  setMemo(memos, thread, address, 2 * entries)
  machine.run(`move${thread}`, from, from + MEMO_BYTES * entries)
  release(heap, from, MEMO_BYTES * entries)
  memos.sizes[thread] = 2 * entries
  return true
}

/** Makes room for more pairs, by memory where that is in proportion to the states, else by forgetting. */
export function makeMemoRoom(memos: Memos): void {
  const { machine } = memos.heap
  const mayGrow = (): boolean => memoBytes(memos) <= Math.max(BYTES_FREE, memos.heap.next / 3)
  const threads = machine.plan.model.threads.map((_, t) => t)
  const isFull = (t: number): boolean => machine.read(memoGlobals(t).count) >= machine.read(memoGlobals(t).limit)
  const lists = machine.read(GLOBALS.listEnd) - machine.read(GLOBALS.listNext)
  const listsFull = lists < 8 * (machine.plan.successorsMax + 1)
  const enough =
    threads.every((t) => !isFull(t) || (mayGrow() && growMemo(memos, t))) && (!listsFull || moreLists(memos, mayGrow()))
  if (!enough) emptyMemos(memos)
}
