import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ROOT, runTool, writeTree } from './run.ts'

const Report = z.array(
  z.object({ filePath: z.string(), messages: z.array(z.object({ ruleId: z.string().nullable() })) }),
)

const TYPE = '@typescript-eslint/'

/** What a file says, and the only rule that it breaks, or null where it breaks none. */
const CASES: Readonly<Record<string, readonly [text: string, rule: string | null]>> = {
  'solver/any.ts': ['export const f = (x: any): boolean => x === 1', `${TYPE}no-explicit-any`],
  'solver/bang.ts': ['export const f = (x: string | null): string => x!', `${TYPE}no-non-null-assertion`],
  'solver/as.ts': ['export const f = (x: unknown): string => x as string', `${TYPE}consistent-type-assertions`],
  'solver/as_const.ts': [`export const f = ['a'] as const`, null],
  'solver/enum.ts': ['export enum E { A }', 'no-restricted-syntax'],
  'solver/default.ts': ['export default 1', 'no-restricted-syntax'],
  'solver/as_default.ts': ['const x = 1\nexport { x as default }', 'no-restricted-syntax'],
  'solver/floating.ts': ['export const f = (p: () => Promise<void>): void => { p() }', `${TYPE}no-floating-promises`],
  'solver/switch.ts': [
    `export function f(x: 'a' | 'b'): void { switch (x) { case 'a': f(x) } }`,
    `${TYPE}switch-exhaustiveness-check`,
  ],
  'solver/x.ts': ['export type X = number', null],
  'solver/import.ts': [`import { X } from './x.ts'\nexport type Y = X`, `${TYPE}consistent-type-imports`],
  'solver/long.ts': [Array.from({ length: 401 }, (_, i) => `export const x${i} = 1`).join('\n'), 'max-lines'],
  'solver/airy.ts': [Array.from({ length: 300 }, (_, i) => `// why\n\nexport const x${i} = 1`).join('\n'), null],
  'solver/console.ts': [`console.log('x')`, 'no-console'],
  'cli/console.ts': [`console.log('x')`, null],
  'solver/name.ts': ['export const pte_free_defer = 1', `${TYPE}naming-convention`],
  'model/mm/name.ts': ['export const pte_free_defer = 1\nexport const __pte_alloc = 2', null],
  'solver/eval.ts': [`export const f: unknown = new Function('return 1')`, `${TYPE}no-implied-eval`],
  'solver/random.ts': ['export const f = (): number => Math.random()', 'no-restricted-properties'],
  'model/clock.ts': ['export const f = (): number => Date.now()', 'no-restricted-globals'],
  'test/only.test.ts': [`test.only('x', () => {})`, 'no-restricted-syntax'],
  'test/skip.test.ts': [`describe.skip('x', () => {})`, 'no-restricted-syntax'],
  'test/each.test.ts': [`it.only.each([1])('x', () => {})`, 'no-restricted-syntax'],
  'test/concurrent.test.ts': [`it.concurrent.skip('x', () => {})`, 'no-restricted-syntax'],
  'test/option.test.ts': [`test('x', { skip: true }, () => {})`, 'no-restricted-syntax'],
  'test/lacking.test.ts': [`test.skipIf(process.platform === 'aix')('x', () => {})`, null],
  'other.config.ts': ['export default 1', null],
}

/** So that the tests above have something to call, and need no package. */
const GLOBALS = `
interface Runner { (...x: unknown[]): void; only: Runner; skip: Runner; concurrent: Runner }
interface Runner { each(x: unknown): Runner; skipIf(x: boolean): Runner }
declare const test: Runner, it: Runner, describe: Runner
declare const process: { platform: string }
declare const console: { log(x: string): void }`

test('each rule of the house finds what it forbids, and no more', () => {
  const tsconfig = readFileSync(join(ROOT, 'tsconfig.json'), 'utf8').replace(/"types": .*/, '"types": [],')
  const root = writeTree({
    'package.json': '{ "type": "module" }',
    'tsconfig.json': tsconfig,
    'globals.d.ts': GLOBALS,
    ...Object.fromEntries(Object.entries(CASES).map(([path, [text]]) => [path, `${text}\n`])),
  })
  const config = join(ROOT, 'eslint.config.js')
  const ran = runTool('eslint/bin/eslint.js', ['--config', config, '--format', 'json', ...Object.keys(CASES)], root)
  const found = Report.parse(JSON.parse(ran.stdout)).map(({ filePath, messages }) => {
    const rules = new Set(messages.map(({ ruleId }) => ruleId ?? 'syntax'))
    return [relative(root, filePath), [...rules]]
  })
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(Object.entries(CASES).map(([path, [, rule]]) => [path, rule === null ? [] : [rule]])),
  )
  expect(ran.code).toBe(1)
})
