/**
 * A search of the WebAssembly engine at a moment between two chunks: its memory as it is, its globals, and what
 * the driver knows. The code is generated anew from the same model, so every address still means the same.
 */
import { newHeap, takeUpTo, type Heap } from './heap.ts'
import type { Machine } from './machine.ts'
import type { Memos } from './memos.ts'
import type { StateRoom } from './states.ts'

/** Where a search stands, all numbers. */
export interface Progressed {
  readonly head: number
  readonly states: number
  readonly depth: number
  readonly expandedDepth: number
  readonly levelEnd: number
  readonly transitions: number
}

export interface ImageFigures {
  readonly progressed: Progressed
  /** By place in the module. */
  readonly globals: readonly number[]
  /** Where in the memory what has its place from the start ends: another model has another end, as a rule. */
  readonly end: number
  /** Bytes of memory in use, and pieces of it that are free; see Heap. */
  readonly next: number
  readonly free: readonly (readonly number[])[]
  readonly tableBytes: number
  readonly tableLimit: number
  readonly arenaStates: number
  readonly memos: {
    readonly sizes: readonly number[]
    readonly lists: readonly { readonly address: number; readonly bytes: number }[]
    readonly used: number
  }
  readonly heads: readonly number[]
  readonly tails: readonly number[]
}

export interface Image {
  readonly figures: ImageFigures
  /** Of address 0 to `figures.next`. A view of what the search works on: to be read at once. */
  readonly memory: Uint8Array
}

/** What a caller that keeps checkpoints gives to a search of this engine. */
export interface ImageCheckpoints {
  /** Where to go on from, instead of the initial state. It must be of this very model. */
  readonly from?: Image
  /** Asked between any two chunks: whether to save now. */
  readonly due: () => boolean
  readonly save: (image: Image) => void
}

/** What lets a search go on, with nothing of the machine in it. */
export interface Restored {
  readonly heap: Heap
  readonly states: StateRoom
  readonly memos: Memos
  readonly heads: number[]
  readonly tails: number[]
  readonly progressed: Progressed
}

export function imageOf(
  { heap, states, memos, heads, tails, progressed }: Restored,
  { memory, globals, plan }: Machine,
): Image {
  const { next, free } = heap
  const { tableBytes, tableLimit, arenaStates } = states
  const { sizes, lists, used } = memos
  const figures: ImageFigures = {
    progressed,
    globals: globals(),
    end: plan.addresses.end,
    next,
    free,
    tableBytes,
    tableLimit,
    arenaStates,
    memos: { sizes, lists, used },
    heads,
    tails,
  }
  return { figures, memory: new Uint8Array(memory.buffer, 0, next) }
}

/**
 * A machine as it was, with a memory as large; undefined where there is no memory for it. Throws where the image
 * cannot be of its model: whoever read it should have known.
 */
export function restoreImage(machine: Machine, maxBytes: number, { figures, memory }: Image): Restored | undefined {
  const { next, free, memos, tableBytes, tableLimit, arenaStates } = figures
  const { plan } = machine
  const fits =
    memory.length === next &&
    figures.end === plan.addresses.end &&
    next >= figures.end &&
    figures.globals.length === machine.globals().length &&
    memos.sizes.length === plan.model.threads.length &&
    figures.heads.length === figures.tails.length &&
    figures.progressed.head <= figures.progressed.states
  if (!fits) throw new Error('the checkpoint is not one of this model')
  const heap = newHeap(machine)
  if (!takeUpTo(heap, next)) return undefined
  heap.maxBytes = maxBytes
  free.forEach((pieces, size) => heap.free[size]?.splice(0, Infinity, ...pieces))
  new Uint8Array(machine.memory.buffer).set(memory)
  machine.setGlobals(figures.globals)
  return {
    heap,
    states: { heap, tableBytes, tableLimit, arenaStates },
    memos: { heap, sizes: [...memos.sizes], lists: memos.lists.map((l) => ({ ...l })), used: memos.used },
    heads: [...figures.heads],
    tails: [...figures.tails],
    progressed: figures.progressed,
  }
}
