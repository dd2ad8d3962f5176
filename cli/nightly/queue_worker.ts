/** A worker of the fleet: takes cells from the queue, checks them in processes of its own, and answers. */
import type { Job as BullJob } from 'bullmq'
import { z } from 'zod'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { limits } from './execute.ts'
import { jobSchema } from './job.ts'
import { newPool } from './pool.ts'
import { connectionOf, listening, loadBull, queueName, readiness, SPENT, type QueuedTask } from './queue.ts'
import { searchSchema, type Answer } from './record.ts'

const dataSchema: z.ZodType<QueuedTask> = z.object({
  task: z.object({ job: jobSchema, search: searchSchema }),
  timeoutMs: z.number().optional(),
  deadline: z.number().optional(),
})

export interface WorkerOptions {
  readonly url: string
  readonly jobs: number
  /** After so long without a sign of life a worker counts as lost, and its cells go to others. */
  readonly leaseMs: number
  /** How long to wait for more to do before ending; for ever where it is absent. */
  readonly idleMs?: number
  readonly cache?: string
  readonly err: (text: string) => void
  /** Resolves when somebody wants the worker to end; it finishes what it has begun. */
  readonly stop: Promise<void>
}

/**
 * A cell may lose so many workers before it is given up: one that kills them all would never end. A worker that is
 * only slow counts as lost after each lease, so with a short one that has to be many.
 */
const LOST_MAX = 20
const LOST_MS = 10 * 60 * 1000
const lostMax = (leaseMs: number): number => Math.max(LOST_MAX, Math.ceil(LOST_MS / leaseMs))

const LOOK_MS = 200

/** Works until it is stopped or idle. The error is a message. */
export async function work(options: WorkerOptions): Promise<Result<{ readonly done: number }, string>> {
  const bull = await loadBull()
  if (!bull.ok) return bull
  const nobody = await listening(options.url)
  if (nobody !== undefined) return failed(nobody)
  const pool = newPool()
  let done = 0
  let busy = 0
  let last = Date.now()
  let refused: Error | undefined
  const process = async (job: BullJob): Promise<Answer | typeof SPENT> => {
    const { task, timeoutMs, deadline } = dataSchema.parse(job.data)
    const time = limits(
      { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(deadline === undefined ? {} : { deadline }) },
      Date.now(),
    )
    if (time === undefined) return SPENT
    busy++
    try {
      const settled = await pool.run(
        { ...task, ...time, ...(options.cache === undefined ? {} : { cache: options.cache }) },
        () => undefined,
      )
      if (settled.kind !== 'answered') throw new Error(settled.kind === 'died' ? settled.message : 'beyond its time')
      done++
      return settled.answer
    } finally {
      busy--
      last = Date.now()
    }
  }
  const worker = new bull.value.Worker(queueName(), process, {
    connection: connectionOf(options.url),
    concurrency: options.jobs,
    lockDuration: options.leaseMs,
    stalledInterval: options.leaseMs,
    maxStalledCount: lostMax(options.leaseMs),
    drainDelay: 1,
    autorun: false,
  })
  let ready = false
  worker.on('error', (e) => {
    if (!ready) refused = e
  })
  const closed = await readiness(worker.waitUntilReady(), options.url, () => refused)
  if (closed !== undefined) {
    pool.close()
    void worker.disconnect()
    return failed(closed)
  }
  ready = true
  options.err(`mmcheck: works on ${queueName()}, ${options.jobs} at a time\n`)
  const running = worker.run()
  let stopped = false
  void options.stop.then(() => {
    stopped = true
  })
  const { idleMs = Infinity } = options
  while (!stopped && (busy > 0 || Date.now() - last < idleMs))
    await new Promise((resolve) => void setTimeout(resolve, LOOK_MS))
  await worker.close()
  await running
  pool.close()
  return ok({ done })
}
