/**
 * What the generated code and its driver agree on: where things lie in the memory, and which globals
 * the one sets and the other reads. Addresses are bytes.
 */
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import type { Composition } from './components.ts'
import { compose } from './components.ts'
import type { Global } from './encoder/code.ts'
import { mostSuccessors } from './refusal.ts'

/** A WebAssembly memory of 32-bit addresses ends at 4 GiB. */
export const MEMORY_PAGES: number = 2 ** 16
export const PAGE_BYTES: number = 2 ** 16
/** Entries of the set of states that are looked at at once: a line of the cache. */
export const BUCKET_BYTES = 64
/**
 * The states in breadth-first order are the list of results and the queue of the search at once. They
 * lie in chunks, as only the end of a memory can grow.
 */
export const STATE_BYTES = 8
export const CHUNK_STATES: number = 2 ** 14
export const STATES_MAX: number = 2 ** 28
/** A known pair of a thread's component and the shared one: the key, and what follows from it. */
export const MEMO_BYTES = 16

/** Successors gathered before they are looked up, so that the memory has been asked for all of them. */
const BATCH = 192

/** A condition on states: an invariant, sought where it does not hold, or a cover, sought where it does. */
export interface Condition {
  readonly expr: LExpr
  readonly holds: boolean
  /**
   * A thread with whose component and the shared one alone the condition can be told; it is then looked
   * at only when a new pair of these two is met. Undefined where every state must be looked at.
   */
  readonly thread: number | undefined
}

interface Addresses {
  /** 32-bit each: by property, the first state from which an assertion of it failed, plus one. */
  readonly failed: number
  /** 32-bit each: by condition, the first state found, plus one. */
  readonly found: number
  /** A byte by place in `steps`: whether the step ran. */
  readonly ran: number
  /** 32-bit each, by slot: the state that a step works on, and the state before it. */
  readonly now: number
  readonly before: number
  /** 32-bit each: where the chunks of the states are. */
  readonly chunks: number
  /** 32-bit each, by component: where its number is to lie in a state. */
  readonly shifts: number
  /** Successors, 8 bytes each, and what each becomes when its bits are mixed. */
  readonly out: number
  readonly mixed: number
  readonly end: number
}

export interface Plan {
  readonly model: LoweredModel
  readonly composition: Composition
  /** Invariants of the model in order, then its covers. */
  readonly conditions: readonly Condition[]
  readonly successorsMax: number
  readonly batch: number
  readonly addresses: Addresses
}

const global = (name: string): Global => ({ name, type: 'i32' })

export interface Globals {
  /** States stored. */
  readonly tail: Global
  /** Transitions taken, since the driver last set it to 0. */
  readonly taken: Global
  /** The first deadlock, plus one. */
  readonly deadlock: Global
  /** The state that is being expanded. */
  readonly current: Global
  /** Not 0 where the driver must make room before another state is expanded. */
  readonly full: Global
  /** Successors that wait for a larger table: from, to. */
  readonly pendingFrom: Global
  readonly pendingTo: Global
  /** Address of the table of states, logarithm of the number of its buckets, and bits of a state. */
  readonly table: Global
  readonly buckets: Global
  readonly bits: Global
  /** Bits of a mixed state that its bucket does not tell, and whether an entry has 4 bytes, not 8. */
  readonly remainder: Global
  readonly narrow: Global
  /** Where the next list of successors goes, and where their memory ends. */
  readonly listNext: Global
  readonly listEnd: Global
  /** The values of the shared and of the own component that the step works from. */
  readonly shared: Global
  readonly own: Global
}

export const GLOBALS: Globals = {
  tail: global('tail'),
  taken: global('taken'),
  deadlock: global('deadlock'),
  current: global('current'),
  full: global('full'),
  pendingFrom: global('pendingFrom'),
  pendingTo: global('pendingTo'),
  table: global('table'),
  buckets: global('buckets'),
  bits: global('bits'),
  remainder: global('remainder'),
  narrow: global('narrow'),
  listNext: global('listNext'),
  listEnd: global('listEnd'),
  shared: global('shared'),
  own: global('own'),
}

/** What is known of the values of one component. */
export interface ComponentGlobals {
  /** Address of the values and of the table of their numbers; its size less one. */
  readonly values: Global
  readonly table: Global
  readonly mask: Global
  readonly count: Global
  /** The table of numbers may hold this many. */
  readonly capacity: Global
  /** Where the number lies in a state, and its mask at the low end. */
  readonly shift: Global
  readonly fieldMask: Global
  /** The value that the slots hold now, plus one, or 0. */
  readonly loaded: Global
}

export const componentGlobals = (c: number): ComponentGlobals => ({
  values: global(`values${c}`),
  table: global(`table${c}`),
  mask: global(`mask${c}`),
  count: global(`count${c}`),
  capacity: global(`capacity${c}`),
  shift: global(`shift${c}`),
  fieldMask: global(`fieldMask${c}`),
  loaded: global(`loaded${c}`),
})

/** What is known of one thread's pairs. */
export interface MemoGlobals {
  readonly memo: Global
  readonly mask: Global
  readonly count: Global
  readonly limit: Global
}

export const memoGlobals = (thread: number): MemoGlobals => ({
  memo: global(`memo${thread}`),
  mask: global(`memoMask${thread}`),
  count: global(`memoCount${thread}`),
  limit: global(`memoLimit${thread}`),
})

/** A thread with whose component and the shared one alone an expression can be told. */
function threadOf(
  expr: LExpr,
  { composition, model }: { composition: Composition; model: LoweredModel },
): number | undefined {
  const components = new Set<number>()
  for (const slot of slotsRead(expr)) components.add(composition.fields[slot]?.component ?? 0)
  components.delete(0)
  const [only = 1, ...more] = components
  return more.length === 0 && model.threads.length > 0 ? only - 1 : undefined
}

const align = (address: number): number => Math.ceil(address / 64) * 64

function place(sizes: readonly number[]): readonly number[] {
  const places: number[] = []
  // Not from 0, so that no address is 0.
  let next = 64
  for (const size of sizes) {
    places.push(next)
    next = align(next + size)
  }
  return [...places, next]
}

/** The plan for a (specialised) model that the engine does not refuse. */
export function planFor(model: LoweredModel): Plan {
  const composition = compose(model)
  const told = { composition, model }
  const conditions = [
    ...model.invariants.map(({ expr }) => ({ expr, holds: false, thread: threadOf(expr, told) })),
    ...model.covers.map(({ expr }) => ({ expr, holds: true, thread: threadOf(expr, told) })),
  ]
  const successorsMax = mostSuccessors(model)
  const room = STATE_BYTES * (BATCH + successorsMax)
  const n = model.slots.length
  const [failed = 0, found = 0, ran = 0, now = 0, before = 0, out = 0, mixed = 0, chunks = 0, shifts = 0, end = 0] =
    place([
      4 * model.properties.length,
      4 * conditions.length,
      model.steps.length,
      4 * n,
      4 * n,
      room,
      room,
      (4 * STATES_MAX) / CHUNK_STATES,
      4 * composition.components.length,
    ])
  const addresses = { failed, found, ran, now, before, out, mixed, chunks, shifts, end }
  return { model, composition, conditions, successorsMax, batch: BATCH, addresses }
}
