/**
 * What the generated code and its driver agree on: where things lie in the memory, and which globals
 * the one sets and the other reads. Addresses are bytes.
 */
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { slotsRead } from '../../model/language/slots.ts'
import type { Composition } from './components.ts'
import { compose } from './components.ts'
import type { Global } from './encoder/code.ts'
import type { ReductionAddresses, ReductionPlan } from './por/tables.ts'
import { reductionSizes } from './por/tables.ts'
import { MINE_BYTES } from './rooms.ts'
import { mostSuccessors } from './refusal.ts'
import { LIMITS, type Limits } from './limits.ts'

export const PAGE_BYTES: number = 2 ** 16
/** Entries of the set of states that are looked at at once: a line of the cache. */
export const BUCKET_BYTES = 64
/**
 * The states in breadth-first order are the list of results and the queue of the search at once. They
 * lie in chunks, as only the end of a memory can grow.
 */
export const STATE_BYTES = 8
/** The highest bit of a state's number is free for other use, and so are a few numbers. */
export const STATES_MAX: number = 2 ** 31 - 2 ** 20
/**
 * A known pair of a thread's component and the shared one: the key, what follows from it, and in a reduced search
 * the thread's outlook (see por/tables.ts). Logarithm of its bytes.
 */
export const memoShift = ({ reduction }: Pick<Plan, 'reduction'>): number => (reduction === undefined ? 4 : 5)
export const memoBytes = (plan: Pick<Plan, 'reduction'>): number => 2 ** memoShift(plan)
/** Where what follows and the outlook lie in it. */
export const MEMO = { follows: 8, outlook: 16 } as const

/** Bytes of a figure that all workers change, and its lock: a line of the cache, so that they hinder nobody else. */
export const CELL_BYTES = 64
/** Bytes for what workers tell one another. */
export const CONTROL_BYTES = 256

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
  /** 32-bit each, a ring: where the chunks of the states are that the generated code can reach. */
  readonly chunks: number
  /** 32-bit each, by component: where its number is to lie in a state. */
  readonly shifts: number
  /** Figures that all workers change: see cells.ts. */
  readonly cells: number
  /** What workers tell one another: see crew_plan.ts. */
  readonly control: number
  /** 32-bit each: the globals that the first worker hands on to the others. */
  readonly handed: number
  /** 32-bit each: where this worker's next list of successors goes, and where its memory for lists ends. */
  readonly list: number
  /** The candidates of a block that are this worker's: see rooms.ts; nothing where there is one worker. */
  readonly mine: number
  /** Successors, 8 bytes each, and what each becomes when its bits are mixed. */
  readonly out: number
  readonly mixed: number
  readonly end: number
}

export interface Plan {
  readonly model: LoweredModel
  readonly composition: Composition
  readonly limits: Limits
  /** Invariants of the model in order, then its covers. */
  readonly conditions: readonly Condition[]
  readonly successorsMax: number
  readonly batch: number
  /** Workers that share the memory. */
  readonly workers: number
  /** What each worker has for itself; how far these frames lie behind one another, in bytes. */
  readonly frames: readonly Pick<Addresses, 'now' | 'before' | 'out' | 'mixed' | 'list' | 'mine'>[]
  readonly frameBytes: number
  /** Values, and successors in a list, that may come after one worker has seen that there is no more room. */
  readonly reserve: number
  /** The same for all workers together. */
  readonly slack: number
  /** How the search is reduced; undefined where it is not. */
  readonly reduction: Reduction | undefined
  /** Of what each worker has for itself, those of the first one. */
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
  /** Successors that wait for a larger table: from, to. */
  readonly pendingFrom: Global
  readonly pendingTo: Global
  /** Address of the table of states, logarithm of the number of its buckets, and bits of a state. */
  readonly table: Global
  readonly buckets: Global
  readonly bits: Global
  /** The bits of a bucket's number that tell it from others of its section of the table. */
  readonly within: Global
  /** Bits of a mixed state that its bucket does not tell, and whether an entry has 4 bytes, not 8. */
  readonly remainder: Global
  readonly narrow: Global
  /**
   * The same of the table that this one takes the place of, and how many of its buckets have moved, from the first one
   * on; its address is 0 where there is none.
   */
  readonly old: Global
  readonly oldBuckets: Global
  readonly oldWithin: Global
  readonly oldRemainder: Global
  readonly oldNarrow: Global
  readonly moved: Global
  /** The values of the shared and of the own component that the step works from. */
  readonly shared: Global
  readonly own: Global
}

export const GLOBALS: Globals = {
  tail: global('tail'),
  taken: global('taken'),
  deadlock: global('deadlock'),
  current: global('current'),
  pendingFrom: global('pendingFrom'),
  pendingTo: global('pendingTo'),
  table: global('table'),
  buckets: global('buckets'),
  bits: global('bits'),
  within: global('within'),
  remainder: global('remainder'),
  narrow: global('narrow'),
  old: global('old'),
  oldBuckets: global('oldBuckets'),
  oldWithin: global('oldWithin'),
  oldRemainder: global('oldRemainder'),
  oldNarrow: global('oldNarrow'),
  moved: global('moved'),
  shared: global('shared'),
  own: global('own'),
}

/** What is known of the values of one component. */
export interface ComponentGlobals {
  /** Address of the values and of the table of their numbers; its size less one. */
  readonly values: Global
  readonly table: Global
  readonly mask: Global
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
  capacity: global(`capacity${c}`),
  shift: global(`shift${c}`),
  fieldMask: global(`fieldMask${c}`),
  loaded: global(`loaded${c}`),
})

/** What is known of one thread's pairs. */
export interface MemoGlobals {
  readonly memo: Global
  readonly mask: Global
  readonly limit: Global
}

export const memoGlobals = (thread: number): MemoGlobals => ({
  memo: global(`memo${thread}`),
  mask: global(`memoMask${thread}`),
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

/** Gives each of some pieces of memory its place, from an address on; and where they end. */
function place(from: number, sizes: readonly number[]): { readonly places: readonly number[]; readonly end: number } {
  const places: number[] = []
  let next = from
  for (const size of sizes) {
    places.push(next)
    next = align(next + size)
  }
  return { places, end: next }
}

/** Globals of a module that say where things are, alike in all workers. */
export const handedOn = ({ composition, model }: Pick<Plan, 'composition' | 'model'>): readonly Global[] => {
  const { table, buckets, within, bits, remainder, narrow } = GLOBALS
  const { old, oldBuckets, oldWithin, oldRemainder, oldNarrow, moved } = GLOBALS
  return [
    ...[table, buckets, within, bits, remainder, narrow, old, oldBuckets, oldWithin, oldRemainder, oldNarrow, moved],
    ...composition.components.flatMap(({ index }) => {
      const { loaded: _, ...rest } = componentGlobals(index)
      return Object.values<Global>(rest)
    }),
    ...model.threads.flatMap((_, t) => Object.values<Global>({ ...memoGlobals(t) })),
  ]
}

/** A reduction, and where its tables lie. */
export interface Reduction extends ReductionPlan {
  readonly addresses: ReductionAddresses
}

/** States that a reduced search may come to between two looks whether there is room, and an unreduced one. */
const LOOKS_BETWEEN = { reduced: 3, full: 1 } as const

/** The plan for a (specialised) model that the engine does not refuse, for so many workers. */
export function planFor(
  model: LoweredModel,
  workers: number = 1,
  reduction?: ReductionPlan,
  limits: Limits = LIMITS,
): Plan {
  const composition = compose(model)
  const told = { composition, model }
  const conditions = [
    ...model.invariants.map(({ expr }) => ({ expr, holds: false, thread: threadOf(expr, told) })),
    ...model.covers.map(({ expr }) => ({ expr, holds: true, thread: threadOf(expr, told) })),
  ]
  const successorsMax = mostSuccessors(model)
  const room = STATE_BYTES * (BATCH + successorsMax)
  const n = model.slots.length
  // Not from 0, so that no address is 0.
  const shared = place(64, [
    4 * model.properties.length,
    4 * conditions.length,
    model.steps.length,
    4 * 2 ** limits.ring,
    4 * composition.components.length,
    CELL_BYTES * (1 + composition.components.length + model.threads.length),
    CONTROL_BYTES,
    4 * handedOn(told).length,
    ...(reduction === undefined ? [] : reductionSizes(reduction)),
  ])
  const [failed = 0, found = 0, ran = 0, chunks = 0, shifts = 0, cells = 0, control = 0, handed = 0, ...tables] =
    shared.places
  const sizes = [4 * n, 4 * n, room, room, 8, workers === 1 ? 0 : MINE_BYTES]
  const bytes = place(0, sizes).end
  const frameOf = (w: number): Plan['frames'][number] => {
    const [now = 0, before = 0, out = 0, mixed = 0, list = 0, mine = 0] = place(shared.end + w * bytes, sizes).places
    return { now, before, out, mixed, list, mine }
  }
  const end = shared.end + workers * bytes
  const [hand = 0, nodes = 0, ways = 0, queue = 0, remembered = 0, anything = 0] = tables
  const reserve = (reduction === undefined ? LOOKS_BETWEEN.full : LOOKS_BETWEEN.reduced) * (successorsMax + 1)
  return {
    model,
    composition,
    limits,
    conditions,
    successorsMax,
    batch: BATCH,
    workers,
    frames: Array.from({ length: workers }, (_, w) => frameOf(w)),
    frameBytes: bytes,
    reserve,
    slack: workers * reserve,
    reduction: reduction && { ...reduction, addresses: { hand, nodes, ways, queue, remembered, anything } },
    addresses: { failed, found, ran, chunks, shifts, cells, control, handed, ...frameOf(0), end },
  }
}
