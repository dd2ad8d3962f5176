/** `mmcheck conform FILE`: a litmus file on the running kernel, held against its model. */
import { toAscii } from '../../counterexamples/text.ts'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { conformFrames, hasFrames } from '../../kernel/frames/conform.ts'
import { conformRace, type RaceReport } from '../../kernel/race/conform.ts'
import { showPages, showRegisters } from '../../kernel/race/outcome.ts'
import { against, type Against } from '../../kernel/running.ts'
import { conformSequential } from '../../kernel/sequential/conform.ts'
import { sequentialProgram } from '../../kernel/sequential/program.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { load } from '../input.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { skipped } from '../skipped.ts'
import type { Style } from '../style.ts'

export interface ConformOptions {
  /** Instead of the model that the running kernel corresponds to. */
  readonly kernel?: Kernel
  /** 0 for as many rounds as fit into the time. */
  readonly runs: number
  readonly seconds: number
  readonly seed: number
  readonly json: boolean
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

export const kernelSentence = ({ running, model, why }: Against): string =>
  `Linux ${running.release}, held against ${model.name}${why === undefined ? ' as asked' : `: ${why}`}`

/** Returns the exit code: 10 where some outcome is outside the model, 77 where the machine lacks something. */
export async function conform(files: readonly string[], options: ConformOptions): Promise<number> {
  const { json, out, err, style } = options
  const found = await against(options.kernel)
  if (!found.ok) return skipped(options, found.error)
  const { model } = found.value
  const outcomes: Outcome[] = []
  const reports: Json[] = []
  if (!json) out(`${wrapped(toAscii(kernelSentence(found.value)), '')}\n\n`)
  for (const operand of files) {
    const loaded = load(operand, [kernelLine([model.name], [])])
    if (!loaded.ok) {
      err(loaded.message)
      outcomes.push('input')
      continue
    }
    for (const scenario of loaded.scenarios) {
      // Where nothing runs beside anything, once through is all there is to see.
      const ran = hasFrames(scenario)
        ? await conformFrames(scenario)
        : sequentialProgram(scenario).ok
          ? await conformSequential(scenario, options.runs)
          : await conformRace(scenario, {
              rounds: options.runs,
              seconds: options.seconds,
              seed: options.seed,
              enough: 0,
            })
      if (!ran.ok) {
        skipped({ ...options, json: false }, { ...ran.error, message: `${scenario.name}: ${ran.error.message}` })
        reports.push({ scenario: scenario.name, skipped: ran.error.message })
        outcomes.push('skipped')
        continue
      }
      outcomes.push(judge(ran.value))
      if (json) reports.push(reportJson(ran.value))
      else out(`${reportText(ran.value, style)}\n`)
    }
  }
  if (json)
    out(
      `${JSON.stringify({ ...RESULT_FORMAT, release: found.value.running.release, model: model.name, why: found.value.why ?? null, races: reports }, null, 2)}\n`,
    )
  return EXIT[highest(outcomes)].code
}

function judge({ seen, result }: RaceReport): Outcome {
  if (result.hung) return 'deadlock'
  if (seen.some((s) => s.allowed === false)) return 'violated'
  return seen.some((s) => s.allowed === undefined) ? 'incomplete' : 'ok'
}

const MARKS = { true: '*', false: '!', undefined: '?' } as const

function reportText(r: RaceReport, style: Style): string {
  const { result } = r
  const digits = Math.max(...r.seen.map((s) => String(s.rounds).length), 1)
  const lines = r.seen.map((s) => {
    const text = `${showRegisters(s.outcome)} ${showPages(s.outcome)}`.trim()
    const line = wrapped(toAscii(`${String(s.rounds).padStart(digits)} ${MARKS[`${s.allowed}`]}> ${text}`), '    ', 4)
    return s.allowed === false ? style.verdict('violated', line) : line
  })
  const wrong = r.seen.filter((s) => s.allowed === false)
  const unknown = r.seen.filter((s) => s.allowed === undefined)
  const rest = [
    ...(result.failed > 0 ? [`${result.failed} rounds could not be set up`] : []),
    ...(result.uncounted > 0 ? [`${result.uncounted} rounds had outcomes beyond those that are counted`] : []),
    ...(result.hung ? ['the kernel did not let the program end'] : []),
  ]
  return [
    toAscii(r.scenario.name),
    wrapped(['Histogram', `${result.rounds} rounds`, ...rest].join('; '), '  ', 4),
    ...lines,
    ...(wrong.length === 0
      ? [
          `  ${style.verdict(unknown.length > 0 ? 'unknown' : 'holds', unknown.length > 0 ? 'Not decided' : 'Ok')}: ${summary(r)}`,
        ]
      : [
          `  ${style.verdict('violated', 'No')}: ${wrong.length} outcome${wrong.length === 1 ? '' : 's'} (!) outside the model`,
        ]),
    ...(r.neverSeen.length === 0 ? [] : ['  Allowed by the model, never seen:']),
    ...r.neverSeen.map((n) => wrapped(toAscii(n === '' ? '(no registers)' : n), '    ', 4)),
    '',
  ].join('\n')
}

const summary = (r: RaceReport): string => {
  const total = new Set([...r.allowed.registers]).size
  return `every outcome is one of the model's; ${total - r.neverSeen.length} of its ${total} seen`
}

function reportJson(r: RaceReport): Json {
  return {
    scenario: r.scenario.name,
    rounds: r.result.rounds,
    failed: r.result.failed,
    hung: r.result.hung,
    outcomes: r.seen.map((s) => ({
      rounds: s.rounds,
      registers: Object.fromEntries(s.outcome.registers.map((x) => [x.name, x.value])),
      guards: s.outcome.pages.filter((p) => p.guard).map((p) => p.name),
      allowed: s.allowed ?? null,
    })),
    neverSeen: r.neverSeen,
    complete: r.allowed.incomplete === undefined,
  }
}
