import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions, SearchResult } from '../engine.ts'
import { layOut } from '../explicit/layout.ts'
import { compile } from '../explicit/program.ts'
import { outcomes, searchExplicit } from '../explicit/search.ts'
import { initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import { partialOrder } from './por.ts'
import { confirm, explicitly } from './confirm.ts'
import { searchOrder } from './search.ts'
import { searchSymmetric } from './symmetry/symmetric.ts'
import { searchedDepthFirst } from './trace.ts'
import type { Sabotage } from './sabotage.ts'

/** What may be asked for, one of them; `auto` is for `searchAuto` alone, which chooses. */
export const REDUCTIONS = ['por', 'symmetry', 'auto'] as const
export type Reduction = (typeof REDUCTIONS)[number]

export interface ReductionReport {
  readonly name: Reduction
  /** Why it could not be used on this model; absent where it was. */
  readonly refused?: string
  /** Why it was used, where the choice was ours. */
  readonly because?: string
  /** How many states the stored ones stand for, where that is known exactly. */
  readonly standsFor?: number
}

export interface ReducedResult extends SearchResult {
  readonly reductions: readonly ReductionReport[]
  /** Why some traces are not known to be shortest: the limit that the search for shortest ones met. */
  readonly notShortest?: Incomplete
}

export interface ReducedOptions extends SearchOptions {
  readonly reductions: readonly Reduction[]
  /**
   * States that a full search may take first. Where it ends within them nothing is reduced, which is
   * quicker: a reduced search has a longer set-up, and spends longer on each step. None if absent.
   */
  readonly after?: number
  /** For tests alone: spoils the reduction. */
  readonly sabotage?: Sabotage
}

export const remaining = (options: SearchOptions, start: number): SearchOptions =>
  options.maxMs === undefined ? options : { ...options, maxMs: options.maxMs - (performance.now() - start) }

/** With thread symmetry, which stores states at their shortest distance: no second search is needed for the traces. */
function searchAlike(original: LoweredModel, options: SearchOptions): ReducedResult {
  const answer = searchSymmetric(original, options)
  if (!answer.ok)
    return { ...searchExplicit(original, options), reductions: [{ name: 'symmetry', refused: answer.why }] }
  const { standsFor, ...result } = answer.result
  return { ...result, reductions: [{ name: 'symmetry', standsFor }] }
}

/**
 * As `searchExplicit`, with fewer states: the same violated properties with the same shortest traces,
 * the same covers, steps reached and outcomes (but not how many final states each has), the same word on
 * deadlock. `states` counts stored states of the reduced search, `transitions` those it took, and
 * `depth` is the length of its longest path. The search for shortest traces is not counted. Throws as
 * `searchExplicit` does, and where the two searches contradict one another.
 */
export function searchReduced(original: LoweredModel, options: ReducedOptions): ReducedResult {
  const start = performance.now()
  if (options.reductions.includes('symmetry')) return searchAlike(original, options)
  if (!options.reductions.includes('por')) return { ...searchExplicit(original, options), reductions: [] }
  const { after, maxStates = Infinity } = options
  if (after !== undefined && after < maxStates) {
    const full = searchExplicit(original, { ...options, maxStates: after })
    if (full.incomplete?.kind !== 'states')
      return { ...full, reductions: [{ name: 'por', refused: `the full search ended within ${after} states` }] }
  }
  const first = initialState(original)
  const model = specialise(original)
  const layout = layOut(model)
  const analysed = partialOrder(model, layout, options.sabotage)
  if (!analysed.ok)
    return { ...searchExplicit(original, options), reductions: [{ name: 'por', refused: analysed.reason }] }
  const { order } = analysed
  const program = compile(model, layout)
  const reduced = searchOrder({ model, layout, program, first, order, ...options })
  const { states, incomplete } = reduced
  const ran = model.steps.filter((_, index) => program.ran[index] !== 0)
  const found = outcomes({ model, layout, program, store: states, states: states.count })
  const searched = searchedDepthFirst({ model, layout, program, order, states })
  const confirmed = confirm(searched, reduced, explicitly(original, remaining(options, start)))
  return {
    engine: 'explicit',
    ...(incomplete === undefined ? {} : { incomplete }),
    ...confirmed,
    states: states.count,
    transitions: reduced.transitions,
    depth: reduced.depth,
    reachedSteps: ran.map(({ id }) => id).sort((a, b) => a - b),
    reachedCovers: reduced.covered,
    outcomes: found,
    bytes: states.peakBytes,
    reductions: [{ name: 'por' }],
  }
}
