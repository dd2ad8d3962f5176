/**
 * The smallest scenario with a run that never ends. No schedule can be followed into one, so every smaller
 * scenario is asked in the order of its size until one has such a run; those before it have been exhausted then.
 */
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { findProperty, PROPERTIES, withProperties } from '../../properties/all.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { countSwitches } from '../../solver/explicit/fewest_switches.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { responsesOf, searchLiveness, type Lasso } from '../../solver/liveness/search.ts'
import { compareNumbers } from '../../solver/order.ts'
import { failed, ok, type Result } from '../result.ts'
import { closureOf, type Below } from './below.ts'
import type { Standing } from './exhaust.ts'
import { goesOn, newJob, type Job } from './job.ts'
import type { Minimised, MinimiseOptions } from './minimise.ts'
import { newBroken, ofModel, type Target } from './oracle.ts'
import { originalNames, tell, type Best } from './shrink.ts'
import { LEAST, MEASURES, measuresOf, restOf, TOLD_BY_FILE, TRACE_MEASURES, type Size } from './size.ts'
import { bare } from './tree.ts'

const SCENARIOS_MAX = 20_000
const LIMITS: SearchOptions = { maxStates: 2_000_000, maxMs: 20_000 }

export interface Endless {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly lasso: Lasso
}

export type EndlessAnswer =
  { readonly kind: 'breaks'; readonly endless: Endless } | { readonly kind: 'holds' | 'invalid' | 'open' }

/** Whether a scenario has a fair run on which a response of the property never comes. */
export function askEndless(file: LitmusFile, target: Target, limits: SearchOptions = {}): EndlessAnswer {
  const elaborated = elaborate(file, [target.kernel])
  const [scenario] = elaborated.ok ? elaborated.scenarios : []
  if (scenario === undefined) return { kind: 'invalid' }
  if (findProperty(target.property)?.build(scenario) === undefined) return { kind: 'holds' }
  try {
    const { model } = lower(withProperties(scenario, PROPERTIES, { liveness: true }))
    const safety = searchExplicit(model, limits)
    if (safety.violations.some((v) => ofModel(model.properties[v.property]?.name))) return { kind: 'invalid' }
    if (safety.incomplete !== undefined) return { kind: 'open' }
    const { answers } = searchLiveness(model, limits)
    let open = false
    for (const [i, response] of responsesOf(model).entries()) {
      const answer = answers[i]
      if (response.property !== target.property || answer === undefined) continue
      if (answer.kind === 'violated') return { kind: 'breaks', endless: { scenario, model, lasso: answer.lasso } }
      open ||= answer.kind === 'unknown'
    }
    return { kind: open ? 'open' : 'holds' }
  } catch (e) {
    if (e instanceof ModelError) return { kind: 'invalid' }
    throw e
  }
}

const sizeOf = ({ scenario, model, lasso }: Endless): Size => [
  ...measuresOf(scenario),
  countSwitches(model, lasso.moves),
  lasso.moves.length,
  ...restOf(scenario.file),
]

const bestOf = (file: LitmusFile, { scenario, model, lasso }: Endless, removed: readonly string[]): Best => ({
  file,
  broken: newBroken(scenario, model, { property: -1, moves: lasso.moves }, false),
  removed,
})

/** Looks at everything that is below the file, the smallest first; the error is for a file that has no such run. */
export async function minimiseEndless(
  given: LitmusFile,
  target: Target,
  options: MinimiseOptions,
): Promise<Result<Minimised, string>> {
  const job: Job = newJob(target, options)
  const file = bare(given)
  const first = askEndless(file, target, LIMITS)
  if (first.kind !== 'breaks') return failed(`it has no run on which ${target.property} is broken for ever`)
  const told = given.final === undefined ? [] : ['the final condition, and registers']
  let least = { endless: first.endless, best: bestOf(file, first.endless, told) }
  tell(job, 'start', least.best)
  const closure = await closureOf(file, originalNames(given), SCENARIOS_MAX, () => goesOn(job))
  const open: Below[] = []
  let done = 0
  const candidates = closure.scenarios
  const isLarger = (b: Below): boolean =>
    compareNumbers(b.size, measuresOf(least.endless.scenario).slice(0, TOLD_BY_FILE)) > 0
  let total = 0
  for (const below of candidates) {
    // They come in the order of their sizes: what is larger than the best is not asked about.
    if (isLarger(below)) break
    total++
    if (!(await goesOn(job))) {
      open.push(below)
      continue
    }
    tell(job, 'exhaust', least.best, { done, total: candidates.length })
    const answer = askEndless(below.file, target, LIMITS)
    job.asked++
    if (answer.kind === 'open') open.push(below)
    else done++
    if (answer.kind === 'breaks' && compareNumbers(sizeOf(answer.endless), sizeOf(least.endless)) < 0)
      least = { endless: answer.endless, best: bestOf(below.file, answer.endless, [...told, ...below.removed]) }
  }
  const after = measuresOf(least.endless.scenario)
  const standings = [...MEASURES, ...TRACE_MEASURES].map((measure, i): Standing => {
    // Its stem is the shortest, and so is its loop; the two together need not be.
    if (i >= MEASURES.length) return 'open'
    if ((after[i] ?? 0) <= LEAST[measure]) return 'minimum'
    return closure.complete && open.length === 0 ? 'minimum' : 'open'
  })
  return ok({
    file: least.best.file,
    broken: least.best.broken,
    removed: least.best.removed,
    before: measuresOf(first.endless.scenario),
    after,
    exhausted: { standings, done, total, all: closure.complete },
    asked: job.asked,
    ...(job.over === undefined ? {} : { over: job.over }),
    endless: true,
  })
}
