/** Reporters: what a run is told in. Most are a function of its result; some speak while it goes on. */
import { statesOf } from '../depth_first.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { isOutcome } from '../exit.ts'
import type { RunStart } from '../nightly/run.ts'
import { statesText } from '../proof_sizes.ts'

export interface Reporter {
  readonly begin?: (start: RunStart) => void
  readonly cell?: (cell: CellDocument, done: number) => void
  readonly error?: (message: string) => void
  readonly end: (run: RunDocument) => void
}

/** Writes text to where a reporter was sent. */
export type Write = (text: string) => void

/** A reporter that has all to say at the end. */
export const atEnd =
  (render: (run: RunDocument) => string) =>
  (write: Write): Reporter => ({
    end: (run) => {
      write(render(run))
    },
  })

/** What a cell counts as, where all are told together. */
export type Standing =
  /** Holds, and nothing else was recorded. */
  | 'pass'
  /** Violated, as it is recorded: an expected failure. */
  | 'xfail'
  /** Not as recorded, or violated where nothing is recorded. */
  | 'fail'
  /** Ended at a limit. */
  | 'incomplete'
  /** Vacuous, with --strict. */
  | 'vacuous'
  /** This machine lacks what it needs, as a solver. */
  | 'skip'
  /** mmcheck or its input failed. */
  | 'error'

export function standing(cell: CellDocument): Standing {
  if (!isOutcome(cell.outcome)) return 'error'
  switch (cell.outcome) {
    case 'ok':
      return cell.verdict === 'violated' ? 'xfail' : 'pass'
    case 'violated':
    case 'deadlock':
      return 'fail'
    case 'incomplete':
    case 'unknown':
      return 'incomplete'
    case 'vacuous':
      return 'vacuous'
    case 'skipped':
      return 'skip'
    case 'internal':
    case 'disagree':
    case 'usage':
    case 'input':
      return 'error'
  }
}

/** `v7.0 without a.b`. */
export const kernelOf = (cell: CellDocument): string =>
  cell.without.length === 0 ? cell.kernel : `${cell.kernel} without ${cell.without.join(', ')}`

/** Why a search did not come to its end, in a few words. */
export function stoppedText({ search, problem, outcome }: CellDocument): string {
  if (outcome === 'skipped') return problem ?? 'skipped'
  switch (search.stopped) {
    case undefined:
      return problem ?? ''
    case 'states':
      return 'stopped at the limit of states'
    case 'memory':
      return 'stopped at the limit of memory'
    case 'time':
      return 'stopped at the limit of time'
    case 'budget':
      return 'no time left of the budget'
    case 'depth':
      return `searched to depth ${search.depth}`
    case 'violation':
      return 'stopped at the first violation'
    case 'solver':
      return problem === undefined ? 'the solver could not answer' : `the solver could not answer: ${problem}`
    case 'crash':
      return 'the solver crashed'
  }
}

/** How much was done for a cell: a search has states, a proof has questions. */
export const effortText = ({ search, proof }: CellDocument): string =>
  proof === undefined
    ? `${statesOf({ search })} states, depth ${search.depth}`
    : `${proof.lemmas} lemmas, ${proof.queries} questions${proof.states === undefined ? '' : `; ${statesText(proof.states)}`}${proof.sameModelAs === undefined ? '' : `, same model as ${proof.sameModelAs}`}`

/** All that makes a cell red, one line each. */
export function complaints(cell: CellDocument): readonly string[] {
  const broken = cell.properties.flatMap((p) =>
    p.verdict === 'violated' || p.verdict === 'error'
      ? [
          `${p.name} ${p.verdict}${p.counterexample === undefined ? '' : `: cex ${p.counterexample}, ${p.steps ?? 0} steps`}`,
        ]
      : [],
  )
  const stopped = stoppedText(cell)
  return [...cell.notAsExpected, ...(cell.judged === true ? [] : broken), ...(stopped === '' ? [] : [stopped])]
}

/** Cells by scenario, in their order. */
export function byScenario(cells: readonly CellDocument[]): readonly (readonly [string, readonly CellDocument[]])[] {
  const groups = new Map<string, CellDocument[]>()
  for (const c of cells) groups.set(c.scenario, [...(groups.get(c.scenario) ?? []), c])
  return [...groups]
}

export interface Totals {
  readonly cells: number
  readonly pass: number
  readonly xfail: number
  readonly fail: number
  readonly incomplete: number
  readonly vacuous: number
  readonly skip: number
  readonly error: number
  readonly cached: number
  readonly states: number
}

export function totals(run: RunDocument): Totals {
  const of = (s: Standing): number => run.cells.filter((c) => standing(c) === s).length
  return {
    cells: run.cells.length,
    pass: of('pass'),
    xfail: of('xfail'),
    fail: of('fail'),
    incomplete: of('incomplete'),
    vacuous: of('vacuous'),
    skip: of('skip'),
    error: of('error') + run.errors.length,
    cached: run.cells.filter((c) => c.cached === true).length,
    // A world of the sweep has the states of its rows.
    states: run.cells.filter((c) => c.sweep?.row !== null).reduce((n, c) => n + statesOf(c), 0),
  }
}
