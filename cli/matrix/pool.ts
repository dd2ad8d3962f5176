/** Runs the tasks of a sweep on several workers; the results come in whatever order they are done. */
import { Worker } from 'node:worker_threads'
import { runSweepCell, type SweepResult, type SweepTask } from './sweep_cell.ts'

/** Compiled modules alone can be started as workers; from TypeScript source all runs in this thread. */
const canStartWorkers = import.meta.url.endsWith('.js')

/** Feeds one worker until there is no task left. If it dies, its task is told as failed and a new one goes on. */
async function runWorker(next: () => SweepTask | undefined, onResult: (r: SweepResult) => void): Promise<void> {
  let worker = new Worker(new URL('./worker.js', import.meta.url))
  for (let task = next(); task !== undefined; task = next()) {
    const answer = await ask(worker, task)
    onResult(answer.result)
    if (!answer.alive) worker = new Worker(new URL('./worker.js', import.meta.url))
  }
  await worker.terminate()
}

function ask(worker: Worker, task: SweepTask): Promise<{ readonly result: SweepResult; readonly alive: boolean }> {
  return new Promise((resolve) => {
    const died = (why: string): void => {
      resolve({ result: { ok: false, index: task.index, message: `its worker died: ${why}` }, alive: false })
    }
    worker.removeAllListeners()
    worker.once('message', (result: SweepResult) => {
      resolve({ result, alive: true })
    })
    worker.once('error', (e) => {
      died(e.message)
    })
    worker.once('exit', (code) => {
      died(`exit code ${code}`)
    })
    worker.postMessage(task)
  })
}

/** Runs every task; `jobs` of them at a time. */
export async function runPool(
  tasks: readonly SweepTask[],
  jobs: number,
  onResult: (result: SweepResult) => void,
): Promise<void> {
  let at = 0
  const next = (): SweepTask | undefined => tasks[at++]
  if (jobs > 1 && canStartWorkers) {
    await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, () => runWorker(next, onResult)))
    return
  }
  for (let task = next(); task !== undefined; task = next()) {
    onResult(runSweepCell(task))
    // Lets progress be shown, and an interrupt be heard.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
