import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions, SearchResult, Violation } from '../engine.ts'
import { explore, type Seen } from '../explicit/explore.ts'
import { layOut } from '../explicit/layout.ts'
import { compile } from '../explicit/program.ts'
import { outcomes, searchExplicit, violations } from '../explicit/search.ts'
import { deadlockProperty, initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import { partialOrder } from './por.ts'
import { searchOrder, type Reduced } from './search.ts'
import { reducedTrace, type Searched } from './trace.ts'
import type { Sabotage } from './sabotage.ts'

export const REDUCTIONS = ['por'] as const
export type Reduction = (typeof REDUCTIONS)[number]

export interface ReductionReport {
  readonly name: Reduction
  /** Why it could not be used on this model; absent where it was. */
  readonly refused?: string
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

/** Whether all of `wanted` have been seen violated, in every way that could give a shortest trace. */
function allSeen(model: LoweredModel, wanted: ReadonlySet<number>): (seen: Seen) => boolean {
  const stuck = deadlockProperty(model)
  let before = false
  return ({ failed, broken, deadlock }) => {
    const seen = (p: number): boolean =>
      (failed[p] ?? -1) >= 0 ||
      (p === stuck && deadlock >= 0) ||
      broken.some((id, i) => id >= 0 && model.invariants[i]?.property === p)
    const all = [...wanted].every(seen)
    // A deadlock is seen one depth later than what else ends a trace of its length.
    const enough = all && (before || stuck === undefined || !wanted.has(stuck))
    before = all
    return enough
  }
}

/** Shortest traces, by an unreduced search that goes no deeper than it must; of the rest, the reduced ones. */
function confirm(
  original: LoweredModel,
  searched: Searched,
  reduced: Reduced,
  options: SearchOptions,
): { readonly violations: readonly Violation[]; readonly notShortest?: Incomplete } {
  const wanted = new Set(reduced.violated.flatMap((from, property) => (from >= 0 ? [property] : [])))
  if (wanted.size === 0) return { violations: [] }
  const exploration = explore(original, { ...options, enough: allSeen(original, wanted) })
  const shortest = violations(exploration)
  const found = new Set(shortest.map(({ property }) => property))
  const complete = exploration.incomplete === undefined
  const missing = [...wanted].filter((property) => !found.has(property))
  const more = [...found].filter((property) => !wanted.has(property))
  if ((complete && missing.length > 0) || (reduced.incomplete === undefined && more.length > 0))
    throw new Error(`the reduced search and the full one disagree on properties ${[...missing, ...more].join(', ')}`)
  const longer = missing.map((property) => ({
    property,
    moves: reducedTrace(searched, reduced.violated[property] ?? -1, property),
  }))
  return {
    violations: [...shortest, ...longer].sort((a, b) => a.property - b.property),
    ...(exploration.incomplete === undefined || missing.length === 0 ? {} : { notShortest: exploration.incomplete }),
  }
}

const remaining = (options: SearchOptions, start: number): SearchOptions =>
  options.maxMs === undefined ? options : { ...options, maxMs: options.maxMs - (performance.now() - start) }

/**
 * As `searchExplicit`, with fewer states: the same violated properties with the same shortest traces,
 * the same covers, steps reached and outcomes (but not how many final states each has), the same word on
 * deadlock. `states` counts stored states of the reduced search, `transitions` those it took, and
 * `depth` is the length of its longest path. The search for shortest traces is not counted. Throws as
 * `searchExplicit` does, and where the two searches contradict one another.
 */
export function searchReduced(original: LoweredModel, options: ReducedOptions): ReducedResult {
  const start = performance.now()
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
  const searched: Searched = { model, layout, program, order, states }
  const confirmed = confirm(original, searched, reduced, remaining(options, start))
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
