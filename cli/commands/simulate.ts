/** `mmcheck simulate`: random walks through worlds that are too large to be searched. */
import { describe, kernelText, WALKED, type Found } from '../../counterexamples/build.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { assumptionsOf, scopeOf } from '../../counterexamples/scope.ts'
import { saveCounterexample } from '../../counterexamples/store.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { buildTrace } from '../../counterexamples/trace.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import type { Violation } from '../../solver/engine.ts'
import { simulate, type Simulated } from '../../solver/explicit/simulate.ts'
import { replay } from '../../solver/reference/replay.ts'
import type { Verdict } from '../../solver/verdict.ts'
import { EXIT, highest, outcomeOf, type Outcome } from '../exit.ts'
import { isOfModel } from '../find.ts'
import { load } from '../input.ts'
import { errorText, withHelp } from '../message.ts'
import { newLine } from '../progress.ts'
import { errorJson, RESULT_FORMAT, type Json } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { keptLine } from '../summary.ts'

export interface SimulateCommandOptions {
  readonly kernels?: readonly KernelLine[]
  readonly seed: number
  readonly runs: number
  readonly depth: number
  readonly stay: number
  readonly maxMs?: number
  readonly json: boolean
  readonly full: boolean
  readonly progress: boolean
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface Cell {
  readonly scenario: Scenario
  readonly model: LoweredModel
  readonly verdict: Verdict
  readonly property?: string
  readonly simulated: Simulated
  readonly found?: Found
}

/** Returns the exit code: 10 where something is violated, 20 where nothing was seen, which says nothing. */
export async function simulateCommand(operand: string, options: SimulateCommandOptions): Promise<number> {
  const { out, err, json } = options
  const loaded = load(operand, options.kernels)
  if (!loaded.ok) {
    err(loaded.message)
    if (json) out(errorJson('input', loaded.message))
    return EXIT.input.code
  }
  const outcomes: Outcome[] = []
  const cells: Cell[] = []
  const errors: string[] = []
  let kept = false
  for (const scenario of loaded.scenarios) {
    const cell = simulateOne(scenario, options)
    if (!cell.ok) {
      const text = errorText(cell.error.text)
      err(text)
      errors.push(text.trimEnd())
      outcomes.push(cell.error.outcome)
      continue
    }
    cells.push(cell.value)
    outcomes.push(outcomeOf(cell.value.verdict, false))
    if (!json) out(textOf(cell.value, options))
    if (await keep(cell.value, options)) kept = true
  }
  const outcome = highest(outcomes)
  if (json) {
    const content = { exit: EXIT[outcome].code, cells: cells.map((c) => jsonOf(c, options)), errors }
    out(`${JSON.stringify({ ...RESULT_FORMAT, ...content }, null, 2)}\n`)
  } else if (kept && options.save !== undefined) out(keptLine(options.save))
  return EXIT[outcome].code
}

interface CellError {
  readonly outcome: Outcome
  readonly text: string
}

function simulateOne(scenario: Scenario, options: SimulateCommandOptions): Result<Cell, CellError> {
  const name = `${scenario.name} on ${kernelText(scenario)}`
  let model: LoweredModel
  try {
    model = lower(withProperties(scenario)).model
  } catch (e) {
    if (e instanceof ModelError) return failed({ outcome: 'input', text: `${name}: ${e.message}` })
    throw e
  }
  const line = newLine(options.progress)
  const simulated = simulate(model, {
    seed: options.seed,
    runs: options.runs,
    depth: options.depth,
    stay: options.stay,
    onProgress: ({ runs, steps }) => line.show(`${name}  ${runs} walks  ${steps} steps`),
    ...(options.maxMs === undefined ? {} : { maxMs: options.maxMs }),
  })
  line.end()
  if (simulated.violation === undefined) return ok({ scenario, model, verdict: 'unknown', simulated })
  const found = foundBy(scenario, model, simulated.violation)
  if (!found.ok) return failed({ outcome: 'disagree', text: `${name}: mmcheck disagrees with itself: ${found.error}` })
  const property = found.value.counterexample.property.name
  const verdict = isOfModel(property) ? 'error' : 'violated'
  return ok({ scenario, model, verdict, property, simulated, found: found.value })
}

/** The counterexample of the first property, in the order of reports, that is violated where the walk ends. */
function foundBy(scenario: Scenario, model: LoweredModel, { moves }: Violation): Result<Found, string> {
  const trace = buildTrace(model, moves, replay)
  if (!trace.ok) return failed(`the walk cannot be replayed: ${trace.error.message}`)
  const { violated } = trace.value
  const property = violated.find((p) => !isOfModel(model.properties[p]?.name)) ?? violated[0]
  if (property === undefined) return failed('the replayed walk does not end in a violation')
  return describe(scenario, model, trace.value, property, WALKED)
}

async function keep({ found }: Cell, options: SimulateCommandOptions): Promise<boolean> {
  if (found === undefined || options.save === undefined) return false
  const saved = await saveCounterexample(options.save, found.counterexample)
  if (saved.ok) return true
  const help = '--no-save does without'
  options.err(errorText(withHelp(`warning: the counterexample is not kept: ${saved.error.message}`, help)))
  return false
}

const walks = ({ runs, steps, ended, longest, late }: Simulated): string =>
  `${runs} walks, ${steps} steps, ${ended} to their end; the longest has ${longest}${late ? '; out of time' : ''}`

function textOf(
  { scenario, model, verdict, property, simulated, found }: Cell,
  options: SimulateCommandOptions,
): string {
  const head = toAscii(`${scenario.name} on ${kernelText(scenario)}: ${verdict}`)
  const lines = [
    wrapped(property === undefined ? head : `${head} (${property} in walk ${simulated.runs})`, '', 4),
    wrapped(`seed ${options.seed}; ${walks(simulated)}`, '  ', 2),
    '',
    ...(found === undefined
      ? [
          ...[...scopeOf(scenario), ...assumptionsOf(scenario, model)].map((l) => wrapped(l, '    ')),
          wrapped('No walk shows that a property holds.', '    '),
        ]
      : [
          found.mail(!options.full).trimEnd(),
          ...(options.save === undefined ? [] : [`  $ npx mmcheck minimise ${found.counterexample.id}`]),
        ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}

const jsonOf = ({ scenario, verdict, property, simulated, found }: Cell, options: SimulateCommandOptions): Json => ({
  scenario: scenario.name,
  kernel: scenario.kernel.name,
  without: scenario.without,
  verdict,
  property: property ?? null,
  counterexample: found?.counterexample.id ?? null,
  seed: options.seed,
  walks: simulated.runs,
  steps: simulated.steps,
  ended: simulated.ended,
  longest: simulated.longest,
})
