/** Compiles the product, so that tests run what users run. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ROOT } from '../frame/run.ts'

export const MAIN: string = join(ROOT, 'dist', 'cli', 'main.js')

const LOCK = join(ROOT, 'dist', '.building')

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

/** Runs the build. One worker at a time: another must not start a file that is half written. */
export async function build(): Promise<void> {
  mkdirSync(join(ROOT, 'dist'), { recursive: true })
  while (!tryLock()) await sleep(LOOK_MS)
  try {
    // Not one that blocks: a worker that says nothing for a minute is given up by its test runner.
    await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' }).catch(
      (e: unknown) => {
        const said =
          e instanceof Error && 'stdout' in e && 'stderr' in e ? `${String(e.stdout)}${String(e.stderr)}` : ''
        throw new Error(`npm run build failed:\n${said}`, { cause: e })
      },
    )
  } finally {
    rmSync(LOCK, { force: true })
  }
}
