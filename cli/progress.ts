/** A line on standard error while a long search runs; none where nobody watches. */
import type { Progress } from '../solver/engine.ts'

const MEGA = 1024 * 1024

export const formatProgress = (name: string, p: Progress, seconds: number): string =>
  [
    name,
    `depth ${p.depth}`,
    `states ${p.states}`,
    `frontier ${p.frontier}`,
    `${seconds > 0 ? Math.round(p.states / seconds / 1000) : 0}k/s`,
    `${Math.round(p.bytes / MEGA)}MB`,
  ].join('  ')

/** A callback for engines, and what to call when the search is over. Silent where `on` is false. */
export function newProgress(
  on: boolean,
  name: string,
): { readonly report: (p: Progress) => void; readonly end: () => void } {
  if (!on) return { report: () => undefined, end: () => undefined }
  const start = performance.now()
  let width = 0
  const show = (whole: string): void => {
    // A line that the terminal breaks could not be written over.
    const text = whole.slice(0, (process.stderr.columns ?? 80) - 1)
    process.stderr.write(`\r${text.padEnd(width)}`)
    width = text.length
  }
  return {
    report: (p) => {
      show(formatProgress(name, p, (performance.now() - start) / 1000))
    },
    end: () => {
      if (width > 0) process.stderr.write(`\r${' '.repeat(width)}\r`)
    },
  }
}
