/**
 * The TLA+ text is read back and run by a small reader of our own, by tla-checker, and by TLC where `TLC_JAR`
 * names its jar. Our reader knows only the part of TLA+ that we write; TLC is the judge.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { toTla } from '../../solver/export/tla.ts'
import { assert, at, model, set, slot } from '../engines/build.ts'
import { philosophers } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { SEED } from '../support/seed.ts'
import { catalogueModels, handModels, told, wholeCatalogue } from './expected.ts'
import { otherChecker } from './tla_checker.ts'
import { parseModule } from './tla_parse.ts'
import { runModule } from './tla_run.ts'

const HEADER = { scenario: 'a test', kernel: 'none' }
const STATES_MAX = 9000

function invariantsOf(cfg: string): readonly string[] {
  const listed = /INVARIANTS\n((?: {2}\w+\n)*)/.exec(cfg)?.[1] ?? ''
  return listed.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()]))
}

function compare(m: LoweredModel): void {
  const ours = searchExplicit(m, { maxStates: STATES_MAX })
  expect(ours.incomplete).toBeUndefined()
  const { tla, cfg } = toTla(m, HEADER)
  const theirs = runModule(parseModule(tla), invariantsOf(cfg))
  const { deadlock, violated } = told(m, ours)
  expect(theirs.states).toBe(ours.states)
  expect(theirs.violated).toEqual(violated)
  if (m.properties.some(({ kind }) => kind === 'deadlock')) expect(theirs.deadlock).toBe(deadlock)
}

const WHOLE = wholeCatalogue()

describe('our reader of TLA+ sees our states, our violations and our deadlocks', () => {
  test.each(catalogueModels())('%s', (_, m) => compare(m))

  test.each(handModels())('%s', (_, m) => compare(m))

  test('random models', () => {
    let compared = 0
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const ours = searchExplicit(m, { maxStates: 1000 })
        fc.pre(ours.incomplete === undefined)
        compare(m)
        compared++
      }),
      { numRuns: 100, seed: SEED, endOnFailure: true },
    )
    expect(compared).toBe(100)
  })

  test('properties can be left out', () => {
    const { tla, cfg } = toTla(philosophers(3), HEADER, { properties: [] })
    expect(runModule(parseModule(tla), invariantsOf(cfg))).toMatchObject({ states: 14 })
    expect(cfg).toContain('CHECK_DEADLOCK FALSE')
  })
})

describe('the text', () => {
  test('of cells of the catalogue can be read, and is plain ASCII', () => {
    for (const [title, m] of WHOLE) {
      const { tla, module } = toTla(m, { scenario: title, kernel: 'v7.0', about: [title] })
      expect(tla).toMatch(/^[\n\x20-\x7e]*$/)
      expect(parseModule(tla).name).toBe(module)
    }
  })

  test('takes no name or text as it is', () => {
    const evil = '*) ====\nNext == TRUE "\\*\u2028'
    const m = model(
      [slot(evil, 0, 1), slot('Next', 0, 1), slot('IF', 0, 1)],
      [[{ body: [set(0, 1), set(1, 1), set(2, 1), assert(0, at(0))], to: 1 }]],
    )
    const named = JSON.stringify({ ...m, properties: [{ name: evil, kind: 'assertion' }] })
      .replaceAll('"label":"P0.0"', `"label":${JSON.stringify(evil)}`)
      .replaceAll('"text":""', `"text":${JSON.stringify(evil)}`)
    const bad: LoweredModel = JSON.parse(named)
    const { tla, cfg, module } = toTla(bad, { scenario: evil, kernel: evil, about: [evil] })
    expect(module).toMatch(/^[A-Za-z][A-Za-z0-9_]*$/)
    expect(tla + cfg).toMatch(/^[\n\x20-\x7e]*$/)
    expect(runModule(parseModule(tla), invariantsOf(cfg)).states).toBe(2)
  })
})

describe('our reader', () => {
  const text = (body: string): string => `---- MODULE m ----\nEXTENDS Integers, TLC\nVARIABLES\n  x\n${body}====\n`
  const counter = (next: string): string => text(`Init == x = 0\nNext ==\n${next}`)

  test.each([
    ['an unknown name', counter("  x' = y\n")],
    ['a name given twice', text('Init == x = 0\nInit == x = 1\n')],
    ['operators side by side', counter("  x' = 1 = 1\n")],
    ['and beside or', counter("  x' = 1 /\\ x = 0 \\/ x = 1\n")],
    ['an item that goes on left of its list', counter('  /\\ x = (0 +\n 1)\n')],
    ['a missing parenthesis', counter("  x' = (1\n")],
  ])('refuses %s', (_, source) => {
    expect(() => parseModule(source)).toThrow(/TLA\+ line \d+/)
  })

  test.each([
    ['says nothing of a variable', counter('  x = 0\n')],
    ['assigns a variable twice', counter("  /\\ x' = 1\n  /\\ x' = 1\n")],
  ])('refuses an action that %s', (_, source) => {
    expect(() => runModule(parseModule(source), [])).toThrow()
  })

  test('keeps lists apart by their columns', () => {
    const source = counter("  \\/ /\\ x < 3\n     /\\ x' = x + 1\n  \\/ /\\ x = 3\n     /\\ x' = -2 % 5\n")
    expect(runModule(parseModule(source), [])).toEqual({ states: 4, violated: new Set(), deadlock: false })
  })
})

/** As long as one in CI takes; MMCHECK_CELLS=all takes all. */
const THEIRS_MAX = process.env['MMCHECK_CELLS'] === 'all' ? STATES_MAX : 150

describe('tla-checker, which others wrote, sees our states, and whether anything is violated', () => {
  const statesOf = (m: LoweredModel): number => searchExplicit(m, { maxStates: STATES_MAX }).states
  const models = [...catalogueModels(), ...handModels()]
  const small = models.filter(([, m]) => statesOf(m) <= THEIRS_MAX)

  test.skipIf(small.length < models.length)(
    `${models.length - small.length} models of more than ${THEIRS_MAX} states are left to MMCHECK_CELLS=all`,
    () => {
      expect(small).toEqual(models)
    },
  )

  test.each(small)('%s', (_, m) => {
    const all = toTla(m, HEADER, { properties: [] })
    expect(otherChecker(all.tla, all.cfg)).toEqual({ holds: true, states: statesOf(m) })
    const checked = toTla(m, HEADER)
    const { deadlock, violated } = told(m, searchExplicit(m))
    const holds = violated.size === 0 && !(deadlock && m.properties.some(({ kind }) => kind === 'deadlock'))
    expect(otherChecker(checked.tla, checked.cfg).holds).toBe(holds)
  })
})

const jar = process.env['TLC_JAR']
const title = jar === undefined ? 'TLC [skipped: no TLC_JAR names its jar]' : 'TLC'

describe.skipIf(jar === undefined)(`${title} finds as many distinct states`, () => {
  test.each([...catalogueModels(), ...handModels()])('%s', (_, m) => {
    const directory = mkdtempSync(join(tmpdir(), 'mmcheck-tlc-'))
    try {
      const { module, tla, cfg } = toTla(m, HEADER, { properties: [] })
      writeFileSync(join(directory, `${module}.tla`), tla)
      writeFileSync(join(directory, `${module}.cfg`), cfg)
      const args = ['-cp', jar ?? '', 'tlc2.TLC', '-config', `${module}.cfg`, `${module}.tla`]
      const ran = spawnSync('java', args, { cwd: directory, encoding: 'utf8', timeout: 240_000 })
      const found = /(\d+) distinct states found/.exec(ran.stdout)?.[1]
      expect(Number(found), ran.stdout).toBe(searchExplicit(m).states)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
