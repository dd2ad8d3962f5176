/** A line on standard error while a long search runs; none where nobody watches. */
import type { Progress } from '../solver/engine.ts'
import { newStatus } from './status.ts'

const MEGA = 1024 * 1024

export const formatProgress = (name: string, p: Progress, seconds: number): string =>
  [
    name,
    `depth ${p.depth}`,
    ...(p.visits === undefined ? [] : [`visits ${p.visits}`]),
    `states ${p.states}`,
    `frontier ${p.frontier}`,
    `${seconds > 0 ? Math.round((p.visits ?? p.states) / seconds / 1000) : 0}k/s`,
    `${Math.round(p.bytes / MEGA)}MB`,
  ].join('  ')

/** Milliseconds between two texts: more often, nobody could read them. */
const TEXT_MS = 100

/** A line that is written over again and again, and what to call when it is over. Silent where `on` is false. */
export function newLine(on: boolean): { readonly show: (text: string) => void; readonly end: () => void } {
  const { at, end } = newStatus(on)
  let shown = -TEXT_MS
  return {
    show: (text) => {
      const now = performance.now()
      if (now - shown < TEXT_MS) return
      shown = now
      at(text)
    },
    end,
  }
}

/** A callback for engines, and what to call when the search is over. Silent where `on` is false. */
export function newProgress(
  on: boolean,
  name: string,
): { readonly report: (p: Progress) => void; readonly end: () => void } {
  const start = performance.now()
  const { show, end } = newLine(on)
  return {
    report: (p) => {
      show(formatProgress(name, p, (performance.now() - start) / 1000))
    },
    end,
  }
}
