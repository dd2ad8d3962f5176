/** Whether something that was taken away is needed: one search of the scenario without it. */
import { lower } from '../../model/language/lower/lower.ts'
import { withLeftOut, type Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import type { Incomplete, SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { conditionHolds, observe, verdicts, type PropertyVerdict } from '../../solver/verdict.ts'
import { buildCounterexample, type Found } from '../build.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'

/** What became of a scenario without something. */
export type Judgement =
  /** A property that held breaks. */
  | { readonly kind: 'needed'; readonly property: string; readonly found: Found }
  /** No property breaks, but the final condition of the test, which held, does not. */
  | { readonly kind: 'condition' }
  /** No run ends any more: what is left goes round for ever. */
  | { readonly kind: 'endless' }
  | { readonly kind: 'not needed'; readonly states: number }
  /** The routine without it is none that can be lowered or run; the reason is the lowering's or the engine's. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The search ended at a limit, or the world is too small for what the routine does without it. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** A scenario as it is, searched: what a mutation is held against. */
export interface Base {
  readonly model: LoweredModel
  readonly result: SearchResult
  /** Properties that are violated as it is: they judge nothing. */
  readonly broken: ReadonlySet<string>
  readonly condition: boolean | undefined
}

const OF_MODEL: ReadonlySet<string> = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

/** The limit that a search ended at. */
function endedAt(i: Incomplete): string {
  switch (i.kind) {
    case 'states':
      return `stopped at ${i.limit} states`
    case 'memory':
      return `stopped at ${Math.round(i.limitBytes / 1024 / 1024)} MB`
    case 'time':
      return `stopped after ${Math.round(i.limitMs / 1000)} s`
    case 'depth':
      return `stopped at depth ${i.limit}`
    case 'violation':
      return 'stopped at the first violation'
    case 'solver':
    case 'crash':
      return i.reason
  }
}

const condition = (s: Scenario, result: SearchResult): boolean | undefined =>
  s.quantifier === undefined || s.quantifier === 'exists'
    ? undefined
    : conditionHolds(s.quantifier, observe(result), result.incomplete === undefined)

const violated = (all: readonly PropertyVerdict[]): readonly PropertyVerdict[] =>
  all.filter((p) => p.violation !== undefined)

/** Searches the scenario as it is. Throws ModelError where it cannot be lowered. */
export function searchBase(scenario: Scenario, options: SearchOptions): Base {
  const { model } = lower(withProperties(scenario))
  const result = searchExplicit(model, options)
  const broken = new Set(violated(verdicts(model, result, OF_MODEL)).map((p) => p.property))
  return { model, result, broken, condition: condition(scenario, result) }
}

/** Judges the scenario with the mutations (as words) against what it is without them. */
export function judge(scenario: Scenario, words: readonly string[], base: Base, options: SearchOptions): Judgement {
  const mutant = withLeftOut(scenario, words)
  let model: LoweredModel
  let result: SearchResult
  try {
    model = lower(withProperties(mutant)).model
    result = searchExplicit(model, options)
  } catch (e) {
    // The lowering's refusals, and a value that leaves its range: both say that the routine is none.
    if (e instanceof Error) return { kind: 'malformed', reason: e.message }
    throw e
  }
  const broken = violated(verdicts(model, result, OF_MODEL)).filter((p) => !base.broken.has(p.property))
  const first = broken.find((p) => !OF_MODEL.has(p.property))
  if (first?.violation !== undefined) {
    const built = buildCounterexample(mutant, model, first.violation)
    if (!built.ok) throw new Error(`${words.join(', ')}: ${built.error}`)
    return { kind: 'needed', property: first.property, found: built.value }
  }
  if (broken.length > 0) return { kind: 'unknown', reason: 'the world of the scenario is too small for it' }
  if (result.incomplete !== undefined) return { kind: 'unknown', reason: endedAt(result.incomplete) }
  if (base.result.outcomes.length > 0 && result.outcomes.length === 0) return { kind: 'endless' }
  if (base.condition === true && condition(mutant, result) === false) return { kind: 'condition' }
  return { kind: 'not needed', states: result.states }
}
