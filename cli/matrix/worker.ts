/** A worker of the sweep: takes one task at a time, gives one result back. */
import { parentPort } from 'node:worker_threads'
import { runSweepCell, type SweepTask } from './sweep_cell.ts'

parentPort?.on('message', (task: SweepTask) => {
  parentPort?.postMessage(runSweepCell(task))
})
