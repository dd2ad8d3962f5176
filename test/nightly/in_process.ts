/** The command line in this process: its code is that of the command, without the price of a process. */
import { vi } from 'vitest'
import { here } from '../cli/in_process.ts'
import { inDirectory } from '../cli/spawn.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in the directory in which this process is. */
export async function said(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const cwd = process.cwd()
  const { code, stdout, stderr } = await here(args, { cwd, env: { ...process.env, XDG_CONFIG_HOME: cwd, ...env } })
  return { code, stdout, stderr }
}

/**
 * Runs `use` under a clock of which every look takes a millisecond: a limit of one millisecond falls at the second
 * look of a search, whatever the machine and whoever else is at work on it.
 */
export async function ticking<T>(use: () => Promise<T>): Promise<T> {
  let now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++now)
  try {
    return await use()
  } finally {
    clock.mockRestore()
  }
}

/** Changes into a new directory for as long as `use` takes. */
export const there = <T>(use: (cwd: string) => Promise<T>): Promise<T> =>
  inDirectory(async (cwd) => {
    const before = process.cwd()
    process.chdir(cwd)
    try {
      return await use(cwd)
    } finally {
      process.chdir(before)
    }
  })
