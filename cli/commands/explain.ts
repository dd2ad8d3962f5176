/** `mmcheck explain`: a counterexample, a property or an error code, told in full. */
import { confirmationsOf } from '../../counterexamples/confirmed.ts'
import { explanation as explainTrace, type Explanation } from '../../counterexamples/explain/explanation.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { isProposal } from '../../model/kernels/nosigbus.ts'
import { digestOf } from '../../counterexamples/digest.ts'
import { lower, ModelError, type Lowered } from '../../model/language/lower/lower.ts'
import { LITMUS_ERRORS } from '../../model/litmus/errors.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { closest } from '../../model/litmus/suggest.ts'
import { routineNames } from '../../model/mm/routines.ts'
import { ELABORATION_ERRORS } from '../../model/scenarios/problem.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { findProperty, PROPERTIES, withProperties } from '../../properties/all.ts'
import type { Property } from '../../properties/property.ts'
import { checkCell } from '../cell.ts'
import { confirmationLines, readConfirmations } from '../confirmations.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue } from '../input.ts'
import { printable, withHelp } from '../message.ts'
import { explainedJson, explainedText, type Elsewhere } from '../report_explain.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { newStatus } from '../status.ts'
import { corpusDirectory, readCounterexample, rerun, type Replayed } from './replay.ts'

export interface ExplainOptions {
  readonly json: boolean
  readonly progress: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Of each search that an explanation makes. */
const MAX_STATES = 2_000_000

const ENDLESS: Explanation = {
  inevitable: { kind: 'unknown' },
  outside: new Set(),
  remedies: { found: [], tried: 0, unknown: [] },
}

const CODES: Readonly<Record<string, string>> = { ...LITMUS_ERRORS, ...ELABORATION_ERRORS }

/** Returns the exit code. */
export async function explain(name: string, options: ExplainOptions): Promise<number> {
  const code = name.toUpperCase()
  const explanation = CODES[code]
  if (explanation !== undefined)
    return text(options, { code, explanation }, `${wrapped(toAscii(`${code}: ${explanation}`), '')}\n`)
  const property = findProperty(name)
  if (property !== undefined) return text(options, propertyJson(property), propertyText(property))
  const unknown = notToExplain(name)
  if (unknown !== undefined) return fail(options, 'input', unknown)
  const read = await readCounterexample(name)
  const again = read.ok ? rerun(read.value) : read
  if (!again.ok) return fail(options, 'input', again.error)
  const { scenario, lowered, property: number, found } = again.value
  const status = newStatus(options.progress)
  // What decided a run without end, and what would have ended it, would take a search of every change for lassos.
  const told =
    found.trace.loopStart !== undefined
      ? ENDLESS
      : await explainTrace(scenario, lowered, found.trace, number, { maxStates: MAX_STATES }, (done, of, what) => {
          status.at(`${found.counterexample.id}  ${done}/${of}  ${what}`)
        })
  status.end()
  const explained = { replayed: again.value, elsewhere: await otherKernels(again.value), explanation: told }
  const { counterexample } = again.value.found
  if (!options.json)
    return text(options, null, `${explainedText(explained)}${confirmationLines(corpusDirectory(), counterexample)}`)
  const realKernels = confirmationsOf(readConfirmations(corpusDirectory()), counterexample)
  options.out(`${JSON.stringify({ ...RESULT_FORMAT, explanation: explainedJson(explained), realKernels }, null, 2)}\n`)
  return EXIT.ok.code
}

/** An error with its help where the name can be no counterexample, which is what is left. */
function notToExplain(name: string): string | undefined {
  if (name === '-' || /[./\\]/.test(name) || /^[0-9a-f]{4,}$/.test(name)) return undefined
  const near = closest(name, [...PROPERTIES.map((p) => p.name), ...Object.keys(CODES)])
  const help = catalogue().includes(name)
    ? `'mmcheck check ${name}' checks that scenario`
    : KERNELS.some(({ has }) => routineNames({ has, oom: true, thp: true, uffd: 'waits' }).has(name))
      ? `'mmcheck list ${name}' prints that routine`
      : near !== undefined
        ? `did you mean '${near}'?`
        : "'mmcheck list --properties' prints the properties; ids have 4 to 12 lower-case hex digits"
  return withHelp(`'${printable(name)}' is no counterexample, property or error code`, help)
}

function text(options: ExplainOptions, json: Json, plain: string): number {
  options.out(options.json ? `${JSON.stringify({ ...RESULT_FORMAT, explanation: json }, null, 2)}\n` : plain)
  return EXIT.ok.code
}

function propertyText(p: Property): string {
  const lines = [
    p.name,
    wrapped(p.statement, '  '),
    '',
    'Rests on:',
    ...p.sources.map((s) => wrapped(s, '  ')),
    ...(p.failsOn.length === 0
      ? []
      : ['', 'Known to fail on:', ...p.failsOn.map((f) => wrapped(`${f.kernels.join(', ')}: ${f.why}.`, '  '))]),
    ...(p.mutants.length === 0
      ? []
      : [
          '',
          'Broken, to show that it can be, by:',
          ...p.mutants.map((m) => wrapped(`${m.scenario} on ${m.kernel} without ${m.without.join(', ')}`, '  ')),
        ]),
  ]
  return `${lines.join('\n')}\n`
}

const propertyJson = (p: Property): Json => ({
  name: p.name,
  statement: p.statement,
  sources: p.sources,
  failsOn: p.failsOn.map((f): Json => ({ kernels: f.kernels, why: f.why })),
  mutants: p.mutants.map((m): Json => ({ scenario: m.scenario, kernel: m.kernel, without: m.without })),
})

/** What a search says of one property; undefined where the scenario is not to be had on a kernel. */
async function verdictOn(
  scenario: Scenario,
  name: string,
  liveness: boolean,
  known: Map<string, Omit<Elsewhere, 'kernel'> | undefined>,
): Promise<Omit<Elsewhere, 'kernel'> | undefined> {
  let lowered: Lowered
  try {
    lowered = lower(withProperties(scenario, PROPERTIES, { liveness }))
  } catch (e) {
    if (e instanceof ModelError) return undefined
    throw e
  }
  // Many kernels have the very same model of a scenario.
  const print = digestOf(lowered.model)
  if (known.has(print)) return known.get(print)
  const options = { engine: 'explicit', depth: 0, lint: false, liveness, lowered, maxStates: MAX_STATES } as const
  const result = await checkCell(scenario, options)
  const p = result.ok ? result.cell.properties.find((x) => x.property === name) : undefined
  const told = p && { verdict: p.verdict, steps: (p.violation ?? p.lasso)?.moves.length }
  known.set(print, told)
  return told
}

/** The verdict of the same property in the same scenario on every other kernel. */
async function otherKernels(r: Replayed): Promise<readonly Elsewhere[]> {
  const { name } = r.found.counterexample.property
  const liveness = r.found.trace.loopStart !== undefined
  const out: Elsewhere[] = []
  const known = new Map<string, Omit<Elsewhere, 'kernel'> | undefined>()
  const others = KERNELS.filter((k) => isProposal(k) === isProposal(r.scenario.kernel))
  for (const k of others) {
    const e = elaborate(r.scenario.file, [kernelLine([k.name])])
    const scenario = e.ok ? e.scenarios[0] : undefined
    const told = scenario && (await verdictOn(scenario, name, liveness, known))
    if (told !== undefined) out.push({ kernel: k.name, ...told })
  }
  return out
}
