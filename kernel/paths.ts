/** Where C sources stand, and where what is compiled of them is kept. */
import { mkdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `kernel` of the package: beside dist/ when compiled, since C sources are not copied there. */
export function kernelDirectory(): string {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  return join(basename(root) === 'dist' ? dirname(root) : root, 'kernel')
}

/** A directory that is there, is ours, and that nobody else can write to: programs are run from it. */
function usable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(directory)
    return uid === process.getuid?.() && (mode & 0o022) === 0
  } catch {
    return false
  }
}

/** The XDG cache directory, or `.mmcheck/cache` below the working directory; undefined where neither can be used. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string | undefined {
  const xdg = env['XDG_CACHE_HOME']
  const user = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), '.cache')
  return [join(user, 'mmcheck'), join(process.cwd(), '.mmcheck', 'cache')].find(usable)
}
