/** How much of the first memory is kept free for a search that goes beyond it. */
import type { Module } from '../encoder/module.ts'
import type { Plan } from '../plan.ts'
import { PAGE_BYTES, STATE_BYTES } from '../plan.ts'

type Measures = Pick<Plan, 'limits' | 'successorsMax'>

export const chunkStates = ({ limits }: Pick<Plan, 'limits'>): number => 2 ** limits.chunk
export const chunkBytes = (plan: Pick<Plan, 'limits'>): number => STATE_BYTES * chunkStates(plan)

/** Successors of a batch at most: the last state may bring all that a state can have. */
export const batchMost = ({ limits, successorsMax }: Measures): number => limits.batch + successorsMax

/** The most low bits of a mixed state that tell which part of the table it belongs to. */
export const DEPTH_MAX = 12

/** Where what concerns a batch lies, from an address on; and where it ends. */
export interface BatchAddresses {
  /** Successors, in order, and what each becomes when its bits are mixed: 64 bits each. */
  readonly states: number
  readonly mixed: number
  /** The latter again, those of a part side by side; and by successor, which of them it is, 32 bits. */
  readonly sorted: number
  readonly places: number
  /** A byte for each of `sorted`: whether it is new. */
  readonly flags: number
  /** A byte for each: whether it is new to the table in the first memory. */
  readonly unknown: number
  /** By part, how many there are, and then where the next one goes: 32 bits each. */
  readonly counts: number
  readonly end: number
}

export function batchAddresses(plan: Measures, from: number): BatchAddresses {
  // One more of each, since the last one is written before it is known to be there.
  const most = 8 * Math.ceil((batchMost(plan) + 1) / 8)
  const sorted = from + 2 * STATE_BYTES * most
  const places = sorted + STATE_BYTES * most
  const counts = places + 4 * most
  const flags = counts + 4 * 2 ** DEPTH_MAX
  const unknown = flags + most
  return { states: from, mixed: from + STATE_BYTES * most, sorted, places, counts, flags, unknown, end: unknown + most }
}

/** Chunks that must be within reach at once: those that a batch is appended to, and one that is read. */
export const framesOf = (plan: Measures): number => Math.ceil(batchMost(plan) / chunkStates(plan)) + 3

/** The first memory, as modules that come to it later declare it. */
export const ofFirstMemory = ({ limits, workers }: Pick<Plan, 'limits' | 'workers'>): Module['memory'] => ({
  first: 1,
  most: limits.pages,
  shared: workers > 1,
})

/** Pages of the first memory that nothing else may take. */
export function reservedPages(plan: Measures): number {
  const batch = 2 ** Math.ceil(Math.log2(batchAddresses(plan, 0).end))
  return Math.ceil((batch + framesOf(plan) * chunkBytes(plan)) / PAGE_BYTES) + 1
}
