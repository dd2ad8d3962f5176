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

/** Whether tests run on every cell of the catalogue; else each takes its share. */
const EVERY_CELL = process.env['MMCHECK_CELLS'] === 'all'

/** As `3/20`: on every twentieth cell, so that twenty runs take all of them, in as much time as there is for each. */
const SLICE = /^(?<nth>\d+)\/(?<of>\d+)$/.exec(process.env['MMCHECK_CELLS'] ?? '')?.groups

/** A small number that depends on nothing but the text. */
const hash = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0)

/** Scenarios that are many and alike. */
const ALIKE = /^(selftest|table-i|gup-row)/

/** Whether one in 4 `n` has it; of those that are many and alike, one in 16 n. */
function drawn(name: string, text: string, n: number): boolean {
  if (SLICE !== undefined) return hash(text) % Number(SLICE['of']) === Number(SLICE['nth']) - 1
  return EVERY_CELL || hash(text) % (ALIKE.test(name) ? 16 * n : 4 * n) === 0
}

interface Place {
  readonly name: string
  readonly kernel: string
  readonly scenario: Scenario
  readonly expected: ExpectedCell | undefined
}

/** The kernel lines of a scenario of the catalogue, one for each cell. */
function linesOf(name: string): readonly KernelLine[] {
  const known = lines.get(name) ?? readLines(name)
  lines.set(name, known)
  return known
}
const lines = new Map<string, readonly KernelLine[]>()

function readLines(name: string): readonly KernelLine[] {
  const parsed = parseLitmus({ name, text: catalogueText(name) })
  if (!parsed.ok) throw new Error(parsed.diagnostics.map((d) => d.message).join('; '))
  return parsed.file.kernels.flatMap((line) => line.names.map((n) => ({ ...line, names: [n] })))
}
const lineText = ({ names, without }: KernelLine): string =>
  [names.map((n) => n.text).join(), ...(without.length === 0 ? [] : [without.map((w) => w.text).join(', ')])].join(
    ' without ',
  )

/** The cells of the catalogue whose name and kernel are `wanted`; only these are built. */
const places = (wanted: (name: string, kernel: string) => boolean): readonly Place[] => {
  const baseline = readBaseline()
  return catalogue().flatMap((name) => {
    const mine = linesOf(name).filter((line) => wanted(name, lineText(line)))
    const scenarios = mine.length === 0 ? [] : scenariosOf(catalogueText(name), mine)
    return scenarios.map((scenario): Place => {
      const kernel = kernelText(scenario)
      return { name, kernel, scenario, expected: baseline[name]?.[kernel] }
    })
  })
}

/** Names of all cells, `NAME on KERNEL`. */
export const cellNames = (): readonly string[] =>
  catalogue().flatMap((name) => linesOf(name).map((line) => `${name} on ${lineText(line)}`))

/**
 * One in 4 `n` of the cells, those of them that meet a condition, the same ones on every run, and a skipped
 * test that says how many are left out. MMCHECK_CELLS=all takes them all, and 3/20 the third twentieth of them.
 */
export function share(n: number, wanted: (cell: Place) => boolean = () => true): readonly TestCell[] {
  const mine = (name: string, kernel: string): boolean => drawn(name, `${name} on ${kernel}`, n)
  const all = catalogue().flatMap((name) => linesOf(name).map((line) => mine(name, lineText(line))))
  const left = all.filter((drawn) => !drawn).length
  // A line that is seen, and that fails where it is run in spite of its condition.
  test.skipIf(left > 0)(`${left} of ${all.length} cells are left to MMCHECK_CELLS=all`, () => {
    expect(left).toBe(0)
  })
  return places(mine)
    .filter(wanted)
    .map((c) => ({ ...c, lowered: lowerScenario(c.scenario) }))
}

/** One in 4 `n` of the scenarios of the catalogue by name, with the same skipped test. */
export function shareOfNames(n: number): readonly string[] {
  const mine = catalogue().filter((name) => drawn(name, name, n))
  const left = catalogue().length - mine.length
  test.skipIf(left > 0)(`${left} of ${catalogue().length} scenarios are left to MMCHECK_CELLS=all`, () => {
    expect(left).toBe(0)
  })
  return mine
}
