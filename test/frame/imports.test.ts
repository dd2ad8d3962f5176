import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ROOT, runTool, writeTree, type Ran } from './run.ts'

const CONFIG = join(ROOT, '.dependency-cruiser.mjs')

const Report = z.object({
  summary: z.object({
    totalCruised: z.number(),
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
})

const cruise = (cwd: string, ...args: readonly string[]): Ran =>
  runTool('dependency-cruiser/bin/dependency-cruise.mjs', ['--config', CONFIG, ...args, '.'], cwd)

/** What the rules say of a small tree: `rule: from -> to`, in order. */
function findings(files: Readonly<Record<string, string>>): readonly string[] {
  const tree = { ...files, 'tsconfig.json': readFileSync(join(ROOT, 'tsconfig.json'), 'utf8') }
  const root = writeTree({ 'package.json': '{ "type": "module", "devDependencies": { "vitest": "*" } }', ...tree })
  const ran = cruise(root, '--output-type', 'json')
  const { violations } = Report.parse(JSON.parse(ran.stdout)).summary
  return violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).toSorted()
}

const takes = (path: string): string => `import { x } from '${path}'\nexport const y: number = x\n`
const takesType = (path: string): string => `import type { X } from '${path}'\nexport type Y = X\n`
const LEAF = 'export const x: number = 1\nexport type X = number\n'

const ROOMS = ['model', 'properties', 'solver', 'counterexamples', 'kernel', 'cli']

/** That the repository itself keeps the rules is what `npm run lint` says; here is what the rules find. */
describe('imports', () => {
  test('from a room to its left and to itself are fine, from tests to anywhere', () => {
    const files = ROOMS.flatMap((room, i) => [
      [`${room}/leaf.ts`, LEAF],
      [`${room}/own.ts`, takes('./leaf.ts')],
      ...ROOMS.slice(0, i).map((left) => [`${room}/from_${left}.ts`, takes(`../${left}/leaf.ts`)]),
      [`test/${room}.test.ts`, takes(`../${room}/leaf.ts`)],
      [`bench/${room}.ts`, takes(`../${room}/leaf.ts`)],
    ])
    expect(findings(Object.fromEntries(files))).toEqual([])
  })

  test('from a room to its right, or to tests and benchmarks, are refused, types included', () => {
    const wrong = ROOMS.flatMap((room, i) =>
      [...ROOMS.slice(i + 1), 'test', 'bench'].map((right) => ({ room, right, file: `${room}/from_${right}.ts` })),
    )
    const leaves = [...ROOMS, 'test', 'bench'].map((room) => [`${room}/leaf.ts`, LEAF])
    for (const text of [takes, takesType]) {
      const files = [...leaves, ...wrong.map(({ right, file }) => [file, text(`../${right}/leaf.ts`)])]
      const expected = wrong.map(({ room, right, file }) => `${room}-imports-one-way: ${file} -> ${right}/leaf.ts`)
      // No file imports the leaf of the first room.
      expect(findings(Object.fromEntries(files))).toEqual(
        [...expected, 'no-orphan: model/leaf.ts -> model/leaf.ts'].toSorted(),
      )
    }
  })

  test('from a room to a file in none of them are refused', () => {
    const found = findings({ 'model/a.ts': takes('../tools/leaf.ts'), 'tools/leaf.ts': LEAF })
    expect(found).toEqual(['model-imports-one-way: model/a.ts -> tools/leaf.ts'])
  })

  test('from tests to benchmarks and back are refused', () => {
    const found = findings({
      'test/a.ts': takes('../bench/leaf.ts'),
      'test/leaf.ts': LEAF,
      'bench/a.ts': takes('../test/leaf.ts'),
      'bench/leaf.ts': LEAF,
    })
    expect(found).toEqual([
      'no-import-between-test-and-bench: bench/a.ts -> test/leaf.ts',
      'no-import-between-test-and-bench: test/a.ts -> bench/leaf.ts',
    ])
  })

  test('in a circle are refused, types included', () => {
    const found = findings({ 'solver/a.ts': takesType('./b.ts'), 'solver/b.ts': takesType('./a.ts') })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^no-cycle: /)
  })

  test('of nothing, by nothing, are refused', () => {
    expect(findings({ 'solver/a.ts': LEAF })).toEqual(['no-orphan: solver/a.ts -> solver/a.ts'])
  })

  test('of what is not there, not declared, or for development only are refused', () => {
    const found = findings({
      'cli/gone.ts': takes('./nowhere.ts'),
      'cli/dev.ts': takes('vitest'),
      'node_modules/vitest/package.json': '{ "name": "vitest", "exports": "./index.js" }',
      'node_modules/vitest/index.js': 'export const x = 1',
    })
    expect(found).toEqual([
      'no-dev-dependency-in-product: cli/dev.ts -> node_modules/vitest/index.js',
      'no-unresolvable: cli/gone.ts -> ./nowhere.ts',
    ])
  })

  test('of files and processes are refused in data', () => {
    const found = findings({
      'model/a.ts': takes('node:fs'),
      'properties/a.ts': takes('node:process'),
      'solver/a.ts': takes('node:fs'),
    })
    expect(found).toEqual(['no-io-in-data: model/a.ts -> fs', 'no-io-in-data: properties/a.ts -> process'])
  })
})
