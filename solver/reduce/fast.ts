import type { LoweredModel } from '../../model/language/lowered.ts'
import { deadlockProperty, initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import type { Exploration, ExploreOptions } from '../wasm/explore.ts'
import { exploreReduced } from '../wasm/por/search.ts'
import { outcomes } from '../wasm/search.ts'
import { confirm, quickly } from './confirm.ts'
import { remaining, searchReduced, type ReducedOptions, type ReducedResult } from './reduced.ts'

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

/**
 * As `searchReduced`, by generated WebAssembly, and with another choice of states to leave out; by `searchReduced`
 * itself where that does not take the model. `depth` counts a chain of steps of which one alone was enough as one
 * step. Throws as `searchReduced` does.
 */
export function searchReducedFast(
  original: LoweredModel,
  options: ReducedOptions & Pick<ExploreOptions, 'limits'>,
): ReducedResult {
  const start = performance.now()
  if (!options.reductions.includes('por')) return searchReduced(original, options)
  const model = specialise(original)
  const explored = exploreReduced(model, initialState(original), options, options.sabotage)
  if (!explored.ok) return searchReduced(original, options)
  const { value, legs } = explored
  const { incomplete } = value
  const found = outcomes(value)
  const violated = violatedFrom(model, value)
  const searched = { model, stateOf: value.stateOf, parentOf: value.parentOf, legs }
  const reduced = { violated, ...(incomplete === undefined ? {} : { incomplete }) }
  const confirmed = confirm(searched, reduced, quickly(original, remaining(options, start)))
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
    reductions: [{ name: 'por' }],
  }
}
