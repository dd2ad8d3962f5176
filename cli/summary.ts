/** The last lines of `check`: how many cells, what no scenario reached, where counterexamples are kept. */
import { PROPERTIES } from '../properties/all.ts'
import { UNREACHED } from '../model/mm/unreached.ts'
import type { Cell } from './cell.ts'
import { hasForgotten } from './depth_first.ts'
import { wrapped } from './report_text.ts'

export interface CheckedCell {
  readonly cell: Cell
  /** Whether it was held against what is recorded for it, and what differs from that. */
  readonly expected: boolean
  readonly differs: readonly string[]
}

/** Every label that the scenarios of a run could have reached, and did not. */
function unreached(cells: readonly CheckedCell[]): readonly string[] {
  const all = new Set<string>()
  const reached = new Set<string>()
  for (const { cell } of cells) {
    for (const l of cell.labels) all.add(l)
    for (const l of cell.reached) reached.add(l)
  }
  return [...all].filter((l) => !reached.has(l)).sort()
}

/** Labels that the cells of one scenario alone reach: what that scenario is there for. */
function onlyHere(cells: readonly CheckedCell[]): readonly string[] {
  const by = new Map<string, Set<string>>()
  for (const { cell } of cells)
    for (const l of cell.reached) by.set(l, (by.get(l) ?? new Set()).add(cell.scenario.name))
  const names = [...new Set(cells.map((c) => c.cell.scenario.name))]
  return names.flatMap((name) => {
    const labels = [...by].filter(([, where]) => where.size === 1 && where.has(name)).map(([l]) => l)
    return labels.length === 0 ? [] : [wrapped(`${name}: ${labels.sort().join(', ')}`, '  ', 4)]
  })
}

/** The labels that a property asks the catalogue to reach, each with the first cell that does. */
function reachedFor(cells: readonly CheckedCell[]): readonly string[] {
  return PROPERTIES.map((p) => {
    const where = p.reaches.map((label) => {
      const first = cells.find(({ cell }) => cell.reached.has(label))?.cell
      return first === undefined ? `${label} NOT REACHED` : `${label} (${first.scenario.name} on ${first.kernel})`
    })
    return wrapped(`${p.name}: ${where.join(', ')}`, '  ', 4)
  })
}

/** Labels that some property asks for and no cell reaches. */
export const missingFor = (cells: readonly CheckedCell[]): readonly string[] =>
  PROPERTIES.flatMap((p) => p.reaches).filter((label) => !cells.some(({ cell }) => cell.reached.has(label)))

const unreachedLine = (label: string): string => {
  const why = UNREACHED[label]
  return why === undefined ? `  ${label}` : `  ${label}\n${wrapped(why, '      ')}`
}

/** For several cells; `whole` where they are the whole catalogue. */
export function summary(cells: readonly CheckedCell[], whole: boolean): string {
  const missing = unreached(cells)
  const judged = cells.filter((c) => c.expected)
  const forgetful = cells.some(({ cell }) => hasForgotten(cell))
  const asExpected = judged.filter((c) => c.differs.length === 0).length
  const lines = [
    `${cells.length} cells, ${forgetful ? 'at least ' : ''}${cells.reduce((n, c) => n + c.cell.result.states, 0)} states in all.`,
    ...(judged.length > 0 ? [`${asExpected} of ${judged.length} as expected.`] : []),
  ]
  if (whole) {
    const total = new Set(cells.flatMap((c) => [...c.cell.labels])).size
    lines.push(`Labels: ${total - missing.length} of ${total} reached by some scenario.`)
    lines.push('What the properties ask to be reached, and where it first is:', ...reachedFor(cells))
    lines.push('Reached by one scenario only:', ...onlyHere(cells))
    if (missing.length > 0) lines.push('Not reached by any scenario:', ...missing.map(unreachedLine))
  }
  return `${lines.join('\n')}\n`
}

export const keptLine = (directory: string): string => `Kept in ${directory}; 'mmcheck replay ID' runs one again.\n`
