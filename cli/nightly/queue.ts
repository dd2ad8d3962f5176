/** The cells of a run as jobs of a queue that workers elsewhere take them from: BullMQ on Redis. */
import { connect } from 'node:net'
import type * as bullmq from 'bullmq'
import type { JobsOptions, Queue, QueueEvents } from 'bullmq'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { codeDigest, modelDigest } from './code.ts'
import { limits, type Execute, type Execution } from './execute.ts'
import { jobId, type Job } from './job.ts'
import type { Settled } from './pool.ts'
import { answerSchema } from './record.ts'
import type { CellTask } from './task.ts'
import { byCost } from './shard.ts'

export type Bull = typeof bullmq

/** What a job of the queue carries. `deadline` is when the budget of the run ends, as Date.now() has it. */
export interface QueuedTask {
  readonly task: Omit<CellTask, 'maxMs' | 'ofBudget' | 'cache' | 'checkpoints'>
  readonly timeoutMs?: number | undefined
  readonly deadline?: number | undefined
}

/** How often a cell is given to a worker whose answer is a failure of its own. */
const ATTEMPTS = 3

/** Between two looks at jobs of which no event told. */
const LOOK_MS = 2000

const HEARTBEAT_MS = 60_000

/** Workers of another version, or with another model, never see these jobs. */
export const queueName = (): string => `mmcheck-${codeDigest()}-${modelDigest()}`

/** bullmq is an optional part of the installation. */
export async function loadBull(): Promise<Result<Bull, string>> {
  try {
    return ok(await import('bullmq'))
  } catch {
    return failed("the package 'bullmq' is not installed; 'npm install bullmq' adds it")
  }
}

/** What BullMQ wants to know of a Redis server. */
export function connectionOf(url: string): { readonly url: string; readonly maxRetriesPerRequest: null } {
  return { url, maxRetriesPerRequest: null }
}

interface Waiting {
  readonly job: Job
  readonly id: string
}

const dataOf = (execution: Execution, job: Job): QueuedTask => ({
  task: { job, search: execution.base.search },
  ...(execution.timeoutMs === undefined ? {} : { timeoutMs: execution.timeoutMs }),
  ...(execution.deadline === undefined ? {} : { deadline: execution.deadline }),
})

/** In BullMQ's words: kept until the run has taken the answer, tried again where a worker failed. */
const jobOptions = (id: string, priority: number): JobsOptions => ({
  jobId: id,
  attempts: ATTEMPTS,
  backoff: { type: 'fixed', delay: 1000 },
  removeOnComplete: false,
  removeOnFail: false,
  // 1 is the first to be taken.
  priority: priority + 1,
})

/** What a job that is over came to. */
const settledOf = (value: unknown): Settled => {
  const parsed = answerSchema.safeParse(value)
  return parsed.success
    ? { kind: 'answered', answer: parsed.data }
    : { kind: 'died', message: 'the queue gave an answer that is none' }
}

/** `spent` where a worker took the job when the budget of the run was over. */
export const SPENT = 'no time left of the budget'

/**
 * Lets workers do the cells. Every cell is settled by the first answer that is seen, whoever gave it; a
 * job that is no longer in the queue, as after a server that lost its memory, is put there again. Workers
 * that are lost are the business of the queue: their jobs are taken up by others.
 */
export const throughQueue =
  (url: string, err: (text: string) => void): Execute =>
  async (execution) => {
    const bull = await loadBull()
    if (!bull.ok) return bull.error
    const nobody = await listening(url)
    if (nobody !== undefined) return nobody
    const connection = connectionOf(url)
    const queue = new bull.value.Queue(queueName(), { connection, skipMetasUpdate: true })
    const events = new bull.value.QueueEvents(queueName(), { connection })
    let broken: Error | undefined
    const onError = (e: Error): void => {
      broken = e
    }
    queue.on('error', onError)
    events.on('error', onError)
    const refused = await readiness(Promise.all([queue.waitUntilReady(), events.waitUntilReady()]), url, () => broken)
    if (refused !== undefined) {
      void events.disconnect()
      void queue.disconnect()
      return refused
    }
    try {
      await collect(queue, events, execution, err)
      return undefined
    } finally {
      await events.close()
      await queue.close()
    }
  }

const CONNECT_MS = 5000

/** Whether anybody listens there: BullMQ itself would try for ever. The error is a message. */
export function listening(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: port === '' ? REDIS_PORT : Number(port) })
    const end = (why: string | undefined): void => {
      socket.destroy()
      resolve(why === undefined ? undefined : `no Redis answers at ${withoutPassword(url)}: ${why}`)
    }
    socket.setTimeout(CONNECT_MS, () => {
      end('no answer')
    })
    socket.once('error', (e) => {
      end(e.message === '' ? 'connection refused' : e.message)
    })
    socket.once('connect', () => {
      end(undefined)
    })
  })
}

const REDIS_PORT = 6379

/** Waits until a part of BullMQ is ready, or says why that is not so. */
export async function readiness(
  ready: Promise<unknown>,
  url: string,
  broken: () => Error | undefined,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, CONNECT_MS, 'late')
  })
  const came = await Promise.race([ready.then(() => 'ready' as const), late])
  clearTimeout(timer)
  if (came === 'ready') return undefined
  return `Redis at ${withoutPassword(url)} does not let us in: ${broken()?.message ?? 'no answer'}`
}

export const withoutPassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//')

async function collect(
  queue: Queue,
  events: QueueEvents,
  execution: Execution,
  err: (text: string) => void,
): Promise<void> {
  const plan = queueName()
  const open = new Map<string, Waiting>()
  byCost(execution.jobs).forEach((job) => {
    const id = jobId(plan, job)
    open.set(id, { job, id })
  })
  const order = new Map([...open.keys()].map((id, i) => [id, i]))
  const settle = (id: string, settled: Parameters<Execution['onSettled']>[1]): void => {
    const waiting = open.get(id)
    if (waiting === undefined) return
    open.delete(id)
    execution.onSettled(waiting.job, settled)
    // It is kept in the journal by now, and nobody else asks for it.
    void queue.remove(id).catch(() => undefined)
  }
  const answered = (id: string, value: unknown): void => {
    if (value === SPENT) settle(id, { kind: 'no time' })
    else settle(id, settledOf(value))
  }
  events.on('completed', ({ jobId: id, returnvalue }) => {
    const value: unknown = returnvalue
    answered(id, typeof value === 'string' ? parsed(value) : value)
  })
  const put = async (waiting: readonly Waiting[]): Promise<void> => {
    await queue.addBulk(
      waiting.map(({ job, id }) => ({
        name: 'cell',
        data: dataOf(execution, job),
        opts: jobOptions(id, order.get(id) ?? 0),
      })),
    )
  }
  const look = async (): Promise<void> => {
    for (const waiting of [...open.values()]) {
      const found = await queue.getJob(waiting.id)
      if (found === undefined) {
        if (open.has(waiting.id)) await put([waiting])
        continue
      }
      const [completed, dead] = [await found.isCompleted(), await found.isFailed()]
      if (!completed && !dead) continue
      // What was read before it was over has no answer in it yet.
      const over = await queue.getJob(waiting.id)
      if (over === undefined) continue
      if (completed) answered(waiting.id, over.returnvalue)
      else settle(waiting.id, { kind: 'died', message: over.failedReason })
    }
  }
  // What an earlier run of the same cells left as failed would be taken for an answer of this one.
  for (const { id } of open.values()) {
    const left = await queue.getJob(id)
    if (left !== undefined && (await left.isFailed())) await left.remove()
  }
  await put([...open.values()])
  let told = Date.now()
  while (open.size > 0) {
    await new Promise((resolve) => void setTimeout(resolve, Math.min(LOOK_MS, 200 + open.size)))
    if (Date.now() - told >= HEARTBEAT_MS) {
      told = Date.now()
      const workers = await queue.getWorkersCount()
      if (workers === 0) err(`mmcheck: no worker is on the queue ${queue.name}; ${open.size} cells wait\n`)
    }
    await look()
    if (limits(execution, Date.now()) === undefined) for (const id of [...open.keys()]) settle(id, { kind: 'no time' })
  }
}

/** BullMQ hands on what a worker returned as JSON; text that is none stays what it is. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return text
  }
}
