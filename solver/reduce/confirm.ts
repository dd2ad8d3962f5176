/** Shortest traces for what a reduced search has found violated, by an unreduced one. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions, Violation } from '../engine.ts'
import { explore } from '../explicit/explore.ts'
import { violations } from '../explicit/search.ts'
import { firstViolations } from '../first_violations.ts'
import { deadlockProperty, initialState } from '../reference/interpreter.ts'
import { specialise } from '../specialise.ts'
import { explore as exploreWasm } from '../wasm/explore.ts'
import { machineFor } from '../wasm/search.ts'
import { reducedTrace, type Searched } from './trace.ts'

/** What a reduced search says of properties. */
export interface Reduced {
  /** By property: the stored state from which, or on a chain from which, it was first seen violated; -1. */
  readonly violated: readonly number[]
  readonly incomplete?: Incomplete
}

/** What a search says that ends once it has shortest violations of some properties. */
export interface Shortest {
  readonly violations: readonly Violation[]
  readonly incomplete?: Incomplete
}

export type FindShortest = (wanted: ReadonlySet<number>) => Shortest

/** Violations that a search has met so far, each by the state that shows it, or -1. */
interface Seen {
  /** By property: from which state an assertion failed. */
  readonly failed: ArrayLike<number>
  /** By the invariant's place in the model. */
  readonly broken: readonly number[]
  readonly deadlock: number
}

function hasSeen(model: LoweredModel, wanted: ReadonlySet<number>): (seen: Seen) => boolean {
  const stuck = deadlockProperty(model)
  return ({ failed, broken, deadlock }) =>
    [...wanted].every(
      (p) =>
        (failed[p] ?? -1) >= 0 ||
        (p === stuck && deadlock >= 0) ||
        broken.some((id, i) => id >= 0 && model.invariants[i]?.property === p),
    )
}

/**
 * To be asked at the end of each depth: whether all of `wanted` were seen violated, in every way that could give a
 * shortest trace. Some are seen one depth later than others whose trace is as long.
 */
function allSeen(model: LoweredModel, wanted: ReadonlySet<number>): (seen: Seen) => boolean {
  const isSeen = hasSeen(model, wanted)
  let before = false
  return (seen) => {
    const enough = before
    before = isSeen(seen)
    return enough
  }
}

/** By the explicit engine. */
export const explicitly =
  (original: LoweredModel, options: SearchOptions): FindShortest =>
  (wanted) => {
    const exploration = explore(original, { ...options, enough: allSeen(original, wanted) })
    const { incomplete } = exploration
    return { violations: violations(exploration), ...(incomplete === undefined ? {} : { incomplete }) }
  }

/** By the wasm engine, or the explicit one where that does not take the model. */
export const quickly =
  (original: LoweredModel, options: SearchOptions): FindShortest =>
  (wanted) => {
    const machine = machineFor(specialise(original), 1)
    const enough = allSeen(original, wanted)
    const explored =
      typeof machine === 'string' ? undefined : exploreWasm(machine, initialState(original), { ...options, enough })
    if (explored?.ok !== true) return explicitly(original, options)(wanted)
    const { value } = explored
    const { model } = value.machine.plan
    const broken = value.found.slice(0, model.invariants.length)
    return {
      violations: firstViolations({ model, ...value, broken }),
      ...(value.incomplete === undefined ? {} : { incomplete: value.incomplete }),
    }
  }

export interface Confirmed {
  readonly violations: readonly Violation[]
  /** Why some traces are not known to be shortest: the limit that the search for shortest ones met. */
  readonly notShortest?: Incomplete
}

/**
 * Shortest traces, by an unreduced search that goes no deeper than it must; of the rest, the reduced ones. Throws
 * where the two searches contradict one another.
 */
export function confirm(searched: Searched, reduced: Reduced, findShortest: FindShortest): Confirmed {
  const wanted = new Set(reduced.violated.flatMap((from, property) => (from >= 0 ? [property] : [])))
  if (wanted.size === 0) return { violations: [] }
  const { violations: shortest, incomplete } = findShortest(wanted)
  const found = new Set(shortest.map(({ property }) => property))
  const missing = [...wanted].filter((property) => !found.has(property))
  const more = [...found].filter((property) => !wanted.has(property))
  if ((incomplete === undefined && missing.length > 0) || (reduced.incomplete === undefined && more.length > 0))
    throw new Error(`the reduced search and the full one disagree on properties ${[...missing, ...more].join(', ')}`)
  const longer = missing.map((property) => ({
    property,
    moves: reducedTrace(searched, reduced.violated[property] ?? -1, property),
  }))
  return {
    violations: [...shortest, ...longer].sort((a, b) => a.property - b.property),
    ...(incomplete === undefined || missing.length === 0 ? {} : { notShortest: incomplete }),
  }
}
