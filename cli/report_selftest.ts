/** The selftest rows of a series, as a table of patches, and as the selftest itself prints them. */
import type { RowGroup, RowTable } from '../counterexamples/series/selftest.ts'
import type { Posting } from '../model/kernels/series.ts'
import type { Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

const NAME_COLUMNS = 44

const head = ({ first, last }: RowGroup): string => (first.id === last.id ? first.id : `${first.id}-${last.id}`)

/** What the columns of a table of rows are. */
export interface RowWords {
  /** `by the patches that are there` */
  readonly by: string
  /** `With patch 9 (...):`, over what the selftest prints in the points that begin with this one. */
  readonly over: (group: RowGroup) => string
}

/** Points of a posting: as a changelog quotes it, the base, and the patch from which on it is so. */
export const wordsOfPosting = (posting: Posting): RowWords => ({
  by: 'by the patches that are there',
  over: ({ first }) => {
    const subject = posting.patches.find((p) => p.id === first.id)?.subject
    return subject === undefined ? 'Before the series:' : `With patch ${first.id} (${subject}):`
  },
})

const quoted = (words: RowWords, { rows }: RowTable, group: RowGroup): readonly string[] => {
  return [
    '',
    wrapped(words.over(group), '', 2),
    ...rows.flatMap((r, i) => [
      `  # [RUN] ${r.run}`,
      `  ${group.cells[i]?.verdict === 'unknown' ? 'not known' : (group.cells[i]?.verdict ?? '')} ${r.number} ${r.name}`,
    ]),
  ]
}

/** Nothing where no row was among the files. */
export function rowLines(words: RowWords, table: RowTable): readonly string[] {
  const { rows, groups } = table
  if (rows.length === 0) return []
  const width = Math.max(...groups.map((g) => head(g).length), 6) + 2
  return [
    '',
    `Tests of tools/testing/selftests/mm/cow.c, ${words.by}:`,
    `${''.padEnd(NAME_COLUMNS)}${groups.map((g) => head(g).padEnd(width)).join('')}`.trimEnd(),
    ...rows.map((r, i) =>
      `${`${r.number} ${r.how}, ${r.backing}`.padEnd(NAME_COLUMNS)}${groups
        .map((g) => (g.cells[i]?.verdict === 'unknown' ? '?' : (g.cells[i]?.verdict ?? '')).padEnd(width))
        .join('')}`.trimEnd(),
    ),
    ...groups.flatMap((g) => quoted(words, table, g)),
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
