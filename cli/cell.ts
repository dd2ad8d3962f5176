/** One cell of a run: a scenario on a kernel, checked. */
import { lower, ModelError, type Lowered } from '../model/language/lower/lower.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../properties/all.ts'
import { buildCounterexample, kernelText, type Found } from '../counterexamples/build.ts'
import type { SearchOptions, SearchResult } from '../solver/engine.ts'
import { searchExplicit } from '../solver/explicit/search.ts'
import { searchReference } from '../solver/reference/search.ts'
import { boundedCheck } from '../solver/smt/bmc.ts'
import {
  conditionHolds,
  observe,
  verdicts,
  worst,
  type Observation,
  type PropertyVerdict,
  type Verdict,
} from '../solver/verdict.ts'

export type Engine = 'explicit' | 'reference' | 'smt'

export interface CellOptions extends SearchOptions {
  readonly engine: Engine
  /** Depth for the smt engine, in steps. */
  readonly depth: number
}

export interface Cell {
  readonly scenario: Scenario
  readonly kernel: string
  readonly engine: Engine
  readonly verdict: Verdict
  readonly properties: readonly PropertyVerdict[]
  readonly lowered: Lowered
  readonly result: SearchResult
  readonly observation?: Observation
  readonly condition?: boolean
  /** By property name. */
  readonly found: ReadonlyMap<string, Found>
  /** `routine.label` of every step, and those that ran. */
  readonly labels: ReadonlySet<string>
  readonly reached: ReadonlySet<string>
  readonly ms: number
  /** What went wrong with mmcheck itself, where the verdict is `error` or `disagree`. */
  readonly problem?: string
}

export type CellResult = { readonly ok: true; readonly cell: Cell } | { readonly ok: false; readonly message: string }

/** How long the solver may take where no limit was given, in milliseconds. */
const SMT_MS = 10 * 60 * 1000

const OF_MODEL = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

async function search(engine: Engine, lowered: Lowered, options: CellOptions): Promise<SearchResult> {
  switch (engine) {
    case 'explicit':
      return searchExplicit(lowered.model, options)
    case 'reference':
      return searchReference(lowered.model, options)
    case 'smt':
      return boundedCheck(lowered.model, { maxDepth: options.depth, maxMs: options.maxMs ?? SMT_MS })
  }
}

/** Checks one scenario. A mistake in the scenario is a message; what the check finds is a cell. */
export async function checkCell(scenario: Scenario, options: CellOptions): Promise<CellResult> {
  const start = performance.now()
  let lowered: Lowered
  try {
    lowered = lower(withProperties(scenario))
  } catch (e) {
    if (e instanceof ModelError) return { ok: false, message: `${scenario.name}: ${e.message}` }
    throw e
  }
  const { model } = lowered
  const result = await search(options.engine, lowered, options)
  const properties = verdicts(model, result, OF_MODEL)
  const found = new Map<string, Found>()
  const problems: string[] = []
  for (const p of properties) {
    if (p.violation === undefined) continue
    const built = buildCounterexample(scenario, model, p.violation)
    if (built.ok) found.set(p.property, built.value)
    else problems.push(`${p.property}: ${built.error}`)
  }
  const complete = result.incomplete === undefined
  const quantifier = result.engine === 'smt' ? undefined : scenario.quantifier
  const observation = quantifier === undefined ? undefined : observe(result)
  const condition =
    quantifier === undefined || observation === undefined
      ? undefined
      : conditionHolds(quantifier, observation, complete)
  const byId = new Map(model.steps.map((s) => [s.id, `${s.routine}.${s.local}`]))
  const base = worst(properties.map((p) => p.verdict))
  return {
    ok: true,
    cell: {
      scenario,
      kernel: kernelText(scenario),
      engine: options.engine,
      verdict: problems.length > 0 ? 'disagree' : base,
      properties,
      lowered,
      result,
      found,
      labels: new Set(byId.values()),
      reached: new Set(result.reachedSteps.flatMap((id) => byId.get(id) ?? [])),
      ms: performance.now() - start,
      ...(observation === undefined ? {} : { observation }),
      ...(condition === undefined ? {} : { condition }),
      ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
    },
  }
}
