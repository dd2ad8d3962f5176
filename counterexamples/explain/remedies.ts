/** Finds what would have kept a broken scenario whole, by trying each candidate and searching again. */
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { reachedLabels } from '../../model/language/mutate/reached.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import type { SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { verdicts } from '../../solver/verdict.ts'
import type { Trace } from '../trace.ts'
import { candidates, type Candidate } from './candidates.ts'
import { stillBreaks } from './guided.ts'

export interface Remedy extends Candidate {
  /** Properties that break instead; a remedy with any is none that one could merge. */
  readonly instead: readonly string[]
}

export interface Remedies {
  readonly found: readonly Remedy[]
  /** How many candidates were tried, and those that could not be told about: a limit, or a routine that is none. */
  readonly tried: number
  readonly unknown: readonly string[]
}

const OF_MODEL: ReadonlySet<string> = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

type Tried = { readonly kind: 'no' | 'unknown' } | { readonly kind: 'remedy'; readonly instead: readonly string[] }

interface Broken {
  readonly scenario: Scenario
  readonly lowered: Lowered
  readonly trace: Trace
  readonly property: string
}

function tryOne(c: Candidate, broken: Broken, before: ReadonlySet<string>, options: SearchOptions): Tried {
  const known = new Set(broken.lowered.model.steps.map((s) => s.label))
  let model: LoweredModel
  let result: SearchResult
  try {
    model = lower(withProperties(c.scenario)).model
    if (stillBreaks(model, broken.trace.steps, broken.property, (label) => known.has(label))) return { kind: 'no' }
    result = searchExplicit(model, options)
  } catch (e) {
    if (e instanceof Error) return { kind: 'unknown' }
    throw e
  }
  const all = verdicts(model, result, OF_MODEL)
  const own = all.find((p) => p.property === broken.property)
  if (own === undefined || own.violation !== undefined) return { kind: 'no' }
  if (result.incomplete !== undefined || all.some((p) => p.violation !== undefined && OF_MODEL.has(p.property)))
    return { kind: 'unknown' }
  // What merely keeps everybody from getting there is no remedy.
  if (own.verdict === 'vacuous' || result.outcomes.length === 0) return { kind: 'no' }
  const last = broken.trace.steps.at(-1)?.step
  if (last !== undefined && c.kind !== 'put back' && !reaches(model, result, `${last.routine}.${last.local}`))
    return { kind: 'no' }
  // A check made once more stops where it fails, since what it should do then is not known: no deadlock of the kernel's.
  const instead = all
    .filter((p) => p.violation !== undefined && !before.has(p.property))
    .map((p) => p.property)
    .filter((name) => c.kind !== 'check' || name !== 'NoDeadlock')
  return { kind: 'remedy', instead }
}

const reaches = (model: LoweredModel, result: SearchResult, label: string): boolean =>
  // A patch or a torn step may have the last step under another name; then nothing is held against it.
  !model.steps.some((s) => `${s.routine}.${s.local}` === label) || reachedLabels(model, result.reachedSteps).has(label)

/**
 * Tries every candidate. `outside` are the steps of the trace that are not in the causal past; `before`
 * the properties that the scenario breaks as it is. Remedies without a drawback come first.
 */
export async function remedies(
  broken: Broken,
  outside: ReadonlySet<number>,
  before: ReadonlySet<string>,
  options: SearchOptions,
  onStep: (done: number, of: number, name: string) => void = () => undefined,
): Promise<Remedies> {
  const all = candidates(broken.scenario, broken.lowered, broken.trace, outside)
  const found: Remedy[] = []
  const unknown: string[] = []
  for (const [i, c] of all.entries()) {
    onStep(i, all.length, c.name)
    const tried = tryOne(c, broken, before, options)
    if (tried.kind === 'remedy') found.push({ ...c, instead: tried.instead })
    if (tried.kind === 'unknown') unknown.push(c.name)
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
  const order = [...found.filter((r) => r.instead.length === 0), ...found.filter((r) => r.instead.length > 0)]
  return { found: order, tried: all.length, unknown }
}
