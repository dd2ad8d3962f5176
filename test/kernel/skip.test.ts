/** A machine that lacks something: each lack is named, and nothing else goes wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../kernel/compile.ts'
import { cacheDirectory } from '../../kernel/paths.ts'
import { build } from '../cli/build.ts'
import { environment, inDirectory, mmcheck } from '../cli/spawn.ts'

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
