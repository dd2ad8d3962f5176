import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../explicit/search.ts'
import { deadlockProperty, initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import type { Exploration } from '../wasm/explore.ts'
import { exploreReduced } from '../wasm/por/search.ts'
import { outcomes } from '../wasm/search.ts'
import type { CrewOptions } from '../wasm/crew.ts'
import { exploreChained, exploreChainedTogether } from './chained.ts'
import { confirm, quickly } from './confirm.ts'
import { remaining, searchReduced, type ReducedOptions, type ReducedResult, type Reduction } from './reduced.ts'
import type { Searched } from './trace.ts'

/** By property: the stored state from which, or on a chain from which, it was first seen violated; -1. */
function violatedFrom(model: LoweredModel, { found, failedFrom, deadlock }: Exploration): readonly number[] {
  const stuck = deadlockProperty(model)
  return model.properties.map((_, property) => {
    const broken = found.filter((id, i) => id >= 0 && model.invariants[i]?.property === property)
    const failed = [failedFrom[property] ?? -1, property === stuck ? deadlock : -1].filter((id) => id >= 0)
    const all = [...broken, ...failed]
    return all.length === 0 ? -1 : Math.min(...all)
  })
}

/** What a reduced search has seen, and the ways of its chains. */
type Explored = { readonly value: Exploration; readonly legs: Searched['legs'] }

function result(
  name: Reduction,
  model: LoweredModel,
  original: LoweredModel,
  options: ReducedOptions,
  { value, legs }: Explored,
): ReducedResult {
  const { incomplete } = value
  const found = outcomes(value)
  const searched = { model, stateOf: value.stateOf, parentOf: value.parentOf, legs }
  const reduced = { violated: violatedFrom(model, value), ...(incomplete === undefined ? {} : { incomplete }) }
  const confirmed = confirm(searched, reduced, quickly(original, options))
  return {
    engine: 'wasm',
    ...(incomplete === undefined ? {} : { incomplete }),
    ...confirmed,
    states: value.states,
    transitions: value.transitions,
    depth: value.depth,
    reachedSteps: model.steps.flatMap(({ id }, i) => (value.ran[i] === true ? [id] : [])).sort((a, b) => a - b),
    reachedCovers: value.found.slice(model.invariants.length).map((id) => id >= 0),
    outcomes: found,
    bytes: value.bytes,
    reductions: [{ name }],
  }
}

/** A full search, where a reduction cannot be used. */
function inFull(original: LoweredModel, options: ReducedOptions, reason: string): ReducedResult {
  return { ...searchExplicit(original, options), reductions: [{ name: 'chains', refused: reason }] }
}

/**
 * As `searchReduced`, by generated WebAssembly, with another choice of states to leave out; where that does not take
 * the model, `por` is left to `searchReduced` itself, and `chains` is refused with the reason. Of both, `por` is
 * carried out alone, as it takes such steps at once too. `depth` counts a chain of steps as one step. Throws as
 * `searchReduced` does.
 */
export function searchReducedFast(original: LoweredModel, options: ReducedOptions): ReducedResult {
  const start = performance.now()
  const { reductions, sabotage } = options
  const isPor = reductions.includes('por')
  if (!isPor && !reductions.includes('chains')) return searchReduced(original, options)
  const model = specialise(original)
  const explored = isPor
    ? exploreReduced(model, initialState(original), options, sabotage)
    : exploreChained(model, original, options, sabotage)
  const name = isPor ? 'por' : 'chains'
  if (explored.ok) return result(name, model, original, remaining(options, start), explored)
  return isPor ? searchReduced(original, options) : inFull(original, options, explored.reason)
}

/** As `searchReducedFast` with `chains` alone, by several workers: the same states, and the same of everything. */
export async function searchChainedTogether(
  original: LoweredModel,
  options: ReducedOptions,
  crew: CrewOptions,
): Promise<ReducedResult> {
  const start = performance.now()
  const model = specialise(original)
  const explored = await exploreChainedTogether(model, original, options, crew)
  if (!explored.ok) return inFull(original, options, explored.reason)
  return result('chains', model, original, remaining(options, start), explored)
}
