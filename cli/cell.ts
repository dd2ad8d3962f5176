/** One cell of a run: a scenario on a kernel, checked. */
import type { LoweredModel } from '../model/language/lowered.ts'
import type { FindingCode } from '../model/language/lint/rules.ts'
import { lower, ModelError, type Lowered } from '../model/language/lower/lower.ts'
import { closest } from '../model/litmus/suggest.ts'
import { MM_LINT_RULES } from '../model/mm/lock_rules.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../properties/all.ts'
import { buildAsFound, buildCounterexample, DEEP, kernelText, type Found } from '../counterexamples/build.ts'
import { asIfGuarded, buildFromStart } from '../counterexamples/any_start.ts'
import { anyStart } from '../model/scenarios/any_start.ts'
import { buildLasso } from '../counterexamples/lasso.ts'
import { searchDepthFirst, type DepthFirstFigures, type DepthFirstResult } from '../solver/depth_first/search.ts'
import type { SearchOptions, SearchResult, Violation } from '../solver/engine.ts'
import type { Checkpoints } from '../solver/explicit/checkpoint.ts'
import type { Exploration } from '../solver/explicit/explore.ts'
import { groundFor, groundOf, type Ground } from '../solver/explicit/fewest_switches.ts'
import { searchExplored } from '../solver/explicit/search.ts'
import { responsesOf, searchLiveness, type LivenessResult } from '../solver/liveness/search.ts'
import { searchAuto } from '../solver/reduce/auto.ts'
import { searchReducedFast } from '../solver/reduce/fast.ts'
import { searchReduced, type ReducedResult, type Reduction } from '../solver/reduce/reduced.ts'
import { searchReference } from '../solver/reference/search.ts'
import type { ImageCheckpoints } from '../solver/wasm/checkpoint.ts'
import type { SolverPool } from '../solver/smt/pool.ts'
import { searchFast, searchTogether } from '../solver/wasm/search.ts'
import {
  conditionHolds,
  livenessVerdicts,
  observe,
  verdicts,
  worst,
  type Observation,
  type PropertyVerdict,
  type Verdict,
} from '../solver/verdict.ts'
import type { Order } from './order.ts'

/** `wasm` refuses what is beyond its limits; `auto` asks the explicit engine then. */
export type Engine = 'explicit' | 'wasm' | 'auto' | 'reference' | 'smt'

export interface CellOptions extends SearchOptions {
  readonly engine: Engine
  /** Depth for the smt engine, in steps. */
  readonly depth: number
  /** Ask the linter first. A scenario adds no step of its own, and the tests ask it of the catalogue. */
  readonly lint: boolean
  /** What the explicit engine may leave out; nothing where this is absent. */
  readonly reductions?: readonly Reduction[]
  /** Of the explicit engine; breadth first where this is absent. */
  readonly order?: Order
  /** Threads that search with the wasm engine; one where this is absent. */
  readonly workers?: number
  /** Ask every scenario whether what it does ends, not only those in which a thread goes on for ever. */
  readonly liveness?: boolean
  /** The scenario with the properties in it, where the caller has lowered it already. */
  readonly lowered?: Lowered
  /** Of the explicit engine without reductions, and of the wasm engine; the others keep none. */
  readonly checkpoints?: Checkpoints
  readonly images?: ImageCheckpoints
  /** Of the smt engine: from every well-formed state in place of the scenario's own. */
  readonly anyStart?: boolean
  /** Of the smt engine: where its processes come from. */
  readonly solvers?: SolverPool
  /** Of the smt engine: a directory for what it asks. */
  readonly smtLog?: string
}

export interface Cell {
  readonly scenario: Scenario
  readonly kernel: string
  /** The one that answered. */
  readonly engine: SearchResult['engine']
  readonly verdict: Verdict
  readonly properties: readonly PropertyVerdict[]
  readonly lowered: Lowered
  readonly result: SearchResult
  /** How the search was reduced, where that was asked for. */
  readonly reduced?: Pick<ReducedResult, 'reductions' | 'notShortest'>
  /** Where it was depth first: `result` counts as that says. */
  readonly depthFirst?: DepthFirstFigures
  readonly observation?: Observation
  readonly condition?: boolean
  /** By property name. */
  readonly found: ReadonlyMap<string, Found>
  /** `routine.label` of every step, and those that ran. */
  readonly labels: ReadonlySet<string>
  readonly reached: ReadonlySet<string>
  /** The search began in every well-formed state. */
  readonly anyStart?: true
  /** Where the start was open: for each property that is violated, the scenario that begins where it is. */
  readonly starts?: ReadonlyMap<string, Scenario>
  readonly ms: number
  /** What went wrong with mmcheck itself, where the verdict is `error` or `disagree`. */
  readonly problem?: string
}

export type CellResult =
  | { readonly ok: true; readonly cell: Cell }
  /** `label` is what cannot be left out, where that is the mistake. */
  | { readonly ok: false; readonly message: string; readonly help?: string; readonly label?: string }

/** How long the solver may take where no limit was given, in milliseconds. */
const SMT_MS = 10 * 60 * 1000

const OF_MODEL = new Set(PROPERTIES.filter((p) => p.ofModel).map((p) => p.name))

async function searchBounded(scenario: Scenario, lowered: Lowered, options: CellOptions): Promise<SearchResult> {
  const { depth, maxMs = SMT_MS, anyStart: open = false, solvers, smtLog } = options
  // Loaded here, as few cells ask for it.
  const [{ boundedCheck }, { logName, newLog, writeLog }] = await Promise.all([
    import('../solver/smt/bmc.ts'),
    import('../solver/smt/log.ts'),
  ])
  const log = smtLog === undefined ? undefined : newLog()
  const result = await boundedCheck(lowered.model, {
    maxDepth: depth,
    maxMs,
    ...(open ? { start: anyStart(scenario, lowered) } : {}),
    ...(solvers === undefined ? {} : { solvers }),
    ...(log === undefined ? {} : { log }),
  })
  if (smtLog !== undefined && log !== undefined) writeLog(smtLog, logName(scenario.name, kernelText(scenario)), log)
  return result
}

/** What an engine saw. */
interface Searched {
  readonly result: SearchResult | ReducedResult | DepthFirstResult
  /** Where the explicit engine has all states: what more is asked of them need not be searched for again. */
  readonly explored?: Exploration
}

/** What an engine sees, or why it does not take the model. */
async function search(scenario: Scenario, lowered: Lowered, options: CellOptions): Promise<Searched | string> {
  const { engine, reductions = [], order } = options
  if (order === 'depth-first') return { result: searchDepthFirst(lowered.model, options) }
  if (engine === 'explicit' && reductions.length === 0) {
    const { result, exploration } = searchExplored(lowered.model, options)
    return { result, ...(result.incomplete === undefined ? { explored: exploration } : {}) }
  }
  const result = await searchAlone(engine, scenario, lowered, options)
  return typeof result === 'string' ? result : { result }
}

/** With a reduction, by WebAssembly where that can; `auto` stands for whichever is the quicker. */
const searchLess = (model: LoweredModel, options: CellOptions, reductions: readonly Reduction[]): ReducedResult =>
  reductions.includes('auto') ? searchAuto(model, options) : searchReducedFast(model, { ...options, reductions })

async function searchAlone(
  engine: Engine,
  scenario: Scenario,
  lowered: Lowered,
  options: CellOptions,
): Promise<SearchResult | ReducedResult | string> {
  const { reductions = [], workers = 1 } = options
  switch (engine) {
    case 'wasm': {
      if (reductions.length > 0) return searchLess(lowered.model, options, reductions)
      const answer = await searchTogether(lowered.model, options, { workers })
      return answer.ok ? answer.result : answer.reason
    }
    case 'auto':
      if (reductions.length > 0) return searchLess(lowered.model, options, reductions)
      return searchFast(lowered.model, options, { workers })
    case 'explicit':
      return searchReduced(lowered.model, { ...options, reductions })
    case 'reference':
      return searchReference(lowered.model, options)
    case 'smt':
      return searchBounded(scenario, lowered, options)
  }
}

/**
 * What becomes of runs that never end; undefined where the engine cannot tell. The reference engine is
 * asked if it was chosen, and the explicit one in any other case, always without reductions: a search that
 * leaves transitions out may leave out the loop, or the one way out of it.
 */
function searchEnds({ model }: Lowered, options: CellOptions, safety: Searched): LivenessResult | undefined {
  const keepsNoGraph = options.engine === 'smt' || options.order === 'depth-first'
  if (keepsNoGraph || responsesOf(model).length === 0) return undefined
  const { incomplete } = safety.result
  if (incomplete !== undefined)
    return { answers: responsesOf(model).map(() => ({ kind: 'unknown', incomplete })), states: 0 }
  const engine = options.engine === 'reference' ? 'reference' : 'explicit'
  return searchLiveness(model, { ...options, engine, explored: safety.explored })
}

/** The scenario with nothing but `without` left out; undefined where a label of it is not there. */
function lowerWithout(scenario: Scenario, without: readonly string[]): Lowered | undefined {
  try {
    return lower(withProperties({ ...scenario, program: { ...scenario.program, without: new Set(without) } }))
  } catch (e) {
    if (e instanceof ModelError) return undefined
    throw e
  }
}

/** Where a scenario cannot be lowered for a label that nothing has: which, and what may have been meant. */
function unknownLabel(scenario: Scenario): CellResult | undefined {
  const whole = lowerWithout(scenario, [])
  if (whole === undefined) return undefined
  const label = scenario.without.find((l) => lowerWithout(scenario, [l]) === undefined)
  if (label === undefined) return undefined
  const { steps } = whole.model
  const near = closest(
    label,
    steps.map((s) => `${s.routine}.${s.local}`),
  )
  const routine = steps.find((s) => label.startsWith(`${s.routine}.`))?.routine
  const help =
    near !== undefined
      ? `did you mean '${near}'?`
      : routine === undefined
        ? "labels are routine.label; 'mmcheck list --routines' prints the routines"
        : `'mmcheck list ${routine} --kernel ${scenario.kernel.name}' shows its labels`
  const message = `no step or check '${label}' is part of this scenario on ${scenario.kernel.name}`
  return { ok: false, message, help, label }
}

/**
 * What the linter refuses: a lock taken out of order, an access without its lock, and the like. Not
 * asked where something is left out on purpose, and not of what only the whole catalogue can show.
 */
async function refused(scenario: Scenario, lowered: Lowered): Promise<string | undefined> {
  if (scenario.without.length > 0) return undefined
  const grave: readonly FindingCode[] = ['ML001', 'ML002', 'ML003', 'ML004', 'ML005', 'ML006', 'ML007']
  const { lint } = await import('../model/language/lint/lint.ts')
  const [first] = lint(lowered, MM_LINT_RULES).filter((f) => grave.includes(f.code))
  return first && `${scenario.name}: the model breaks its own rules, ${first.code} at ${first.label}: ${first.message}`
}

/** What the traces to several violations are picked from; undefined where a single one may look for itself. */
function commonGround(
  model: LoweredModel,
  violations: readonly Violation[],
  explored: Exploration | undefined,
): Ground | undefined {
  if (violations.length === 0) return undefined
  if (explored !== undefined) return groundOf(explored)
  return violations.length > 1 ? groundFor(model, violations) : undefined
}

/** Checks one scenario. A mistake in the scenario is a message; what the check finds is a cell. */
export async function checkCell(scenario: Scenario, options: CellOptions): Promise<CellResult> {
  const start = performance.now()
  let lowered: Lowered
  try {
    lowered =
      options.lowered ??
      lower(
        withProperties(options.anyStart === true ? asIfGuarded(scenario) : scenario, PROPERTIES, {
          liveness: options.liveness ?? false,
        }),
      )
  } catch (e) {
    if (e instanceof ModelError)
      return unknownLabel(scenario) ?? { ok: false, message: `${scenario.name}: ${e.message}` }
    throw e
  }
  const refusal = options.lint ? await refused(scenario, lowered) : undefined
  if (refusal !== undefined) return { ok: false, message: refusal }
  const { model } = lowered
  const searched = await search(scenario, lowered, options)
  if (typeof searched === 'string') {
    const message = `${scenario.name}: the ${options.engine} engine does not take this model: ${searched}`
    return { ok: false, message, help: "'--engine auto' asks the explicit engine then" }
  }
  const { result, explored } = searched
  const properties = [
    ...verdicts(model, result, OF_MODEL),
    ...livenessVerdicts(model, searchEnds(lowered, options, searched)),
  ]
  const found = new Map<string, Found>()
  const violations = properties.flatMap(({ violation }) => violation ?? [])
  // Where a search for shortest traces met its limit, another one is not to be had either.
  const asFound = 'depthFirst' in result || ('notShortest' in result && result.notShortest !== undefined)
  const ground = asFound ? undefined : commonGround(model, violations, explored)
  const problems: string[] = []
  const starts = new Map<string, Scenario>()
  for (const p of properties) {
    const built =
      p.lasso !== undefined
        ? buildLasso(scenario, model, p.property, p.lasso)
        : p.violation?.start === undefined
          ? p.violation &&
            (asFound
              ? buildAsFound(scenario, model, p.violation, DEEP)
              : buildCounterexample(scenario, model, p.violation, ground))
          : buildFromStart(scenario, lowered, p.property, p.violation)
    if (built === undefined) continue
    if (built.ok && 'scenario' in built.value) starts.set(p.property, built.value.scenario)
    if (built.ok) found.set(p.property, 'found' in built.value ? built.value.found : built.value)
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
      engine: result.engine,
      verdict: problems.length > 0 ? 'disagree' : base,
      properties,
      lowered,
      result,
      found,
      labels: new Set(byId.values()),
      reached: new Set(result.reachedSteps.flatMap((id) => byId.get(id) ?? [])),
      ...(options.anyStart === true ? { anyStart: true as const } : {}),
      ...(starts.size === 0 ? {} : { starts }),
      ms: performance.now() - start,
      ...('reductions' in result ? { reduced: result } : {}),
      ...('depthFirst' in result ? { depthFirst: result.depthFirst } : {}),
      ...(observation === undefined ? {} : { observation }),
      ...(condition === undefined ? {} : { condition }),
      ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
    },
  }
}
