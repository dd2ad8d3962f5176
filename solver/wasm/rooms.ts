/** Which parts of the table are whose, and where the workers of a round leave what they find. */

const PART_BITS = 6
/** Logarithm of the parts of the table, each of which one worker alone writes to. */
export const partBits = ({ workers }: { readonly workers: number }): number => (workers === 1 ? 0 : PART_BITS)

/** More would have no part of the table. */
export const WORKERS_MAX = 32

/**
 * The room of a chunk: a head of 32-bit words, then candidates, each the 64 bits of a state and what they
 * become when they are mixed, then a byte for each that says whether it is new.
 */
export const ROOM_BYTES: number = 2 ** 17
export const ROOM: Readonly<Record<'reached' | 'candidates' | 'deadlock' | 'fresh' | 'sink', number>> = {
  /** The first state that was not expanded. */
  reached: 0,
  /** Successors, equal ones included. */
  candidates: 4,
  /** The first deadlock, plus one. */
  deadlock: 12,
  /** How many candidates are new of those that are a worker's; -1 where there was no room for one. */
  fresh: 16,
  /** Where each worker leaves what nobody reads. */
  sink: 16 + 4 * WORKERS_MAX,
}
const HEAD_BYTES = 320
export const CANDIDATE_BYTES = 16
export const CANDIDATES_MAX: number = Math.floor((ROOM_BYTES - HEAD_BYTES) / (CANDIDATE_BYTES + 1))
export const CANDIDATES: number = HEAD_BYTES
export const FLAGS: number = HEAD_BYTES + CANDIDATE_BYTES * CANDIDATES_MAX
