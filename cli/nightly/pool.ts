/** Checks cells in processes of their own: one that dies takes no other cell with it, and is replaced. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Progress } from '../../solver/engine.ts'
import { fromWorker } from './messages.ts'
import type { Answer } from './record.ts'
import { runCellTask } from './run_cell.ts'
import type { CellTask } from './task.ts'

/** Compiled modules alone can be started as processes; from TypeScript source all runs in this one. */
const canStart = import.meta.url.endsWith('.js')

/** Beyond the time of a cell: for the search to notice, and for its traces to be made and replayed. */
const GRACE_MS = 120_000

/** How often a cell is begun before it is given up: a worker may die of something else. */
const TRIES = 2

/** What became of a task: an answer, or why no worker could give one. */
export type Settled =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The worker was ended, since it went on beyond its time. */
  | { readonly kind: 'overdue' }
  | { readonly kind: 'died'; readonly message: string }

export interface Pool {
  /** `onProgress` may be called until the promise is settled. */
  readonly run: (task: CellTask, onProgress: (p: Progress) => void) => Promise<Settled>
  readonly close: () => void
}

const startWorker = (): ChildProcess =>
  fork(fileURLToPath(new URL('./worker_main.js', import.meta.url)), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })

function ask(child: ChildProcess, task: CellTask, onProgress: (p: Progress) => void): Promise<Settled> {
  return new Promise((resolve) => {
    const limit =
      task.maxMs === undefined
        ? undefined
        : setTimeout(() => {
            settle({ kind: 'overdue' })
          }, task.maxMs + GRACE_MS)
    const settle = (settled: Settled): void => {
      clearTimeout(limit)
      child.removeAllListeners()
      // A worker that cannot be written to any longer says so once more, after it was given up.
      child.on('error', () => undefined)
      resolve(settled)
    }
    child.on('message', (raw) => {
      const message = fromWorker.parse(raw)
      if (message.kind === 'progress') onProgress(message.progress)
      else if (message.kind === 'answer') settle({ kind: 'answered', answer: message.answer })
      else settle({ kind: 'died', message: message.message })
    })
    child.on('error', (e) => {
      settle({ kind: 'died', message: e.message })
    })
    child.on('exit', (code, signal) => {
      settle({ kind: 'died', message: signal === null ? `exit code ${code ?? 0}` : `signal ${signal}` })
    })
    child.send(task)
  })
}

/** Processes that are started when they are first needed. */
export function newPool(): Pool {
  const idle: ChildProcess[] = []
  const all = new Set<ChildProcess>()
  const drop = (child: ChildProcess): void => {
    all.delete(child)
    child.kill('SIGKILL')
  }
  const take = (): ChildProcess => {
    const known = idle.pop()
    if (known?.connected === true) return known
    const child = startWorker()
    all.add(child)
    return child
  }
  return {
    run: async (task, onProgress) => {
      if (!canStart) {
        const answer = await runCellTask(task, { onProgress, wanted: () => true })
        // Lets progress be shown, and an interrupt be heard.
        await new Promise((resolve) => void setImmediate(resolve))
        return { kind: 'answered', answer }
      }
      for (let tried = 1; ; tried++) {
        const child = take()
        const settled = await ask(child, task, onProgress)
        if (settled.kind === 'answered') {
          idle.push(child)
          return settled
        }
        drop(child)
        if (settled.kind === 'overdue' || tried === TRIES) return settled
      }
    },
    close: () => {
      for (const child of all) drop(child)
    },
  }
}
