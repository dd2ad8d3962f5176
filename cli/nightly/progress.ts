/** How far a run is: a line that is written over on a terminal, a line now and then elsewhere. */
import type { Progress } from '../../solver/engine.ts'
import { formatProgress } from '../progress.ts'
import { newStatus } from '../status.ts'

export interface RunProgress {
  readonly begin: (planned: number, cost: number) => void
  readonly cell: (cost: number, cached: boolean, red: boolean) => void
  readonly search: (name: string, p: Progress) => void
  readonly end: () => void
}

export interface ProgressOptions {
  /** A line that is written over. */
  readonly line: boolean
  /** Milliseconds between two lines where there is no such line; 0 for none. */
  readonly heartbeatMs: number
  readonly err: (text: string) => void
}

/** `2 h 5 min`, `3 min 20 s`, `9 s`. */
export function durationText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return s >= 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${s} s`
}

/** What is left, if the rest goes as what was done did; undefined while too little is known. */
export function estimate(elapsedMs: number, doneCost: number, leftCost: number): number | undefined {
  return doneCost <= 0 || elapsedMs < 1000 ? undefined : (elapsedMs / doneCost) * leftCost
}

export function newRunProgress({ line, heartbeatMs, err }: ProgressOptions): RunProgress {
  const status = newStatus(line)
  const start = performance.now()
  let planned = 0
  let cells = 0
  let reds = 0
  let left = 0
  let searched = 0
  let searching = ''
  let timer: NodeJS.Timeout | undefined
  const text = (): string => {
    const rest = estimate(performance.now() - start, searched, left)
    const parts = [
      `${cells}/${planned} cells`,
      `${reds} not as they should be`,
      ...(rest === undefined || cells === planned ? [] : [`about ${durationText(rest)} left`]),
    ]
    return parts.join(', ')
  }
  return {
    begin: (n, cost) => {
      planned = n
      left = cost
      if (!line && heartbeatMs > 0) {
        timer = setInterval(() => err(`mmcheck: ${text()}\n`), heartbeatMs)
        timer.unref()
      }
    },
    cell: (cost, cached, red) => {
      cells++
      left -= cost
      if (!cached) searched += cost
      if (red) reds++
      status.at(text())
    },
    search: (name, p) => {
      searching = formatProgress(name, p, 0)
      status.at(`${text()}; ${searching}`)
    },
    end: () => {
      clearInterval(timer)
      status.end()
    },
  }
}
