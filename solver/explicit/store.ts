/**
 * The states seen: an append-only arena of packed states, which is the queue of the search too, the
 * number of each state's parent, and an exact hash table of state numbers. Mutable by its nature.
 */
import type { Layout } from './layout.ts'
import type { Program } from './program.ts'

export interface Store {
  table: Int32Array
  arena: Int32Array
  parents: Int32Array
  /** How many states may be stored before a state is expanded that still has to fit. */
  capacity: number
  /** The most bytes that were held at once, the copying of a growth included. */
  peakBytes: number
}

const TABLE_FIRST = 2 ** 13
/** The largest table and arena (in words) whose indices are still 31-bit integers. */
const INDEX_MAX = 2 ** 30

/** Figures of a store with a table of `size` entries, half of which may be taken. */
function plan(size: number, layout: Layout, program: Program): { readonly states: number; readonly bytes: number } {
  // Beyond the capacity there is room for all successors of one more state.
  const states = size / 2 + program.successorsMax + 1
  return { states, bytes: 4 * (size + states * (layout.words + 1)) }
}

/** An empty store. */
export function createStore(layout: Layout, program: Program): Store {
  let size = TABLE_FIRST
  while (size < 4 * program.successorsMax) size *= 2
  const { states, bytes } = plan(size, layout, program)
  return {
    table: new Int32Array(size),
    arena: new Int32Array(states * layout.words),
    parents: new Int32Array(states).fill(-1, 0, 1),
    capacity: size / 2,
    peakBytes: bytes,
  }
}

/**
 * Doubles a store that holds `count` states, unless that would take more than `maxBytes` or more
 * than the machine gives: then the store is left as it is, and the limit that was met is returned.
 */
export function grow(
  store: Store,
  count: number,
  layout: Layout,
  program: Program,
  maxBytes: number,
): { readonly limitBytes: number } | undefined {
  const size = store.table.length * 2
  const { states, bytes } = plan(size, layout, program)
  const old = 4 * (store.arena.length + store.parents.length + store.table.length)
  if (old + bytes > maxBytes) return { limitBytes: maxBytes }
  if (size > INDEX_MAX || states * layout.words > INDEX_MAX) return { limitBytes: old }
  try {
    const arena = new Int32Array(states * layout.words)
    const parents = new Int32Array(states)
    const table = new Int32Array(size)
    arena.set(store.arena.subarray(0, count * layout.words))
    parents.set(store.parents.subarray(0, count))
    program.enter(table, arena, count)
    store.arena = arena
    store.parents = parents
    store.table = table
    store.capacity = size / 2
    store.peakBytes = old + bytes
    return undefined
  } catch (error) {
    // What the engine throws where there is no memory for a typed array.
    if (error instanceof RangeError) return { limitBytes: old }
    throw error
  }
}
