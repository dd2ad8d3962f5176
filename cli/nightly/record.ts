/** What became of a cell, as it goes from process to process, to the journal and to the cache. */
import { z } from 'zod'
import { expectedCellSchema, summarise, type ExpectedCell } from '../baseline.ts'
import { REDUCTIONS, type Reduction } from '../../solver/reduce/reduced.ts'
import type { Cell, Engine } from '../cell.ts'
import { cellDocument, type CellDocument, type Stop } from '../document.ts'
import { EXIT, type Outcome } from '../exit.ts'
import { counted, judge } from '../judge.ts'
import { cellJson } from '../report_json.ts'
import type { Job } from './job.ts'
import { unsearchedDocument } from './unsearched_document.ts'

const outcomes = Object.keys(EXIT)
const outcome = z.custom<Outcome>((x) => typeof x === 'string' && outcomes.includes(x))

/** What an engine was asked to do, as far as results depend on it. */
export interface SearchRequest {
  engine: Engine
  depth: number
  reductions: Reduction[]
  maxStates?: number | undefined
  maxBytes?: number | undefined
  strict: boolean
  /** Liveness is asked of every scenario. */
  liveness: boolean
}

export const searchSchema: z.ZodType<SearchRequest> = z.object({
  engine: z.enum(['explicit', 'wasm', 'auto', 'reference', 'smt']),
  depth: z.number(),
  reductions: z.array(z.enum(REDUCTIONS)),
  maxStates: z.number().optional(),
  maxBytes: z.number().optional(),
  strict: z.boolean(),
  liveness: z.boolean(),
})

export interface CellRecord {
  key: string
  document: CellDocument
  /** What the record of the catalogue keeps of it. */
  summary: ExpectedCell
  /** What it is worth where nothing is recorded for it. */
  outcome: Outcome
  /** Whether its counts are those of all states. */
  counted: boolean
}

export const recordSchema: z.ZodType<CellRecord> = z.object({
  key: z.string(),
  document: cellDocument,
  summary: expectedCellSchema,
  outcome,
  counted: z.boolean(),
})

/** A record, or why there is none: a mistake in the scenario, or a checkpoint that cannot be used. */
export type Answer =
  | { kind: 'record'; record: CellRecord }
  /** Of a row of the sweep, one per kernel. */
  | { kind: 'records'; key: string; records: CellRecord[] }
  | { kind: 'mistake'; key: string; message: string }
  | { kind: 'refused'; key: string; message: string }

export const answerSchema: z.ZodType<Answer> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('record'), record: recordSchema }),
  z.object({ kind: z.literal('records'), key: z.string(), records: z.array(recordSchema) }),
  z.object({ kind: z.literal('mistake'), key: z.string(), message: z.string() }),
  z.object({ kind: z.literal('refused'), key: z.string(), message: z.string() }),
])

export function recordOf(key: string, cell: Cell, strict: boolean, msBefore: number): CellRecord {
  const document = cellJson(cell, [])
  const ms = document.search.ms + Math.round(msBefore)
  return {
    key,
    document: { ...document, search: { ...document.search, ms } },
    summary: summarise(cell),
    outcome: judge(cell, strict),
    counted: counted(cell),
  }
}

/** A cell that was not searched, or not to its end by a process that answered. */
export function unsearched(job: Job, engine: string, stopped: Stop): CellRecord {
  const { scenario, kernel, without } = job
  const search = { states: 0, transitions: 0, depth: 0, complete: false, stopped, bytes: 0, ms: 0 }
  const document = unsearchedDocument({ scenario, kernel, without, engine }, search)
  const summary = { verdict: 'timeout', states: 0, transitions: 0, depth: 0, violations: {}, vacuous: [] }
  return { key: job.key, document, summary, outcome: 'incomplete', counted: false }
}

/** The kernel of a cell in the words of the record: with what was taken out of it. */
export const recordedKernel = ({ kernel, without }: Pick<CellDocument, 'kernel' | 'without'>): string =>
  without.length === 0 ? kernel : `${kernel} without ${without.join(', ')}`
