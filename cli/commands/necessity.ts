/** `mmcheck necessity`: for every lock, wait, check, order and atomic update of a scenario, whether it is needed. */
import { necessity, type Necessity } from '../../counterexamples/necessity/table.ts'
import type { Counterexample } from '../../counterexamples/json.ts'
import { ModelError } from '../../model/language/lower/lower.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { fail } from '../fail.ts'
import { load } from '../input.ts'
import { keepAll } from '../keep.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { necessityJson, necessityText } from '../report_necessity.ts'
import { newStatus } from '../status.ts'

export interface NecessityOptions extends SearchOptions {
  /** Instead of the newest kernel that the file names. */
  readonly kernels?: readonly KernelLine[]
  readonly json: boolean
  readonly progress: boolean
  /** Where counterexamples are kept. */
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Without a choice of kernels: the last that the file names with nothing left out, or else the last. */
function chosen(scenarios: readonly Scenario[], options: NecessityOptions): readonly Scenario[] {
  if (options.kernels !== undefined) return scenarios
  const last = scenarios.filter((s) => s.without.length === 0).at(-1) ?? scenarios.at(-1)
  return last === undefined ? [] : [last]
}

/** Returns the exit code: 0, whatever is needed; 20 where a search ended at a limit. */
export async function necessityCommand(operand: string, options: NecessityOptions): Promise<number> {
  const loaded = load(operand, options.kernels)
  if (!loaded.ok) {
    options.err(loaded.message)
    return EXIT.input.code
  }
  const tables: Json[] = []
  const outcomes: Outcome[] = []
  for (const scenario of chosen(loaded.scenarios, options)) {
    const status = newStatus(options.progress)
    let result: Necessity
    try {
      result = await necessity(scenario, options, (done, of, name) => {
        status.at(`${scenario.name} ${scenario.kernel.name}  ${done}/${of}  ${name}`)
      })
    } catch (e) {
      if (e instanceof ModelError) return fail(options, 'input', `${scenario.name}: ${e.message}`)
      throw e
    } finally {
      status.end()
    }
    const { base, rows } = result
    const limited = base.result.incomplete !== undefined || rows.some((r) => r.judgement.kind === 'unknown')
    outcomes.push(limited ? 'incomplete' : 'ok')
    if (options.json) tables.push(necessityJson(scenario, result))
    else options.out(`${tables.length === 0 && outcomes.length === 1 ? '' : '\n'}${necessityText(scenario, result)}`)
    await keepAll(options.save, counterexamplesOf(result), options.err)
  }
  const outcome = highest(outcomes)
  if (options.json)
    options.out(`${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, necessity: tables }, null, 2)}\n`)
  return EXIT[outcome].code
}

const counterexamplesOf = ({ rows }: Necessity): readonly Counterexample[] =>
  rows.flatMap(({ judgement }) => (judgement.kind === 'needed' ? [judgement.found.counterexample] : []))
