/** Text under a name, and places in it. Offsets count UTF-16 units from 0, as JavaScript strings do. */

export interface Source {
  /** What stands before the line number in a message: usually a path as the user gave it. */
  readonly name: string
  readonly text: string
}

/** From `start` up to, not including, `end`. Empty where something is missing. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Line and column, both from 1. A column is one Unicode character; a tab counts as one. */
export interface Position {
  readonly line: number
  readonly column: number
}

const clamp = (n: number, lo: number, hi: number): number => Math.min(Math.max(n, lo), hi)

/** The line that holds an offset, without its line end (`\n` or `\r\n`). An offset outside the text is clipped. */
export function lineSpan(source: Source, offset: number): Span {
  const { text } = source
  const at = clamp(offset, 0, text.length)
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
  const newline = text.indexOf('\n', at)
  const end = newline < 0 ? text.length : newline
  return { start, end: end > start && text[end - 1] === '\r' ? end - 1 : end }
}

/** The line and column of an offset. An offset outside the text is clipped. */
export function positionOf(source: Source, offset: number): Position {
  const at = clamp(offset, 0, source.text.length)
  let line = 1
  let lineStart = 0
  for (let i = source.text.indexOf('\n'); i >= 0 && i < at; i = source.text.indexOf('\n', i + 1)) {
    line++
    lineStart = i + 1
  }
  let column = 1
  for (const _ of source.text.slice(lineStart, at)) column++
  return { line, column }
}

/** The part of `span` that lies within `bounds`. */
export function clip(span: Span, bounds: Span): Span {
  const start = clamp(span.start, bounds.start, bounds.end)
  return { start, end: clamp(span.end, start, bounds.end) }
}
