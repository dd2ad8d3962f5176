/** What every engine takes and gives, so that their answers can be compared word by word. */

/** One transition of a trace: the step's id and the value of each of its choices, in order. */
export interface Move {
  readonly step: number
  readonly choices: readonly number[]
}

/** The first violation found of one property. Breadth-first engines give the shortest. */
export interface Violation {
  readonly property: number
  /**
   * Moves from the initial state. For an invariant or a deadlock the state after the last move is
   * the bad one; for an assertion the last move is the bad one.
   */
  readonly moves: readonly Move[]
  /** The state that the moves begin in, slot by slot, where that is not the model's own. */
  readonly start?: readonly number[]
}

/** An outcome of a final state: the values of the register slots, in slot order. */
export interface Outcome {
  readonly registers: readonly number[]
  /** How many final states have these registers. */
  readonly states: number
  /** How many of them meet the model's `final` condition (0 where the model has none). */
  readonly satisfying: number
}

/** Why a search ended before it had seen everything. */
export type Incomplete =
  | { readonly kind: 'states'; readonly limit: number }
  | { readonly kind: 'memory'; readonly limitBytes: number }
  | { readonly kind: 'time'; readonly limitMs: number }
  | { readonly kind: 'depth'; readonly limit: number }
  /** It was to end with the first violation, and did. */
  | { readonly kind: 'violation' }
  /** The solver said that it does not know, or there is none. */
  | { readonly kind: 'solver'; readonly reason: string }
  /** The solver died, or refused what it was told. */
  | { readonly kind: 'crash'; readonly reason: string }

export interface SearchResult {
  readonly engine: 'reference' | 'explicit' | 'wasm' | 'smt'
  /** Absent where every reachable state was seen. */
  readonly incomplete?: Incomplete
  /** One per violated property, ordered by property number. */
  readonly violations: readonly Violation[]
  /** Distinct reachable states seen; not counted (0) by the smt engine. */
  readonly states: number
  /** Transitions taken, duplicates included; not counted (0) by the smt engine. */
  readonly transitions: number
  /** Length in steps of the longest shortest path seen; for smt, the depth searched. */
  readonly depth: number
  /** Step ids that ran at least once (empty for smt). */
  readonly reachedSteps: readonly number[]
  /** For each cover of the model, whether some reachable state meets it (empty for smt). */
  readonly reachedCovers: readonly boolean[]
  /** Ordered by registers (empty for smt). */
  readonly outcomes: readonly Outcome[]
  /** Peak of what the engine allocated for states, in bytes (0 for smt and reference). */
  readonly bytes: number
}

/** Figures that an engine reports now and then while it works. */
export interface Progress {
  readonly depth: number
  readonly states: number
  readonly frontier: number
  readonly bytes: number
  /** States entered, where one may be entered more than once; `states` are those held now. */
  readonly visits?: number
}

export interface SearchOptions {
  readonly maxStates?: number
  readonly maxBytes?: number
  readonly maxMs?: number
  readonly onProgress?: (progress: Progress) => void
}
