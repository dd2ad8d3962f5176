/** How the cells of a run get done: here, in processes; or elsewhere, by a queue (see queue.ts). */
import type { Progress } from '../../solver/engine.ts'
import type { Job } from './job.ts'
import { newPool, type Settled } from './pool.ts'
import type { CellTask } from './task.ts'
import { byCost } from './shard.ts'

/** Everything of a task but its job and how much time is left. */
export type TaskBase = Omit<CellTask, 'job' | 'maxMs' | 'ofBudget'>

export interface Execution {
  readonly jobs: readonly Job[]
  readonly base: TaskBase
  /** Of each cell, in milliseconds. */
  readonly timeoutMs?: number
  /** When the budget of the run ends, in milliseconds as Date.now() has them. */
  readonly deadline?: number
  readonly onSettled: (job: Job, settled: Settled | { readonly kind: 'no time' }) => void
  readonly onProgress: (job: Job, progress: Progress) => void
}

/** Does all the jobs of an execution. It is over once each is settled, or it says why none can be done. */
export type Execute = (execution: Execution) => Promise<string | undefined>

/** How long a cell may take that begins now; undefined where the budget of the run is spent. */
export function limits(
  { timeoutMs, deadline }: Pick<Execution, 'timeoutMs' | 'deadline'>,
  now: number,
): { readonly maxMs?: number; readonly ofBudget: boolean } | undefined {
  const left = deadline === undefined ? Infinity : deadline - now
  if (left <= 0) return undefined
  const maxMs = Math.min(left, timeoutMs ?? Infinity)
  return Number.isFinite(maxMs) ? { maxMs, ofBudget: left < (timeoutMs ?? Infinity) } : { ofBudget: false }
}

/** In processes of this machine, `jobs` at a time, the most expensive first. */
export const locally =
  (workers: number): Execute =>
  async (execution) => {
    const pool = newPool()
    const order = byCost(execution.jobs)
    let at = 0
    const work = async (): Promise<void> => {
      for (let job = order[at++]; job !== undefined; job = order[at++]) {
        const mine = job
        const time = limits(execution, Date.now())
        if (time === undefined) {
          execution.onSettled(mine, { kind: 'no time' })
          continue
        }
        const settled = await pool.run({ ...execution.base, job: mine, ...time }, (p) => {
          execution.onProgress(mine, p)
        })
        execution.onSettled(mine, settled)
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, order.length)) }, work))
      return undefined
    } finally {
      pool.close()
    }
  }
