/** Which parts of the table are whose, and where the workers of a round leave what they find. */

const PART_BITS = 6
/** Logarithm of the parts of the table, each of which one worker alone writes to. */
export const partBits = ({ workers }: { readonly workers: number }): number => (workers === 1 ? 0 : PART_BITS)

/** More would have no part of the table. */
export const WORKERS_MAX = 32

/**
 * The room of a chunk: a head of 32-bit words; then candidates, each the 64 bits of a state after they were mixed, from
 * which the state can be told; then for each worker a bit by candidate, set where it found that the state is new. No two
 * workers write to the same line of the cache but in the head, where each does once.
 */
export const ROOM_BYTES: number = 2 ** 16
export const ROOM: Readonly<Record<'reached' | 'candidates' | 'deadlock' | 'tail' | 'fresh', number>> = {
  /** The first state that was not expanded. */
  reached: 0,
  /** Successors, equal ones included. */
  candidates: 4,
  /** The first deadlock, plus one. */
  deadlock: 8,
  /** How many states are stored before those of this room. */
  tail: 12,
  /** How many candidates are new of those that are a worker's; -1 where there was no room for one. */
  fresh: 16,
}
export const CANDIDATES: number = 64 + 4 * WORKERS_MAX
export const HEAD_WORDS: number = CANDIDATES / 4
/** So many that the bits of each worker end with a line of the cache. */
export const CANDIDATES_MAX: number = 512 * 10
export const MARKS: number = CANDIDATES + 8 * CANDIDATES_MAX
export const MARK_BYTES: number = CANDIDATES_MAX / 8

/** Candidates of which a worker picks out its own before it enters them: few enough for their buckets to stay in the nearest cache. */
export const BLOCK = 512
/** One that is its own: the mixed state, and its number. One more than there are is written and does not count. */
export const PICKED = { number: 8, bytes: 16 } as const
export const MINE_BYTES: number = PICKED.bytes * (BLOCK + 1)
