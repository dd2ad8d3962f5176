/** A series as tables: property x version, property x prefix, and what each patch is needed for. */
import type { Posting, Series, SeriesPatch } from '../../model/kernels/series.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { PROPERTIES } from '../../properties/all.ts'
import type { Found } from '../build.ts'
import type { Answer, Prober } from './check.ts'
import { butOne, prefixes, versions, type Point } from './points.ts'
import { rowTable, type RowTable } from './selftest.ts'

/** A property at a point: the scenarios that break it, and whether any was cut short. */
export interface SeriesCell {
  readonly broken: ReadonlyMap<string, Found | undefined>
  /** Scenarios whose search ended at a limit without a violation. */
  readonly unknown: readonly string[]
  /** No scenario puts the property to the test at this point. */
  readonly untested: boolean
}

export interface SeriesRow {
  readonly property: string
  /** One for each point. */
  readonly cells: readonly SeriesCell[]
}

/** Where a cell differs from the one before it. */
export interface SeriesChange {
  readonly property: string
  /** The patch or the version. */
  readonly at: string
  /** Scenarios that break it from here on, and those that no longer do. */
  readonly breaks: ReadonlyMap<string, Found | undefined>
  readonly mends: readonly string[]
}

export interface SeriesTable {
  readonly points: readonly Point[]
  readonly rows: readonly SeriesRow[]
  readonly changes: readonly SeriesChange[]
}

/** What breaks without one patch that the whole posting keeps whole. */
export interface PatchNeed {
  readonly patch: SeriesPatch
  /** Patches that do not compile without it. */
  readonly neededBy: readonly string[]
  /** By property, scenario and counterexample; empty where nothing here needs it. */
  readonly breaks: readonly { readonly property: string; readonly scenario: string; readonly found: Found }[]
}

export interface PostingResult {
  readonly posting: Posting
  readonly table: SeriesTable
  readonly needs: readonly PatchNeed[]
  /** The selftest's rows, for a series that has any. */
  readonly rows?: RowTable
}

export interface SeriesResult {
  readonly series: Series
  /** Scenarios whose routines the series changes at some point. */
  readonly scenarios: readonly string[]
  readonly versions: SeriesTable
  readonly postings: readonly PostingResult[]
}

const names = (): readonly string[] => PROPERTIES.filter((p) => !p.ofModel).map((p) => p.name)

const isBroken = (a: Answer | undefined): boolean => a?.verdict === 'violated'

function cell(property: string, point: Point, files: readonly LitmusFile[], prober: Prober): SeriesCell {
  const broken = new Map<string, Found | undefined>()
  const unknown: string[] = []
  let tested = 0
  for (const file of files) {
    const answer = prober.answers(file, point.kernel)?.get(property)
    if (answer === undefined || answer.verdict === 'vacuous') continue
    tested++
    if (isBroken(answer)) broken.set(file.name.text, answer.found)
    else if (answer.verdict !== 'holds') unknown.push(file.name.text)
  }
  return { broken, unknown, untested: tested === 0 }
}

function table(points: readonly Point[], files: readonly LitmusFile[], prober: Prober): SeriesTable {
  const rows = names().map((property) => ({ property, cells: points.map((p) => cell(property, p, files, prober)) }))
  const changes = rows.flatMap(({ property, cells }) =>
    cells.flatMap((now, i): readonly SeriesChange[] => {
      const before = cells[i - 1]
      if (before === undefined) return []
      const breaks = new Map([...now.broken].filter(([s]) => !before.broken.has(s)))
      const mends = [...before.broken.keys()].filter((s) => !now.broken.has(s))
      return breaks.size + mends.length === 0 ? [] : [{ property, at: points[i]?.id ?? '', breaks, mends }]
    }),
  )
  return { points, rows, changes }
}

function needs(
  series: Series,
  posting: Posting,
  whole: Point | undefined,
  files: readonly LitmusFile[],
  prober: Prober,
): readonly PatchNeed[] {
  const without = new Map(butOne(series, posting).map((p) => [p.id, p]))
  return posting.patches.map((patch) => {
    const neededBy = posting.patches.filter((p) => p.needs.includes(patch.id)).map((p) => p.id)
    const at = without.get(patch.id)
    if (at === undefined || whole === undefined) return { patch, neededBy, breaks: [] }
    const breaks = names().flatMap((property) => {
      const [before, after] = [whole, at].map((p) => cell(property, p, files, prober))
      const [first] = [...(after?.broken ?? [])].filter(([s]) => before?.broken.has(s) !== true)
      return first?.[1] === undefined ? [] : [{ property, scenario: first[0], found: first[1] }]
    })
    return { patch, neededBy, breaks }
  })
}

/** Every kernel that the tables of a series are made of. */
export const allPoints = (series: Series): readonly Point[] => [
  ...versions(series),
  ...series.postings.flatMap((p) => [...prefixes(series, p), ...butOne(series, p)]),
]

/**
 * Works out the tables. Files that the series does not change are left out. `onStep` is told how far it
 * is: the points done of all, and the one that comes now.
 */
export async function checkSeries(
  series: Series,
  all: readonly LitmusFile[],
  prober: Prober,
  onStep: (done: number, of: number, text: string) => void = () => undefined,
): Promise<SeriesResult> {
  const points = [...new Map(allPoints(series).map((p) => [p.kernel.name, p.kernel])).values()]
  const files = all.filter((f) => prober.differs(f, points))
  let done = 0
  for (const kernel of points)
    for (const file of files) {
      onStep(done++, points.length * files.length, `${kernel.name} ${file.name.text}`)
      prober.answers(file, kernel)
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
    }
  return {
    series,
    scenarios: files.map((f) => f.name.text),
    versions: table(versions(series), files, prober),
    postings: series.postings.map((posting) => {
      const own = prefixes(series, posting)
      return {
        posting,
        table: table(own, files, prober),
        needs: needs(series, posting, own.at(-1), files, prober),
        ...(series.frames === true ? { rows: rowTable(own, files, prober) } : {}),
      }
    }),
  }
}

/** The points that break a property in a scenario that the base keeps whole. */
export const redPoints = ({ points, rows }: SeriesTable): readonly string[] =>
  points
    .filter((_, i) =>
      rows.some(({ cells }) => [...(cells[i]?.broken.keys() ?? [])].some((s) => cells[0]?.broken.has(s) !== true)),
    )
    .map((p) => p.id)
