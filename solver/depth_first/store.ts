/**
 * States of a depth-first search: packed words in an exact hash table which, once it may grow no further, forgets
 * states that the search has left for good (state-space caching; Holzmann, Godefroid, Pirottin, "State-Space Caching
 * Revisited", 1992). States on the path are never forgotten: so no path meets a state twice, and the search ends.
 *
 * Those that give way are the oldest, but for those that were met again since the last round, which are spared once
 * (a clock with a second chance). Measured on install+collapse+read-two, with room for 42 % of its 421543 states: 1.2
 * visits for a state, where random choice took 1.6 and the plain oldest 3.0.
 *
 * The path is a list through the stored states, so all of the memory can be the path's, if it is that long. Mutable.
 */
import { hash } from '../reduce/store.ts'

/** In `turn`, of a state that is not on the path; and of one that was met there since it was last passed over. */
const CLOSED = -1
const MET = -2

export interface Store {
  readonly words: number
  readonly maxBytes: number
  /** States for which there is room; and how many places are taken, from 0 on. */
  capacity: number
  count: number
  /** How many states are on the path. */
  open: number
  arena: Int32Array
  /** State numbers from 1, 0 for a free entry. */
  table: Int32Array
  /** Of a state on the path: the one beneath it, -1 for the first. */
  below: Int32Array
  /** Of a state on the path: which of its moves comes next, a number of the search's own from 0 on. */
  turn: Int32Array
  forgotten: number
  /** Where the next state to forget is looked for. */
  hand: number
  /** The limit, in bytes, at which the store stopped growing; absent while it may grow. */
  limitBytes?: number
  /** The most bytes that were held at once, the copying of a growth included. */
  peakBytes: number
}

const FIRST = 2 ** 10
/** The longest array whose indices are still 31-bit integers. */
const INDEX_MAX = 2 ** 30
/** Once doubling would take more than this part of the limit, the store takes all that is left, in one go. */
const LAST_LEAP = 1 / 8

/** Entries of the table for so many states: at most two thirds are taken. */
const entries = (capacity: number): number => Math.ceil(capacity * 1.5) + 1

/** What the arrays for so many states take, in bytes. */
export const bytesOf = (capacity: number, words: number): number => 4 * (capacity * (words + 2) + entries(capacity))

/** The most states that so many bytes hold. */
const statesIn = (bytes: number, words: number): number => Math.floor((bytes / 4 - 2) / (words + 3.5))

type Arrays = Pick<Store, 'capacity' | 'arena' | 'table' | 'below' | 'turn'>

const arrays = (capacity: number, words: number): Arrays => ({
  capacity,
  arena: new Int32Array(capacity * words),
  table: new Int32Array(entries(capacity)),
  below: new Int32Array(capacity),
  turn: new Int32Array(capacity),
})

/** An empty store, or undefined where not even two states fit. `maxBytes` may be infinite. */
export function newStore(words: number, maxBytes: number): Store | undefined {
  const all = statesIn(maxBytes, words)
  if (all < 2) return undefined
  const capacity = bytesOf(FIRST, words) > maxBytes * LAST_LEAP ? all : FIRST
  const bytes = bytesOf(capacity, words)
  return { words, maxBytes, ...arrays(capacity, words), count: 0, open: 0, forgotten: 0, hand: 0, peakBytes: bytes }
}

/** Undefined where the machine gives no more memory. */
function arraysOrNone(capacity: number, words: number): Arrays | undefined {
  try {
    return arrays(capacity, words)
  } catch (error) {
    // What the engine throws where there is no memory for a typed array.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Makes a full store larger; false where it may not be, which is then for ever. */
function grow(store: Store): boolean {
  const { words, capacity, maxBytes } = store
  if (store.limitBytes !== undefined) return false
  const held = bytesOf(capacity, words)
  const twice = bytesOf(2 * capacity, words)
  const most = Math.min(statesIn(maxBytes - held, words), Math.floor(INDEX_MAX / Math.max(1.5, words)))
  const doubled = Math.min(2 * capacity, most)
  const next = twice > maxBytes * LAST_LEAP ? most : doubled
  const larger = next <= capacity ? undefined : (arraysOrNone(next, words) ?? arraysOrNone(doubled, words))
  if (larger === undefined) {
    store.limitBytes = next <= capacity ? maxBytes : store.peakBytes
    return false
  }
  larger.arena.set(store.arena)
  larger.below.set(store.below)
  larger.turn.set(store.turn)
  Object.assign(store, larger)
  store.peakBytes = held + bytesOf(store.capacity, words)
  for (let id = 0; id < store.count; id++) enter(store, id)
  return true
}

const home = ({ table, words }: Store, from: Int32Array, at: number): number =>
  Math.floor((hash(from, at, words) >>> 0) * (table.length / 2 ** 32))

/** The number of the state whose words stand in `from` at `at`; -1 where it is not stored. */
export function find(store: Store, from: Int32Array, at: number): number {
  const { words, arena, table } = store
  for (let q = home(store, from, at); ;) {
    const entry = table[q] ?? 0
    if (entry === 0) return -1
    const z = (entry - 1) * words
    let w = 0
    while (w < words && arena[z + w] === from[at + w]) w++
    if (w === words) return entry - 1
    if (++q === table.length) q = 0
  }
}

/** Whether the state whose words stand in `from` at `at` is stored; if so, it is spared the next time round. */
export function meet(store: Store, from: Int32Array, at: number): boolean {
  const id = find(store, from, at)
  if (id < 0) return false
  if (store.turn[id] === CLOSED) store.turn[id] = MET
  return true
}

/** Whether a stored state is on the path. */
export const isOpen = ({ turn }: Store, id: number): boolean => (turn[id] ?? CLOSED) >= 0

/** Puts a state whose words stand in the arena into the table, which must not have it. */
function enter(store: Store, id: number): void {
  const { words, arena, table } = store
  let q = home(store, arena, id * words)
  while (table[q] !== 0) if (++q === table.length) q = 0
  table[q] = id + 1
}

/** Takes a state out of the table; entries behind it move up, so that each is still found from its home on. */
function leave(store: Store, id: number): void {
  const { words, arena, table } = store
  let hole = home(store, arena, id * words)
  while (table[hole] !== id + 1) if (++hole === table.length) hole = 0
  for (let q = hole; ;) {
    if (++q === table.length) q = 0
    const entry = table[q] ?? 0
    if (entry === 0) break
    const from = home(store, arena, (entry - 1) * words)
    const passesHole = hole <= q ? from <= hole || from > q : from <= hole && from > q
    if (!passesHole) continue
    table[hole] = entry
    hole = q
  }
  table[hole] = 0
}

/** The place of a state that gives way; -1 where all are on the path. */
function oldest(store: Store, mayForgetPath: boolean): number {
  const { turn, count } = store
  if (store.open === count && !mayForgetPath) return -1
  for (;;) {
    const id = store.hand
    store.hand = id + 1 === count ? 0 : id + 1
    if (turn[id] === CLOSED || mayForgetPath) return id
    if (turn[id] === MET) turn[id] = CLOSED
  }
}

/**
 * Stores the state whose words stand in `from` at `at`, which must not be stored, as the top of the path, above
 * `below`. Gives its number; -1 where there is no room, as all that is stored is on the path. `mayForgetPath` is for
 * tests alone: it spoils the store.
 */
export function push(
  store: Store,
  from: Int32Array,
  at: number,
  below: number,
  mayForgetPath: boolean = false,
): number {
  let id = store.count
  if (id < store.capacity || grow(store)) store.count++
  else {
    id = oldest(store, mayForgetPath)
    if (id < 0) return -1
    leave(store, id)
    store.forgotten++
  }
  const { words, arena } = store
  for (let w = 0; w < words; w++) arena[id * words + w] = from[at + w] ?? 0
  enter(store, id)
  store.below[id] = below
  store.turn[id] = 0
  store.open++
  return id
}

/** Leaves the top of the path for good, and gives the state beneath it. */
export function pop(store: Store, id: number): number {
  store.turn[id] = CLOSED
  store.open--
  return store.below[id] ?? -1
}
