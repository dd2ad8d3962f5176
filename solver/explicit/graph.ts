/** The states of a small model and the transitions between them, to be drawn. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { show } from '../../model/language/types.ts'
import type { SearchOptions } from '../engine.ts'
import { brokenInvariants, isDeadlock, isFinal, successors, type State } from '../reference/interpreter.ts'
import { explore } from './explore.ts'
import { pack } from './layout.ts'
import { stateOf } from './trace.ts'

export interface GraphNode {
  /** In breadth-first order, from 0, the initial state. */
  readonly id: number
  /** Steps of a shortest way there. */
  readonly depth: number
  readonly final: boolean
  readonly deadlock: boolean
  /** Names of the properties that the state breaks. */
  readonly broken: readonly string[]
  /** Shared variables and locks that do not have their first values, as `name = value`. */
  readonly values: readonly string[]
}

export interface GraphEdge {
  readonly from: number
  readonly to: number
  readonly thread: string
  /** The label of the step, `routine.label`. */
  readonly label: string
  /** Names of the properties whose assertions fail on the way. */
  readonly failed: readonly string[]
}

export interface StateGraph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/** What can be seen of a state: locals and program counters are told by the labels of the edges. */
function valuesOf(model: LoweredModel, state: State): readonly string[] {
  return model.slots.flatMap(({ name, kind, type, init }, i) => {
    const value = state[i] ?? init
    return (kind === 'shared' || kind === 'lock') && value !== init ? [`${name} = ${show(type, value)}`] : []
  })
}

/** The whole graph; undefined where there are more than `maxStates` states, or too many for the memory given. */
export function stateGraph(
  original: LoweredModel,
  options: SearchOptions & { readonly maxStates: number },
): StateGraph | undefined {
  const exploration = explore(original, options)
  if (exploration.incomplete !== undefined) return undefined
  const { model, layout, program, store, states, levels } = exploration
  const nameOf = (property: number): string => model.properties[property]?.name ?? ''
  const stepOf = new Map(model.steps.map((s) => [s.id, s]))
  const nodes: GraphNode[] = []
  const edges: GraphEdge[] = []
  for (let id = 0; id < states; id++) {
    const state = stateOf(exploration, id)
    nodes.push({
      id,
      depth: levels.findLastIndex((first) => first <= id),
      final: isFinal(model, state),
      deadlock: isDeadlock(model, state),
      broken: brokenInvariants(model, state).map(nameOf),
      values: valuesOf(model, state),
    })
    for (const { move, state: next, failed } of successors(model, state)) {
      pack(layout, next, program.out, 0)
      const step = stepOf.get(move.step)
      edges.push({
        from: id,
        to: program.find(store.table, store.arena, 0),
        thread: model.threads[step?.thread ?? -1]?.name ?? '',
        label: step === undefined ? '' : `${step.routine}.${step.local}`,
        failed: failed.map(nameOf),
      })
    }
  }
  return { nodes, edges }
}
