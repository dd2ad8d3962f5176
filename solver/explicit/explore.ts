import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, Progress, SearchOptions } from '../engine.ts'
import { initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import { startWatch } from '../watch.ts'
import { restore, type Checkpoints, type Figures } from './checkpoint.ts'
import type { Layout } from './layout.ts'
import { layOut, pack } from './layout.ts'
import type { Program, Scan } from './program.ts'
import { compile } from './program.ts'
import type { Store } from './store.ts'
import { createStore, grow } from './store.ts'

/** A search that has ended, with all that it stored. */
export interface Exploration {
  /** The specialised model. */
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
  readonly store: Store
  readonly states: number
  readonly transitions: number
  /** Number of the first state of each depth; states are numbered in breadth-first order. */
  readonly levels: readonly number[]
  /** The first state that breaks each invariant (by its place in the model), or -1. */
  readonly broken: readonly number[]
  /** The first state that meets each cover, or -1. */
  readonly covered: readonly number[]
  /** The first deadlock, or -1. */
  readonly deadlock: number
  readonly incomplete?: Incomplete
}

export interface ExploreOptions extends SearchOptions {
  /** States of this depth are stored, but not expanded. The search counts as complete all the same. */
  readonly depthMax?: number
  /** The search ends soon after a violation of this property is met, which is then a shortest one. */
  readonly until?: number
  /** Asked whenever all states of a depth have been expanded: true ends the search as `depthMax` does. */
  readonly enough?: (seen: Seen) => boolean
  readonly checkpoints?: Checkpoints
}

/** Violations met so far, each by the state that shows it, or -1. */
export interface Seen {
  /** By property: from which state an assertion failed. */
  readonly failed: Int32Array
  /** By the invariant's place in the model. */
  readonly broken: readonly number[]
  readonly deadlock: number
}

/** States expanded between two looks at the clock and the budget. */
const CHUNK = 4096

/** States of a search that is long enough for code in one piece, which takes longer to make and less to run. */
const LONG = 2 ** 14

/** Scans for first states: each is run over all states, once, until it has found one. */
function scanner(
  scans: readonly Scan[],
  earlier: readonly number[] = [],
  scanned: number = 0,
): { readonly found: number[]; run(arena: Int32Array, to: number): void } {
  const found = scans.map((_, i) => earlier[i] ?? -1)
  let from = scanned
  return {
    found,
    run(arena, to): void {
      scans.forEach((scan, i) => {
        if (found[i] === -1) found[i] = scan(arena, from, to)
      })
      from = to
    },
  }
}

/** Whether an exploration that goes on has met a violation of a property. */
function isMet(
  { invariants, properties }: LoweredModel,
  property: number,
  broken: readonly number[],
  { failed }: Program,
  deadlock: number,
): boolean {
  if ((failed[property] ?? -1) >= 0) return true
  if (properties[property]?.kind === 'deadlock' && deadlock >= 0) return true
  return invariants.some((of, i) => of.property === property && (broken[i] ?? -1) >= 0)
}

/** Explores the reachable states of a model, breadth first, in the order of the reference interpreter. */
export function explore(original: LoweredModel, options: ExploreOptions = {}): Exploration {
  const first = initialState(original)
  const model = specialise(original)
  const layout = layOut(model)
  let program = compile(model, layout)
  const from = options.checkpoints?.from
  const before = from?.figures
  const store = from === undefined ? createStore(layout, program) : restore(original, layout, program, from)
  const watch = startWatch(options)
  const maxStates = options.maxStates ?? Infinity
  const depthMax = options.depthMax ?? Infinity
  const maxBytes = options.maxBytes ?? Infinity

  if (before === undefined) {
    pack(layout, first, store.arena, 0)
    program.enter(store.table, store.arena, 1)
  }
  const control = new Int32Array([before?.states ?? 1, 0, before?.deadlock ?? -1])
  const broken = scanner(program.broken, before?.broken, before?.states)
  const covered = scanner(program.covers, before?.covered, before?.states)
  const levels = [...(before?.levels ?? [0])]
  let head = before?.head ?? 0
  let states = before?.states ?? 1
  let expandedDepth = before?.expandedDepth ?? 0
  let levelEnd = before?.levelEnd ?? 1
  let transitions = before?.transitions ?? 0
  const save = (): void => {
    const figures: Figures = {
      words: layout.words,
      tableLength: store.table.length,
      peakBytes: store.peakBytes,
      head,
      states,
      transitions,
      expandedDepth,
      levelEnd,
      levels,
      deadlock: control[2] ?? -1,
      broken: broken.found,
      covered: covered.found,
      ran: [...program.ran],
      failed: [...program.failed],
    }
    const arena = store.arena.subarray(0, states * layout.words)
    options.checkpoints?.save({ figures, arena, parents: store.parents.subarray(0, states) })
  }
  let isWhole = false
  let incomplete: Incomplete | undefined =
    store.peakBytes > maxBytes ? { kind: 'memory', limitBytes: maxBytes } : undefined
  const progress = (): Progress => ({
    depth: levels.length - 1,
    states,
    frontier: states - head,
    bytes: store.peakBytes,
  })
  broken.run(store.arena, states)
  covered.run(store.arena, states)

  // A step that leaves its slot's range throws out of this loop: no verdict rests on such a model.
  while (incomplete === undefined && head < states && expandedDepth < depthMax) {
    incomplete = watch(progress())
    if (incomplete !== undefined) break
    if (options.checkpoints?.due() === true) save()
    if (states > store.capacity) {
      if (!isWhole && states > LONG) {
        program = { ...program, ...program.whole() }
        isWhole = true
      }
      const limit = grow(store, states, layout, program, maxBytes)
      if (limit !== undefined) incomplete = { kind: 'memory', ...limit }
      continue
    }
    const end = Math.min(levelEnd, head + CHUNK)
    const stop = Math.min(store.capacity, maxStates)
    head = program.expand(head, end, stop, store.table, store.arena, store.parents, control)
    states = control[0] ?? 0
    transitions += control[1] ?? 0
    broken.run(store.arena, states)
    covered.run(store.arena, states)
    if (states > levelEnd && levels.length === expandedDepth + 1) levels.push(levelEnd)
    if (head === levelEnd) {
      expandedDepth++
      levelEnd = states
      const seen: Seen = { failed: program.failed, broken: broken.found, deadlock: control[2] ?? -1 }
      if (options.enough?.(seen) === true) break
    }
    if (options.until !== undefined && isMet(model, options.until, broken.found, program, control[2] ?? -1)) break
  }
  // Whoever gives more time, or more memory, goes on from here.
  if (incomplete !== undefined) save()
  return {
    model,
    layout,
    program,
    store,
    states,
    transitions,
    levels,
    broken: broken.found,
    covered: covered.found,
    deadlock: control[2] ?? -1,
    ...(incomplete === undefined ? {} : { incomplete }),
  }
}
