/**
 * A counterexample as kernel people write a race in a mail or a comment: a column per CPU, at most 75
 * columns of ASCII without tabs. Every line is set in by two blanks, because git ends a message or
 * drops lines at `#`, `---`, `diff -`, `Index: ` and `From ` in column 0.
 */
import { cells, operations } from './cells.ts'
import { layOut } from './columns.ts'
import { switchesBetween } from './switches.ts'
import { toAscii, wrap } from './text.ts'
import type { Trace } from './trace.ts'

export const MAIL_COLUMNS = 75
const MARGIN = 2

export interface MailInput {
  readonly trace: Trace
  readonly id: string
  /** One clause, without full stop. */
  readonly title: string
  readonly property: { readonly name: string; readonly statement: string }
  /** One clause on what is wrong at the last step. */
  readonly bang: string
  /** Ends the line of counts: `no shorter trace exists.` */
  readonly minimality: string
  /** Printed as they are, each on a line of its own. */
  readonly scope: readonly string[]
  readonly assumptions: readonly string[]
  /** Where the steps were read; see readFrom(). */
  readonly readFrom: string
}

export interface MailOptions {
  /** Prints `...` for steps that change nothing shared. */
  readonly fold?: boolean
}

const count = (n: number, noun: string, plural: string): string => `${n} ${n === 1 ? noun : plural}`

/** What is wrong at the last step; of a run that never ends, how it goes on from there. */
function bangOf({ trace, bang }: MailInput): string {
  if (trace.loopStart === undefined) return bang
  return trace.loopStart === trace.steps.length ? `nobody moves any more: ${bang}` : `back to LOOP: ${bang}`
}

/** The columns alone, not set in. Empty where the initial state is the bad one. */
function columnsOf(input: MailInput, options: MailOptions): string[] {
  const threads = [...new Set(input.trace.steps.map((step) => step.thread.number))].sort((a, b) => a - b)
  const columns = threads.map((thread) => ({ thread, operations: operations(input.trace, thread) }))
  const body = cells(input.trace, { fold: options.fold ?? false, bang: bangOf(input) })
  return layOut(columns, body, MAIL_COLUMNS - MARGIN)
}

/** The text to paste, ending in a newline. */
export function renderMail(input: MailInput, options: MailOptions = {}): string {
  const prose = (text: string): string[] => wrap(toAscii(text), { width: MAIL_COLUMNS - MARGIN, hanging: 0 })
  const { steps } = input.trace
  const switches = switchesBetween(steps.map((step) => step.thread.number))
  const counts = `${count(steps.length, 'step', 'steps')}, ${count(switches, 'context switch', 'context switches')}`
  const rows = steps.length === 0 ? prose(`[BANG in the initial state: ${bangOf(input)}]`) : columnsOf(input, options)
  const paragraphs = [
    rows,
    prose(`${input.property.name}: ${input.property.statement}`),
    prose(input.minimality === '' ? counts : `${counts}; ${input.minimality}`),
    [...input.scope, ...input.assumptions, input.readFrom].flatMap(prose),
    [...prose(`cex ${input.id} ("${input.title}")`), ...prose(`$ npx mmcheck replay ${input.id}`)],
  ]
  const indented = (line: string): string => (line === '' ? '' : ' '.repeat(MARGIN) + line)
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${indented(line)}\n`).join(''))
    .join('\n')
}
