/** Runs of the compiled command for these tests: small ones, whose results are compared without times. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { runDocument, type RunDocument } from '../../cli/document.ts'
import { MAIN } from '../cli/build.ts'
import { environment } from '../cli/spawn.ts'

/** Rounds of the tests that kill processes: few here, as many as one likes by MMCHECK_KILL_ROUNDS. */
export const ROUNDS: number = z.coerce
  .number()
  .int()
  .positive()
  .parse(process.env['MMCHECK_KILL_ROUNDS'] ?? '1')

/** Four cells: small ones, one of them violated, and two whose search has many levels and chunks. */
export const SMALL = ['install+write-restart', 'install-remove-read+read'] as const
export const SMALL_CELLS = 4

/** Two cells whose search has many levels and chunks. */
export const KILLED = ['install-remove-read+read'] as const

/** A number from 0 up to 1 that depends on nothing but the seed: mulberry32. */
export function chance(seed: number): () => number {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A result without what differs from run to run. */
export const timeless = (text: string): string => {
  const run: RunDocument = runDocument.parse(JSON.parse(text))
  const { time: _, ...rest } = run
  const cells = run.cells.map(({ search: { ms: _ms, ...search }, ...cell }) => ({ ...cell, search }))
  return JSON.stringify({ ...rest, cells }, null, 2)
}

export const timelessFile = (path: string): string => timeless(readFileSync(path, 'utf8'))

/** A text of JSON in which the first number of this name has another first digit, whatever that was. */
export function withOtherDigit(text: string, name: string): string {
  const changed = text.replace(new RegExp(`("${name}":)(\\d)`), (_, head: string, digit: string) => {
    return `${head}${(Number(digit) % 9) + 1}`
  })
  if (changed === text) throw new Error(`there is no number ${name}`)
  return changed
}

/** In a process group of its own, so that all of it can be killed at once. */
export const startGroup = (args: readonly string[], cwd: string): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** When a run has begun its work, or is over. */
export async function begun(cwd: string, child: ChildProcess): Promise<void> {
  const lock = join(cwd, 'run', 'lock.json')
  const mine = (): boolean => {
    try {
      return readFileSync(lock, 'utf8').includes(`"pid":${child.pid ?? 0},`)
    } catch {
      return false
    }
  }
  while (child.exitCode === null && child.signalCode === null && !mine()) await sleep(5)
}

/** Kills a process by its number, or the group of one where that is negative, unless it is gone already. */
export function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended between being seen and being killed.
  }
}

/** Kills a process, or it and all that it started, as `kill -9` does. */
export function kill9(child: ChildProcess, group: boolean): void {
  if (child.pid === undefined) return
  killPid(group ? -child.pid : child.pid)
}
