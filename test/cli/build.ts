/** Compiles the product, so that tests run what users run. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
    const ran = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, encoding: 'utf8' })
    if (ran.error !== undefined) throw ran.error
    if (ran.status !== 0) throw new Error(`npm run build failed:\n${ran.stdout}${ran.stderr}`)
  } finally {
    rmSync(LOCK, { force: true })
  }
}
