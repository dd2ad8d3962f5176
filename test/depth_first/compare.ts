/** What a depth-first search must say as the reference does, and what the room is that it is given for it. */
import { expect } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchDepthFirst, type DepthFirstOptions, type DepthFirstResult } from '../../solver/depth_first/search.ts'
import { bytesOf } from '../../solver/depth_first/store.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { layOut } from '../../solver/explicit/layout.ts'
import { replay } from '../../solver/reference/replay.ts'
import { specialise } from '../../solver/specialise.ts'

export interface Said {
  readonly violated: readonly number[]
  readonly steps: readonly number[]
  readonly covers: readonly boolean[]
  /** Registers, and whether some and whether all such final states meet the final condition. */
  readonly outcomes: readonly string[]
}

export const said = (r: SearchResult): Said => ({
  violated: r.violations.map(({ property }) => property),
  steps: r.reachedSteps,
  covers: r.reachedCovers,
  outcomes: r.outcomes.map((o) => `${o.registers.join()} some=${o.satisfying > 0} all=${o.satisfying === o.states}`),
})

/** Every trace is a run of the model that ends in the violation, and none is shorter than the shortest. */
export function expectTraces(model: LoweredModel, result: SearchResult, truth: SearchResult): void {
  for (const { property, moves } of result.violations) {
    const ran = replay(model, moves)
    expect(ran.kind === 'ran' && ran.violated).toContain(property)
    const shortest = truth.violations.find((v) => v.property === property)
    expect(shortest?.moves.length).toBeLessThanOrEqual(moves.length)
  }
}

/** Bytes in which a search can hold so many states of a model. */
export const roomFor = (model: LoweredModel, states: number): number =>
  bytesOf(states + 1, layOut(specialise(model)).words)

/** Visits after which a search that forgets too much is given more room. */
const VISITS_MAX = 5000

/**
 * Searches in about the least memory that the search can do with: of the rooms for 4, 6, 9, ... states, each half
 * larger than the last, the first in which it comes to an end.
 */
export function searchInLittle(model: LoweredModel, options: DepthFirstOptions = {}): DepthFirstResult {
  for (let states = 4; ; states = Math.ceil(states * 1.5)) {
    const result = searchDepthFirst(model, { ...options, maxBytes: roomFor(model, states), maxStates: VISITS_MAX })
    const stop = result.incomplete?.kind
    if (stop !== 'memory' && stop !== 'states') return result
    if (states > 10 * VISITS_MAX) throw new Error('the model is too large for this')
  }
}
