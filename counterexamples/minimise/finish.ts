/** The minimised scenario in its canonical form, with the trace that is shown of it. */
import type { LitmusFile } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { countSwitches } from '../../solver/explicit/fewest_switches.ts'
import { findViolation } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { describe, SHORTEST, type Found } from '../build.ts'
import { failed, ok, type Result } from '../result.ts'
import { buildTrace } from '../trace.ts'
import { buildLasso } from '../lasso.ts'
import { canonical } from './canonical.ts'
import { askEndless } from './endless.ts'
import { follow, scheduleOf } from './follow.ts'
import type { Minimised } from './minimise.ts'
import { isModel, modelOf, type Broken, type Target } from './oracle.ts'
import { changedVariables, fewestVariables, type Chosen } from './variables.ts'

export interface Finished {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly found: Found
  /** Its number in the model; -1 where it is one of runs. */
  readonly property: number
  readonly switches: number
  readonly variables: number
  /** Absent where the scenario is too large for its shortest traces to be told. */
  readonly chosen?: Chosen
}

/** Traces among which the one with the fewest changed variables is looked for. */
const TRACES_MAX = 400

const SUFFIX = '-min'

/** A name for what was made of a scenario; what is made of that again has the same. */
function titled(file: LitmusFile, target: Target): LitmusFile {
  const { text } = file.name
  const base = text.endsWith(SUFFIX) ? text.slice(0, -SUFFIX.length) : text
  const comments = [`Minimised from ${base} by mmcheck.`]
  return { ...file, name: { ...file.name, text: base + SUFFIX }, comments, kernels: [target.kernel] }
}

/** The trace to show of the canonical scenario, given one of the scenario before its threads were put in order. */
function traceOf(file: LitmusFile, broken: Broken, model: LoweredModel, property: number): Result<Chosen, string> {
  if (broken.shortest) {
    const finding = findViolation(model, property)
    if (finding.kind !== 'found') return failed('it does not break the property once its threads are in order')
    return ok(fewestVariables(model, finding.violation, TRACES_MAX))
  }
  const schedule = scheduleOf(broken.scenario.file, broken.model, broken.violation.moves)
  const moves = follow(file, model, property, schedule)
  if (moves === undefined) return failed('its trace cannot be followed once its threads are in order')
  const variables = changedVariables(model, moves)
  return ok({ violation: { property, moves }, variables, looked: 1, all: false })
}

/** The run to show of a scenario whose threads are in order. */
function finishEndless(tree: LitmusFile, target: Target): Result<Finished, string> {
  const answer = askEndless(tree, target)
  if (answer.kind !== 'breaks') return failed('the minimised scenario ends on every run once its threads are in order')
  const { scenario, model, lasso } = answer.endless
  const found = buildLasso(scenario, model, target.property, lasso)
  if (!found.ok) return found
  const [switches, variables] = [countSwitches(model, lasso.moves), changedVariables(model, lasso.moves)]
  return ok({ scenario, model, found: found.value, property: -1, switches, variables })
}

/** An error is one of mmcheck: the scenario was seen to break the property. */
export function finish({ file, broken, endless }: Minimised, target: Target): Result<Finished, string> {
  const tree = titled(canonical(file), target)
  if (endless === true) return finishEndless(tree, target)
  const built = modelOf(tree, target)
  if (!isModel(built)) return failed('the minimised scenario does not break the property once its threads are in order')
  const { scenario, model, property } = built
  const told = traceOf(tree, broken, model, property)
  if (!told.ok) return told
  const chosen = told.value
  const trace = buildTrace(model, chosen.violation.moves, replay)
  if (!trace.ok) return failed(`the trace cannot be replayed: ${trace.error.message}`)
  if (!trace.value.violated.includes(property)) return failed('the replayed trace does not end in the violation')
  const origin = broken.shortest ? SHORTEST : { minimality: 'there was no time to look for a shorter trace.' }
  const found = describe(scenario, model, trace.value, property, origin)
  if (!found.ok) return found
  return ok({
    scenario,
    model,
    found: found.value,
    property,
    switches: countSwitches(model, chosen.violation.moves),
    variables: chosen.variables,
    ...(broken.shortest ? { chosen } : {}),
  })
}
