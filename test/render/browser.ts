/** A real browser without a window: Debian's chromium, or the one that CHROMIUM names. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { ROOT } from '../frame/run.ts'

const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join('/usr/bin', name))

export const CHROMIUM: string | undefined = [process.env['CHROMIUM'], ...PLACES].find(
  (path) => path !== undefined && existsSync(path),
)

/** For whatever a browser is asked to do: its own half minute is too short on a busy machine. */
export const PATIENCE_MS = 240_000

/** Why tests are skipped; part of their names, so that a run shows it. */
export const LACK: string = CHROMIUM === undefined ? ' (skipped: no chromium on this machine; see CHROMIUM)' : ''

export async function launch(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no chromium on this machine')
  const { chromium } = await import('playwright-core')
  // Without a sandbox, since tests may run as root in a container. No update, no report, no first-run page.
  const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
  return chromium.launch({ executablePath: CHROMIUM, args, timeout: PATIENCE_MS })
}

/** Where a test keeps pictures for people to look at; not in git. */
export function artefact(name: string): string {
  const directory = join(ROOT, 'test', 'artefacts')
  mkdirSync(directory, { recursive: true })
  return join(directory, name)
}
