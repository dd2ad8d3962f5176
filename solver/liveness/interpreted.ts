/** The graph of a model as the reference interpreter walks it: slow and plain. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions } from '../engine.ts'
import { evaluate, initialState, successors, type State } from '../reference/interpreter.ts'
import { startWatch } from '../watch.ts'
import { fairnessTable, newGraph, type BuiltGraph } from './graph.ts'

export function interpretedGraph(model: LoweredModel, options: SearchOptions): BuiltGraph {
  const watch = startWatch(options)
  const threadOf = new Map(model.steps.map(({ id, thread }) => [id, thread]))
  const first = initialState(model)
  const states: State[] = [first]
  const ids = new Map<string, number>([[first.join(), 0]])
  const edges: { readonly to: number; readonly thread: number }[][] = []
  for (const state of states) {
    const figures = { depth: 0, states: states.length, frontier: states.length - edges.length, bytes: 0 }
    const incomplete = watch(figures)
    if (incomplete !== undefined) return { ok: false, incomplete, states: states.length }
    edges.push(
      successors(model, state).map(({ move, state: next }) => {
        const key = next.join()
        const to = ids.get(key) ?? states.push(next) - 1
        ids.set(key, to)
        return { to, thread: threadOf.get(move.step) ?? -1 }
      }),
    )
  }
  const builder = newGraph(states.length, model.threads.length)
  for (const out of edges) {
    for (const { to, thread } of out) builder.edge(to, thread)
    builder.endState()
  }
  const stateOf = (id: number): State => {
    const state = states[id]
    if (state === undefined) throw new Error(`no state ${id}`)
    return state
  }
  const fairness = fairnessTable(model)
  const graph = builder.done((id, thread) => fairness(thread, stateOf(id)[model.threads[thread]?.pcSlot ?? -1] ?? -1))
  const marks = (holds: (state: State) => boolean): Uint8Array => Uint8Array.from(states, (s) => (holds(s) ? 1 : 0))
  const asked = (model.liveness?.responses ?? []).map(({ from, until }) => {
    const open = (s: State): boolean => evaluate(model, until, s) === 0
    return { starts: marks((s) => open(s) && evaluate(model, from, s) !== 0), open: marks(open) }
  })
  return { ok: true, value: { graph, asked, stateOf } }
}
