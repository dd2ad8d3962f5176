/** An operand that is a recorded counterexample, or one scenario that may have one. */
import { existsSync } from 'node:fs'
import { kernelText } from '../counterexamples/build.ts'
import { MAX_BYTES } from '../counterexamples/json.ts'
import { failed, ok, type Result } from '../counterexamples/result.ts'
import type { KernelLine } from '../model/litmus/ast.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { parseRecording, readCounterexample, rerun, type Replayed } from './commands/replay.ts'
import { load, parse, scenarioPath, type Loaded } from './input.ts'
import { errorText, printable, withHelp } from './message.ts'
import { readText } from './read.ts'

export type Operand =
  | { readonly kind: 'counterexample'; readonly replayed: Replayed }
  | { readonly kind: 'scenarios'; readonly scenarios: readonly Scenario[] }

/** What is wrong with an operand, as text that is ready to be printed. */
export interface OperandError {
  readonly outcome: 'input' | 'usage'
  readonly text: string
}

const input = (error: string): { readonly ok: false; readonly error: OperandError } =>
  failed({ outcome: 'input', text: errorText(error) })

const loaded = (l: Loaded): Result<Operand, OperandError> =>
  l.ok ? ok({ kind: 'scenarios', scenarios: l.scenarios }) : failed({ outcome: 'input', text: l.message })

/** Reads an id or the start of one, a JSON file, a litmus file, a name of the catalogue, or `-` for either kind of text. */
export async function readOperand(
  operand: string,
  kernels?: readonly KernelLine[],
): Promise<Result<Operand, OperandError>> {
  const isId = /^[0-9a-f]{4,12}$/.test(operand) && scenarioPath(operand) === undefined && !existsSync(operand)
  const isText = operand === '-' || (existsSync(operand) && scenarioPath(operand) === undefined)
  if (!isId && !isText) return loaded(load(operand, kernels))
  const again = isId ? await recorded(operand) : undefined
  if (again !== undefined) return replayedOn(again, kernels)
  const read = readText(operand, MAX_BYTES)
  const name = operand === '-' ? 'stdin' : printable(operand)
  if (!read.ok) return input(`cannot read ${operand === '-' ? 'standard input' : `'${name}'`}: ${read.error}`)
  // No litmus file begins so, and every JSON object does.
  if (!/^\s*\{/.test(read.value)) return loaded(parse({ name, text: read.value }, false, kernels))
  const parsed = parseRecording(read.value)
  return replayedOn(parsed.ok ? rerun(parsed.value.counterexample) : failed(`${name}: ${parsed.error}`), kernels)
}

async function recorded(id: string): Promise<Result<Replayed, string>> {
  const read = await readCounterexample(id)
  return read.ok ? rerun(read.value) : read
}

function replayedOn(again: Result<Replayed, string>, kernels?: readonly KernelLine[]): Result<Operand, OperandError> {
  if (!again.ok) return input(again.error)
  if (kernels === undefined) return ok({ kind: 'counterexample', replayed: again.value })
  const help = 'leave out --kernel'
  return failed({ outcome: 'usage', text: errorText(withHelp('a counterexample is of its own kernel', help)) })
}

/** The one scenario that is meant. */
export function only(operand: string, scenarios: readonly Scenario[]): Result<Scenario, OperandError> {
  const [first, more] = scenarios
  if (first !== undefined && more === undefined) return ok(first)
  const cells = scenarios.map(kernelText).join('; ')
  const message = `'${printable(operand)}' stands for ${scenarios.length} models, one for each of: ${cells}`
  return failed({
    outcome: 'usage',
    text: errorText(withHelp(message, 'choose one with --kernel (and --without)')),
  })
}
