/** Runs the compiled command line as a user would: a process, a directory, standard streams that are no terminal. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAIN } from './build.ts'

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Longer than any command of these tests takes, shorter than a test may. */
const LIMIT_MS = 240_000

/** Of this process, without what would change colours or how Node starts. */
export function environment(extra: Readonly<Record<string, string>> = { NO_COLOR: '1' }): NodeJS.ProcessEnv {
  const { NO_COLOR: _, FORCE_COLOR: _force, NODE_OPTIONS: _options, ...env } = process.env
  return { ...env, ...extra }
}

export interface SpawnOptions {
  readonly cwd: string
  readonly stdin?: string
  readonly env?: NodeJS.ProcessEnv
}

export const start = (args: readonly string[], { cwd, env = environment() }: SpawnOptions): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], { cwd, env, timeout: LIMIT_MS, stdio: ['pipe', 'pipe', 'pipe'] })

/** What a started command prints until it ends, and how it ends. */
export async function ended(child: ChildProcess): Promise<Ran> {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...text })
    })
  })
}

export async function mmcheck(args: readonly string[], options: SpawnOptions): Promise<Ran> {
  const child = start(args, options)
  // A command that does not read its input may be gone before all of it is written.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.stdin ?? '')
  return ended(child)
}

/** Runs `use` in a new directory, which goes afterwards. */
export async function inDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'mmcheck-cli-')))
  try {
    return await use(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
