/** The step table of `explain` and `replay`: every step with its label, its C text and all that it changed. */
import { LOOP } from './cells.ts'
import { toAscii, wrap } from './text.ts'
import type { Trace, TraceStep } from './trace.ts'

/** Columns where the output is no terminal. */
export const TABLE_COLUMNS = 75

export interface TableOptions {
  /** Columns of the terminal; 75 where not given, and never less than 40. */
  readonly width?: number
  /** Places of steps, from 0, that are left out; each row of them becomes one line of dots. */
  readonly omit?: ReadonlySet<number>
}

const MARGIN = '  '

const changesOf = (step: TraceStep): string[] => [
  ...step.choices.map((choice) => `${choice.name} = ${choice.shown} (chosen)`),
  // A load that the step's own reset has undone again is no change, but the next step depends on it.
  ...step.loads
    .filter((load) => !step.changes.some((change) => change.slot === load.slot))
    .map((load) => `${load.name} = ${load.shown} (loaded)`),
  ...step.changes
    .filter((change) => change.kind !== 'pc')
    .map((change) => `${change.name}: ${change.shownFrom} -> ${change.shownTo}`),
]

/** The table as text, ending in a newline: program counters are left out, since the label says as much. */
export function renderSteps(trace: Trace, options: TableOptions = {}): string {
  const width = Math.max(options.width ?? TABLE_COLUMNS, 40)
  const names = trace.steps.map((step) => toAscii(step.thread.name))
  const numberWidth = Math.max(4, String(trace.steps.length).length)
  // A name from elsewhere may be of any length; the table keeps half of its width for the steps.
  const threadWidth = Math.min(Math.max(6, ...names.map((name) => name.length)), Math.floor(width / 4))
  const head = (number: string, thread: string, text: string): string =>
    `${MARGIN}${number.padStart(numberWidth)}  ${thread.slice(0, threadWidth).padEnd(threadWidth)}  ${text}`.trimEnd()
  const start = head('', '', 'x').length - 1
  const under = (text: string, depth: number): string[] => {
    const indent = start + depth
    return wrap(toAscii(text), { width: width - indent }).map((line) => ' '.repeat(indent) + line)
  }
  const lines = trace.steps.flatMap((step, i) => {
    if (options.omit?.has(i) === true) return options.omit.has(i - 1) ? [] : [head('', '', '...')]
    const [first = '', ...rest] = wrap(toAscii(step.step.label), { width: width - start })
    return [
      ...(i === trace.loopStart ? [head('', '', LOOP)] : []),
      head(String(step.index + 1), names[i] ?? '', first),
      ...rest.map((line) => ' '.repeat(start) + line),
      ...under(step.step.text, 2),
      ...changesOf(step).flatMap((change) => under(change, 4)),
    ]
  })
  return [head('step', 'thread', 'label, text, changes'), ...lines].map((line) => `${line}\n`).join('')
}
