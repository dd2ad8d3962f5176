/** From a violation that an engine found to the counterexample that a person gets. */
import type { LoweredModel } from '../model/language/lowered.ts'
import { kernelLine } from '../model/litmus/kernel_line.ts'
import { printBody, printLitmus } from '../model/litmus/printer.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { findProperty } from '../properties/all.ts'
import type { Violation } from '../solver/engine.ts'
import { fewestSwitches, type Ground } from '../solver/explicit/fewest_switches.ts'
import { replay } from '../solver/reference/replay.ts'
import { fairnessOf } from './fairness.ts'
import { counterexampleId, idSteps } from './id.ts'
import { recordSteps, type Counterexample } from './json.ts'
import { renderMail, type MailInput } from './mail.ts'
import { readFrom } from './read_from.ts'
import { failed, ok, type Result } from './result.ts'
import { assumptionsOf, scopeOf } from './scope.ts'
import { buildTrace, type Trace } from './trace.ts'

export interface Found {
  readonly counterexample: Counterexample
  readonly trace: Trace
  /** What may be said of its length. */
  readonly minimality: string
  readonly mail: (fold: boolean) => string
}

/** How a trace was come by, and so what may be said of its length. */
export interface Origin {
  /** Ends the line of counts in the mail text. */
  readonly minimality: string
  /** Recorded where it is no search. */
  readonly origin?: 'simulation' | undefined
}

export const SHORTEST: Origin = {
  minimality: 'no shorter trace exists in this scenario, and none of that length has fewer switches.',
}
/** Read from a file, and only run again: what its length is worth was for its finder to say. */
export const RECORDED: Origin = { minimality: 'as recorded.' }
/** By a search that ends with the first violation it comes to. */
export const DEEP: Origin = { minimality: 'found depth first, so a shorter trace may exist.' }
export const WALKED: Origin = {
  minimality: 'found by a random walk, so a shorter trace may exist.',
  origin: 'simulation',
}

/** `v7.0 without a.b, c.d`: a kernel and what was taken out of it. */
export const kernelText = (s: Scenario): string =>
  s.without.length === 0 ? s.kernel.name : `${s.kernel.name} without ${s.without.join(', ')}`

/** The litmus text of a scenario on its one kernel. */
export const scenarioText = (s: Scenario): string =>
  printLitmus({ ...s.file, kernels: [kernelLine([s.kernel.name], s.without)] })

/**
 * Picks the trace with the fewest context switches among the shortest, replays it with the reference
 * interpreter, and names it. A trace that cannot be replayed, or that does not end in the violation,
 * is an error of mmcheck and is never shown. `ground` serves several violations of one model.
 */
export function buildCounterexample(
  scenario: Scenario,
  model: LoweredModel,
  violation: Violation,
  ground?: Ground,
): Result<Found, string> {
  // Before the explicit engine is asked for the best one, which throws where it does not see the violation.
  const given = replay(model, violation.moves)
  if (given.kind === 'stuck') return failed(`the trace cannot be replayed: ${given.reason}`)
  if (!given.violated.includes(violation.property)) return failed('the replayed trace does not end in the violation')
  const best = fewestSwitches(model, violation, ground)
  const built = buildTrace(model, best.moves, replay)
  if (!built.ok) return failed(`the trace cannot be replayed: ${built.error.message}`)
  const trace = built.value
  if (!trace.violated.includes(best.property)) return failed('the replayed trace does not end in the violation')
  return describe(scenario, model, trace, best.property, SHORTEST)
}

/** As `buildCounterexample`, of the trace as it was found: where looking for a better one would take too much. */
export function buildAsFound(
  scenario: Scenario,
  model: LoweredModel,
  { moves, property }: Violation,
  origin: Origin,
): Result<Found, string> {
  const built = buildTrace(model, moves, replay)
  if (!built.ok) return failed(`the trace cannot be replayed: ${built.error.message}`)
  if (!built.value.violated.includes(property)) return failed('the replayed trace does not end in the violation')
  return describe(scenario, model, built.value, property, origin)
}

/** A counterexample from a replayed trace. */
export function describe(
  scenario: Scenario,
  model: LoweredModel,
  trace: Trace,
  propertyNumber: number,
  origin: Origin,
): Result<Found, string> {
  return describeAs(scenario, model, trace, model.properties[propertyNumber]?.name ?? '', origin)
}

/** The same of a property by name. A trace with a loop is of a liveness property, and so is told with its fairness. */
export function describeAs(
  scenario: Scenario,
  model: LoweredModel,
  trace: Trace,
  name: string,
  { minimality, origin }: Origin,
): Result<Found, string> {
  const { loopStart } = trace
  const fairness = loopStart === undefined ? [] : fairnessOf(model)
  const property = findProperty(name)
  if (property === undefined) return failed(`no property named '${name}'`)
  const bare = { ...scenario.file, kernels: [] }
  const counterexample: Counterexample = {
    id: counterexampleId({
      scenario: printBody(bare),
      kernel: kernelText(scenario),
      property: name,
      steps: idSteps(trace),
      ...(loopStart === undefined ? {} : { loopStart }),
    }),
    title: property.title,
    scenario: { name: scenario.name, kernel: kernelText(scenario), litmus: scenarioText(scenario) },
    property: { name, statement: property.statement, source: property.sources },
    trace: recordSteps(trace),
    scope: scopeOf(scenario),
    assumptions: assumptionsOf(scenario, model),
    ...(origin === undefined ? {} : { origin }),
    ...(loopStart === undefined ? {} : { loopStart, fairness }),
  }
  const input: Omit<MailInput, 'readFrom'> = {
    trace,
    id: counterexample.id,
    title: property.title,
    property: { name, statement: property.statement },
    bang: property.bang,
    minimality,
    scope: counterexample.scope,
    assumptions: [...fairness, ...counterexample.assumptions],
  }
  // Few of those that are found are printed.
  const mail: Found['mail'] = (fold) => renderMail({ ...input, readFrom: readFrom(scenario, trace) }, { fold })
  return ok({ counterexample, trace, minimality, mail })
}
