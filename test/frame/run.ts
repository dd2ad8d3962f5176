/** Runs the project's own tools on a small tree that a test writes, away from the repository. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export const ROOT: string = join(import.meta.dirname, '..', '..')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script of `node_modules` in `cwd`, without colour. */
export function runTool(script: string, args: readonly string[], cwd: string): Ran {
  const { FORCE_COLOR: _, ...env } = process.env
  const child = spawnSync(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
    maxBuffer: 2 ** 26,
    // Less than a test may take, for nothing else ends a test that waits here.
    timeout: 240_000,
  })
  if (child.error !== undefined) throw child.error
  return { code: child.status, stdout: child.stdout, stderr: child.stderr }
}

/** A temporary directory with these files, from path to text; it goes when the test ends. */
export function writeTree(files: Readonly<Record<string, string>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'mmcheck-frame-')))
  onTestFinished(() => {
    rmSync(root, { recursive: true })
  })
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}
