/** Room for what is remembered of pairs. It is a cache: where it may not grow, it is emptied. */
import type { Heap } from './heap.ts'
import { allocate, release } from './heap.ts'
import { pairsCell } from './cells.ts'
import { memoBytes, memoGlobals } from './plan.ts'

interface Piece {
  readonly address: number
  readonly bytes: number
}

export interface Memos {
  readonly heap: Heap
  /** Entries of each thread's memo. */
  readonly sizes: number[]
  /** Memory for lists of successors, and how many of its pieces are in use: each is filled by one worker. */
  readonly lists: Piece[]
  used: number
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

/** Gives a worker a piece: the first that was not used since the memos were emptied. */
function useList(memos: Memos, worker: number): void {
  const { machine } = memos.heap
  const { address, bytes } = memos.lists[memos.used++] ?? { address: 0, bytes: 0 }
  const list = machine.plan.frames[worker]?.list ?? 0
  machine.poke(list, address)
  machine.poke(list + 4, address + bytes)
}

/** Memory for more lists of a worker: a piece that was not used since the memos were emptied, or a new one. */
function moreLists(memos: Memos, worker: number, mayGrow: boolean): boolean {
  const { heap, lists } = memos
  const { reserve, workers } = heap.machine.plan
  if (memos.used >= lists.length) {
    const bytes = Math.max(LISTS_FIRST, 16 * reserve, ...lists.slice(workers - 1).map((l) => 2 * l.bytes))
    const address = mayGrow || lists.length < workers ? allocate(heap, bytes) : undefined
    if (address === undefined) return false
    lists.push({ address, bytes })
  }
  useList(memos, worker)
  return true
}

const allBytes = ({ heap, sizes, lists }: Memos): number =>
  sizes.reduce((sum, entries) => sum + memoBytes(heap.machine.plan) * entries, 0) +
  lists.reduce((sum, { bytes }) => sum + bytes, 0)

/** Empty memos; undefined where there is no memory even for those. */
export function newMemos(heap: Heap): Memos | undefined {
  const memos: Memos = { heap, sizes: [], lists: [], used: 0 }
  for (const [thread] of heap.machine.plan.model.threads.entries()) {
    const address = allocate(heap, memoBytes(heap.machine.plan) * ENTRIES_FIRST)
    if (address === undefined) return undefined
    memos.sizes.push(ENTRIES_FIRST)
    setMemo(memos, thread, address, ENTRIES_FIRST)
  }
  return memos.heap.machine.plan.frames.every((_, worker) => moreLists(memos, worker, true)) ? memos : undefined
}

/** Forgets all pairs. */
export function emptyMemos(memos: Memos): void {
  const { machine } = memos.heap
  for (const [thread, entries] of memos.sizes.entries()) {
    const { memo } = memoGlobals(thread)
    new Uint8Array(machine.memory.buffer, machine.read(memo), memoBytes(machine.plan) * entries).fill(0)
    machine.poke(pairsCell(machine.plan, thread), 0)
  }
  memos.used = 0
  machine.plan.frames.forEach((_, worker) => {
    useList(memos, worker)
  })
}

/** Doubles one thread's memo. Gives whether there was room. */
function growMemo(memos: Memos, thread: number): boolean {
  const { heap } = memos
  const { machine } = heap
  const entries = memos.sizes[thread] ?? ENTRIES_FIRST
  const bytes = memoBytes(machine.plan) * entries
  const address = allocate(heap, 2 * bytes)
  if (address === undefined) return false
  machine.run('touch', address, address + 2 * bytes)
  const from = machine.read(memoGlobals(thread).memo)
  setMemo(memos, thread, address, 2 * entries)
  machine.run(`move${thread}`, from, from + bytes)
  release(heap, from, bytes)
  memos.sizes[thread] = 2 * entries
  return true
}

/** Makes room for more pairs, by memory where that is in proportion to the states, else by forgetting. */
export function makeMemoRoom(memos: Memos): void {
  const { machine } = memos.heap
  const mayGrow = (): boolean => allBytes(memos) <= Math.max(BYTES_FREE, memos.heap.next / 3)
  const threads = machine.plan.model.threads.map((_, t) => t)
  const { plan } = machine
  const isFull = (t: number): boolean => machine.peek(pairsCell(plan, t)) >= machine.read(memoGlobals(t).limit)
  const isShort = (list: number): boolean => machine.peek(list + 4) - machine.peek(list) < 8 * plan.reserve
  const enough =
    threads.every((t) => !isFull(t) || (mayGrow() && growMemo(memos, t))) &&
    plan.frames.every(({ list }, worker) => !isShort(list) || moreLists(memos, worker, mayGrow()))
  if (!enough) emptyMemos(memos)
}
