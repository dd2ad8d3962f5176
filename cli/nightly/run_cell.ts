/** One cell: from the cache, from a checkpoint, or from the beginning. What a worker process does. */
import { join } from 'node:path'
import { digestOf, sha256 } from '../../counterexamples/digest.ts'
import { lower, ModelError, type Lowered } from '../../model/language/lower/lower.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import type { Checkpoints } from '../../solver/explicit/checkpoint.ts'
import type { ImageCheckpoints } from '../../solver/wasm/checkpoint.ts'
import { checkCell } from '../cell.ts'
import { parse } from '../input.ts'
import { withHelp } from '../message.ts'
import { readCached, writeCached } from './cache.ts'
import { openWriter, readCheckpoint, type CheckpointOf, type Loaded } from './checkpoint_file.ts'
import { codeDigest, modelDigest, versions } from './code.ts'
import { openImageWriter, readImage } from './image_file.ts'
import type { Job } from './job.ts'
import { runProofRow } from './proof_task.ts'
import { recordOf, type Answer, type SearchRequest } from './record.ts'
import { sweepKey, type SweepRow } from './sweep_rows.ts'
import { runSweepRow, unsweptRow } from './sweep_run.ts'
import type { CellTask, Hooks } from './task.ts'

/** The scenario of a job. Throws where there is none: whoever made the job has read the same text. */
function scenarioOf({ source, kernel, without, key }: Job): Scenario {
  const loaded = parse(source, false, [kernelLine([kernel], without)])
  if (!loaded.ok) throw new Error(`${key}: ${loaded.message}`)
  const [scenario] = loaded.scenarios
  if (scenario === undefined) throw new Error(`${key}: no scenario`)
  return scenario
}

/** Lowered for its digest; undefined where `checkCell` will say what is wrong with it. */
function tryLower(scenario: Scenario, liveness: boolean): Lowered | undefined {
  try {
    return lower(withProperties(scenario, PROPERTIES, { liveness }))
  } catch (e) {
    if (e instanceof ModelError) return undefined
    throw e
  }
}

const cacheKey = (task: CellTask, model: string): string => {
  const { engine, depth, reductions, strict } = task.search
  const { source, kernel, without } = task.job
  const { version, solver } = versions()
  const circumstances = [version, codeDigest(), engine, engine === 'smt' ? [depth, solver] : [], reductions, strict]
  return digestOf([model, source.text, kernel, without, circumstances])
}

interface Keeping {
  readonly checkpoints: Checkpoints
  readonly images: ImageCheckpoints
  readonly msBefore: number
  readonly close: () => void
}

/** When to save, and for how long was searched in all. */
interface Pace {
  readonly spent: () => number
  readonly due: () => boolean
  /** Saves, unless nobody wants it any longer. */
  readonly saving: (save: () => void) => void
}

function newPace(everyMs: number, msBefore: number, hooks: Hooks): Pace {
  const start = performance.now()
  let last = start
  let saveMs = 0
  return {
    spent: () => msBefore + performance.now() - start,
    due: () => {
      hooks.wanted()
      // Never more than a tenth of the time goes into saving, unless it is asked for.
      return performance.now() - last >= (everyMs === 0 ? 0 : Math.max(everyMs, 10 * saveMs))
    },
    saving: (save) => {
      if (!hooks.wanted()) return
      const began = performance.now()
      save()
      last = performance.now()
      saveMs = last - began
    },
  }
}

/** Which engines keep checkpoints: smt has no states, reference is for small models, a reduced search is quick. */
const keepsCheckpoints = ({ engine, reductions }: SearchRequest): boolean =>
  reductions.length === 0 && (engine === 'explicit' || engine === 'wasm' || engine === 'auto')

/** Checkpoints of this cell on disk, going on from the one that is there; or why that one cannot be used. */
function keep(task: CellTask, model: () => string, hooks: Hooks): Keeping | string | undefined {
  const { checkpoints, search, job } = task
  if (checkpoints === undefined || !keepsCheckpoints(search)) return undefined
  const directory = cellDirectory(checkpoints.directory, job.key)
  const of: CheckpointOf = {
    cell: job.key,
    // Asked for where there is a checkpoint, or one is made: most cells are done before.
    get model() {
      return model()
    },
    code: codeDigest(),
    version: versions().version,
  }
  const read = readCheckpoint(directory, of)
  if (!read.ok) return read.error
  const kept = readImage(directory, of)
  if (!kept.ok) return kept.error
  const earlier: Loaded | undefined = read.value
  const msBefore = Math.max(earlier?.ms ?? 0, kept.value?.ms ?? 0)
  const { spent, due, saving } = newPace(checkpoints.everyMs, msBefore, hooks)
  let writer: ReturnType<typeof openWriter> | undefined
  let images: ReturnType<typeof openImageWriter> | undefined
  return {
    msBefore,
    checkpoints: {
      ...(earlier === undefined ? {} : { from: earlier.snapshot }),
      due,
      save: (snapshot) => {
        saving(() => {
          writer ??= openWriter(directory, of, earlier, hooks.wanted)
          writer.save(snapshot, spent())
        })
      },
    },
    images: {
      ...(kept.value === undefined ? {} : { from: kept.value.image }),
      due,
      save: (image) => {
        saving(() => {
          images ??= openImageWriter(directory, of, hooks.wanted)
          images.save(image, spent())
        })
      },
    },
    close: () => writer?.close(),
  }
}

export const cellDirectory = (directory: string, key: string): string => join(directory, sha256(key).slice(0, 16))

/** A row of the sweep: from the cache, where that has all of its kernels, or swept. */
function runRow(row: SweepRow, task: CellTask, hooks: Hooks): Answer {
  const { cache, search, job } = task
  const { maxStates, maxBytes } = search
  const asked = [versions().version, codeDigest(), modelDigest(), maxStates ?? null, maxBytes ?? null]
  const keyOf = (kernel: string): string => digestOf([sweepKey(row, kernel), asked])
  const kept = cache === undefined ? [] : row.kernels.map((k) => readCached(cache, keyOf(k)))
  const known = kept.flatMap((r, i) => (r?.key === sweepKey(row, row.kernels[i] ?? '') ? [r] : []))
  if (known.length === row.kernels.length) {
    const records = known.map((r) => ({ ...r, document: { ...r.document, cached: true } }))
    return { kind: 'records', key: job.key, records }
  }
  const onCell = (states: number): void => {
    hooks.onProgress({ depth: 0, states, frontier: 0, bytes: 0 })
  }
  const answer = runSweepRow({ row, search, maxMs: task.maxMs, onCell })
  if (answer.kind !== 'records') return answer
  if (task.ofBudget && answer.records.some((r) => r.document.search.stopped === 'time'))
    return { ...answer, records: [...unsweptRow(row, 'budget')] }
  if (cache !== undefined && hooks.wanted())
    answer.records.forEach((r, i) => {
      if (r.document.search.complete) writeCached(cache, keyOf(row.kernels[i] ?? ''), r)
    })
  return answer
}

/** Checks the cell of a task, or the cells of a row of the sweep. */
export async function runCellTask(task: CellTask, hooks: Hooks): Promise<Answer> {
  const { job, search } = task
  if (job.sweep !== undefined) return runRow(job.sweep, task, hooks)
  if (job.proof !== undefined) return runProofRow(job.proof, task, hooks)
  const scenario = scenarioOf(job)
  const needsDigest = task.cache !== undefined || task.checkpoints !== undefined
  const lowered = needsDigest ? tryLower(scenario, search.liveness) : undefined
  let digest: string | undefined
  const model = lowered && ((): string => (digest ??= digestOf(lowered.model)))
  const key = task.cache === undefined || model === undefined ? undefined : cacheKey(task, model())
  if (task.cache !== undefined && key !== undefined) {
    const cached = readCached(task.cache, key)
    if (cached?.key === job.key)
      return { kind: 'record', record: { ...cached, document: { ...cached.document, cached: true } } }
  }
  const keeping = model === undefined ? undefined : keep(task, model, hooks)
  if (typeof keeping === 'string') return { kind: 'refused', key: job.key, message: keeping }
  const { maxStates, maxBytes, engine, depth, reductions, strict, liveness } = search
  const result = await checkCell(scenario, {
    engine,
    depth,
    reductions,
    liveness,
    lint: false,
    onProgress: hooks.onProgress,
    ...(lowered === undefined ? {} : { lowered }),
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(task.maxMs === undefined ? {} : { maxMs: task.maxMs }),
    ...(keeping === undefined ? {} : { checkpoints: keeping.checkpoints, images: keeping.images }),
  })
  keeping?.close()
  if (!result.ok) {
    const { message, help } = result
    return { kind: 'mistake', key: job.key, message: help === undefined ? message : withHelp(message, help) }
  }
  const record = recordOf(job.key, result.cell, strict, keeping?.msBefore ?? 0)
  const { complete, stopped } = record.document.search
  if (task.ofBudget && stopped === 'time')
    return { kind: 'record', record: { ...record, document: budgeted(record.document) } }
  if (task.cache !== undefined && key !== undefined && complete && hooks.wanted()) writeCached(task.cache, key, record)
  return { kind: 'record', record }
}

const budgeted = <T extends { readonly search: object }>(document: T): T => ({
  ...document,
  search: { ...document.search, stopped: 'budget' },
})
