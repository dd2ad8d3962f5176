/** What `series` prints: property x version, property x prefix, and what each patch is needed for. */
import type { Found } from '../counterexamples/build.ts'
import { toAscii } from '../counterexamples/text.ts'
import {
  redPoints,
  type PatchNeed,
  type PostingResult,
  type SeriesCell,
  type SeriesChange,
  type SeriesResult,
  type SeriesRow,
  type SeriesTable,
} from '../counterexamples/series/table.ts'
import type { Posting } from '../model/kernels/series.ts'
import { rowLines, rowsJson, wordsOfPosting } from './report_selftest.ts'
import type { Json } from './report_json.ts'
import { COLUMNS, wrapped } from './report_text.ts'

const NAME_COLUMNS = 19

const shown = (c: SeriesCell): string =>
  c.untested ? '.' : c.broken.size > 0 ? String(c.broken.size) : c.unknown.length > 0 ? '?' : 'ok'

const isQuiet = (r: SeriesRow): boolean => r.cells.every((c) => c.broken.size === 0 && c.unknown.length === 0)

/** Rows of properties, columns of points; as many blocks below each other as the columns need. */
function tableLines({ points, rows: all }: SeriesTable): readonly string[] {
  const rows = all.filter((r) => !isQuiet(r))
  const quiet = all.filter(isQuiet).map((r) => r.property)
  const width = Math.max(...points.map((p) => p.id.length), 2) + 2
  const room = Math.floor((COLUMNS - NAME_COLUMNS) / width)
  const lines: string[] = []
  for (let from = 0; from < points.length; from += room) {
    const part = <T>(all: readonly T[]): readonly T[] => all.slice(from, from + room)
    const line = (name: string, cells: readonly string[]): string =>
      `${name.padEnd(NAME_COLUMNS)}${cells.map((c) => c.padStart(width)).join('')}`
    lines.push(line('', part(points.map((p) => p.id))))
    for (const r of rows) lines.push(line(r.property, part(r.cells.map(shown))))
  }
  if (quiet.length > 0) lines.push(wrapped(`Nothing anywhere breaks ${quiet.join(', ')}.`, '', 2))
  return lines
}

const cex = (found: Found | undefined): string => (found === undefined ? '' : ` cex ${found.counterexample.id}`)

function changeLines(changes: readonly SeriesChange[], first: string): readonly string[] {
  if (changes.length === 0) return [`No cell changes after ${first}.`]
  const ids = [...new Set(changes.map((c) => c.at))]
  return ids.flatMap((at) => [
    `First at ${at}:`,
    ...changes
      .filter((c) => c.at === at)
      .flatMap(({ property, breaks, mends }) => [
        ...(breaks.size === 0 ? [] : [`  ${property} breaks in`]),
        ...[...breaks].map(([s, f]) => wrapped(`${s}${cex(f)}`, '      ', 4)),
        ...(mends.length === 0 ? [] : [wrapped(`${property} holds again in ${mends.join(', ')}`, '  ', 4)]),
      ]),
  ])
}

function needLines({ patch, neededBy, breaks }: PatchNeed): readonly string[] {
  const head = wrapped(`${patch.id.padEnd(3)} ${toAscii(patch.subject)}`, '  ', 4)
  const inner = '      '
  const properties = [...new Set(breaks.map((b) => b.property))]
  return [
    head,
    ...(patch.modelled === undefined ? [] : [wrapped(toAscii(patch.modelled), inner, 2)]),
    ...(neededBy.length === 0 ? [] : [wrapped(`without it ${neededBy.join(', ')} would not compile`, inner, 2)]),
    ...(patch.modelled === undefined
      ? neededBy.length === 0
        ? [wrapped(`nothing of it is modelled${patch.why === undefined ? '' : `: ${patch.why}`}`, inner, 2)]
        : []
      : breaks.length === 0
        ? [wrapped('without it none of these properties breaks', inner, 2)]
        : [
            wrapped(`without it ${properties.join(', ')}:`, inner, 2),
            ...breaks.map((b) => wrapped(`${b.property} in ${b.scenario}${cex(b.found)}`, `${inner}  `, 2)),
          ]),
  ]
}

const postingLines = ({ posting, table, needs, rows }: PostingResult): readonly string[] => [
  '',
  wrapped(`${posting.version} (${posting.title}), patch by patch:`, ''),
  ...tableLines(table),
  ...changeLines(table.changes, 'the base'),
  ...betweenLines(posting, table),
  ...(rows === undefined ? [] : rowLines(wordsOfPosting(posting), rows)),
  '',
  `What each patch of ${posting.version} is needed for:`,
  ...needs.flatMap(needLines),
]

/** Whether a bisection of the posting could end at a point that is broken: told apart from a point within a patch. */
function betweenLines(posting: Posting, table: SeriesTable): readonly string[] {
  const commit = (id: string): string => id.replace(/[a-z]+$/, '')
  const red = redPoints(table)
  const ids = posting.patches.map((p) => p.id)
  // The last hunk of a patch is the point at which its commit stands.
  const ends = red.filter((id) => commit(ids[ids.indexOf(id) + 1] ?? '') !== commit(id))
  const within = red.filter((id) => !ends.includes(id))
  const is = (list: readonly string[]): string => `${list.join(', ')} ${list.length === 1 ? 'is' : 'are'}`
  return [
    wrapped(
      `${ends.length === 0 ? `No commit of ${posting.version} breaks what the base keeps whole` : `Broken after patch ${ends.join(', ')}`}${
        within.length === 0 ? '' : `; between the hunks of a patch, ${is(within)} broken`
      }.`,
      '',
      2,
    ),
  ]
}

/** The whole report, ending in a newline. `only`: the posting that is told patch by patch. */
export function seriesText(result: SeriesResult, only: string): string {
  const { series, scenarios, versions } = result
  const postings = result.postings.filter((p) => p.posting.version === only)
  const others = result.postings.filter((p) => p.posting.version !== only).map((p) => p.posting.version)
  const known = versions.rows.flatMap((r) => [...(r.cells[0]?.broken.keys() ?? [])].map((s) => `${r.property} in ${s}`))
  const lines = [
    wrapped(toAscii(`${series.name}: ${series.title}, on ${series.base.name}`), '', 4),
    wrapped(
      `In how many of ${scenarios.length} scenarios (those that the series changes) each property breaks: 'ok' in ` +
        `none, '.' where none puts it to the test, '?' where a search ended at a limit. Parts of one patch have a ` +
        `letter after its number.`,
      '',
    ),
    ...(known.length === 0 ? [] : [wrapped(`Broken before the series: ${known.join(', ')}.`, '', 2)]),
    '',
    'Versions:',
    ...tableLines(versions),
    ...changeLines(versions.changes, 'the base'),
    ...postings.flatMap(postingLines),
    '',
    ...(others.length === 0 ? [] : [wrapped(`Patch by patch as well, by --posting: ${others.join(', ')}.`, '', 2)]),
    wrapped(`Scenarios: ${scenarios.join(', ')}.`, '', 2),
  ]
  return `${lines.join('\n')}\n`
}

const tableJson = ({ points, rows, changes }: SeriesTable): Json => ({
  points: points.map((p): Json => ({ id: p.id, kernel: p.kernel.name, patches: [...p.kernel.patches] })),
  properties: rows.map((r): Json => ({
    name: r.property,
    cells: r.cells.map((c, i): Json => ({
      at: points[i]?.id ?? '',
      tested: !c.untested,
      broken: [...c.broken].map(([scenario, f]): Json => ({ scenario, counterexample: f?.counterexample.id ?? null })),
      unknown: c.unknown,
    })),
  })),
  changes: changes.map((c): Json => ({
    property: c.property,
    at: c.at,
    breaks: [...c.breaks].map(([scenario, f]): Json => ({ scenario, counterexample: f?.counterexample.id ?? null })),
    mends: c.mends,
  })),
})

export const seriesJson = ({ series, scenarios, versions, postings }: SeriesResult): Json => ({
  name: series.name,
  title: series.title,
  base: series.base.name,
  scenarios,
  versions: tableJson(versions),
  postings: postings.map((p): Json => ({
    version: p.posting.version,
    title: p.posting.title,
    prefixes: tableJson(p.table),
    ...(p.rows === undefined ? {} : { selftest: rowsJson(p.rows) }),
    patches: p.needs.map((n): Json => ({
      id: n.patch.id,
      subject: n.patch.subject,
      modelled: n.patch.modelled ?? null,
      adds: n.patch.adds,
      removes: n.patch.removes,
      neededBy: n.neededBy,
      breaks: n.breaks.map((b): Json => ({
        property: b.property,
        scenario: b.scenario,
        counterexample: b.found.counterexample.id,
      })),
    })),
  })),
})
