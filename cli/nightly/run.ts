/** A run: its cells done, kept as they are done, judged and told. */
import { EXIT } from '../exit.ts'
import { differences, type Baseline } from '../baseline.ts'
import type { CellDocument, RunDocument, Stop } from '../document.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Progress } from '../../solver/engine.ts'
import { readSweepRecord } from '../matrix/record.ts'
import { errorText } from '../message.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { codeDigest, modelDigest, versions } from './code.ts'
import { judged, withExit } from './document_of.ts'
import type { Execute } from './execute.ts'
import { keysOf, planDigest, selectJobs, type Job, type Selection } from './job.ts'
import { openJournal, type Journal } from './journal.ts'
import type { Settled } from './pool.ts'
import { uncheckedProof } from './proof_run.ts'
import { recordedKernel, unsearched, type CellRecord, type SearchRequest } from './record.ts'
import { cellsOf, shardText, type Shard } from './shard.ts'
import { judgedRow, withWorlds } from './sweep_judge.ts'
import { unsweptRow } from './sweep_run.ts'

export interface RunOptions {
  readonly selection: Selection
  readonly search: SearchRequest
  readonly baseline: Baseline
  readonly shard?: Shard
  readonly timeoutMs?: number
  readonly budgetMs?: number
  /** Directory of results that may be taken; absent where every cell is to run. */
  readonly cache?: string
  /** What the run leaves behind while it is not finished. */
  readonly directory: string
  readonly resume: boolean
  /** What is found is recorded. */
  readonly update: boolean
  /** Between two checkpoints of one cell; 0 for as often as can be. */
  readonly checkpointMs: number
  readonly execute: Execute
  readonly watch: Watcher
}

export interface RunStart {
  readonly planned: number
  readonly cost: number
  readonly shard: Shard | undefined
  readonly started: Date
}

/** Told of a run while it goes on. */
export interface Watcher {
  readonly begin: (start: RunStart) => void
  readonly cell: (cell: CellDocument, cost: number, done: number) => void
  readonly error: (message: string) => void
  readonly progress: (job: Job, progress: Progress) => void
}

export interface RunDone {
  readonly document: RunDocument
  /** Of the cells of the catalogue that were searched to their end, for the record. */
  readonly found: Baseline
  /** Lets go of the directory of the run: to be called once all is told. */
  readonly close: () => void
}

/** A cell that ended like this is done with; one that ran out of time goes on when the run is resumed. */
const isFinal = ({ document: { search } }: CellRecord): boolean =>
  search.complete || (search.stopped !== 'time' && search.stopped !== 'budget')

/** The whole catalogue, as every property expects it, on the kernels that it names. */
const isWhole = ({ operands, tier, kernels }: Selection, search: SearchRequest): boolean =>
  operands.length === 0 && tier !== 'push' && kernels === undefined && search.engine !== 'smt'

const ENGINE_DIED = 'a worker process died on it, twice'

/** What is known of a cell that no worker gave an answer for. */
function lost(record: CellRecord, message: string): CellRecord {
  const { stopped: _, ...search } = record.document.search
  const problem = `${ENGINE_DIED}: ${message.split('\n')[0] ?? ''}`
  return { ...record, document: { ...record.document, verdict: 'error', search, problem }, outcome: 'internal' }
}

/** Runs the cells. The error is a message: the run was refused, and nothing was checked. */
export async function runCells(options: RunOptions): Promise<Result<RunDone, string>> {
  const { selection, search, baseline, shard, watch } = options
  const started = new Date()
  const swept = selection.sweep.length === 0 ? {} : readSweepRecord()
  const { jobs: all, errors } = selectJobs(selection, baseline, swept)
  const { version, solver } = versions()
  const plan = planDigest(all, [version, codeDigest(), modelDigest(), search])
  const jobs = shard === undefined ? all : cellsOf(all, shard)
  const planned = all.flatMap(keysOf)
  const places = new Map(planned.map((key, i) => [key, i]))
  const identity = { version, code: codeDigest(), model: modelDigest(), plan, shard: shardText(shard) }
  const opened = openJournal(options.directory, identity, options.resume)
  if (!opened.ok) return opened
  const journal: Journal = opened.value
  const records = new Map<string, CellRecord>()
  const mistakes = new Map<string, string>()
  const refused: string[] = []
  const judging = {
    baseline,
    held: search.engine !== 'smt' && selection.kernels === undefined && !search.liveness,
    recording: options.update,
  }
  const cellOf = (job: Job, record: CellRecord): CellDocument => {
    switch (job.suite) {
      case 'sweep':
        return judgedRow(record, swept, options.update)
      case 'proof':
        // Whoever has checked it knows what was recorded, and has judged it.
        return { ...record.document, outcome: record.outcome }
      case 'catalogue':
      case 'file':
        return judged(record, job.suite === 'catalogue', judging)
    }
  }

  watch.begin({ planned: jobs.flatMap(keysOf).length, cost: jobs.reduce((n, j) => n + j.cost, 0), shard, started })
  for (const e of errors) watch.error(e)
  const finish = (job: Job, record: CellRecord): void => {
    // Nothing is counted twice, whoever answers.
    if (records.has(record.key)) return
    records.set(record.key, record)
    watch.cell(cellOf(job, record), job.cost / keysOf(job).length, records.size + mistakes.size)
  }
  const none = (job: Job, stopped: Stop): readonly CellRecord[] => {
    if (job.sweep !== undefined) return unsweptRow(job.sweep, stopped)
    return job.proof === undefined ? [unsearched(job, search.engine, stopped)] : uncheckedProof(job.proof, stopped)
  }
  const settle = (job: Job, settled: Settled | { readonly kind: 'no time' }): void => {
    if (settled.kind === 'no time') for (const r of none(job, 'budget')) finish(job, r)
    else if (settled.kind === 'overdue') for (const r of none(job, 'time')) finish(job, r)
    else if (settled.kind === 'died') for (const r of none(job, 'time')) finish(job, lost(r, settled.message))
    else if (settled.answer.kind === 'record' || settled.answer.kind === 'records') {
      const { answer } = settled
      for (const r of answer.kind === 'record' ? [answer.record] : answer.records) {
        if (isFinal(r) && !records.has(r.key)) journal.add(r)
        finish(job, r)
      }
    } else {
      const message = errorText(settled.answer.message)
      if (settled.answer.kind === 'refused') refused.push(settled.answer.message)
      // One mistake of a file is found again on each of its kernels.
      if (![...mistakes.values(), ...errors].includes(message)) watch.error(message)
      mistakes.set(job.key, message)
    }
  }
  const keysLeft = (job: Job): readonly string[] => keysOf(job).filter((key) => !records.has(key))
  for (const job of jobs)
    for (const key of keysOf(job)) {
      const record = journal.done.get(key)
      if (record !== undefined) finish(job, record)
    }
  const impossible = await options.execute({
    jobs: jobs.filter((j) => keysLeft(j).length > 0),
    base: {
      search,
      ...(options.cache === undefined ? {} : { cache: options.cache }),
      checkpoints: { directory: journal.checkpoints, everyMs: options.checkpointMs },
    },
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    ...(options.budgetMs === undefined ? {} : { deadline: started.getTime() + options.budgetMs }),
    onSettled: settle,
    onProgress: watch.progress,
  })
  const [first = impossible] = refused
  if (first !== undefined) {
    journal.close(false)
    return failed(first)
  }
  const done = jobs.flatMap((job) =>
    keysOf(job).flatMap((key) => {
      const record = records.get(key)
      return record === undefined ? [] : [{ job, record, place: places.get(key) ?? 0 }]
    }),
  )
  const said = [...errors, ...jobs.flatMap((j) => mistakes.get(j.key) ?? [])]
  const document = withExit({
    ...RESULT_FORMAT,
    tool: { name: 'mmcheck', version, code: `${codeDigest()}-${modelDigest()}`, solver },
    run: {
      engine: search.engine,
      tier: selection.operands.length > 0 ? 'chosen' : selection.tier,
      plan,
      planned: planned.length,
      shard: shard === undefined ? null : { ...shard },
      whole: isWhole(selection, search),
    },
    cells: [
      ...withWorlds(
        done.map(({ job, record, place }) => ({ ...cellOf(job, record), place })),
        options.update,
      ),
    ],
    errors: [...new Set(said)].map((e) => e.trimEnd()),
    kept: null,
    time: { started: started.toISOString(), ms: Date.now() - started.getTime() },
  })
  const close = (): void => {
    journal.close(done.every(({ record }) => isFinal(record)))
  }
  return ok({ document, found: foundOf(done), close })
}

function foundOf(done: readonly { readonly job: Job; readonly record: CellRecord }[]): Baseline {
  const found: Record<string, Record<string, CellRecord['summary']>> = {}
  for (const { job, record } of done) {
    if (job.suite !== 'catalogue' || !record.document.search.complete || !record.counted) continue
    ;(found[job.scenario] ??= {})[recordedKernel(record.document)] = record.summary
  }
  return found
}

/** What `--update` would change, one line each; nothing where the record is as it was. */
export function changes(old: Baseline, found: Baseline): readonly string[] {
  return Object.entries(found).flatMap(([scenario, kernels]) =>
    Object.entries(kernels).flatMap(([kernel, cell]) => {
      const before = old[scenario]?.[kernel]
      if (before === undefined) return [`${scenario} on ${kernel}: new, ${cell.verdict}, ${cell.states} states`]
      const lines = differences(before, cell)
      const labels = before.labels === undefined ? [`labels: now recorded, ${cell.labels ?? ''}`] : []
      return [...lines, ...labels].map(
        (d) => `${scenario} on ${kernel}: ${d.replace('expected', 'was').replace(', got', ', now')}`,
      )
    }),
  )
}

/** Whether a run that ended so may be recorded: its cells would be lost from the record else. */
export const mayRecord = ({ exit }: RunDocument): boolean => {
  const grave = ['internal', 'disagree', 'input', 'incomplete', 'unknown'] as const
  return !grave.some((g) => EXIT[g].code === exit)
}
