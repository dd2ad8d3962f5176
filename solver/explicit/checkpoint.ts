/** A search of the explicit engine at a moment between two chunks: all that is needed to go on with it elsewhere. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { initialState } from '../reference/interpreter.ts'
import { pack, type Layout } from './layout.ts'
import type { Program } from './program.ts'
import { createStore, grow, type Store } from './store.ts'

/** Figures of a search. The states themselves, and their parents, are apart: they only ever grow. */
export interface Figures {
  /** 32-bit words of one packed state. */
  readonly words: number
  /** Entries of the hash table: it grows at the same moments as in a search that nothing disturbed. */
  readonly tableLength: number
  readonly peakBytes: number
  /** The first state that is not expanded. */
  readonly head: number
  readonly states: number
  readonly transitions: number
  readonly expandedDepth: number
  readonly levelEnd: number
  readonly levels: readonly number[]
  readonly deadlock: number
  readonly broken: readonly number[]
  readonly covered: readonly number[]
  /** By place of the step in the model: 1 where it ran. */
  readonly ran: readonly number[]
  readonly failed: readonly number[]
}

export interface Snapshot {
  readonly figures: Figures
  /** Of states 0 to `figures.states - 1`. Views of what the search works on: to be read at once. */
  readonly arena: Int32Array
  readonly parents: Int32Array
}

/** What a caller that keeps checkpoints gives to a search. */
export interface Checkpoints {
  /** Where to go on from, instead of the initial state. It must be of this very model. */
  readonly from?: Snapshot
  /** Asked between any two chunks: whether to save now. */
  readonly due: () => boolean
  readonly save: (snapshot: Snapshot) => void
}

/** A snapshot that cannot be one of this model; whoever read it should have known. */
function check(model: LoweredModel, layout: Layout, program: Program, { figures, arena, parents }: Snapshot): void {
  const fits =
    figures.words === layout.words &&
    arena.length === figures.states * layout.words &&
    parents.length === figures.states &&
    figures.ran.length === program.ran.length &&
    figures.failed.length === program.failed.length &&
    figures.broken.length === program.broken.length &&
    figures.covered.length === program.covers.length &&
    figures.head <= figures.states
  const first = new Int32Array(layout.words)
  pack(layout, initialState(model), first, 0)
  if (!fits || first.some((word, i) => arena[i] !== word)) throw new Error('the checkpoint is not one of this model')
}

/** A store that holds the states of a snapshot, with the table as large as it was; fills in `program` too. */
export function restore(model: LoweredModel, layout: Layout, program: Program, snapshot: Snapshot): Store {
  check(model, layout, program, snapshot)
  const { figures, arena, parents } = snapshot
  const store = createStore(layout, program)
  while (store.table.length < figures.tableLength)
    if (grow(store, 0, layout, program, Infinity) !== undefined)
      throw new Error('the machine does not give the memory for the states of the checkpoint')
  store.arena.set(arena)
  store.parents.set(parents)
  store.peakBytes = figures.peakBytes
  program.enter(store.table, store.arena, figures.states)
  program.ran.set(figures.ran)
  program.failed.set(figures.failed)
  return store
}
