/** What is wrong with a text and where, and how it is shown. */
import type { Source, Span } from './source.ts'
import { clip, lineSpan, positionOf } from './source.ts'

export type DiagnosticCode = `MM${number}`

export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly message: string
  readonly span: Span
  /** What to write instead. */
  readonly help?: string
  /** Other facts, such as where the first of two definitions stands. */
  readonly notes?: readonly string[]
}

/** What survives quoting in a mail. */
const WIDTH = 75
const MARGIN = '  '
const TAB = 8
const CUT = '...'
/** Columns kept before the caret where a long line is cut on its left. */
const CONTEXT = 20
/** Characters looked at on each side of the caret: a line may be as long as the file. */
const REACH = 400

/**
 * A diagnostic as a person reads it, without a final line end:
 *
 *     file:line:col: error[MM031]: message
 *       the source line
 *           ^^^^
 *       help: ...
 *       note: ...
 *
 * Lines are at most 75 columns wide unless a single word is longer. Tabs become spaces and characters
 * that would move the cursor become `?`, so the result is safe on a terminal.
 */
export function formatDiagnostic(source: Source, diagnostic: Diagnostic): string {
  const { line, column } = positionOf(source, diagnostic.span.start)
  return [
    ...wrap(`${source.name}:${line}:${column}: error[${diagnostic.code}]: ${diagnostic.message}`, '    '),
    ...excerpt(source, diagnostic.span),
    ...(diagnostic.help === undefined ? [] : wrap(`${MARGIN}help: ${diagnostic.help}`, `${MARGIN}      `)),
    ...(diagnostic.notes ?? []).flatMap((note) => wrap(`${MARGIN}note: ${note}`, `${MARGIN}      `)),
  ].join('\n')
}

/** Breaks at single blanks only, so that a code sample with wider gaps keeps them. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line === '') line = word
    else if (line.length + 1 + word.length <= WIDTH) line += ` ${word}`
    else {
      lines.push(line)
      line = indent + word
    }
  }
  return [...lines, line]
}

/** One character as shown: its glyph and how many columns it takes. */
interface Cell {
  readonly glyph: string
  readonly width: number
}

function excerpt(source: Source, span: Span): string[] {
  const line = lineSpan(source, span.start)
  const inside = clip(span, line)
  const before = cellsOf(source.text.slice(Math.max(line.start, inside.start - REACH), inside.start), 0)
  const from = widthOf(before)
  const marked = cellsOf(source.text.slice(inside.start, Math.min(inside.end, inside.start + REACH)), from)
  const to = from + Math.max(1, widthOf(marked))
  const after = cellsOf(source.text.slice(inside.end, Math.min(line.end, inside.end + REACH)), from + widthOf(marked))
  const shown = windowOf([...before, ...marked, ...after], from, to)
  return [
    (MARGIN + shown.text).trimEnd(),
    MARGIN + ' '.repeat(shown.from) + '^'.repeat(Math.max(1, shown.to - shown.from)),
  ]
}

/** Cuts a line to the width of a message around the marked columns `from`..`to`. */
function windowOf(
  cells: readonly Cell[],
  from: number,
  to: number,
): { readonly text: string; readonly from: number; readonly to: number } {
  const room = WIDTH - MARGIN.length
  const total = Math.max(widthOf(cells), to)
  if (total <= room) return { text: cells.map((cell) => cell.glyph).join(''), from, to }
  const left = to <= room - CUT.length ? 0 : Math.min(Math.max(0, from - CONTEXT), total - room)
  const right = left + room
  const lo = left === 0 ? 0 : left + CUT.length
  const hi = right < total ? right - CUT.length : right
  let text = left === 0 ? '' : CUT
  let column = 0
  for (const { glyph, width } of cells) {
    if (column >= lo && column + width <= hi) text += glyph
    // A wide character that straddles the cut leaves a gap, which keeps the caret in its column.
    else if (column < lo && column + width > lo) text += ' '.repeat(column + width - lo)
    column += width
  }
  if (right < total) text += CUT
  return { text, from: Math.max(from, lo) - left, to: Math.min(to, hi) - left }
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, cell) => sum + cell.width, 0)

function cellsOf(text: string, column: number): Cell[] {
  const cells: Cell[] = []
  let at = column
  for (const char of text) {
    const count = char === '\t' ? TAB - (at % TAB) : 1
    const cell = char === '\t' ? { glyph: ' ', width: 1 } : cellOf(char)
    for (let i = 0; i < count; i++) cells.push(cell)
    at += count * cell.width
  }
  return cells
}

/** Controls, bidirectional marks, line separators and lone surrogates could move the caret or the cursor. */
function cellOf(char: string): Cell {
  if (/^[\p{C}\p{Zl}\p{Zp}]$/u.test(char)) return { glyph: '?', width: 1 }
  if (/^\p{M}$/u.test(char)) return { glyph: char, width: 0 }
  return { glyph: char, width: isWide(char.codePointAt(0) ?? 0) ? 2 : 1 }
}

/** East Asian wide and emoji blocks, roughly: enough to keep the caret in place. */
const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0xffe0 && code <= 0xffe6) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd)
