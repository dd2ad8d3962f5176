/** The selftest rows of a series at each of its points: which patch makes which test pass. */
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { GUP_ROWS, ROW_PROPERTY, scenarioOfRow, type SelftestRow } from '../../model/scenarios/gup_rows.ts'
import type { Found } from '../build.ts'
import type { Prober } from './check.ts'
import type { Point } from './points.ts'

/** `unknown`: the search ended at a limit, or the pin was never taken. */
export interface RowCell {
  readonly verdict: 'ok' | 'not ok' | 'unknown'
  readonly found?: Found
}

/** Points next to each other at which every row comes out the same. */
export interface RowGroup {
  readonly first: Point
  readonly last: Point
  /** One for each row. */
  readonly cells: readonly RowCell[]
}

export interface RowTable {
  readonly rows: readonly (SelftestRow & { readonly scenario: string })[]
  readonly groups: readonly RowGroup[]
}

function cell(file: LitmusFile, point: Point, prober: Prober): RowCell {
  const answer = prober.answers(file, point.kernel)?.get(ROW_PROPERTY)
  if (answer?.verdict === 'violated')
    return { verdict: 'not ok', ...(answer.found === undefined ? {} : { found: answer.found }) }
  return { verdict: answer?.verdict === 'holds' ? 'ok' : 'unknown' }
}

/** The rows whose scenarios are among the files, at each of the points. */
export function rowTable(points: readonly Point[], files: readonly LitmusFile[], prober: Prober): RowTable {
  const byName = new Map(files.map((f) => [f.name.text, f]))
  const rows = GUP_ROWS.flatMap((row) => {
    const scenario = scenarioOfRow(row, [...byName.keys()])
    const file = scenario === undefined ? undefined : byName.get(scenario)
    return scenario === undefined || file === undefined ? [] : [{ ...row, scenario, file }]
  })
  const groups: RowGroup[] = []
  for (const point of points) {
    const cells = rows.map((r) => cell(r.file, point, prober))
    const before = groups.at(-1)
    if (before !== undefined && before.cells.every((c, i) => c.verdict === cells[i]?.verdict))
      groups[groups.length - 1] = { ...before, last: point }
    else groups.push({ first: point, last: point, cells })
  }
  return { rows: rows.map(({ file: _, ...row }) => row), groups }
}
