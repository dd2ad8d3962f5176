/** Text output fits into a mail: at most 75 columns, printable ASCII, no blank at the end of a line. */
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readBaseline } from '../../cli/baseline.ts'
import { catalogueDirectory } from '../../cli/input.ts'
import { runProgram } from '../../cli/program.ts'
import { LITMUS_ERRORS } from '../../model/litmus/errors.ts'
import { ELABORATION_ERRORS } from '../../model/scenarios/problem.ts'
import { PROPERTIES } from '../../properties/all.ts'
import { shareOfNames } from '../support/scenarios.ts'

const Kept = z.object({
  id: z.string(),
  scenario: z.object({ kernel: z.string() }),
  trace: z.array(z.unknown()),
  loopStart: z.number().optional(),
})

interface Printed {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(...args: readonly string[]): Promise<Printed> {
  const text = { out: '', err: '' }
  const streams = {
    out: (t: string) => {
      text.out += t
    },
    err: (t: string) => {
      text.err += t
    },
    outIsTty: false,
    errIsTty: false,
    env: {},
  }
  const code = await runProgram(args, streams, '0')
  return { code, ...text }
}

/** Lines that a mail would break or garble. */
const bad = (text: string): readonly string[] =>
  text.split('\n').filter((l) => !/^[ -~]{0,75}$/.test(l) || l.endsWith(' '))

const before = process.cwd()
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'mmcheck-columns-')))
beforeAll(() => {
  process.chdir(directory)
})
afterAll(() => {
  process.chdir(before)
  rmSync(directory, { recursive: true })
})

test('the test sees long lines, other characters and blanks at the end', () => {
  expect(bad(`${'x'.repeat(75)}\nok\n`)).toEqual([])
  for (const line of ['x'.repeat(76), 'na\u00efve', 'tab\there', 'end ']) expect(bad(line)).toEqual([line])
})

const BROKEN = ['rfc-file', 'v6.15', 'v6.18', 'maybe-guard-v1', 'maybe-guard-v2', 'maybe-guard-v3', 'v7.0'] as const

/** The smallest scenario that is recorded as violated on a kernel. */
function smallestOn(kernel: string): string {
  const cells = Object.entries(readBaseline()).flatMap(([name, kernels]) => {
    const cell = kernels[kernel]
    return cell === undefined || Object.keys(cell.violations).length === 0 ? [] : [{ name, states: cell.states }]
  })
  const [first] = cells.sort((a, b) => a.states - b.states || (a.name < b.name ? -1 : 1))
  if (first === undefined) throw new Error(`nothing is violated on ${kernel}`)
  return first.name
}

/** Checked as a user's file, so that every cell is printed in full and every counterexample kept. */
describe.each([...new Set([...BROKEN.map(smallestOn), ...shareOfNames(24)])])('%s', (name) => {
  test('is checked in lines that fit', async () => {
    const copy = `${name}.litmus`
    copyFileSync(join(catalogueDirectory(), copy), copy)
    const { code, out, err } = await run('check', `./${copy}`)
    expect([0, 10, 11]).toContain(code)
    expect(err).toBe('')
    expect(out).toContain('done verdict=')
    expect(bad(out)).toEqual([])
  })
})

test('every counterexample of the catalogue is replayed in lines that fit', async () => {
  const ids = readdirSync(join('.mmcheck', 'counterexamples')).map((f) => f.replace('.json', ''))
  expect(ids.length).toBeGreaterThan(5)
  for (const id of ids) {
    for (const how of [[], ['--full'], ['--steps']]) {
      const { code, out, err } = await run('replay', id, ...how)
      expect({ code, err }).toEqual({ code: 10, err: '' })
      expect(bad(out)).toEqual([])
    }
  }
})

/** The shortest counterexample of a kernel stands for all of it. */
function keptOf(kernel: string): string | undefined {
  const kept = readdirSync(join('.mmcheck', 'counterexamples')).map((file) =>
    Kept.parse(JSON.parse(readFileSync(join('.mmcheck', 'counterexamples', file), 'utf8'))),
  )
  const of = kept.filter((c) => c.scenario.kernel.split(' ')[0] === kernel && c.loopStart === undefined)
  return of.sort((a, b) => a.trace.length - b.trace.length || (a.id < b.id ? -1 : 1))[0]?.id
}

/** Each is searched for on every kernel: seconds. */
const EXPLAINED = process.env['MMCHECK_CELLS'] === 'all' ? BROKEN : BROKEN.filter((_, i) => i % 2 === 0)
test.skipIf(EXPLAINED.length < BROKEN.length)(
  `${BROKEN.length - EXPLAINED.length} kernels are left to MMCHECK_CELLS=all`,
  () => {
    expect(EXPLAINED).toEqual(BROKEN)
  },
)

test.each(EXPLAINED)('a counterexample of %s is explained in lines that fit', async (kernel) => {
  const id = keptOf(kernel)
  if (id === undefined) throw new Error(`nothing was kept of ${kernel}`)
  const { code, out, err } = await run('explain', id)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(bad(out)).toEqual([])
})

test('properties and codes are explained in lines that fit', async () => {
  const names = [...PROPERTIES.map((p) => p.name), ...Object.keys(LITMUS_ERRORS), ...Object.keys(ELABORATION_ERRORS)]
  for (const name of names) {
    const { code, out, err } = await run('explain', name)
    expect({ name, code, err }).toEqual({ name, code: 0, err: '' })
    expect(bad(out)).toEqual([])
  }
})

test.each([
  ['necessity', 'install+collapse'],
  ['necessity', 'dontneed+collapse'],
  ['series', 'vm-maybe-guard', 'install+collapse'],
  ['series', 'file-backed-guards', 'install+madvise_collapse'],
])('%s %s is told in lines that fit', async (...args) => {
  const { code, out, err } = await run(...args)
  expect([0, 10]).toContain(code)
  expect(err).toBe('')
  expect(bad(out)).toEqual([])
})

test('what there is is listed in lines that fit', async () => {
  for (const topic of ['--scenarios', '--kernels', '--operations', '--properties', '--routines'])
    expect(bad((await run('list', topic)).out)).toEqual([])
})

test('comments of any language, long names and long lists do not get in the way', async () => {
  const registers = Array.from({ length: 12 }, (_, i) => `r${i} = read(a[0]);`).join(' ')
  const name = `n${'-long'.repeat(20)}`
  writeFileSync(
    'odd.litmus',
    `MM ${name}\n(* Gr\u00fc\u00dfe \u201cx\u201d \u2014 ${'word '.repeat(40)} *)\n` +
      `kernel v7.0 without access.nothing\n{ map a = anon[0..0] private rw; }\nP0 { ${registers} }\n`,
  )
  const { code, out, err } = await run('check', 'odd.litmus', '--kernel', 'v7.0')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  // The name is one word, and stays whole.
  expect(bad(out).filter((l) => !l.includes(name))).toEqual([])
})
