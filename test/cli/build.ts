/** Compiles the product, so that tests run what users run. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { ROOT } from '../frame/run.ts'

export const MAIN: string = join(ROOT, 'dist', 'cli', 'main.js')

const LOCK = join(ROOT, 'dist', '.building')

/** Says what the last build of a test made, so that the next files do not start a compiler to hear that all is done. */
const STAMP = join(ROOT, 'dist', '.built')
const BUILD_INFO = join(ROOT, 'dist', '.tsbuildinfo')
const CONFIG = 'tsconfig.build.json'

/** Between two looks at a lock that another worker holds, in milliseconds. */
const LOOK_MS = 50

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Takes the lock, or that of a process that is gone; false where another one works. */
function tryLock(): boolean {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    try {
      const pid = Number(readFileSync(LOCK, 'utf8'))
      if (pid > 0 && !isAlive(pid)) rmSync(LOCK, { force: true })
    } catch {
      // It was let go in between.
    }
    return false
  }
}

/**
 * What dist/ is made of, and when it was last written to, by whomever: as long as that is as it was after a build,
 * another one would change nothing. Undefined where a file of dist/ is missing.
 */
function made(): string | undefined {
  const { include } = z
    .object({ include: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, CONFIG), 'utf8')))
  const sources = include
    .flatMap((room) => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((f) => join(room, f)))
    .filter((f) => f.endsWith('.ts'))
    .sort()
  if (sources.some((f) => !existsSync(join(ROOT, 'dist', f.replace(/\.ts$/, '.js')))) || !existsSync(BUILD_INFO))
    return undefined
  const hash = createHash('sha256')
  for (const f of ['package.json', 'package-lock.json', 'tsconfig.json', CONFIG, ...sources])
    hash
      .update(`${f}\0`)
      .update(readFileSync(join(ROOT, f)))
      .update('\0')
  return `${hash.digest('hex')} ${statSync(BUILD_INFO).mtimeMs}\n`
}

/** Runs the build, where there is anything to do. One worker at a time: another must not start a file that is half written. */
export async function build(): Promise<void> {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  while (!tryLock()) await sleep(LOOK_MS)
  try {
    if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === made()) return
    // Not one that blocks: a worker that says nothing for a minute is given up by its test runner.
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' }).catch(
      (e: unknown) => {
        const said =
          e instanceof Error && 'stdout' in e && 'stderr' in e ? `${String(e.stdout)}${String(e.stderr)}` : ''
        throw new Error(`npm run build failed:\n${said}`, { cause: e })
      },
    )
    writeFileSync(STAMP, made() ?? '')
  } finally {
    rmSync(LOCK, { force: true })
  }
}
