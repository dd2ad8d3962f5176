/** States of a depth-first search: packed words, an exact hash table, and where each stands in the search. Mutable. */
/** 0 where it was not yet entered. */
export type Status = 0 | 1 | 2

/** On the path that is being searched; left for good. */
export const OPEN: Status = 1
export const CLOSED: Status = 2

export interface States {
  readonly words: number
  count: number
  arena: Int32Array
  table: Int32Array
  parents: Int32Array
  /** Steps on the path by which the state was first reached. */
  depths: Int32Array
  status: Uint8Array
  peakBytes: number
}

const FIRST = 2 ** 10
const INDEX_MAX = 2 ** 30

export function newStates(words: number): States {
  return {
    words,
    count: 0,
    arena: new Int32Array(FIRST * words),
    table: new Int32Array(FIRST * 2),
    parents: new Int32Array(FIRST),
    depths: new Int32Array(FIRST),
    status: new Uint8Array(FIRST),
    peakBytes: FIRST * (4 * (words + 4) + 1),
  }
}

/** Mixes `count` words from `at` on into one, all of whose bits depend on all of theirs. */
export function hash(words: Int32Array, at: number, count: number): number {
  let h = 0
  for (let w = 0; w < count; w++) {
    h = Math.imul(h ^ (words[at + w] ?? 0), 0x9e3779b1)
    h ^= h >>> 15
  }
  h = Math.imul(h, 739982445)
  return h ^ (h >>> 15)
}

const longer = (old: Int32Array, length: number): Int32Array => {
  const grown = new Int32Array(length)
  grown.set(old)
  return grown
}

/** Doubles the store; gives the limit that forbids it, in bytes, if one does. */
export function growStates(states: States, maxBytes: number): number | undefined {
  const capacity = states.parents.length * 2
  const bytes = capacity * (4 * (states.words + 4) + 1)
  if (bytes * 1.5 > maxBytes) return maxBytes
  if (capacity * Math.max(2, states.words) > INDEX_MAX) return states.peakBytes
  try {
    const arena = longer(states.arena, capacity * states.words)
    const parents = longer(states.parents, capacity)
    const depths = longer(states.depths, capacity)
    const status = new Uint8Array(capacity)
    status.set(states.status)
    const table = new Int32Array(capacity * 2)
    Object.assign(states, { arena, parents, depths, status, table, peakBytes: bytes * 1.5 })
  } catch (error) {
    // What the engine throws where there is no memory for a typed array.
    if (error instanceof RangeError) return states.peakBytes
    throw error
  }
  const mask = states.table.length - 1
  for (let id = 0; id < states.count; id++) {
    let q = hash(states.arena, id * states.words, states.words) & mask
    while (states.table[q] !== 0) q = (q + 1) & mask
    states.table[q] = id + 1
  }
  return undefined
}

/** How many states may still be added before the store must grow. */
export const room = (states: States): number => states.parents.length - states.count

/** The number of the state whose words stand in `from` at `at`; a new one is the last. There must be room. */
export function enterState(states: States, from: Int32Array, at: number): number {
  const { words, arena, table } = states
  const mask = table.length - 1
  for (let q = hash(from, at, words) & mask; ; q = (q + 1) & mask) {
    const entry = table[q] ?? 0
    if (entry === 0) {
      table[q] = states.count + 1
      for (let w = 0; w < words; w++) arena[states.count * words + w] = from[at + w] ?? 0
      return states.count++
    }
    let w = 0
    while (w < words && arena[(entry - 1) * words + w] === from[at + w]) w++
    if (w === words) return entry - 1
  }
}
