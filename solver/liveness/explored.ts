/** The graph of a model as the explicit engine explores it. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions } from '../engine.ts'
import { explore, type Exploration } from '../explicit/explore.ts'
import { unpackSlot } from '../explicit/layout.ts'
import type { Scan } from '../explicit/program.ts'
import { stateOf } from '../explicit/trace.ts'
import { fairnessTable, newGraph, type BuiltGraph } from './graph.ts'

/** 1 for each state in which a scan's condition holds. */
function marked({ store, states }: Exploration, scan: Scan | undefined): Uint8Array {
  const marks = new Uint8Array(states)
  if (scan === undefined) return marks
  for (let id = scan(store.arena, 0, states); id >= 0; id = scan(store.arena, id + 1, states)) marks[id] = 1
  return marks
}

/** `explored` is what is known of the model from a search of all its states, where there was one. */
export function exploredGraph(original: LoweredModel, options: SearchOptions, explored?: Exploration): BuiltGraph {
  const exploration = explored ?? explore(original, options)
  const { model, layout, program, store, states, incomplete } = exploration
  if (incomplete !== undefined) return { ok: false, incomplete, states }
  const builder = newGraph(states, model.threads.length)
  for (let id = 0; id < states; id++) {
    program.threads.forEach((expand, thread) => {
      const end = expand(store.arena, id, 0)
      // `find` reads from `out`, where the successors stand.
      for (let o = 0; o < end; o += layout.words) {
        const to = program.find(store.table, store.arena, o)
        if (to < 0) throw new Error('a successor is not among the states of a complete search')
        builder.edge(to, thread)
      }
    })
    builder.endState()
  }
  const fairness = fairnessTable(original)
  const graph = builder.done((id, thread) =>
    fairness(thread, unpackSlot(layout, store.arena, id * layout.words, model.threads[thread]?.pcSlot ?? -1)),
  )
  const asked = program.responses.map(({ starts, open }) => ({
    starts: marked(exploration, starts),
    open: marked(exploration, open),
  }))
  return { ok: true, value: { graph, asked, stateOf: (id) => stateOf(exploration, id) } }
}
