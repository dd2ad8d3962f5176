/** What partial-order reduction needs to know of a model, or why it cannot be used on it. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Layout } from '../explicit/layout.ts'
import { newAmple, type Ample } from './ample.ts'
import { withoutIdleChecks } from './assertions.ts'
import { atomsOf } from './atoms.ts'
import { LITERALS_MAX, newLiterals, readersOf } from './literals.ts'
import { newBits, type Bits } from './bits.ts'
import { futures } from './future.ts'
import { graphOf } from './graph.ts'
import { compileShut } from './observe.ts'
import type { ModelKnowledge } from './known.ts'
import { daemonsDecide, observedSlots, watched } from './parts.ts'
import { newPlace } from './place.ts'
import type { Sabotage } from './sabotage.ts'

export interface PartialOrder extends Ample {
  /** Makes the state at word `at` of `arena` the one that is asked about. */
  readonly look: (arena: Int32Array, at: number) => void
}

export type PartialOrderOrNot =
  { readonly ok: true; readonly order: PartialOrder } | { readonly ok: false; readonly reason: string }

/** Threads that a mask of them holds. */
const THREADS_MAX = 30

function refusal(model: LoweredModel, writer: readonly number[]): string | undefined {
  if (model.threads.length > THREADS_MAX) return `more than ${THREADS_MAX} threads`
  for (const [t, { name, pcSlot, donePc, daemon }] of model.threads.entries()) {
    if (writer[pcSlot] !== t && writer[pcSlot] !== -1) return `the program counter of ${name} is written by others`
    if (!daemon && model.steps.some((s) => s.thread === t && s.pc === donePc))
      return `${name} may go on once it is done`
  }
  return undefined
}

/** Analyses a specialised model. Costs milliseconds; futures are worked out as the search meets them. */
export function partialOrder(model: LoweredModel, layout: Layout, sabotage?: Sabotage): PartialOrderOrNot {
  const parts = sabotage === 'blind' ? [] : watched(model)
  const atoms = atomsOf(model, parts)
  const reason = refusal(model, atoms.writer)
  if (reason !== undefined) return { ok: false, reason }
  const literals = newLiterals(atoms)
  const ranges = layout.ranges
  const knowledge: ModelKnowledge = {
    model,
    ranges,
    atoms,
    literals,
    parts,
  }
  const decided = sabotage !== 'no-endings' && daemonsDecide(model) ? observedSlots(model) : new Set<number>()
  const steps = model.steps.map((step) => withoutIdleChecks(step, ranges))
  const graphs = model.threads.map((_, thread) =>
    graphOf({ knowledge, thread, steps: steps.filter((s) => s.thread === thread), decided }),
  )
  const readers = readersOf(literals)
  const ample = newAmple(
    graphs,
    graphs.map((graph) => futures(graph, atoms.count, readers)),
    sabotage,
  )
  const tell = compileShut(layout, literals.exprs)
  const places = graphs.map((graph) => newPlace(layout, graph))
  const nodes: number[] = graphs.map(() => 0)
  const shut: Bits = newBits(LITERALS_MAX)
  return {
    ok: true,
    order: {
      ...ample,
      look(arena, at) {
        tell(arena, at, shut)
        for (let t = 0; t < nodes.length; t++) nodes[t] = places[t]?.(arena, at) ?? 0
        ample.enter(nodes, shut)
      },
    },
  }
}
