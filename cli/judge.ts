/** What a cell is worth where nothing is recorded for it, and what of it a record can be held against. */
import type { Cell } from './cell.ts'
import { highest, outcomeOf, type Outcome } from './exit.ts'

/** Whether the counts of a cell are those of all its states, as they are recorded. */
export const counted = (cell: Cell): boolean => cell.reduced?.reductions.every((r) => r.refused !== undefined) ?? true

export function judge(cell: Cell, strict: boolean): Outcome {
  const stop = cell.result.incomplete?.kind
  const solver = (cell.verdict === 'unknown' && stop === 'solver') || cell.verdict === 'crash'
  const outcome = solver ? 'unknown' : outcomeOf(cell.verdict, strict)
  if (cell.condition === false) return highest(['violated', outcome])
  const broken = cell.properties.filter((p) => p.verdict === 'violated')
  if (cell.verdict === 'violated' && broken.every((p) => p.property === 'NoDeadlock')) return 'deadlock'
  return outcome
}
