/** `mmcheck export`: a scenario as Promela for SPIN or TLA+ for TLC, so that nobody has to trust our engines. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kernelText, scenarioText } from '../../counterexamples/build.ts'
import { assumptionsOf, scopeOf } from '../../counterexamples/scope.ts'
import { lower, ModelError } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { fileName, type ExportHeader, type ExportOptions } from '../../solver/export/header.ts'
import { toPromela } from '../../solver/export/promela.ts'
import { toTla } from '../../solver/export/tla.ts'
import { EXIT } from '../exit.ts'
import { load } from '../input.ts'
import { errorText, printable, reason, withHelp } from '../message.ts'

export type ExportFormat = 'promela' | 'tla'

export interface ExportCommandOptions {
  readonly format: ExportFormat
  /** Instead of the kernels that the file names. */
  readonly kernels?: readonly KernelLine[]
  /** Without them the text only counts states: no property is looked at, not even deadlock. */
  readonly assertions: boolean
  /** Directory to write files to; without it the one text goes to `out`. */
  readonly output?: string
  /** Where the scenario has more states, the text does not say how many to expect. */
  readonly maxStates?: number
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Of these the search takes some seconds and some hundred megabytes at most. */
const STATES_MAX = 2_000_000

interface ExportedFile {
  readonly name: string
  readonly text: string
}

/** Returns the exit code. */
export function exportCommand(operand: string, options: ExportCommandOptions): number {
  const { out, err, output } = options
  const loaded = load(operand, options.kernels)
  if (!loaded.ok) {
    err(loaded.message)
    return EXIT.input.code
  }
  const [first, more] = loaded.scenarios
  if (first === undefined || (output === undefined && more !== undefined)) {
    const cells = loaded.scenarios.map(kernelText).join('; ')
    const message = `'${printable(operand)}' stands for ${loaded.scenarios.length} models, one for each of: ${cells}`
    err(errorText(withHelp(message, 'choose one with --kernel (and --without), or write all with --output DIR')))
    return EXIT.usage.code
  }
  for (const scenario of loaded.scenarios) {
    const model = lowered(scenario)
    if (typeof model === 'string') {
      err(errorText(`${scenario.name}: ${model}`))
      return EXIT.input.code
    }
    const files = exported(scenario, model, options)
    if (output === undefined) out(onePiece(files))
    else if (!written(output, files, options)) return EXIT.input.code
  }
  return EXIT.ok.code
}

/** The model, or what is wrong with the scenario. */
function lowered(scenario: Scenario): LoweredModel | string {
  try {
    return lower(withProperties(scenario)).model
  } catch (e) {
    if (e instanceof ModelError) return e.message
    throw e
  }
}

function exported(scenario: Scenario, model: LoweredModel, options: ExportCommandOptions): readonly ExportedFile[] {
  const result = searchExplicit(model, { maxStates: options.maxStates ?? STATES_MAX })
  const seen =
    result.incomplete === undefined
      ? { states: result.states, violated: result.violations.map((v) => model.properties[v.property]?.name ?? '') }
      : {}
  const header: ExportHeader = {
    scenario: scenario.name,
    kernel: kernelText(scenario),
    about: [...scopeOf(scenario), ...assumptionsOf(scenario, model), '', ...scenarioText(scenario).split('\n')],
    ...seen,
  }
  const checks: ExportOptions = options.assertions ? {} : { properties: [] }
  switch (options.format) {
    case 'promela':
      return [{ name: `${fileName(header)}.pml`, text: toPromela(model, header, checks) }]
    case 'tla': {
      const { module, tla, cfg } = toTla(model, header, checks)
      return [
        { name: `${module}.tla`, text: tla },
        { name: `${module}.cfg`, text: cfg },
      ]
    }
  }
}

/** TLA+ ignores what follows the end of a module, so that its configuration can stand there. */
function onePiece([first, ...rest]: readonly ExportedFile[]): string {
  const others = rest.map(({ name, text }) => `\nThis is ${name}:\n\n${text}`)
  return [first?.text ?? '', ...others].join('')
}

function written(directory: string, files: readonly ExportedFile[], { out, err }: ExportCommandOptions): boolean {
  for (const { name, text } of files) {
    const path = join(directory, name)
    try {
      // Not with its parents: in a directory that takes none, as /proc, that would try for ever.
      if (!existsSync(directory)) mkdirSync(directory)
      writeFileSync(path, text)
    } catch (e) {
      err(errorText(`cannot write '${printable(path)}': ${reason(e)}`))
      return false
    }
    out(`${printable(path)}\n`)
  }
  return true
}
