/** Where scenarios come from: files, standard input, the catalogue. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDiagnostic } from '../model/litmus/diagnostic.ts'
import { parseLitmus } from '../model/litmus/parser.ts'
import type { Source } from '../model/litmus/source.ts'
import type { KernelLine, LitmusFile } from '../model/litmus/ast.ts'
import { elaborate, type Scenario } from '../model/scenarios/scenario.ts'
import { closest } from '../model/litmus/suggest.ts'
import { errorText, printable, withHelp } from './message.ts'
import { readText } from './read.ts'

/** Larger files are no litmus tests. */
const BYTES_MAX = 1024 * 1024

/** `message` is ready to be printed, with its line end. */
export type Loaded =
  | {
      readonly ok: true
      readonly scenarios: readonly Scenario[]
      readonly catalogue: boolean
      readonly source: Source
    }
  | { readonly ok: false; readonly message: string }

/** The root of the package: beside dist/ when compiled, one level up when run from source. */
export function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const up = dirname(here)
  return basename(up) === 'dist' ? dirname(up) : up
}

export const catalogueDirectory = (): string => join(packageRoot(), 'model', 'scenarios')

/** Scenarios of hundreds of thousands of states and more: see `weekly`. */
export const weeklyDirectory = (): string => join(catalogueDirectory(), 'weekly')

const namesIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((f) => f.endsWith('.litmus'))
    .map((f) => f.slice(0, -'.litmus'.length))
    .sort()

/** Names of the catalogue, in alphabetical order. */
export const catalogue = (): readonly string[] => namesIn(catalogueDirectory())

/**
 * Names of the part of the catalogue that is too large for every day, in alphabetical order: it is checked by name,
 * and by the weekly run, and left out wherever all scenarios are meant.
 */
export const weekly = (): readonly string[] => namesIn(weeklyDirectory())

/** The file of a scenario of the catalogue, its weekly part included; undefined where there is none of that name. */
export function scenarioPath(name: string): string | undefined {
  // With a separator in it, it is a path of the user's, wherever that leads.
  if (/[/\\\0]/.test(name)) return undefined
  return [catalogueDirectory(), weeklyDirectory()]
    .map((d) => join(d, `${name}.litmus`))
    .find((path) => existsSync(path))
}

/** Reads one operand of the command line: `-`, a path, or a name of the catalogue. */
export function load(operand: string, kernels?: readonly KernelLine[]): Loaded {
  const path = scenarioPath(operand)
  const inCatalogue = path !== undefined
  const read = readText(path ?? operand, BYTES_MAX)
  if (!read.ok) {
    const shown = operand === '-' ? 'standard input' : `'${printable(operand)}'`
    return { ok: false, message: errorText(withHelp(`cannot read ${shown}: ${read.error}`, way(operand))) }
  }
  const name = inCatalogue ? `${operand}.litmus` : operand === '-' ? 'stdin' : printable(operand)
  return parse({ name, text: read.value }, inCatalogue, kernels)
}

/** A scenario of the catalogue as it is written, on no kernel yet; undefined where there is none that can be read. */
export function writtenInCatalogue(name: string): LitmusFile | undefined {
  const path = scenarioPath(name)
  const read = path === undefined ? undefined : readText(path, BYTES_MAX)
  const parsed = read?.ok === true ? parseLitmus({ name: `${name}.litmus`, text: read.value }) : undefined
  return parsed?.ok === true ? parsed.file : undefined
}

/** The same of one that has to be there: without it, it is our own mistake. */
export function catalogueFile(name: string): LitmusFile {
  const file = writtenInCatalogue(name)
  if (file === undefined) throw new Error(`${name} is not in the catalogue`)
  return file
}

function way(operand: string): string {
  const near = closest(operand, [...catalogue(), ...weekly()])
  return near === undefined ? "'mmcheck list' prints the scenarios of the catalogue" : `did you mean '${near}'?`
}

/** The scenarios of a litmus text. */
export function parse(source: Source, inCatalogue: boolean, kernels?: readonly KernelLine[]): Loaded {
  const parsed = parseLitmus(source)
  const made = parsed.ok ? elaborate(parsed.file, kernels) : parsed
  if (made.ok) return { ok: true, scenarios: made.scenarios, catalogue: inCatalogue, source }
  return { ok: false, message: made.diagnostics.map((d) => `${formatDiagnostic(source, d)}\n`).join('') }
}
