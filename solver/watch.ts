import type { Incomplete, Progress, SearchOptions } from './engine.ts'

const PROGRESS_MS = 250

/**
 * Watches a search that starts now: the function returned is called with the figures so far, hands
 * them to `onProgress` about every 250 ms, and says whether the budget of states or time is spent.
 */
export function startWatch(options: SearchOptions): (progress: Progress) => Incomplete | undefined {
  const start = performance.now()
  let reported = start
  return (progress) => {
    const now = performance.now()
    if (options.onProgress !== undefined && now - reported >= PROGRESS_MS) {
      reported = now
      options.onProgress(progress)
    }
    if (options.maxStates !== undefined && progress.states > options.maxStates) {
      return { kind: 'states', limit: options.maxStates }
    }
    if (options.maxMs !== undefined && now - start > options.maxMs) return { kind: 'time', limitMs: options.maxMs }
    return undefined
  }
}
