/** Scenarios of the catalogue, for tests: each cell lowered, with its expected record. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBaseline, type ExpectedCell } from '../../cli/baseline.ts'
import { catalogue, catalogueDirectory } from '../../cli/input.ts'
import { kernelText } from '../../counterexamples/build.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import { lower, type Lowered } from '../../model/language/lower/lower.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'

export interface TestCell {
  readonly name: string
  readonly kernel: string
  readonly scenario: Scenario
  readonly lowered: Lowered
  readonly expected: ExpectedCell | undefined
}

/** The scenarios that a litmus text stands for. Throws where it is not one. */
export function scenariosOf(text: string, kernels?: readonly KernelLine[]): readonly Scenario[] {
  const parsed = parseLitmus({ name: 'test', text })
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('; '))
  const elaborated = elaborate(parsed.file, kernels)
  if (!elaborated.ok) throw new Error(elaborated.diagnostics.map((d) => d.message).join('; '))
  return elaborated.scenarios
}

export const catalogueText = (name: string): string =>
  readFileSync(join(catalogueDirectory(), `${name}.litmus`), 'utf8')

/** A scenario of the catalogue on one kernel. */
export function scenarioOn(name: string, kernel: string, without: readonly string[] = []): Scenario {
  const [scenario] = scenariosOf(catalogueText(name), [kernelLine([kernel], without)])
  if (scenario === undefined) throw new Error(`${name} has no kernel`)
  return scenario
}

export const lowerScenario = (s: Scenario): Lowered => lower(withProperties(s))

/** Whether tests run on every cell of the catalogue, as the nightly asks; else each takes its share. */
const EVERY_CELL = process.env['MMCHECK_CELLS'] === 'all'

/** A small number that depends on nothing but the text. */
const hash = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0)

/** Whether one in 2 `n` has it; of the selftests, which are many and alike and have one thread, one in 8 n. */
const drawn = (name: string, text: string, n: number): boolean =>
  EVERY_CELL || hash(text) % (name.startsWith('selftest-') ? 8 * n : 2 * n) === 0

interface Place {
  readonly name: string
  readonly kernel: string
  readonly scenario: Scenario
  readonly expected: ExpectedCell | undefined
}

const places = (): readonly Place[] => {
  const baseline = readBaseline()
  return catalogue().flatMap((name) =>
    scenariosOf(catalogueText(name)).map((scenario): Place => {
      const kernel = kernelText(scenario)
      return { name, kernel, scenario, expected: baseline[name]?.[kernel] }
    }),
  )
}

/** Names of all cells, `NAME on KERNEL`. */
export const cellNames = (): readonly string[] => places().map((c) => `${c.name} on ${c.kernel}`)

/** The cells of the catalogue that meet a condition. */
export const cells = (wanted: (cell: Place) => boolean = () => true): readonly TestCell[] =>
  places()
    .filter(wanted)
    .map((c) => ({ ...c, lowered: lowerScenario(c.scenario) }))

/**
 * One in 2 `n` of the cells that meet a condition, the same ones on every run, and a skipped test that says
 * how many are left out. MMCHECK_CELLS=all takes them all.
 */
export function share(n: number, wanted: (cell: Place) => boolean = () => true): readonly TestCell[] {
  const mine = (c: Place): boolean => drawn(c.name, `${c.name} on ${c.kernel}`, n)
  const all = places().filter(wanted)
  const left = all.filter((c) => !mine(c)).length
  // A line that is seen, and that fails where it is run in spite of its condition.
  test.skipIf(left > 0)(`${left} of ${all.length} cells are left to MMCHECK_CELLS=all`, () => {
    expect(left).toBe(0)
  })
  return cells((c) => wanted(c) && mine(c))
}

/** One in 2 `n` of the scenarios of the catalogue by name, with the same skipped test. */
export function shareOfNames(n: number): readonly string[] {
  const mine = catalogue().filter((name) => drawn(name, name, n))
  const left = catalogue().length - mine.length
  test.skipIf(left > 0)(`${left} of ${catalogue().length} scenarios are left to MMCHECK_CELLS=all`, () => {
    expect(left).toBe(0)
  })
  return mine
}
