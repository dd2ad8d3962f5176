/** The sweep as cells of a run: a row of the matrix is one job, with a result for each kernel. */
import { z } from 'zod'
import { cellName, cellText, pairs, triples, type SweepCell } from '../../model/scenarios/sweep/cells.ts'
import { findWorld, SWEEP_KERNELS, SWEEP_WORLDS, TRIPLE_WORLDS } from '../../model/scenarios/sweep/worlds.ts'
import type { SweepRecord } from '../matrix/record.ts'
import type { SweepTask } from '../matrix/sweep_cell.ts'

/** The pairs of one operation with itself and those after it, or the triples of two operations, in one world. */
export interface SweepRow {
  world: string
  order: 2 | 3
  /** All operations of its cells but the last, as cells are named. */
  row: string
  kernels: string[]
}

export const sweepRowSchema: z.ZodType<SweepRow> = z.object({
  world: z.string(),
  order: z.union([z.literal(2), z.literal(3)]),
  row: z.string(),
  kernels: z.array(z.string()),
})

/** As the record of the sweep names a world: `shmem`, `shmem^3`. */
export const worldKey = ({ world, order }: Pick<SweepRow, 'world' | 'order'>): string =>
  order === 3 ? `${world}^3` : world

/** The name of a row among scenarios: `sweep.shmem.guard_install`; none of the catalogue begins so. */
export const rowName = (r: Pick<SweepRow, 'world' | 'order' | 'row'>): string => `sweep.${worldKey(r)}.${r.row}`

/** The key of what a row came to on one kernel. */
export const sweepKey = (row: SweepRow, kernel: string): string => `${rowName(row)} @ ${kernel}`

const rowOf = ({ operations }: SweepCell): string =>
  operations
    .slice(0, -1)
    .map((o) => o.name)
    .join('+')

const cellsIn = (world: string, order: 2 | 3): readonly SweepCell[] => {
  const found = findWorld(world)
  if (found === undefined) return []
  return order === 3 ? triples(found) : pairs(found)
}

/** The cells of a row; none where no world has it. */
export const cellsOfRow = ({ world, order, row }: SweepRow): readonly SweepCell[] =>
  cellsIn(world, order).filter((c) => rowOf(c) === row)

/** The names of all rows of a world, in order. */
export const rowsOf = (world: string, order: 2 | 3): readonly string[] => [...new Set(cellsIn(world, order).map(rowOf))]

/** What a cell is to the workers of the sweep. */
export const sweepTask = (r: SweepRow, cell: SweepCell, index: number): Omit<SweepTask, 'maxStates'> => ({
  index,
  name: `${worldKey(r)}.${cellName(cell)}`,
  text: cellText(cell, r.kernels),
})

/** Transitions that take as long as all that is done once for a cell on a kernel; measured, as ONCE in job.ts. */
const ONCE_IN_SWEEP = 12_000

/** Transitions for a state, about. */
const PER_STATE = 3

/** Of a cell of which nothing is recorded. */
const STATES = 500

export interface CostedRow {
  readonly row: SweepRow
  readonly cost: number
}

/** Which rows take part: whole worlds by name (`shmem`, `shmem^3`), or single rows (`shmem.guard_install`). */
export function sweepRows(names: readonly string[], record: SweepRecord): readonly CostedRow[] {
  const parts = [
    ...SWEEP_WORLDS.map((w) => ({ world: w.name, order: 2 as const })),
    ...TRIPLE_WORLDS.map((w) => ({ world: w.name, order: 3 as const })),
  ]
  return parts.flatMap(({ world, order }) => {
    const key = worldKey({ world, order })
    if (!names.some((n) => n === key || n.startsWith(`${key}.`))) return []
    const counts = new Map<string, number>()
    for (const c of cellsIn(world, order)) counts.set(rowOf(c), (counts.get(rowOf(c)) ?? 0) + 1)
    const recorded = Object.values(record[key] ?? {})
    const cells = recorded.reduce((n, r) => n + r.cells, 0)
    const states = cells === 0 ? STATES : recorded.reduce((n, r) => n + r.states, 0) / cells
    const perCell = SWEEP_KERNELS.length * (ONCE_IN_SWEEP + Math.round(PER_STATE * states))
    return [...counts]
      .filter(([row]) => names.includes(key) || names.includes(`${key}.${row}`))
      .map(([row, n]) => ({ row: { world, order, row, kernels: [...SWEEP_KERNELS] }, cost: n * perCell }))
  })
}

/** Names that `sweepRows` knows: all worlds of a kind. */
export const sweepWorlds = (order: 2 | 3): readonly string[] =>
  (order === 3 ? TRIPLE_WORLDS : SWEEP_WORLDS).map((w) => worldKey({ world: w.name, order }))

/** Whether a name is that of a world or a row. */
export const isSweepName = (name: string): boolean =>
  [...sweepWorlds(2), ...sweepWorlds(3)].some((w) => {
    if (name === w) return true
    if (!name.startsWith(`${w}.`)) return false
    return rowsOf(w.replace(/\^3$/, ''), w.endsWith('^3') ? 3 : 2).includes(name.slice(w.length + 1))
  })
