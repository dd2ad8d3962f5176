/** A limit on what a child takes of memory, enforced by killing it. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Of Linux, on every machine that Node runs on but a few with large pages, where the figure is too small. */
const PAGE_BYTES = 4096
const MEGABYTE = 1024 ** 2
const EVERY_MS = 100

/** Resident memory of a process in megabytes; undefined where the system has no /proc, or the process is gone. */
export function residentMb(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return Number.isFinite(pages) ? (pages * PAGE_BYTES) / MEGABYTE : undefined
  } catch {
    return undefined
  }
}

/** Looks again and again; calls `exceeded` once where the child has grown beyond the limit. Returns how to stop. */
export function watchMemory(child: ChildProcess, limitMb: number, exceeded: () => void): () => void {
  const timer = setInterval(() => {
    const mb = child.pid === undefined ? undefined : residentMb(child.pid)
    if (mb === undefined || mb <= limitMb) return
    clearInterval(timer)
    exceeded()
  }, EVERY_MS)
  // A solver that is waited for keeps the process alive by itself.
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
