/** What `minimise` prints: the scenario, its race, what was taken away, and what is proved of it. */
import { scenarioText } from '../counterexamples/build.ts'
import type { Standing } from '../counterexamples/minimise/exhaust.ts'
import type { Finished } from '../counterexamples/minimise/finish.ts'
import type { Minimised } from '../counterexamples/minimise/minimise.ts'
import { MEASURES, TRACE_MEASURES } from '../counterexamples/minimise/size.ts'
import { toAscii } from '../counterexamples/text.ts'
import { RESULT_FORMAT, type Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

export interface MinimisedReport {
  /** The id or name of what was given. */
  readonly from: string
  readonly kernel: string
  readonly property: string
  readonly minimised: Minimised
  readonly finished: Finished
  /** Of the trace that was given: context switches, steps, changed variables. */
  readonly before: readonly number[]
}

export interface MeasureRow {
  readonly measure: string
  readonly before: number
  readonly after: number
  readonly standing: Standing
}

const VARIABLES = 'changed variables'

/** What became of each measure. */
export function measureRows({ minimised, finished, before }: MinimisedReport): readonly MeasureRow[] {
  const { exhausted } = minimised
  const after = [...minimised.after, finished.switches, finished.found.trace.steps.length, finished.variables]
  const was = [...minimised.before, ...before]
  // Without a look at smaller scenarios, the search in this one still tells of its own traces.
  const ofTrace: Standing = finished.chosen === undefined ? 'open' : 'local'
  const ofVariables: Standing = finished.chosen?.all === true ? 'local' : 'open'
  return [...MEASURES, ...TRACE_MEASURES, VARIABLES].map((measure, i) => ({
    measure,
    before: was[i] ?? 0,
    after: after[i] ?? 0,
    standing:
      measure === VARIABLES ? ofVariables : (exhausted?.standings[i] ?? (i < MEASURES.length ? 'open' : ofTrace)),
  }))
}

const MEANS: Readonly<Record<Standing, (report: MinimisedReport) => string>> = {
  minimum: () =>
    'minimum: of all scenarios that can be had from the given one by taking things away, and that have no more of what stands above, none has less and breaks the property.',
  local: () =>
    'local: the same is known only of what can be had from the scenario above; or, of its traces, that none is better.',
  open: () => 'open: there was no time, or no wish, to look at everything smaller.',
}

function table(report: MinimisedReport): readonly string[] {
  const all = measureRows(report)
  const cell = (n: number): string => String(n).padStart(6)
  return [
    `  ${''.padEnd(18)}${'was'.padStart(6)}${'is'.padStart(6)}`,
    ...all.map((r) => `  ${r.measure.padEnd(18)}${cell(r.before)}${cell(r.after)}  ${r.standing}`),
  ]
}

function proof({ minimised: { exhausted, asked, over } }: MinimisedReport): readonly string[] {
  const ended =
    over === 'interrupted'
      ? ['Interrupted; the best so far.']
      : over === 'time'
        ? ['Out of time; the best so far.']
        : []
  if (exhausted === undefined) return [`${asked} scenarios were checked.`, ...ended]
  const { done, total, all } = exhausted
  const where = all ? 'the given scenario' : 'the scenario above'
  const every =
    done === total
      ? `Every smaller scenario below ${where} was exhausted, ${total} in all`
      : `Of ${total} smaller scenarios below ${where}, ${done} were exhausted`
  return [`${every}; ${asked} were checked.`, ...ended]
}

/** For people; `fold` as in the mail text. */
export function minimisedText(report: MinimisedReport, fold: boolean): string {
  const { minimised, finished } = report
  const standings = new Set(measureRows(report).map((r) => r.standing))
  const removed = minimised.removed.length === 0 ? ['nothing: every part of it is needed'] : minimised.removed
  const lines = [
    wrapped(toAscii(`${report.from}: ${report.property} on ${report.kernel}, minimised`), '', 2),
    '',
    ...scenarioText(finished.scenario)
      .trimEnd()
      .split('\n')
      .map((l) => `  ${l}`),
    '',
    finished.found.mail(fold).trimEnd(),
    '',
    'Taken away:',
    ...removed.map((r) => wrapped(toAscii(r), '  ', 2)),
    '',
    ...table(report),
    '',
    ...(['minimum', 'local', 'open'] as const)
      .filter((s) => standings.has(s))
      .map((s) => wrapped(MEANS[s](report), '  ', 2)),
    ...proof(report).map((p) => wrapped(p, '  ', 2)),
  ]
  return `${lines.join('\n')}\n`
}

export function minimisedJson(report: MinimisedReport): string {
  const { minimised, finished } = report
  const content: Json = {
    from: report.from,
    kernel: report.kernel,
    property: report.property,
    litmus: scenarioText(finished.scenario),
    counterexample: finished.found.counterexample.id,
    removed: minimised.removed,
    measures: measureRows(report).map((r): Json => ({
      name: r.measure,
      before: r.before,
      after: r.after,
      standing: r.standing,
    })),
    exhausted:
      minimised.exhausted === undefined
        ? null
        : { done: minimised.exhausted.done, total: minimised.exhausted.total, all: minimised.exhausted.all },
    checked: minimised.asked,
    ended: minimised.over ?? 'done',
  }
  return `${JSON.stringify({ ...RESULT_FORMAT, minimised: content }, null, 2)}\n`
}
