/** What a worker process does with a row of the sweep: its cells, one after the other, as one record per kernel. */
import { cellName } from '../../model/scenarios/sweep/cells.ts'
import { runSweepCell, type SweepResult } from '../matrix/sweep_cell.ts'
import { kernelsOf, tallied, type Ran } from '../matrix/tally.ts'
import type { CellDocument, Stop } from '../document.ts'
import type { Answer, CellRecord, SearchRequest } from './record.ts'
import { unsearchedDocument } from './unsearched_document.ts'
import { cellsOfRow, rowName, sweepKey, sweepTask, type SweepRow } from './sweep_rows.ts'

/** A cell of the sweep is small; one that is not ends here, and is told as unanswered. */
export const CELL_STATES_MAX = 10_000_000

export interface SweepRun {
  readonly row: SweepRow
  readonly search: SearchRequest
  readonly maxMs?: number | undefined
  /** Told between any two cells: the states so far. */
  readonly onCell: (states: number) => void
}

/** A record of one kernel. `stopped` is why not all cells of the row were run. */
function recordFor(
  row: SweepRow,
  kernel: string,
  ran: readonly Ran[],
  ms: number,
  stopped: Stop | undefined,
): CellRecord {
  const tally = tallied(ran, kernel)
  const results = ran.flatMap(([, r]) => kernelsOf(r).filter((k) => k.kernel === kernel))
  const why = stopped ?? results.find((r) => r.incomplete !== undefined)?.incomplete
  const broken = Object.keys(tally.violated).length > 0
  const verdict = broken ? 'violated' : why === undefined ? 'holds' : stopped === undefined ? 'unknown' : 'timeout'
  const states = stopped === undefined ? tally.states : 0
  const transitions = stopped === undefined ? results.reduce((n, r) => n + r.transitions, 0) : 0
  const depth = stopped === undefined ? results.reduce((n, r) => Math.max(n, r.depth), 0) : 0
  const violated = Object.fromEntries(
    Object.entries(tally.violated).map(([cell, v]) => [cell, v.map((x) => ({ ...x }))]),
  )
  const search = {
    states,
    transitions,
    depth,
    complete: why === undefined,
    ...(why === undefined ? {} : { stopped: why }),
    bytes: 0,
    ms: Math.round(ms),
  }
  const document: CellDocument = {
    ...unsearchedDocument({ scenario: rowName(row), kernel, without: [], engine: 'explicit' }, search),
    verdict,
    properties: Object.entries(tally.violated).flatMap(([cell, v]) =>
      v.map(({ property, steps }) => ({ name: `${cell}: ${property}`, verdict: 'violated' as const, steps })),
    ),
    sweep: {
      world: row.world,
      order: row.order,
      row: row.row,
      cells: tally.cells,
      violated,
      unknown: [...tally.unknown],
    },
  }
  const summary = { verdict, states, transitions, depth, violations: {}, vacuous: [] }
  const outcome = broken ? 'violated' : why === undefined ? 'ok' : 'incomplete'
  return { key: sweepKey(row, kernel), document, summary, outcome, counted: true }
}

/** A row that was not run, or not to its end by a process that answered: nothing of it counts. */
export const unsweptRow = (row: SweepRow, stopped: Stop): readonly CellRecord[] =>
  row.kernels.map((k) => recordFor(row, k, [], 0, stopped))

/** Runs the cells of a row. Once its time is over nothing of it counts: its counts would be those of no row. */
export function runSweepRow({ row, search, maxMs, onCell }: SweepRun): Answer {
  const start = performance.now()
  const until = maxMs === undefined ? undefined : start + maxMs
  const ran: (readonly [string, SweepResult])[] = []
  let states = 0
  const over = (): boolean => until !== undefined && performance.now() >= until
  for (const [index, cell] of cellsOfRow(row).entries()) {
    if (over()) break
    const result = runSweepCell({
      ...sweepTask(row, cell, index),
      maxStates: search.maxStates ?? CELL_STATES_MAX,
      ...(search.maxBytes === undefined ? {} : { maxBytes: search.maxBytes }),
      ...(until === undefined ? {} : { until }),
    })
    if (!result.ok)
      return { kind: 'mistake', key: rowName(row), message: `${rowName(row)}: ${cellName(cell)}: ${result.message}` }
    ran.push([cellName(cell), result])
    states += result.kernels.reduce((n, k) => n + k.states, 0)
    onCell(states)
  }
  const cut =
    ran.length < cellsOfRow(row).length || ran.some(([, r]) => kernelsOf(r).some((k) => k.incomplete === 'time'))
  const ms = (performance.now() - start) / row.kernels.length
  const records = cut ? unsweptRow(row, 'time') : row.kernels.map((k) => recordFor(row, k, ran, ms, undefined))
  return { kind: 'records', key: rowName(row), records: [...records] }
}
