/**
 * `mmcheck matrix --longterm-pins`: tests 151 to 162 of cow.c (seeds/001) on kernels, as a commit message could quote
 * them. `series gup-longterm` has the same rows patch by patch.
 */
import { newProber } from '../../counterexamples/series/check.ts'
import { rowTable, type RowTable } from '../../counterexamples/series/selftest.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { GUP_ROWS, ROW_PROPERTY, scenarioOfRow } from '../../model/scenarios/gup_rows.ts'
import { readBaseline } from '../baseline.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue, catalogueFile } from '../input.ts'
import { withHelp } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { rowLines, rowsJson, type RowWords } from '../report_selftest.ts'

/** Before the series, and with it. */
export const KERNELS = ['v6.1', 'v6.2'] as const

export interface LongtermPinsOptions {
  readonly kernel?: readonly string[]
  readonly world?: unknown
  readonly op?: unknown
  readonly triples?: boolean
  readonly table?: boolean
  readonly update?: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: 10 where a row is not as recorded, 20 where a search ended at a limit. */
export function longtermPins(options: LongtermPinsOptions): number {
  const { world, op, triples, table: triangle, update, json, out } = options
  if ([world, op, triples, triangle, update].some((flag) => flag !== undefined))
    return fail(
      options,
      'usage',
      withHelp("'--longterm-pins' takes --kernel and --json alone", 'its rows are scenarios of the catalogue'),
    )
  const names = options.kernel ?? KERNELS
  const points = names.flatMap((id) => {
    const kernel = findKernel(id)
    return kernel === undefined ? [] : [{ id, kernel }]
  })
  const files = GUP_ROWS.flatMap((row) => {
    const name = scenarioOfRow(row, catalogue())
    return name === undefined ? [] : [catalogueFile(name)]
  })
  const table = rowTable(points, files, newProber({}))
  const outcome = highest(table.groups.flatMap((g) => outcomesOf(table, g, names)))
  if (json) out(`${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, rows: rowsJson(table) }, null, 2)}\n`)
  else out(`${rowLines(WORDS, table).slice(1).join('\n')}\n`)
  return EXIT[outcome].code
}

const WORDS: RowWords = {
  by: 'by kernel',
  over: ({ first, last }) => (first.id === last.id ? `On ${first.id}:` : `From ${first.id} to ${last.id}:`),
}

/** What is recorded of a scenario on a kernel; nothing is said of kernels that it is not recorded on. */
function outcomesOf(
  { rows }: RowTable,
  { first, last, cells }: RowTable['groups'][number],
  names: readonly string[],
): readonly Outcome[] {
  const kernels = names.slice(names.indexOf(first.id), names.indexOf(last.id) + 1)
  const baseline = readBaseline()
  return rows.flatMap((row, i) =>
    kernels.map((k): Outcome => {
      const verdict = cells[i]?.verdict ?? 'unknown'
      if (verdict === 'unknown') return 'incomplete'
      const recorded = baseline[row.scenario]?.[k]
      return recorded === undefined || (recorded.violations[ROW_PROPERTY] !== undefined) === (verdict === 'not ok')
        ? 'ok'
        : 'violated'
    }),
  )
}
