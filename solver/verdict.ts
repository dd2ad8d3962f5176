/** Verdicts, and how one follows from what an engine saw. A bound is never reported as `holds`. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { Incomplete, SearchResult, Violation } from './engine.ts'
import { responsesOf, type Lasso, type LivenessResult, type ResponseAnswer } from './liveness/search.ts'

export type Verdict =
  'holds' | 'holds-bounded' | 'violated' | 'vacuous' | 'unknown' | 'timeout' | 'crash' | 'disagree' | 'error'

/** Worst first: the verdict of a run is the worst of its parts. */
export const VERDICTS: readonly Verdict[] = [
  'error',
  'disagree',
  'violated',
  'timeout',
  'crash',
  'unknown',
  'vacuous',
  'holds-bounded',
  'holds',
]

export const worst = (verdicts: readonly Verdict[]): Verdict => VERDICTS.find((v) => verdicts.includes(v)) ?? 'holds'

export interface PropertyVerdict {
  readonly property: string
  readonly verdict: Verdict
  readonly violation?: Violation
  /** Of a liveness property that is violated: a fair run without end, and everybody who may wait for ever. */
  readonly lasso?: Lasso
  readonly endless?: readonly string[]
  /** Of a liveness property that holds: whether it does where nothing is strongly fair. */
  readonly weak?: boolean
  /** What should have been reached and was not; where the verdict is `vacuous`. */
  readonly unreached: readonly string[]
}

const ofIncomplete = (incomplete: Incomplete): Verdict => {
  switch (incomplete.kind) {
    case 'depth':
      return 'holds-bounded'
    case 'time':
      return 'timeout'
    case 'crash':
      return 'crash'
    case 'states':
    case 'memory':
    case 'violation':
    case 'solver':
      return 'unknown'
  }
}

/**
 * One verdict per property of the model. `ofModel` names properties whose violation is a mistake of
 * the model. Vacuity is only told of a complete search, which alone knows what cannot be reached.
 */
export function verdicts(
  model: LoweredModel,
  result: SearchResult,
  ofModel: ReadonlySet<string>,
): readonly PropertyVerdict[] {
  return model.properties.map((p, number): PropertyVerdict => {
    const violation = result.violations.find((v) => v.property === number)
    if (violation !== undefined)
      return { property: p.name, verdict: ofModel.has(p.name) ? 'error' : 'violated', violation, unreached: [] }
    if (result.incomplete !== undefined)
      return { property: p.name, verdict: ofIncomplete(result.incomplete), unreached: [] }
    const unreached = model.covers.flatMap((c, i) =>
      c.name.startsWith(`${p.name}: `) && result.reachedCovers[i] === false ? [c.name.slice(p.name.length + 2)] : [],
    )
    return { property: p.name, verdict: unreached.length > 0 ? 'vacuous' : 'holds', unreached }
  })
}

/** A bound says nothing of runs that never end. */
const withoutEnd = (incomplete: Incomplete): Verdict => (incomplete.kind === 'time' ? 'timeout' : 'unknown')

const sizeOf = ({ moves }: Lasso): number => moves.length

/**
 * One verdict per liveness property of the model, in its order; `unknown` where none was asked, as no
 * engine but the explicit and the reference one can. Of several lassos the shortest is shown.
 */
export function livenessVerdicts(model: LoweredModel, result: LivenessResult | undefined): readonly PropertyVerdict[] {
  const responses = responsesOf(model)
  return [...new Set(responses.map((r) => r.property))].map((property): PropertyVerdict => {
    const of = responses.flatMap((r, i): readonly { readonly about: string; readonly answer: ResponseAnswer }[] => {
      const answer = result?.answers[i]
      return r.property === property && answer !== undefined ? [{ about: r.about, answer }] : []
    })
    const lassos = of.flatMap(({ about, answer }) =>
      answer.kind === 'violated' ? [{ about, lasso: answer.lasso }] : [],
    )
    const [shortest] = [...lassos].sort((a, b) => sizeOf(a.lasso) - sizeOf(b.lasso))
    if (shortest !== undefined) {
      const endless = lassos.map(({ about }) => about)
      return { property, verdict: 'violated', lasso: shortest.lasso, endless, unreached: [] }
    }
    if (of.length === 0) return { property, verdict: 'unknown', unreached: [] }
    for (const { answer } of of)
      if (answer.kind === 'unknown') return { property, verdict: withoutEnd(answer.incomplete), unreached: [] }
    if (of.every(({ answer }) => answer.kind === 'vacuous'))
      return { property, verdict: 'vacuous', unreached: ['what must end is begun'] }
    return {
      property,
      verdict: 'holds',
      weak: of.every(({ answer }) => answer.kind !== 'holds' || answer.weak),
      unreached: [],
    }
  })
}

/** What a litmus file's final condition came to, in herd7's words. */
export interface Observation {
  readonly word: 'Never' | 'Sometimes' | 'Always'
  /** Final states that meet the condition, and that do not. */
  readonly positive: number
  readonly negative: number
}

export function observe(result: SearchResult): Observation {
  const positive = result.outcomes.reduce((n, o) => n + o.satisfying, 0)
  const negative = result.outcomes.reduce((n, o) => n + o.states, 0) - positive
  return { word: positive === 0 ? 'Never' : negative === 0 ? 'Always' : 'Sometimes', positive, negative }
}

/** Whether the observation is what the quantifier asks for. Undefined where the search was cut short. */
export function conditionHolds(
  quantifier: 'exists' | '~exists' | 'forall',
  o: Observation,
  complete: boolean,
): boolean | undefined {
  switch (quantifier) {
    case 'exists':
      return o.positive > 0 ? true : complete ? false : undefined
    case '~exists':
      return o.positive > 0 ? false : complete ? true : undefined
    case 'forall':
      // Of no final state at all, as where every path deadlocks, nothing is said.
      return o.negative > 0 ? false : complete && o.positive > 0 ? true : undefined
  }
}
