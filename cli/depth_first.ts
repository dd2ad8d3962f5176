/** How a depth-first search is told: counts that are true though states were forgotten, and what its traces are worth. */
import type { CellDocument, SearchDocument } from './document.ts'
import type { Cell } from './cell.ts'

/** Whether a state was forgotten, so that states and outcomes are not counted. */
export const hasForgotten = ({ depthFirst }: Cell): boolean => depthFirst !== undefined && depthFirst.forgotten > 0

/** States and depth of a cell, in the words of its one line. */
export function figuresText({ engine, result, depthFirst }: Cell): string {
  if (engine === 'smt') return `depth ${result.depth}`
  if (depthFirst === undefined) return `${result.states} states, depth ${result.depth}`
  const counts = depthFirst.forgotten === 0 ? '' : `${depthFirst.visits} visits, `
  const states = depthFirst.forgotten === 0 ? 'states' : 'states held'
  return `${counts}${result.states} ${states}, longest path ${result.depth}`
}

/** The same, for programs: `states` only where that is how many there are, or were seen. */
export function figuresLine({ result, depthFirst }: Cell): string {
  if (depthFirst === undefined || depthFirst.forgotten === 0) return `states=${result.states}`
  return `visits=${depthFirst.visits} held=${result.states}`
}

/** What of the answer is less than that of a breadth-first search, a paragraph each. */
export function depthFirstLines(cell: Cell): readonly string[] {
  const { depthFirst, result, found } = cell
  if (depthFirst === undefined) return []
  const forgot = hasForgotten(cell)
    ? [
        `Depth first: ${result.states} states were held; others gave way, and were entered again where they came up again. So neither states nor final states are counted.`,
      ]
    : []
  const [first] = found.values()
  const id = first?.counterexample.id
  const ended =
    id === undefined
      ? []
      : [
          `Depth first: it ends with the first violation, and says nothing of the others. The race is hardly the shortest: 'mmcheck minimise ${id}' looks for a small one.`,
        ]
  return [...forgot, ...ended]
}

/** `search` of a document, as far as the order matters. */
export function searchCounts(cell: Cell): Pick<SearchDocument, 'states' | 'depthFirst' | 'shortest'> {
  const { result, depthFirst } = cell
  if (depthFirst === undefined) return { states: result.states }
  return {
    ...(hasForgotten(cell) ? {} : { states: result.states }),
    depthFirst: { ...depthFirst, held: result.states },
    ...(cell.found.size === 0 ? {} : { shortest: false }),
  }
}

/** Distinct states of a document: all that were seen, or, where some were forgotten, those held at the end. */
export const statesOf = ({ search }: Pick<CellDocument, 'search'>): number =>
  search.states ?? search.depthFirst?.held ?? 0
