/** What a reduced search must say as the full one does. */
import type { SearchResult } from '../../solver/engine.ts'

export interface Answer {
  readonly violations: SearchResult['violations']
  readonly steps: readonly number[]
  readonly covers: readonly boolean[]
  /** Registers, and whether some and whether all such final states meet the final condition. */
  readonly outcomes: readonly string[]
}

export const answer = (r: SearchResult): Answer => ({
  violations: r.violations,
  steps: r.reachedSteps,
  covers: r.reachedCovers,
  outcomes: r.outcomes.map((o) => `${o.registers.join()} some=${o.satisfying > 0} all=${o.satisfying === o.states}`),
})
