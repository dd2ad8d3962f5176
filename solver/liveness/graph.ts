/** The states of a model, the transitions between them, and what fairness asks of each thread. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete } from '../engine.ts'
import type { State } from '../reference/interpreter.ts'

/** What is assumed of a thread that stands at a step: see LLiveness. */
export type Fairness = 'none' | 'weak' | 'strong'

/**
 * States are numbers from 0, the initial state, in breadth-first order; the transitions out of state s
 * are `start[s]` to `start[s + 1] - 1`, ordered by thread.
 */
export interface FairGraph {
  readonly states: number
  readonly threads: number
  readonly start: Int32Array
  readonly to: Int32Array
  /** The thread that moves. */
  readonly by: Uint8Array
  /** For each state, the threads that can move, as a mask. */
  readonly enabled: Int32Array
  /** Of the step at which a thread stands in a state; `none` where it is done. */
  readonly demand: (state: number, thread: number) => Fairness
}

/** A response over the states of a graph, 1 where it is so. */
export interface Asked {
  /** The response is asked for here, and not given. */
  readonly starts: Uint8Array
  /** It is not given here. */
  readonly open: Uint8Array
}

/** The graph of a model, and where each of its responses stands. */
export interface LivenessGraph {
  readonly graph: FairGraph
  readonly asked: readonly Asked[]
  readonly stateOf: (id: number) => State
}

/** The graph, or why not every state was seen. */
export type BuiltGraph =
  | { readonly ok: true; readonly value: LivenessGraph }
  | { readonly ok: false; readonly incomplete: Incomplete; readonly states: number }

/** Masks of threads are 32-bit words. */
const THREADS_MAX = 30

/** Adds the transitions of one state after another. Mutable, for it grows by millions. */
export interface GraphBuilder {
  readonly edge: (to: number, thread: number) => void
  /** All transitions of the next state have been added. */
  readonly endState: () => void
  readonly done: (demand: FairGraph['demand']) => FairGraph
}

function larger<T extends Int32Array | Uint8Array>(old: T, empty: T): T {
  empty.set(old)
  return empty
}

/** Throws where there are more threads than a mask can hold. */
export function newGraph(states: number, threads: number): GraphBuilder {
  if (threads > THREADS_MAX) throw new Error(`liveness is for at most ${THREADS_MAX} threads, not ${threads}`)
  const start = new Int32Array(states + 1)
  const enabled = new Int32Array(states)
  let to = new Int32Array(1024)
  let by = new Uint8Array(1024)
  let edges = 0
  let state = 0
  return {
    edge(next, thread): void {
      enabled[state] = (enabled[state] ?? 0) | (1 << thread)
      // Choices that come to the same state make one transition.
      for (let e = start[state] ?? 0; e < edges; e++) if (to[e] === next && by[e] === thread) return
      if (edges === to.length) {
        to = larger(to, new Int32Array(edges * 2))
        by = larger(by, new Uint8Array(edges * 2))
      }
      to[edges] = next
      by[edges] = thread
      edges++
    },
    endState(): void {
      state++
      start[state] = edges
    },
    done: (demand) => ({
      states,
      threads,
      start,
      to: to.subarray(0, edges),
      by: by.subarray(0, edges),
      enabled,
      demand,
    }),
  }
}

/** Calls back for every transition out of a state. */
export function eachEdge(graph: FairGraph, state: number, see: (to: number, thread: number) => void): void {
  const end = graph.start[state + 1] ?? 0
  for (let e = graph.start[state] ?? 0; e < end; e++) see(graph.to[e] ?? 0, graph.by[e] ?? 0)
}

/** The fairness of the step at which a thread stands, by thread and program counter. */
export function fairnessTable(model: LoweredModel): (thread: number, pc: number) => Fairness {
  const strong = new Set(model.liveness?.strong)
  const unfair = new Set(model.liveness?.unfair)
  const tables = model.threads.map(() => new Map<number, Fairness>())
  for (const { id, thread, pc } of model.steps)
    tables[thread]?.set(pc, unfair.has(id) ? 'none' : strong.has(id) ? 'strong' : 'weak')
  return (thread, pc) => tables[thread]?.get(pc) ?? 'none'
}
