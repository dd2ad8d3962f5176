/** Partial-order reduction for states that are packed as the explicit engine packs them. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Layout } from '../explicit/layout.ts'
import { newAmple, type Ample } from './ample.ts'
import { analyse } from './analysis.ts'
import { newBits, type Bits } from './bits.ts'
import { futures } from './future.ts'
import { LITERALS_MAX } from './literals.ts'
import { compileShut } from './observe.ts'
import { newPlace } from './place.ts'
import type { Sabotage } from './sabotage.ts'

export interface PartialOrder extends Ample {
  /** Makes the state at word `at` of `arena` the one that is asked about. */
  readonly look: (arena: Int32Array, at: number) => void
}

export type PartialOrderOrNot =
  { readonly ok: true; readonly order: PartialOrder } | { readonly ok: false; readonly reason: string }

/** Analyses a specialised model; see `analyse`. */
export function partialOrder(model: LoweredModel, layout: Layout, sabotage?: Sabotage): PartialOrderOrNot {
  const analysed = analyse(model, layout.ranges, { sabotage })
  if (!analysed.ok) return analysed
  const { graphs, literals, readers, atomCount } = analysed.value
  const ample = newAmple(
    graphs,
    graphs.map((graph) => futures(graph, atomCount, readers)),
    sabotage,
  )
  const tell = compileShut(layout, literals)
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
