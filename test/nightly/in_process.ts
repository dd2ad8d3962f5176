/** The command line in this process: its code is that of the command, without the price of a process. */
import { runProgram } from '../../cli/program.ts'
import { inDirectory } from '../cli/spawn.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in the directory in which this process is. */
export async function said(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const text = { stdout: '', stderr: '' }
  const code = await runProgram(
    args,
    {
      out: (t) => void (text.stdout += t),
      err: (t) => void (text.stderr += t),
      outIsTty: false,
      errIsTty: false,
      env: { ...process.env, XDG_CONFIG_HOME: process.cwd(), ...env },
    },
    '0.1.0',
  )
  return { code, ...text }
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
