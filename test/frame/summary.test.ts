import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, runTool, writeTree, type Ran } from './run.ts'

/** Runs vitest with the project's own configuration on test files with these texts. */
function run(files: Readonly<Record<string, string>>): Ran & { readonly last: string | undefined } {
  const named = Object.entries(files).map(([name, text]) => [`test/${name}.test.ts`, text])
  const root = writeTree(Object.fromEntries(named))
  const config = join(ROOT, 'vitest.config.ts')
  const ran = runTool('vitest/vitest.mjs', ['run', '--root', root, '--config', config, '--globals'], root)
  return { ...ran, last: ran.stdout.trimEnd().split('\n').at(-1) }
}

describe('the last line of a test run', () => {
  test('counts what passed', () => {
    const { code, last, stdout } = run({
      a: `test('one', () => {})\ntest('two', () => {})`,
      b: `test('three', () => {})`,
    })
    expect(last).toBe('3 passed, 0 failed')
    expect(stdout).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  test('counts failed tests, and hooks and files that fail', () => {
    const { code, last } = run({
      mixed: `test('good', () => {})\ntest('bad', () => { throw new Error('on purpose') })`,
      hook: `describe('d', () => { beforeAll(() => { throw new Error('on purpose') }); test('t', () => {}) })`,
      load: `throw new Error('on purpose')`,
      stray: `test('t', async () => { Promise.reject(new Error('on purpose')); await 0 })`,
    })
    expect(last).toBe('2 passed, 4 failed, 1 skipped')
    expect(code).toBe(1)
  })

  test('fails a run without a test, or with skipped ones only', () => {
    const none = run({})
    expect([none.last, none.code]).toEqual(['0 passed, 0 failed', 1])
    const skipped = run({ a: `test.skipIf(true)('one', () => {})` })
    expect([skipped.last, skipped.code]).toEqual(['0 passed, 0 failed, 1 skipped', 1])
  })

  test('fails a run in which some tests would hide others', () => {
    const { code, last } = run({ a: `test.only('one', () => {})\ntest('two', () => {})` })
    expect(last).toContain('1 failed')
    expect(code).toBe(1)
  })
})
