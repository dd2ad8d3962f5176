/** Scenarios of the catalogue, for tests: each cell lowered, with its expected record. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** Every cell of the catalogue. */
export function cells(): readonly TestCell[] {
  const baseline = readBaseline()
  return catalogue().flatMap((name) =>
    scenariosOf(catalogueText(name)).map((scenario): TestCell => {
      const kernel = kernelText(scenario)
      return { name, kernel, scenario, lowered: lowerScenario(scenario), expected: baseline[name]?.[kernel] }
    }),
  )
}
