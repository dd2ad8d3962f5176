/** `mmcheck replay`: runs a recorded counterexample again, step by step, in the reference interpreter. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, describeAs, RECORDED, WALKED, type Found } from '../../counterexamples/build.ts'
import { lassoTrace } from '../../counterexamples/lasso.ts'
import { MAX_BYTES, parseCounterexample, resolveMoves, type Counterexample } from '../../counterexamples/json.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import {
  counterexampleOfItf,
  itfDifference,
  looksLikeItf,
  parseItf,
  type Itf,
} from '../../counterexamples/render/itf.ts'
import type { Format } from '../../counterexamples/render/formats.ts'
import { render } from '../../counterexamples/render/render.ts'
import type { Subject } from '../../counterexamples/render/subject.ts'
import { findCounterexample } from '../../counterexamples/store.ts'
import { buildTrace } from '../../counterexamples/trace.ts'
import { lower, ModelError, type Lowered } from '../../model/language/lower/lower.ts'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { findProperty, PROPERTIES, withProperties } from '../../properties/all.ts'
import { replay as replayMoves } from '../../solver/reference/replay.ts'
import { confirmationLines } from '../confirmations.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { packageRoot } from '../input.ts'
import { STORE } from '../kept.ts'
import { printable, reason, withHelp } from '../message.ts'
import { readText } from '../read.ts'

export interface Replayed {
  readonly found: Found
  readonly scenario: Scenario
  readonly lowered: Lowered
  /** Its number in the model; -1 of a lasso, whose property is none of states. */
  readonly property: number
}

export const corpusDirectory = (): string => join(packageRoot(), 'counterexamples', 'corpus')

/** A counterexample as it was read, with the states of its file where that has any. */
interface Recording {
  readonly counterexample: Counterexample
  readonly itf?: Itf
}

/** A counterexample from the text of a file: one of ours, or a trace in ITF. The error is one line. */
export function parseRecording(text: string): Result<Recording, string> {
  if (looksLikeItf(text)) {
    const itf = parseItf(text)
    return itf.ok ? ok({ counterexample: counterexampleOfItf(itf.value), itf: itf.value }) : itf
  }
  const parsed = parseCounterexample(text)
  return parsed.ok ? ok({ counterexample: parsed.value }) : failed(parsed.error.message)
}

/** Reads a counterexample by file name, by id, or by a unique start of an id. */
async function readRecording(name: string): Promise<Result<Recording, string>> {
  const shown = printable(name)
  if (name === '-' || /[./\\]/.test(name)) {
    const read = readText(name, MAX_BYTES)
    if (!read.ok) return failed(`cannot read ${name === '-' ? 'standard input' : `'${shown}'`}: ${read.error}`)
    const parsed = parseRecording(read.value)
    return parsed.ok ? parsed : failed(`${name === '-' ? 'standard input' : shown}: ${parsed.error}`)
  }
  for (const directory of [STORE, corpusDirectory()]) {
    const found = await findCounterexample(directory, name)
    if (found.ok) return ok({ counterexample: found.value })
    if (found.error.kind !== 'none' && found.error.kind !== 'io') return failed(printable(found.error.message))
  }
  return failed(
    withHelp(
      `no counterexample '${shown}' in ${STORE} or in the corpus`,
      `'mmcheck check FILE' keeps what it finds in ${STORE}`,
    ),
  )
}

/** As `readRecording`, where the states that a file may have are of no interest. */
export async function readCounterexample(name: string): Promise<Result<Counterexample, string>> {
  const read = await readRecording(name)
  return read.ok ? ok(read.value.counterexample) : read
}

/** Rebuilds the scenario of a counterexample from its litmus text. */
export function rebuild(c: Counterexample): Result<{ readonly scenario: Scenario; readonly lowered: Lowered }, string> {
  const source = { name: `counterexample ${c.id}`, text: c.scenario.litmus }
  const parsed = parseLitmus(source)
  if (!parsed.ok) return failed(parsed.diagnostics.map((d) => formatDiagnostic(source, d)).join('\n'))
  const elaborated = elaborate(parsed.file)
  if (!elaborated.ok) return failed(elaborated.diagnostics.map((d) => formatDiagnostic(source, d)).join('\n'))
  const [scenario, more] = elaborated.scenarios
  if (scenario === undefined || more !== undefined) return failed('a counterexample is of exactly one kernel')
  try {
    const asking = { liveness: c.loopStart !== undefined }
    return ok({ scenario, lowered: lower(withProperties(scenario, PROPERTIES, asking)) })
  } catch (e) {
    if (e instanceof ModelError) return failed(e.message)
    throw e
  }
}

/** Replays a counterexample, and insists that it still ends in the violation that it names. */
export function rerun(c: Counterexample): Result<Replayed, string> {
  const built = rebuild(c)
  if (!built.ok) return built
  const { scenario, lowered } = built.value
  const stale = "the model has changed since it was recorded; 'mmcheck check' finds today's"
  const moves = resolveMoves(lowered.model, c.trace)
  if (!moves.ok) return failed(`${moves.error.message}\n  help: ${stale}`)
  if (c.loopStart !== undefined) {
    const trace = lassoTrace(lowered.model, c.property.name, moves.value, c.loopStart)
    if (!trace.ok) return failed(`${trace.error}\n  help: ${stale}`)
    return named(c, scenario, lowered, -1, describeAs(scenario, lowered.model, trace.value, c.property.name, RECORDED))
  }
  const trace = buildTrace(lowered.model, moves.value, replayMoves)
  if (!trace.ok) return failed(`${trace.error.message}\n  help: ${stale}`)
  const property = lowered.model.properties.findIndex((p) => p.name === c.property.name)
  if (!trace.value.violated.includes(property))
    return failed(`the trace runs, but ${c.property.name} holds at its end\n  help: ${stale}`)
  const origin = c.origin === 'simulation' ? WALKED : RECORDED
  return named(c, scenario, lowered, property, describe(scenario, lowered.model, trace.value, property, origin))
}

/** The replayed counterexample, if it still has the id of its file. */
function named(
  c: Counterexample,
  scenario: Scenario,
  lowered: Lowered,
  property: number,
  found: Result<Found, string>,
): Result<Replayed, string> {
  if (!found.ok) return found
  if (found.value.counterexample.id !== c.id)
    return failed(
      `the file says ${c.id}, but this trace has the id ${found.value.counterexample.id}\n  help: the file was edited, or belongs to another version`,
    )
  // What minimise said of it is said of the same trace, and stays with it.
  const { minimised } = c
  const counterexample = { ...found.value.counterexample, ...(minimised === undefined ? {} : { minimised }) }
  return ok({ found: { ...found.value, counterexample }, scenario, lowered, property })
}

/** What renderers are given of a replay. */
export const subjectOf = ({ found, scenario, lowered }: Replayed): Subject => ({
  found,
  scenario,
  model: lowered.model,
  bang: findProperty(found.counterexample.property.name)?.bang ?? '',
})

export interface ReplayOptions {
  readonly format: Format
  readonly full: boolean
  /** A file to write instead of standard output. */
  readonly output?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: 10 where the violation is there, as `check` would. */
export async function replayCommand(name: string, options: ReplayOptions): Promise<number> {
  const { format, full, output, out } = options
  const speaker = { ...options, json: format === 'json' }
  const read = await readRecording(name)
  const again = read.ok ? rerun(read.value.counterexample) : read
  if (!again.ok) return fail(speaker, 'input', again.error)
  const subject = subjectOf(again.value)
  const itf = read.ok ? read.value.itf : undefined
  const differs = itf === undefined ? undefined : itfDifference(itf, subject)
  if (differs !== undefined)
    return fail(
      speaker,
      'input',
      withHelp(
        `the states of the file are not those of its steps: ${printable(differs)}`,
        'the file was edited, or belongs to another version',
      ),
    )
  const text = render(subject, format, !full)
  if (output === undefined) {
    out(format === 'mail' ? `${text}${confirmationLines(corpusDirectory(), subject.found.counterexample)}` : text)
    return EXIT.violated.code
  }
  try {
    writeFileSync(output, text)
  } catch (e) {
    return fail(speaker, 'input', `cannot write '${printable(output)}': ${reason(e)}`)
  }
  out(`${printable(output)}\n`)
  return EXIT.violated.code
}
