/** The C programs that a maintainer gets: each compiles without a warning, as its head says. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compile } from '../../kernel/compile.ts'
import { kernelDirectory } from '../../kernel/paths.ts'
import { have } from './support.ts'

const directory = join(kernelDirectory(), 'reproducers')

for (const name of readdirSync(directory))
  test(name, async (context) => {
    const text = readFileSync(join(directory, name), 'utf8')
    expect(text).toContain('-Wall -Wextra')
    const cache = await mkdtemp(join(tmpdir(), 'mmcheck-reproducer-'))
    try {
      const env = { ...process.env, XDG_CACHE_HOME: cache }
      expect(have(await compile('reproducer', [{ name, text }], env), context).warnings).toBe('')
    } finally {
      await rm(cache, { recursive: true, force: true })
    }
  })

test('there are some', () => {
  expect(readdirSync(directory).length).toBeGreaterThan(3)
  expect(readdirSync(directory).filter((name) => !name.endsWith('.c'))).toEqual([])
})
