/** A machine that lacks something: each lack is named, and nothing else goes wrong. */
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../kernel/compile.ts'
import { cacheDirectory } from '../../kernel/paths.ts'
import { build, MAIN } from '../cli/build.ts'
import { ended, environment, inDirectory, mmcheck, type Ran } from '../cli/spawn.ts'

const source = { name: 'x.c', text: 'int main(void) { return 0; }\n' }

async function elsewhere<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'mmcheck-cache-'))
  try {
    return await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('no compiler in PATH', async () => {
  await elsewhere(async (directory) => {
    const result = await compile('x', [source], { XDG_CACHE_HOME: directory, PATH: '/nonexistent' })
    expect(result).toEqual({
      ok: false,
      error: { kind: 'skip', missing: 'compiler', message: "no C compiler: 'cc' is not in PATH" },
    })
  })
})

test('a compiler that makes no static programs makes others', async () => {
  await elsewhere(async (directory) => {
    const cc = join(directory, 'cc')
    const real = `PATH=${process.env['PATH'] ?? ''} exec cc "$@"`
    writeFileSync(cc, `#!/bin/sh\ncase " $* " in *' -static-pie '*) exit 1;; esac\n${real}\n`, { mode: 0o755 })
    const env = { XDG_CACHE_HOME: directory, PATH: directory }
    const made = await compile('x', [source], env, { alone: true })
    const without = await compile('x', [source], { ...env, PATH: '/nonexistent' }, { alone: true })
    // Where there is a compiler, it has made one, which is then found without any.
    expect(made.ok ? without : made).toEqual(made)
    expect(made.ok || made.error.missing === 'compiler').toBe(true)
    expect(made.ok).toBe(spawnSync('cc', ['--version']).status === 0)
  })
})

test('a cache that others can write to is not used', async () => {
  await elsewhere(async (directory) => {
    expect(cacheDirectory({ XDG_CACHE_HOME: directory })).toBe(join(directory, 'mmcheck'))
    expect(cacheDirectory({ XDG_CACHE_HOME: '/dev/null' })).not.toContain('/dev/null')
    await Promise.resolve()
  })
})

describe('the command line without a compiler', () => {
  beforeAll(build)

  test.each([
    [['conform', 'install+read']],
    [['conform', '--random', '--runs', '3']],
    [['confirm', '584ee0706522', '--time', '1s']],
  ])('%j is skipped with exit code 77', async (args) => {
    await inDirectory(async (cwd) => {
      const env = { ...environment(), PATH: '/nonexistent', XDG_CACHE_HOME: join(cwd, 'cache') }
      const ran = await mmcheck(args, { cwd, env })
      expect(ran.stderr).toBe("mmcheck: skipped: no C compiler: 'cc' is not in PATH\n")
      expect(ran.stdout).toBe('')
      expect(ran.code).toBe(77)
      const json = await mmcheck([...args, '--json'], { cwd, env })
      expect(JSON.parse(json.stdout)).toMatchObject({ skipped: { missing: 'compiler' } })
      expect(json.code).toBe(77)
    })
  })
})

/** Somebody without any right: as root, another user; else oneself. */
const NOBODY = 65_534
const asRoot = process.getuid?.() === 0

async function asNobody(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const as = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  return ended(spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...env, NO_COLOR: '1' }, ...as }))
}

describe('as an ordinary user', () => {
  beforeAll(build)

  test('sequences are run, or skipped by name', async (context) => {
    await inDirectory(async (cwd) => {
      if (asRoot) chownSync(cwd, NOBODY, NOBODY)
      const env = { PATH: process.env['PATH'], HOME: cwd, XDG_CACHE_HOME: join(cwd, 'cache') }
      const args = ['conform', '--random', '--runs', '12', '--world', 'anon-private-uffd-missing', '--json']
      const ran = await asNobody(args, cwd, env)
      // Where nobody but root may read this checkout, there is nothing to run.
      if (ran.stderr.includes('EACCES') || ran.stderr.includes('Cannot find module'))
        context.skip('the checkout is not readable for others')
      expect(ran.stderr).toMatch(/^$|^mmcheck: skipped: /)
      expect([0, 77]).toContain(ran.code)
      const said: unknown = JSON.parse(ran.stdout)
      expect(said).toMatchObject(ran.code === 0 ? { sequences: 12, disagreement: null } : { skipped: {} })
    })
  })

  test('with no place for what is compiled', async (context) => {
    const ran = await asNobody(['conform', 'install+read'], '/', { PATH: process.env['PATH'], HOME: '/nonexistent' })
    if (!asRoot) context.skip('a directory that we may not write to is only sure for another user')
    if (ran.stderr.includes('EACCES') || ran.stderr.includes('Cannot find module'))
      context.skip('the checkout is not readable for others')
    expect(ran.stderr).toContain('skipped: no directory for compiled programs')
    expect([ran.stdout, ran.code]).toEqual(['', 77])
  })
})
