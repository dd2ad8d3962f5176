/** A recorded proof as the task of a worker: from the cache, where that has all of its kernels, or checked again. */
import { digestOf } from '../../counterexamples/digest.ts'
import { nativeZ3, recordedProof } from '../proofs.ts'
import { hasPackage } from '../../solver/smt/solver_process.ts'
import { readCached, writeCached } from './cache.ts'
import { codeDigest, modelDigest, versions } from './code.ts'
import { proofKey, type ProofRow } from './proof_cells.ts'
import { runProof, uncheckedProof } from './proof_run.ts'
import type { Answer, CellRecord } from './record.ts'
import type { CellTask, Hooks } from './task.ts'

/** The package z3-solver, which answers alike on every machine; where it is not installed, a native Z3. */
function solver(): { readonly solver?: string } {
  const native = hasPackage() ? undefined : nativeZ3()
  return native === undefined ? {} : { solver: native }
}

/** What a result depends on: the program, the model, and what is recorded. */
function keyOf(row: ProofRow, kernel: string): string {
  const { version, solver: of } = versions()
  return digestOf([
    [version, of, codeDigest(), modelDigest()],
    [proofKey(row, kernel), recordedProof({ ...row, kernel }) ?? null, row.states ?? false],
  ])
}

/** Checks the proof of a task. */
export async function runProofRow(row: ProofRow, task: CellTask, hooks: Hooks): Promise<Answer> {
  const { cache, job } = task
  const kept = cache === undefined ? [] : row.kernels.map((k) => readCached(cache, keyOf(row, k)))
  const known = kept.flatMap((r, i) => (r?.key === proofKey(row, row.kernels[i] ?? '') ? [r] : []))
  if (known.length === row.kernels.length) {
    const records = known.map((r): CellRecord => ({ ...r, document: { ...r.document, cached: true } }))
    return { kind: 'records', key: job.key, records }
  }
  let asked = 0
  const beat = (): void => {
    hooks.onProgress({ depth: 0, states: asked++, frontier: 0, bytes: 0 })
  }
  const records = await runProof({ row, maxMs: task.maxMs, beat, ...solver() })
  const stopped = records.some((r) => r.document.search.stopped === 'time')
  if (task.ofBudget && stopped) return { kind: 'records', key: job.key, records: [...uncheckedProof(row, 'budget')] }
  if (cache !== undefined && hooks.wanted())
    for (const [i, r] of records.entries())
      if (r.document.search.complete) writeCached(cache, keyOf(row, row.kernels[i] ?? ''), r)
  return { kind: 'records', key: job.key, records: [...records] }
}
