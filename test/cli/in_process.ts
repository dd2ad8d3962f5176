/** A command in this process, as in one of its own: without the half second that loading all of it takes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { vi } from 'vitest'
import { z } from 'zod'
import { runProgram } from '../../cli/program.ts'
import { ROOT } from '../frame/run.ts'
import { environment, type Ran } from './spawn.ts'

export interface Place {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

export interface RanHere extends Ran {
  readonly code: number
}

const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))

const CONSOLE = ['debug', 'error', 'info', 'log', 'warn'] as const

/**
 * Runs a command that reads no standard input in the directory `cwd`, to which this process changes for so long: one
 * at a time. What it prints past its streams is a part of its output, as it is of a process's.
 */
export async function here(args: readonly string[], { cwd, env = environment() }: Place): Promise<RanHere> {
  const text = { stdout: '', stderr: '' }
  const out = (t: string): void => void (text.stdout += t)
  const err = (t: string): void => void (text.stderr += t)
  const before = process.cwd()
  const past = [
    ...CONSOLE.map((name) => vi.spyOn(console, name).mockImplementation((...said) => err(said.join(' ')))),
    vi.spyOn(process.stdout, 'write').mockImplementation((t) => (out(String(t)), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((t) => (err(String(t)), true)),
  ]
  process.chdir(cwd)
  try {
    const code = await runProgram(args, { out, err, outIsTty: false, errIsTty: false, env }, version)
    return { code, signal: null, ...text }
  } finally {
    process.chdir(before)
    for (const spy of past) spy.mockRestore()
  }
}
