/** Rows of the sweep held against its record: each by itself, and a world as a whole once all its rows are there. */
import { cellName } from '../../model/scenarios/sweep/cells.ts'
import { sweepDifferences, type KernelRecord, type SweepRecord } from '../matrix/record.ts'
import { together, unexplained } from '../matrix/tally.ts'
import { statesOf } from '../depth_first.ts'
import type { CellDocument, SweepDocument } from '../document.ts'
import type { CellRecord } from './record.ts'
import { cellsOfRow, rowsOf, worldKey, type SweepRow } from './sweep_rows.ts'

/** What is recorded of a world on a kernel, cut down to the cells of a row, whose counts it does not tell. */
function partOf(recorded: KernelRecord, document: CellDocument, sweep: SweepDocument): KernelRecord {
  const row: SweepRow = { world: sweep.world, order: sweep.order, row: sweep.row ?? '', kernels: [document.kernel] }
  const mine = new Set(cellsOfRow(row).map(cellName))
  return {
    cells: sweep.cells,
    states: statesOf(document),
    violated: Object.fromEntries(Object.entries(recorded.violated).filter(([cell]) => mine.has(cell))),
    unknown: recorded.unknown.filter((cell) => mine.has(cell)),
  }
}

/** What became of a row or a world in the words of the record. */
const recordOfDocument = (document: CellDocument, { cells, violated, unknown }: SweepDocument): KernelRecord => ({
  cells,
  states: statesOf(document),
  violated,
  unknown,
})

/** A row on a kernel, judged. `recording` is for runs whose findings become the record. */
export function judgedRow(record: CellRecord, recorded: SweepRecord, recording: boolean): CellDocument {
  const { document } = record
  const { sweep } = document
  const cached = document.cached ?? false
  if (sweep === undefined || sweep.row === null) return document
  const expected = recorded[worldKey(sweep)]?.[document.kernel]
  const stopped = document.search.stopped === 'time' || document.search.stopped === 'budget'
  if (stopped) return { ...document, judged: false, notAsExpected: [], outcome: 'incomplete', cached }
  const found = recordOfDocument(document, sweep)
  const held = expected !== undefined && !recording
  const notAsExpected = [
    ...(held ? sweepDifferences(partOf(expected, document, sweep), found) : []),
    ...unexplained(document.kernel, found),
  ]
  const open = expected === undefined && sweep.unknown.length > 0
  const outcome = notAsExpected.length > 0 ? 'violated' : open ? 'incomplete' : 'ok'
  const totals = expected === undefined ? {} : { expected: { cells: expected.cells, states: expected.states } }
  return { ...document, sweep: { ...sweep, ...totals }, judged: held, notAsExpected, outcome, cached }
}

/** Whether a document is of a whole world, made of its rows. */
export const isWorld = ({ sweep }: CellDocument): boolean => sweep?.row === null

const groupKey = (c: CellDocument, sweep: SweepDocument): string => `${worldKey(sweep)} @ ${c.kernel}`

/** A world on a kernel, from all of its rows; undefined where some are missing, or did not come to their end. */
function worldOf(rows: readonly CellDocument[], recording: boolean): CellDocument | undefined {
  const [first] = rows
  const sweep = first?.sweep
  if (first === undefined || sweep === undefined) return undefined
  const names = rowsOf(sweep.world, sweep.order)
  const done = rows.filter((r) => r.search.stopped !== 'time' && r.search.stopped !== 'budget')
  if (done.length < names.length || names.some((n) => !done.some((r) => r.sweep?.row === n))) return undefined
  const found = done
    .flatMap((r) => (r.sweep === undefined ? [] : [recordOfDocument(r, r.sweep)]))
    .reduce(together, { cells: 0, states: 0, violated: {}, unknown: [] })
  // What is violated is told of the rows; of the world, how much there was to do.
  const { expected } = sweep
  const notAsExpected =
    expected === undefined || recording
      ? []
      : [...sweepDifferences({ ...expected, violated: {}, unknown: [] }, { ...found, violated: {}, unknown: [] })]
  const broken = Object.keys(found.violated).length > 0
  return {
    ...first,
    scenario: `sweep.${worldKey(sweep)}`,
    verdict: broken ? 'violated' : found.unknown.length > 0 ? 'unknown' : 'holds',
    properties: [],
    search: {
      states: found.states,
      transitions: done.reduce((n, r) => n + r.search.transitions, 0),
      depth: done.reduce((n, r) => Math.max(n, r.search.depth), 0),
      complete: done.every((r) => r.search.complete),
      bytes: 0,
      ms: done.reduce((n, r) => n + r.search.ms, 0),
    },
    sweep: {
      world: sweep.world,
      order: sweep.order,
      row: null,
      cells: found.cells,
      violated: {},
      unknown: [],
      ...(expected === undefined ? {} : { expected }),
    },
    judged: expected !== undefined && !recording,
    notAsExpected,
    outcome: notAsExpected.length > 0 ? 'violated' : 'ok',
    cached: false,
  }
}

/** The rows of a run by world and kernel. */
function byWorld(cells: readonly CellDocument[]): ReadonlyMap<string, readonly CellDocument[]> {
  const groups = new Map<string, CellDocument[]>()
  for (const c of cells) {
    if (c.sweep === undefined || isWorld(c)) continue
    const key = groupKey(c, c.sweep)
    groups.set(key, [...(groups.get(key) ?? []), c])
  }
  return groups
}

/** The cells of a run, and at their end the worlds whose rows are all among them. */
export function withWorlds(cells: readonly CellDocument[], recording = false): readonly CellDocument[] {
  const rows = cells.filter((c) => !isWorld(c))
  const worlds = [...byWorld(rows).values()].flatMap((of) => worldOf(of, recording) ?? [])
  return [...rows, ...worlds.map((w, i) => ({ ...w, place: rows.length + i }))]
}

/** What a run found of worlds that it swept as a whole, as it is recorded. */
export function sweepFound(cells: readonly CellDocument[]): SweepRecord {
  const found: Record<string, Record<string, KernelRecord>> = {}
  for (const rows of byWorld(cells).values()) {
    const [first] = rows
    if (first?.sweep === undefined || worldOf(rows, true) === undefined) continue
    ;(found[worldKey(first.sweep)] ??= {})[first.kernel] = rows
      .flatMap((r) => (r.sweep === undefined ? [] : [recordOfDocument(r, r.sweep)]))
      .reduce(together, { cells: 0, states: 0, violated: {}, unknown: [] })
  }
  return found
}
