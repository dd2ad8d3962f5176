/**
 * The lowered model: one table of labelled atomic steps over a flat vector of small integers. It is
 * the only thing an engine sees, so that all engines answer for the same model.
 *
 * A state is an array of integers, one per slot. A transition picks a thread whose program counter
 * slot equals a step's `pc`, picks a value for each of the step's choices, checks the guard, and
 * runs the body in order. Every write, also those to the program counter and the resets of dead
 * locals, is in the body; a slot that the body does not write keeps its value.
 */
import type { Type } from './types.ts'

export type SlotKind = 'shared' | 'lock' | 'ghost' | 'register' | 'local' | 'pc'

/** One variable of the flattened state. Values lie in lo..hi; `init` is its value at the start. */
export interface Slot {
  readonly name: string
  readonly type: Type
  readonly kind: SlotKind
  readonly lo: number
  readonly hi: number
  readonly init: number
  /** The thread that owns a local or a program counter. */
  readonly thread?: number
}

export type BinaryOp = 'and' | 'or' | 'eq' | 'ne' | 'lt' | 'le' | 'add' | 'sub' | 'band' | 'bor' | 'bandnot'

/** One dimension of an array access: `expr` runs over first..first + count - 1, stepping `stride` slots. */
export interface LIndex {
  readonly expr: LExpr
  readonly first: number
  readonly count: number
  readonly stride: number
}

/**
 * Expressions. Booleans are 0 and 1; `and`, `or`, `not` are logical, take and give 0 or 1; `band`,
 * `bor`, `bandnot` (a & ~b) work on masks of at most 16 bits. `add` and `sub` are exact integers.
 * A `select` whose index is out of range has the value 0 (and an assertion beside it reports it).
 * `old` evaluates its argument in the state before the step; it occurs only in assertions and never
 * inside another `old`.
 */
export type LExpr =
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'select'; readonly base: number; readonly index: readonly LIndex[] }
  | { readonly kind: 'not'; readonly arg: LExpr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: LExpr; readonly right: LExpr }
  | { readonly kind: 'ite'; readonly cond: LExpr; readonly then: LExpr; readonly else: LExpr }
  | { readonly kind: 'old'; readonly arg: LExpr }

export type LTarget =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'select'; readonly base: number; readonly index: readonly LIndex[] }

/**
 * Statements of a body, run in order; a later one sees what an earlier one wrote. A write through a
 * `select` whose index is out of range does nothing. An `assert` whose condition is 0 records a
 * violation of that property at this transition and changes nothing.
 */
export type LStmt =
  | { readonly kind: 'set'; readonly target: LTarget; readonly value: LExpr }
  | { readonly kind: 'if'; readonly cond: LExpr; readonly then: readonly LStmt[]; readonly else: readonly LStmt[] }
  | { readonly kind: 'assert'; readonly property: number; readonly cond: LExpr }

/** A nondeterministic choice: before the guard is looked at, `slot` gets any value of lo..hi. */
export interface LChoice {
  readonly slot: number
  readonly lo: number
  readonly hi: number
}

/** A kernel function on the (inlined) call stack at a step. */
export interface Frame {
  readonly fn: string
  readonly file: string
  /** Distinguishes two calls of one function within a thread. */
  readonly id: number
}

export interface Step {
  readonly id: number
  readonly thread: number
  /** Value of the thread's program counter slot at which this step can run. Unique per thread. */
  readonly pc: number
  /** Full label, callers' prefixes first: `madvise_guard_install.walk.pte_lock`. */
  readonly label: string
  /** The routine that the step stands in and its label there: what coverage and mutants name. */
  readonly routine: string
  readonly local: string
  /** The C text shown in listings and traces. */
  readonly text: string
  readonly frames: readonly Frame[]
  readonly choices: readonly LChoice[]
  /** True (non-zero) where the step may run, evaluated after the choices are made. */
  readonly guard: LExpr
  readonly body: readonly LStmt[]
  /** Why this step is coarser than the kernel's, where it is. */
  readonly atomic?: string
}

export interface LThread {
  readonly name: string
  /** Slot of its program counter. */
  readonly pcSlot: number
  /** Value of the program counter once all its operations have returned. */
  readonly donePc: number
  /** A daemon (an RCU callback, say) never has to end: it counts neither for deadlock nor for final states. */
  readonly daemon: boolean
}

/** A state invariant over the flat state: non-zero where it holds. */
export interface LInvariant {
  readonly property: number
  readonly expr: LExpr
}

/** Something that must be reachable, or the property beside it holds vacuously. */
export interface LCover {
  readonly name: string
  readonly expr: LExpr
}

/** What a violation can name. `deadlock` is reported by engines themselves. */
export interface LProperty {
  readonly name: string
  readonly kind: 'invariant' | 'assertion' | 'deadlock'
}

/**
 * A response: on every fair run, whenever `from` holds, `until` holds then or later. `about` says of whom
 * it is asked, as in `P0 madvise_guard_install()`.
 */
export interface LResponse {
  /** The name of a liveness property; it stands in no other list of the model. */
  readonly property: string
  readonly about: string
  readonly from: LExpr
  readonly until: LExpr
}

/**
 * What is asked of runs that never end, and which of those are fair. Each step is weakly fair unless
 * said otherwise: a thread that can run it from some point on without a break does so. What a step
 * chooses is never fair.
 */
export interface LLiveness {
  readonly responses: readonly LResponse[]
  /** Ids of strongly fair steps: a thread that can run one again and again does so. */
  readonly strong: readonly number[]
  /** Ids of steps at which a thread may stay for ever, as user space may. */
  readonly unfair: readonly number[]
}

export interface LoweredModel {
  readonly slots: readonly Slot[]
  readonly threads: readonly LThread[]
  readonly steps: readonly Step[]
  readonly properties: readonly LProperty[]
  readonly invariants: readonly LInvariant[]
  readonly covers: readonly LCover[]
  /** True (non-zero) in a state where the `exists` clause of a litmus file is met; looked at in final states. */
  readonly final?: LExpr
  /** Absent where nothing is asked of runs that never end. Engines that look at states alone pass it over. */
  readonly liveness?: LLiveness
}

/**
 * A *final* state is one where every thread that is no daemon is done. A *deadlock* is a state that
 * is not final and in which no step of any thread can run.
 */
export const CONST_TRUE: LExpr = { kind: 'const', value: 1 }
