/** `mmcheck minimise`: from a violation to the smallest scenario that still has it. */
import { kernelText } from '../../counterexamples/build.ts'
import { resolveMoves } from '../../counterexamples/json.ts'
import { finish } from '../../counterexamples/minimise/finish.ts'
import { minimiseEndless } from '../../counterexamples/minimise/endless.ts'
import { minimise, type MinimiseOptions } from '../../counterexamples/minimise/minimise.ts'
import type { MinimiseProgress } from '../../counterexamples/minimise/job.ts'
import { changedVariables } from '../../counterexamples/minimise/variables.ts'
import { saveCounterexample } from '../../counterexamples/store.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { closest } from '../../model/litmus/suggest.ts'
import { findProperty, PROPERTIES, withProperties } from '../../properties/all.ts'
import type { Move, Violation } from '../../solver/engine.ts'
import { countSwitches } from '../../solver/explicit/fewest_switches.ts'
import { EXIT, INTERRUPTED } from '../exit.ts'
import { fail } from '../fail.ts'
import { findOne } from '../find.ts'
import { errorText, printable, withHelp } from '../message.ts'
import { newLine } from '../progress.ts'
import { errorJson } from '../report_json.ts'
import { minimisedJson, minimisedText, type MinimisedReport } from '../report_minimise.ts'
import { keptLine } from '../summary.ts'
import { only, readOperand, type OperandError } from '../target.ts'

export interface MinimiseCommandOptions {
  readonly kernels?: readonly KernelLine[]
  readonly property?: string
  readonly maxMs: number
  readonly exhaust: boolean
  readonly json: boolean
  readonly full: boolean
  readonly progress: boolean
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What there is to make smaller. */
interface Given {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly violation: Violation
  readonly name: string
  /** The property, by its name. */
  readonly of: string
  /** The moves are those of a run that never ends. */
  readonly endless: boolean
}

const progressText = ({ phase, asked, done, total, best }: MinimiseProgress): string =>
  [
    phase === 'exhaust' ? `exhausting ${done ?? 0} of ${total ?? 0}` : 'reducing',
    `${asked} scenarios checked`,
    `best: ${best}`,
  ].join('  ')

/** Returns the exit code: 10 where there is a violation, as `check` would. */
export async function minimiseCommand(operand: string, options: MinimiseCommandOptions): Promise<number> {
  const { property: wanted } = options
  if (wanted !== undefined && findProperty(wanted) === undefined) {
    const near = closest(
      wanted,
      PROPERTIES.map((p) => p.name),
    )
    const help = near === undefined ? "'mmcheck list --properties' prints them" : `did you mean '${near}'?`
    return fail(options, 'usage', withHelp(`no property '${printable(wanted)}'`, help))
  }
  const given = await read(operand, options)
  if (typeof given === 'number') return given
  const { scenario, model, violation, of: property } = given
  const target = { kernel: kernelLine([scenario.kernel.name], scenario.without), property }
  let stopped = false
  const stop = (): void => {
    stopped = true
  }
  // Once: a second Ctrl-C ends the process as it always does.
  process.once('SIGINT', stop)
  const line = newLine(options.progress)
  const how: MinimiseOptions = {
    maxMs: options.maxMs,
    exhaust: options.exhaust,
    stopped: () => stopped,
    onProgress: (p) => line.show(progressText(p)),
  }
  const made = given.endless
    ? await minimiseEndless(scenario.file, target, how)
    : await minimise(scenario.file, target, violation, how)
  line.end()
  process.removeListener('SIGINT', stop)
  if (!made.ok) return fail(options, 'internal', `${scenario.name}: ${made.error}`)
  const finished = finish(made.value, target)
  if (!finished.ok) return fail(options, 'internal', `${scenario.name}: ${finished.error}`)
  const report: MinimisedReport = {
    from: given.name,
    kernel: kernelText(scenario),
    property,
    minimised: made.value,
    finished: finished.value,
    before: traceSize(model, violation.moves),
  }
  options.out(options.json ? minimisedJson(report) : minimisedText(report, !options.full))
  await keep(report, options)
  return made.value.over === 'interrupted' ? INTERRUPTED : EXIT.violated.code
}

/** Context switches, steps, changed variables. */
export const traceSize = (model: LoweredModel, moves: readonly Move[]): readonly number[] => [
  countSwitches(model, moves),
  moves.length,
  changedVariables(model, moves),
]

async function keep({ finished }: MinimisedReport, options: MinimiseCommandOptions): Promise<void> {
  if (options.save === undefined) return
  const saved = await saveCounterexample(options.save, finished.found.counterexample)
  if (!saved.ok) options.err(errorText(`warning: the counterexample is not kept: ${saved.error.message}`))
  else if (!options.json) options.out(keptLine(options.save))
}

function refuse({ out, err, json }: MinimiseCommandOptions, { outcome, text }: OperandError): number {
  err(text)
  if (json) out(errorJson(outcome, text))
  return EXIT[outcome].code
}

/** The violation that the operand stands for; else the exit code. */
async function read(operand: string, options: MinimiseCommandOptions): Promise<Given | number> {
  const found = await readOperand(operand, options.kernels)
  if (!found.ok) return refuse(options, found.error)
  if (found.value.kind === 'counterexample') {
    const { scenario, lowered, property, found: recorded } = found.value.replayed
    const { id } = recorded.counterexample
    const moves = resolveMoves(lowered.model, recorded.counterexample.trace)
    if (!moves.ok) return fail(options, 'input', moves.error.message)
    const { name } = recorded.counterexample.property
    if (options.property !== undefined && options.property !== name) {
      const error = `counterexample ${id} is one of ${name}, not of ${options.property}`
      return fail(options, 'usage', withHelp(error, 'leave out --property'))
    }
    const endless = recorded.trace.loopStart !== undefined
    return { scenario, model: lowered.model, violation: { property, moves: moves.value }, name: id, of: name, endless }
  }
  const one = only(operand, found.value.scenarios)
  return one.ok ? search(one.value, options) : refuse(options, one.error)
}

function search(scenario: Scenario, options: MinimiseCommandOptions): Given | number {
  const { model, error } = lowered(scenario)
  if (model === undefined) return fail(options, 'input', `${scenario.name}: ${error}`)
  const found = findOne(model, options.property)
  const what = `${scenario.name} on ${kernelText(scenario)}`
  if (found.ok) {
    const of = model.properties[found.value.property]?.name ?? ''
    return { scenario, model, violation: found.value, name: scenario.name, of, endless: false }
  }
  switch (found.error) {
    case 'holds': {
      const { property } = options
      const text = `nothing to minimise: ${what} does not break ${property ?? 'any property'}`
      if (options.json) options.out(errorJson('ok', text))
      else options.out(errorText(text))
      return EXIT.ok.code
    }
    case 'open':
      return fail(
        options,
        'incomplete',
        withHelp(
          `no violation was found in time in ${what}`,
          "'mmcheck simulate' goes on looking, and keeps what it finds",
        ),
      )
    case 'world':
      return fail(options, 'input', withHelp(`${what}: the world has too few page tables`, "see the setting 'tables'"))
  }
}

function lowered(scenario: Scenario): { readonly model?: LoweredModel; readonly error: string } {
  try {
    return { model: lower(withProperties(scenario)).model, error: '' }
  } catch (e) {
    if (e instanceof ModelError) return { error: e.message }
    throw e
  }
}
