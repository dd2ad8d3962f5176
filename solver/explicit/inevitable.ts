/**
 * Where on a trace the violation became inevitable: the first state from which no run ends without it.
 * Worked out backwards over all that can be reached. A run that never ends (a thread that faults for
 * ever while nobody else is let run) is no way out: it is not fair.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, SearchOptions } from '../engine.ts'
import { deadlockProperty, successors, type State } from '../reference/interpreter.ts'
import { replay } from '../reference/replay.ts'
import { explore, type Exploration } from './explore.ts'
import { isBad } from './fewest_switches.ts'
import { pack } from './layout.ts'
import { stateOf } from './trace.ts'

export type Inevitable =
  /**
   * The move (from 0) after which every run that ends breaks the property; `alternatives` are the
   * moves that could have been made in its place and still left a way out.
   */
  | { readonly kind: 'move'; readonly at: number; readonly alternatives: readonly Move[] }
  /** Every run that ends breaks it, from the initial state on. */
  | { readonly kind: 'start' }
  /** Not everything that can be reached was seen. */
  | { readonly kind: 'unknown' }

/** Transitions as pairs of state numbers. Mutable, for it grows by millions. */
interface Edges {
  from: Int32Array
  to: Int32Array
  count: number
}

function add(edges: Edges, from: number, to: number): void {
  if (edges.count === edges.from.length) {
    const grow = (old: Int32Array): Int32Array => {
      const next = new Int32Array(old.length * 2)
      next.set(old)
      return next
    }
    edges.from = grow(edges.from)
    edges.to = grow(edges.to)
  }
  edges.from[edges.count] = from
  edges.to[edges.count] = to
  edges.count++
}

/** The number of a state, or -1. */
function idOf({ layout, program, store }: Exploration, state: State): number {
  pack(layout, state, program.out, 0)
  return program.find(store.table, store.arena, 0)
}

/** Every transition that does not break the property, from states that do not. */
function harmless(exploration: Exploration, property: number, bad: Uint8Array): Edges {
  const { layout, model, program, store, states } = exploration
  const edges: Edges = { from: new Int32Array(2 ** 14), to: new Int32Array(2 ** 14), count: 0 }
  const threadOf = new Map(model.steps.map((s) => [s.id, s.thread]))
  for (let id = 0; id < states; id++) {
    if (bad[id] === 1) continue
    program.threads.forEach((expand, t) => {
      program.failed[property] = -1
      const end = expand(store.arena, id, 0)
      if (program.failed[property] !== -1) {
        // Some of the thread's transitions fail; the interpreter says which.
        for (const s of successors(model, stateOf(exploration, id)))
          if (threadOf.get(s.move.step) === t && !s.failed.includes(property)) {
            const to = idOf(exploration, s.state)
            if (to >= 0 && bad[to] !== 1) add(edges, id, to)
          }
        return
      }
      // `find` reads from `out`, where the successors stand.
      for (let o = 0; o < end; o += layout.words) {
        const to = program.find(store.table, store.arena, o)
        if (to >= 0 && bad[to] !== 1) add(edges, id, to)
      }
    })
  }
  return edges
}

/** For each state, 1 where some run from it ends without breaking the property. */
function waysOut(exploration: Exploration, property: number): Uint8Array {
  const { model, program, store, states } = exploration
  const bad = new Uint8Array(states)
  for (let id = 0; id < states; id++) bad[id] = isBad(exploration, id, property) ? 1 : 0
  const edges = harmless(exploration, property, bad)
  // Predecessors, state by state.
  const start = new Int32Array(states + 1)
  for (let i = 0; i < edges.count; i++) {
    const to = (edges.to[i] ?? 0) + 1
    start[to] = (start[to] ?? 0) + 1
  }
  for (let id = 0; id < states; id++) start[id + 1] = (start[id + 1] ?? 0) + (start[id] ?? 0)
  const next = start.slice()
  const before = new Int32Array(edges.count)
  for (let i = 0; i < edges.count; i++) {
    const to = edges.to[i] ?? 0
    const at = next[to] ?? 0
    before[at] = edges.from[i] ?? 0
    next[to] = at + 1
  }
  const out = new Uint8Array(states)
  const queue = new Int32Array(states)
  let tail = 0
  const stuckIsAnEnd = property !== deadlockProperty(model)
  for (let id = 0; id < states; id++) {
    if (bad[id] === 1) continue
    const final = program.final(store.arena, id, id + 1) === id
    const ends = final || (stuckIsAnEnd && program.threads.every((expand) => expand(store.arena, id, 0) === 0))
    if (!ends) continue
    out[id] = 1
    queue[tail++] = id
  }
  for (let head = 0; head < tail; head++) {
    const id = queue[head] ?? 0
    for (let i = start[id] ?? 0; i < (start[id + 1] ?? 0); i++) {
      const from = before[i] ?? 0
      if (out[from] === 1) continue
      out[from] = 1
      queue[tail++] = from
    }
  }
  return out
}

/**
 * The move of a trace that made its violation inevitable. `moves` must run on the model and end in a
 * violation of the property. Throws where they do not.
 */
export function inevitable(
  model: LoweredModel,
  property: number,
  moves: readonly Move[],
  options: SearchOptions = {},
): Inevitable {
  const run = replay(model, moves)
  if (run.kind === 'stuck') throw new Error(`the trace does not run: ${run.reason}`)
  if (!run.violated.includes(property)) throw new Error('the trace does not end in the violation')
  const exploration = explore(model, options)
  if (exploration.incomplete !== undefined) return { kind: 'unknown' }
  const out = waysOut(exploration, property)
  const escapes = (state: State | undefined): boolean => state !== undefined && out[idOf(exploration, state)] === 1
  // The last move is the violation itself, or leads into it.
  let at = moves.length - 1
  while (at > 0 && !escapes(run.states[at])) at--
  const before = run.states[at]
  if (before === undefined || !escapes(before)) return { kind: 'start' }
  const alternatives = successors(exploration.model, before)
    .filter((s) => !s.failed.includes(property) && escapes(s.state))
    .map((s) => s.move)
  return { kind: 'move', at, alternatives }
}
