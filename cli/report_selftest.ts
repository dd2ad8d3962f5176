/** The selftest rows of a series, as a table of patches, and as the selftest itself prints them. */
import type { RowGroup, RowTable } from '../counterexamples/series/selftest.ts'
import type { Posting } from '../model/kernels/series.ts'
import type { Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

const NAME_COLUMNS = 44

const head = ({ first, last }: RowGroup): string => (first.id === last.id ? first.id : `${first.id}-${last.id}`)

/** As a changelog quotes it: the base, and the patch from which on it is so. */
const quoted = (posting: Posting, { rows }: RowTable, group: RowGroup): readonly string[] => {
  const subject = posting.patches.find((p) => p.id === group.first.id)?.subject
  return [
    '',
    wrapped(subject === undefined ? 'Before the series:' : `With patch ${group.first.id} (${subject}):`, '', 2),
    ...rows.flatMap((r, i) => [
      `  # [RUN] ${r.run}`,
      `  ${group.cells[i]?.verdict === 'unknown' ? 'not known' : (group.cells[i]?.verdict ?? '')} ${r.number} ${r.name}`,
    ]),
  ]
}

/** Nothing where no row was among the files. */
export function rowLines(posting: Posting, table: RowTable): readonly string[] {
  const { rows, groups } = table
  if (rows.length === 0) return []
  const width = Math.max(...groups.map((g) => head(g).length), 6) + 2
  return [
    '',
    'Tests of tools/testing/selftests/mm/cow.c, by the patches that are there:',
    `${''.padEnd(NAME_COLUMNS)}${groups.map((g) => head(g).padEnd(width)).join('')}`.trimEnd(),
    ...rows.map((r, i) =>
      `${`${r.number} ${r.how}, ${r.backing}`.padEnd(NAME_COLUMNS)}${groups
        .map((g) => (g.cells[i]?.verdict === 'unknown' ? '?' : (g.cells[i]?.verdict ?? '')).padEnd(width))
        .join('')}`.trimEnd(),
    ),
    ...groups.flatMap((g) => quoted(posting, table, g)),
  ]
}

export const rowsJson = ({ rows, groups }: RowTable): Json =>
  rows.map((r, i): Json => ({
    number: r.number,
    run: r.run,
    scenario: r.scenario,
    points: groups.map((g): Json => ({
      from: g.first.id,
      to: g.last.id,
      verdict: g.cells[i]?.verdict ?? 'unknown',
      counterexample: g.cells[i]?.found?.counterexample.id ?? null,
    })),
  }))
