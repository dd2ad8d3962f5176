/** Commands in Markdown, run as they stand: those of this folder, and those of the README. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../frame/run.ts'
import { build } from './build.ts'
import { words } from './document.ts'
import { linesOf, mismatch } from './match.ts'
import { runDocument } from './runner.ts'

beforeAll(build)

describe('matching', () => {
  test.each([
    ['a\nb\n', 'a\nb\n', undefined],
    ['', '', undefined],
    ['...\n', '', undefined],
    ['a\n...\nc\n', 'a\nc\n', undefined],
    ['a\n...\nc\n', 'a\nb\nb\nc\n', undefined],
    ['...\na\n...\nb\n', 'a\na\nx\nb\n', undefined],
    ['x ... y\n', 'x 12 y\n', undefined],
    ['a.b\n', 'axb\n', 0],
    ['a\nb\n', 'a\n', 1],
    ['a\n', 'a\nb\n', 1],
    ['a\n...\nc\n', 'a\nb\n', 2],
    ['...\nb\n', 'b\na\n', 2],
    ['  ...\n', 'a\nb\n', 0],
    ['a\n', 'a', 1],
  ])('%j against %j', (pattern, text, expected) => {
    const at = mismatch(linesOf(pattern), linesOf(text))
    expect(at === undefined ? undefined : Math.min(at, linesOf(pattern).length)).toBe(expected)
  })

  test('words keep what quotes hold, and no shell is pretended', () => {
    expect(words(`check 'a b.litmus' x"y z" -`)).toEqual(['check', 'a b.litmus', 'xy z', '-'])
    expect(() => words('check x | head')).toThrow('no shell')
    expect(() => words('check *.litmus')).toThrow('no shell')
  })
})

describe('the runner', () => {
  const run = (...lines: readonly string[]): ReturnType<typeof runDocument> =>
    runDocument('x.md', ['```console', ...lines, '```'].join('\n'))

  test('says what is wrong with each command, and nothing of one that is right', async () => {
    const cases: readonly (readonly [lines: readonly string[], problem: string])[] = [
      [['$ mmcheck --version', '...'], ''],
      [['$ mmcheck --version', '9.9.9'], 'stdout lacks, or has elsewhere: 9.9.9'],
      [['$ mmcheck --version'], 'more on stdout than expected'],
      [['$ mmcheck --version', '...', '[exit 1]'], 'exit code 0, expected 1'],
      [['$ mmcheck list zork', '! ...'], 'exit code 1, expected 0'],
      [['$ mmcheck list zork', '[exit 1]'], 'more on stderr than expected'],
      [['$ mmcheck --version', '...', '! help'], 'stderr lacks, or has elsewhere: help'],
    ]
    const expected = cases.flatMap(([lines, problem], i) => {
      const line = 2 + cases.slice(0, i).flatMap(([before]) => before).length
      return problem === '' ? [] : [`x.md:${line}: ${lines[0] ?? ''}: ${problem}`]
    })
    const { problems } = await run(...cases.flatMap(([lines]) => lines))
    expect(problems.map((p) => p.split('\n')[0])).toEqual(expected)
  })

  test('refuses what it cannot run', async () => {
    await expect(run('$ rm x')).rejects.toThrow('only mmcheck')
    await expect(run('text')).rejects.toThrow('output without a command')
    await expect(runDocument('x.md', '```console\n$ mmcheck')).rejects.toThrow('not closed')
  })
})

const folder = import.meta.dirname
const documents = readdirSync(folder).filter((f) => f.endsWith('.md'))

test('there are documents', () => {
  expect(documents.length).toBeGreaterThan(3)
})

test.each(documents)('%s', async (name) => {
  const { commands, problems } = await runDocument(name, readFileSync(join(folder, name), 'utf8'))
  expect(problems.join('\n')).toBe('')
  expect(commands).toBeGreaterThan(0)
})

test('README.md', async () => {
  const { commands, problems } = await runDocument('README.md', readFileSync(join(ROOT, 'README.md'), 'utf8'))
  expect(problems.join('\n')).toBe('')
  expect(commands).toBeGreaterThan(0)
})
