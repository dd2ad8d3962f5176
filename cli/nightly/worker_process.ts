/** The process that checks cells, one at a time, for the run that started it. It ends when that run is gone. */
import { runCellTask } from './run_cell.ts'
import { taskSchema, type Hooks } from './task.ts'
import type { FromWorker } from './messages.ts'

export function serve(): void {
  const parent = process.ppid
  const say = (message: FromWorker): void => {
    process.send?.(message)
  }
  // A search never looks at its messages, so a parent that was killed is known by the process that took its place.
  const orphaned = (): void => {
    if (process.ppid !== parent) process.exit(1)
  }
  const hooks: Hooks = {
    onProgress: (progress) => {
      orphaned()
      say({ kind: 'progress', progress })
    },
    wanted: () => {
      orphaned()
      return true
    },
  }
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C goes to the whole group: the run decides what becomes of its cells.
  process.on('SIGINT', () => undefined)
  process.on('message', (message) => {
    void runCellTask(taskSchema.parse(message), hooks).then(
      (answer) => {
        say({ kind: 'answer', answer })
      },
      (e: unknown) => {
        say({ kind: 'failure', message: e instanceof Error ? (e.stack ?? e.message) : String(e) })
      },
    )
  })
}
