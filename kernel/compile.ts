/** The machine's C compiler, asked for nothing but our own sources. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { failed, ok, type Result } from '../counterexamples/result.ts'
import { cacheDirectory } from './paths.ts'
import { skip, type Skip } from './skip.ts'

/** Every source of ours compiles with them without a warning. */
export const C_FLAGS: readonly string[] = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-pthread']
/** A program that forks for each sequence finds its functions once, and not in every child. */
const LINK_FLAGS: readonly string[] = ['-Wl,-z,now']
/** Without libraries there is less of it to copy: a third of the time of a fork. Not every machine has what it takes. */
const STATIC_FLAG = '-static-pie'

export interface CompileOptions {
  /** Static where the machine can do that. */
  readonly alone?: boolean
}

export interface CSource {
  readonly name: string
  readonly text: string
}

/** Far longer than a few hundred lines of C take, on the slowest of machines. */
const COMPILE_MS = 60_000

export const readSources = async (paths: readonly string[]): Promise<readonly CSource[]> =>
  Promise.all(paths.map(async (path) => ({ name: basename(path), text: await readFile(path, 'utf8') })))

interface Ran {
  readonly code: number | null
  readonly errors: string
  /** Why it could not be started, as ENOENT. */
  readonly failure?: string
}

async function runCompiler(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn('cc', args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    // Not the option `timeout` of spawn(): its timer goes on where there is nothing to start.
    const timer = setTimeout(() => child.kill(), COMPILE_MS)
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const end = (ran: Ran): void => {
      clearTimeout(timer)
      resolve(ran)
    }
    child.on('error', (e: NodeJS.ErrnoException) => end({ code: null, errors, failure: e.code ?? e.message }))
    child.on('close', (code) => end({ code, errors }))
  })
}

export interface Compiled {
  readonly path: string
  /** What the compiler said; empty where it is content, or where the program was compiled before. */
  readonly warnings: string
}

/**
 * Compiles C sources into one program in the cache directory, under a name that stands for their
 * content; one that is there already is taken as it is. A machine without a compiler, without the
 * headers of Linux, or without a place to keep the program, is a skip.
 */
export async function compile(
  name: string,
  sources: readonly CSource[],
  env: NodeJS.ProcessEnv = process.env,
  { alone = false }: CompileOptions = {},
): Promise<Result<Compiled, Skip>> {
  const cache = cacheDirectory(env)
  if (cache === undefined)
    return failed(skip('privilege', 'no directory for compiled programs: neither the user cache nor .mmcheck is ours'))
  const hash = createHash('sha256')
    .update(JSON.stringify([C_FLAGS, LINK_FLAGS, alone, sources]))
    .digest('hex')
    .slice(0, 16)
  const path = join(cache, `${name}-${hash}`)
  if (existsSync(path)) return ok({ path, warnings: '' })
  const work = await mkdtemp(join(cache, 'build-'))
  try {
    await Promise.all(sources.map((s) => writeFile(join(work, s.name), s.text)))
    const units = sources.filter((s) => s.name.endsWith('.c')).map((s) => join(work, s.name))
    const args = [...C_FLAGS, ...LINK_FLAGS, ...units, '-o', join(work, name)]
    const first = alone ? await runCompiler([STATIC_FLAG, ...args], env) : undefined
    const ran = first?.code === 0 || first?.failure !== undefined ? first : await runCompiler(args, env)
    if (ran.failure === 'ENOENT') return failed(skip('compiler', "no C compiler: 'cc' is not in PATH"))
    if (ran.failure !== undefined) return failed(skip('compiler', `the C compiler 'cc' cannot be run: ${ran.failure}`))
    if (ran.code !== 0) {
      const [first = ''] = ran.errors.split('\n').filter((line) => line.includes('error'))
      return failed(skip('compiler', `'cc' cannot compile the helper: ${first.replaceAll(work, '')}`))
    }
    await rename(join(work, name), path)
    return ok({ path, warnings: ran.errors.replaceAll(work, '') })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
