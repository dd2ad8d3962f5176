/** Lays cells out side by side, one column per thread, or below one another where columns do not fit. */
import type { Cell, CellLine } from './cells.ts'
import { HANGING, pieces, wrap } from './text.ts'

export interface Column {
  readonly thread: number
  /** The operations that stand under its number. */
  readonly operations: readonly string[]
}

const GAP = 2
const PER_CALL = 2
const RULE = '----'
/** More threads than this are printed below one another: a column would be narrower than most names. */
export const COLUMNS_MAX = 3
/** No column is made narrower than this. */
const NARROWEST = 20

const cpu = (thread: number): string => `CPU${thread}`
const topLevel = (text: string): CellLine => ({ kind: 'call', depth: 0, text })

const indentOf = (line: CellLine, width: number): number => Math.min(line.depth * PER_CALL, Math.floor(width / 2))

/** One line, wrapped for a column of `width` whose words may reach `limit`. */
function wrapped(line: CellLine, width: number, limit: number): string[] {
  const indent = indentOf(line, width)
  return wrap(line.text, { width: width - indent, limit: limit - indent }).map((text) => ' '.repeat(indent) + text)
}

/** Whether a line of a column of `width` must cut a name in two. */
function cutsName(line: CellLine, width: number): boolean {
  const room = width - indentOf(line, width)
  const parts = line.text.split(' ').flatMap(pieces)
  return parts.some((part, i) => part.length + (i === 0 ? 0 : HANGING) > room)
}

/** Every way to share `room` out among `n` columns. */
function splits(n: number, room: number): number[][] {
  if (n === 1) return [[room]]
  const firsts = Array.from({ length: Math.max(0, room - NARROWEST * n + 1) }, (_, i) => NARROWEST + i)
  return firsts.flatMap((first) => splits(n - 1, room - first).map((rest) => [first, ...rest]))
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/**
 * The widths that give the fewest rows; of equals, the most even. A word may reach beyond its column,
 * since the others are empty in its row, but counts as one more row, for it is hard on the eye. Beyond
 * the last column there is nothing to reach into: undefined where a name would be cut there.
 */
function widthsOf(columns: readonly (readonly CellLine[])[], total: number): number[] | undefined {
  const last = columns.length - 1
  const room = total - GAP * last
  const costs = columns.map((lines, i) =>
    Array.from({ length: room + 1 }, (_, width) => {
      if (width < NARROWEST) return Infinity
      if (i === last && lines.some((line) => cutsName(line, width))) return Infinity
      const rows = lines.flatMap((line) => wrapped(line, width, i === last ? width : total))
      return rows.length + rows.filter((row) => row.length > width).length
    }),
  )
  const judged = splits(columns.length, room).map((widths) => ({
    widths,
    rows: sum(widths.map((width, i) => costs[i]?.[width] ?? Infinity)),
    uneven: sum(widths.map((width) => width * width)),
  }))
  const best = judged.reduce((a, b) => (b.rows < a.rows || (b.rows === a.rows && b.uneven < a.uneven) ? b : a))
  return best.rows === Infinity ? undefined : best.widths
}

/** The operations side by side; one that reaches into the next column has the next ones below it. */
function headRows(heads: readonly (readonly string[])[], starts: readonly number[]): string[] {
  const lines: string[] = []
  const depth = Math.max(...heads.map((head) => head.length))
  for (let row = 0; row < depth; row++) {
    let line = ''
    heads.forEach((head, i) => {
      const text = head[row]
      const start = starts[i] ?? 0
      if (text === undefined) return
      if (line !== '' && line.length + GAP > start) {
        lines.push(line)
        line = ''
      }
      line = line.padEnd(start) + text
    })
    lines.push(line)
  }
  return lines
}

/** Undefined where the columns are too narrow for the names in them. */
function beside(columns: readonly Column[], body: readonly Cell[], total: number): string[] | undefined {
  const headings = columns.map((column) => [cpu(column.thread), ...column.operations].map(topLevel))
  const own = (thread: number): CellLine[] =>
    body.filter((cell) => cell.thread === thread).flatMap((cell) => cell.lines)
  const widths = widthsOf(
    columns.map((column, i) => [...(headings[i] ?? []), ...own(column.thread)]),
    total,
  )
  if (widths === undefined) return undefined
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width + GAP, 0))
  const put = (i: number, line: CellLine): string[] => wrapped(line, widths[i] ?? total, total - (starts[i] ?? 0))
  const heads = columns.map((column, i) => column.operations.flatMap((text) => put(i, topLevel(text))))
  return [
    ...headRows(
      columns.map((column) => [cpu(column.thread)]),
      starts,
    ),
    ...headRows(heads, starts),
    ...headRows(
      columns.map(() => [RULE]),
      starts,
    ),
    ...body.flatMap((cell) => {
      const i = columns.findIndex((column) => column.thread === cell.thread)
      return cell.lines.flatMap((line) => put(i, line).map((text) => ' '.repeat(starts[i] ?? 0) + text))
    }),
  ]
}

function below(columns: readonly Column[], body: readonly Cell[], total: number): string[] {
  const prefix = (thread: number): string => `${cpu(thread)}: `
  const set = Math.max(...columns.map((column) => prefix(column.thread).length))
  const block = (thread: number, lines: readonly CellLine[], named: boolean): string[] =>
    lines
      .flatMap((line) => wrapped(line, total - set, total - set))
      .map((text, i) => (named && i === 0 ? prefix(thread) : '').padEnd(set) + text)
  return [
    ...columns.flatMap((column) => block(column.thread, column.operations.map(topLevel), true)),
    RULE,
    ...body.flatMap((cell, i) => block(cell.thread, cell.lines, body[i - 1]?.thread !== cell.thread)),
  ]
}

/** The rows of a body of cells under the heads of its columns, at most `total` wide, without blanks at their ends. */
export function layOut(columns: readonly Column[], body: readonly Cell[], total: number): string[] {
  if (columns.length === 0) return []
  const rows = columns.length <= COLUMNS_MAX ? beside(columns, body, total) : undefined
  return (rows ?? below(columns, body, total)).map((row) => row.trimEnd())
}
