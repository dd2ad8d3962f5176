/** From what became of the cells of a run to its result. */
import { PROPERTIES } from '../../properties/all.ts'
import { differences, type Baseline } from '../baseline.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { EXIT, highest, isOutcome, type Outcome } from '../exit.ts'
import { recordedKernel, type CellRecord } from './record.ts'

/** What a run was asked, as far as judging depends on it. */
export interface Judging {
  readonly baseline: Baseline
  /** Whether cells of the catalogue are held against their record. */
  readonly held: boolean
  /** What is found becomes the record, so nothing of it can be other than recorded. */
  readonly recording: boolean
}

/** A cell, held against its record or, where it has none to be held against, worth what it says itself. */
export function judged(record: CellRecord, ofCatalogue: boolean, { baseline, held, recording }: Judging): CellDocument {
  const { document, summary, counted } = record
  const comparable = held && ofCatalogue && document.search.complete
  const recorded = baseline[document.scenario]?.[recordedKernel(document)]
  const notAsExpected = comparable && !recording ? [...differences(recorded, summary, counted)] : []
  const plain: Outcome = comparable ? (notAsExpected.length > 0 ? 'violated' : 'ok') : record.outcome
  const outcome = document.problem === undefined ? plain : highest([plain, record.outcome, 'disagree'])
  return { ...document, judged: comparable, notAsExpected, outcome, cached: document.cached ?? false }
}

/** Labels that some property asks for and no cell reached. */
export function missing(cells: readonly CellDocument[]): readonly string[] {
  const reached = new Set(cells.flatMap((c) => c.coverage.asked ?? []))
  return [...new Set(PROPERTIES.flatMap((p) => p.reaches))].filter((l) => !reached.has(l))
}

/** The worst of a run: of its cells, of what could not be checked, and of labels that nothing reached. */
export function outcomeOfRun(run: Pick<RunDocument, 'cells' | 'errors' | 'run'>): Outcome {
  const outcomes = run.cells.map((c): Outcome => (isOutcome(c.outcome) ? c.outcome : 'internal'))
  if (run.errors.length > 0) outcomes.push('input')
  if (run.run?.whole === true && run.run.shard === null && missing(run.cells).length > 0) outcomes.push('vacuous')
  return highest(outcomes)
}

export const withExit = (run: Omit<RunDocument, 'exit'>): RunDocument => {
  const { format, version, tool, run: about, ...rest } = run
  const head = {
    format,
    version,
    ...(tool === undefined ? {} : { tool }),
    ...(about === undefined ? {} : { run: about }),
  }
  return { ...head, exit: EXIT[outcomeOfRun(run)].code, ...rest }
}
