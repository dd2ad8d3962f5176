/**
 * Liveness: whether every response that a model asks for comes on every fair run. Exact, on the whole
 * graph of states: no reduction is made, since each would have to preserve the cycles.
 */
import type { LoweredModel, LResponse } from '../../model/language/lowered.ts'
import type { Incomplete, Move, SearchOptions } from '../engine.ts'
import type { Exploration } from '../explicit/explore.ts'
import { sameNumbers } from '../order.ts'
import { initialState, successors, type State } from '../reference/interpreter.ts'
import { exploredGraph } from './explored.ts'
import { interpretedGraph } from './interpreted.ts'
import type { FairGraph } from './graph.ts'
import { findLasso, type LassoWalk } from './lasso.ts'

/** A fair run without end on which a response never comes: `moves` and then those from `loopStart` on, for ever. */
export interface Lasso {
  /** By its place in the model. */
  readonly response: number
  readonly moves: readonly Move[]
  /** The number of moves where nobody moves any more. */
  readonly loopStart: number
  /** No fair loop from the end of the stem is shorter; no stem to one is in any case. */
  readonly shortestLoop: boolean
}

export type ResponseAnswer =
  /** On every fair run; `weak`: even where nothing is strongly fair. */
  | { readonly kind: 'holds'; readonly weak: boolean }
  | { readonly kind: 'violated'; readonly lasso: Lasso }
  /** It is never asked for. */
  | { readonly kind: 'vacuous' }
  | { readonly kind: 'unknown'; readonly incomplete: Incomplete }

export interface LivenessResult {
  /** By response, in the order of the model. */
  readonly answers: readonly ResponseAnswer[]
  readonly states: number
}

export interface LivenessOptions extends SearchOptions {
  /** Who makes the graph. The reference interpreter is the slower. */
  readonly engine?: 'explicit' | 'reference'
  /** What the explicit engine knows of the model from a search of all its states, where there was one. */
  readonly explored?: Exploration | undefined
}

/** The responses of a model; none where it asks for none. */
export const responsesOf = ({ liveness }: LoweredModel): readonly LResponse[] => liveness?.responses ?? []

/** The moves of a lasso's walk: the first by thread, step and choices that goes from each state to the next. */
export function movesOf(model: LoweredModel, stateOf: (id: number) => State, walk: LassoWalk): readonly Move[] {
  const threadOf = new Map(model.steps.map(({ id, thread }) => [id, thread]))
  let state = initialState(model)
  return [...walk.stem, ...walk.loop].map(({ thread, state: to }) => {
    const wanted = stateOf(to)
    const found = successors(model, state).find(
      ({ move, state: next }) => threadOf.get(move.step) === thread && sameNumbers(next, wanted),
    )
    if (found === undefined) throw new Error('the graph has a transition that the reference does not have')
    state = wanted
    return found.move
  })
}

/** Answers for every response of the model. Throws where a slot leaves its range, as every search does. */
export function searchLiveness(model: LoweredModel, options: LivenessOptions = {}): LivenessResult {
  const responses = responsesOf(model)
  const { liveness } = model
  if (liveness === undefined || responses.length === 0) return { answers: [], states: 0 }
  const built =
    options.engine === 'reference' ? interpretedGraph(model, options) : exploredGraph(model, options, options.explored)
  if (!built.ok) {
    const { incomplete, states } = built
    return { answers: responses.map(() => ({ kind: 'unknown', incomplete })), states }
  }
  const { graph, asked, stateOf } = built.value
  const answers = asked.map((of, response): ResponseAnswer => {
    const answer = findLasso(graph, of)
    switch (answer.kind) {
      case 'never asked':
        return { kind: 'vacuous' }
      case 'none': {
        const weak = liveness.strong.length === 0 || findLasso(weakened(graph), of).kind === 'none'
        return { kind: 'holds', weak }
      }
      case 'lasso': {
        const { stem, shortestLoop } = answer.lasso
        const moves = movesOf(model, stateOf, answer.lasso)
        return { kind: 'violated', lasso: { response, moves, loopStart: stem.length, shortestLoop } }
      }
    }
  })
  return { answers, states: graph.states }
}

/** The same graph with strong fairness taken for weak. */
const weakened = (graph: FairGraph): FairGraph => ({
  ...graph,
  demand: (state, thread) => {
    const demand = graph.demand(state, thread)
    return demand === 'strong' ? 'weak' : demand
  },
})
