/** The matrix as text: a triangle of pairs with a character each, and the violations by their kind. */
import { explanationOf } from '../../model/scenarios/sweep/explained.ts'
import type { KernelResult } from './sweep_cell.ts'
import { wrapped } from '../report_text.ts'

/** One cell as the table needs it. */
export interface TableCell {
  readonly name: string
  /** Names of its two operations. */
  readonly pair: readonly [string, string]
  readonly kernels: readonly KernelResult[]
}

const LEGEND =
  '. holds on every kernel asked; V violated on all of them; v on some; ? no answer; columns are numbered as the rows are'

const markOf = ({ kernels }: TableCell): string => {
  const violated = kernels.filter((k) => k.violations.length > 0).length
  if (violated === kernels.length && violated > 0) return 'V'
  if (violated > 0) return 'v'
  return kernels.some((k) => k.incomplete !== undefined) ? '?' : '.'
}

/** One line per operation, one character per operation before it or itself. At most 75 columns for 45 operations. */
export function triangle(names: readonly string[], cells: readonly TableCell[]): string {
  const byPair = new Map(cells.map((c) => [c.pair.join('+'), markOf(c)]))
  const width = Math.max(...names.map((n) => n.length))
  const lines = names.map((row, i) => {
    const marks = names.slice(0, i + 1).map((column) => byPair.get(`${column}+${row}`) ?? ' ')
    return `  ${String(i + 1).padStart(2)} ${row.padEnd(width)} ${marks.join('')}`
  })
  return [...lines, wrapped(LEGEND, '  ')].join('\n')
}

/** The violations of one world: property, place and what explains it, then the pairs and kernels. */
export function violationLines(cells: readonly TableCell[]): readonly string[] {
  const kinds = new Map<string, Map<string, { kernels: string[]; steps: number }>>()
  for (const cell of cells)
    for (const k of cell.kernels)
      for (const v of k.violations) {
        const why = explanationOf(v, k.kernel, k.violations) ?? 'NOT EXPLAINED'
        const kind = `${v.property} at ${v.at === '' ? 'the start' : v.at}: ${why}`
        const byCell = kinds.get(kind) ?? new Map<string, { kernels: string[]; steps: number }>()
        kinds.set(kind, byCell)
        const seen = byCell.get(cell.name) ?? { kernels: [], steps: v.steps }
        seen.kernels.push(k.kernel)
        byCell.set(cell.name, { ...seen, steps: Math.min(seen.steps, v.steps) })
      }
  return [...kinds].flatMap(([kind, byCell]) => [
    wrapped(kind, '  '),
    ...[...byCell].map(([cell, { kernels, steps }]) =>
      wrapped(`${cell}: ${steps} steps; ${kernels.join(', ')}`, '    '),
    ),
  ])
}
