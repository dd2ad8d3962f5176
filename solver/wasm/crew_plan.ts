/** Where workers that share a memory tell one another what to do, and what they have done. */
import type { Node } from './encoder/code.ts'
import { atomic, i32, load } from './encoder/code.ts'
import type { Plan } from './plan.ts'
import { CANDIDATES_MAX } from './rooms.ts'

/** 32-bit words from `control` on. */
export const CONTROL = {
  /** Grows by one with each piece of work. */
  turn: 0,
  /** What is to be done: an index into WORKS. */
  work: 1,
  /** Workers other than the first that have done it. */
  done: 2,
  /** Workers other than the first that are there. */
  ready: 3,
  /** Not 0 where a step left the range of a slot. */
  fault: 4,
  /** Not 0 where a part of the table had no room for a state. */
  overflow: 5,
  /** The next chunk of states to be expanded or placed, or the next buckets to be moved; and how many chunks there are. */
  next: 6,
  chunks: 7,
  /** States that are expanded in this round: from, to; and how many there are in a chunk. */
  from: 8,
  to: 9,
  chunkStates: 10,
  /** Where the rooms of the chunks are. */
  rooms: 11,
  /** Grows by one whenever the first worker hands its globals on. */
  edition: 15,
  /** Buckets of the old table that are to be moved: from, to; and how many at a time. */
  moveFrom: 12,
  moveTo: 13,
  moveStep: 14,
} as const

export type Control = keyof typeof CONTROL

/** Functions of the module that all workers run at once, each with its number. `stop` stands for none. */
export const WORKS = ['gatherAll', 'claimAll', 'placeAll', 'moveAll', 'stop'] as const
export type Work = (typeof WORKS)[number]

export const controlAddress = ({ addresses }: Pick<Plan, 'addresses'>, word: Control): number =>
  addresses.control + 4 * CONTROL[word]
export const control = (plan: Plan, word: Control): Node => load('i32.load', i32(controlAddress(plan, word)))
/** Code that takes the next piece of what workers share out among them. */
export const takeNext = (plan: Plan): Node => atomic('i32.atomic.rmw.add', i32(controlAddress(plan, 'next')), i32(1))

/** Chunks of a round at most. */
export const CHUNKS_MAX = 128
const CHUNK_STATES_MOST = 512
/** States of a chunk: few enough for all their successors to have room. */
export const chunkStates = ({ successorsMax }: Plan): number =>
  Math.min(CHUNK_STATES_MOST, Math.max(1, Math.floor(CANDIDATES_MAX / Math.max(1, successorsMax))))
