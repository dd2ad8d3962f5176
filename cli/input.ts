/** Where scenarios come from: files, standard input, the catalogue. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDiagnostic } from '../model/litmus/diagnostic.ts'
import { parseLitmus } from '../model/litmus/parser.ts'
import type { KernelLine } from '../model/litmus/ast.ts'
import { elaborate, type Scenario } from '../model/scenarios/scenario.ts'
import { closest } from '../model/litmus/suggest.ts'

/** Larger files are no litmus tests. */
const BYTES_MAX = 1024 * 1024

export type Loaded =
  | { readonly ok: true; readonly scenarios: readonly Scenario[]; readonly catalogue: boolean }
  | { readonly ok: false; readonly message: string }

/** The root of the package: beside dist/ when compiled, one level up when run from source. */
export function packageRoot(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  const up = dirname(here)
  return basename(up) === 'dist' ? dirname(up) : up
}

export const catalogueDirectory = (): string => join(packageRoot(), 'model', 'scenarios')

/** Names of the catalogue, in alphabetical order. */
export const catalogue = (): readonly string[] =>
  readdirSync(catalogueDirectory())
    .filter((f) => f.endsWith('.litmus'))
    .map((f) => f.slice(0, -'.litmus'.length))
    .sort()

/** Reads one operand of the command line: `-`, a path, or a name of the catalogue. */
export function load(operand: string, kernels?: readonly KernelLine[]): Loaded {
  if (operand === '-') return parse('stdin', readFileSync(0, 'utf8'), false, kernels)
  const named = join(catalogueDirectory(), `${operand}.litmus`)
  const inCatalogue = /^[\w+.-]+$/.test(operand) && catalogue().includes(operand)
  const path = inCatalogue ? named : operand
  try {
    if (statSync(path).size > BYTES_MAX)
      return { ok: false, message: `${path}: larger than ${BYTES_MAX} bytes, so no litmus file` }
    return parse(inCatalogue ? `${operand}.litmus` : path, readFileSync(path, 'utf8'), inCatalogue, kernels)
  } catch (e) {
    const near = closest(operand, catalogue())
    const help =
      near === undefined
        ? "\n  help: 'mmcheck list' prints the scenarios of the catalogue"
        : `\n  help: did you mean '${near}'?`
    return {
      ok: false,
      message: `mmcheck: cannot read '${operand}': ${e instanceof Error && 'code' in e ? String(e.code) : String(e)}${help}`,
    }
  }
}

function parse(name: string, text: string, inCatalogue: boolean, kernels?: readonly KernelLine[]): Loaded {
  const source = { name, text }
  const parsed = parseLitmus(source)
  if (!parsed.ok) return { ok: false, message: parsed.diagnostics.map((d) => formatDiagnostic(source, d)).join('\n') }
  const elaborated = elaborate(parsed.file, kernels)
  if (!elaborated.ok) {
    const fromOptions = kernels !== undefined
    const texts = elaborated.diagnostics.map((d) =>
      fromOptions && d.code === 'MM101'
        ? `mmcheck: --kernel: ${d.message}\n  help: ${d.help ?? ''}`
        : formatDiagnostic(source, d),
    )
    return { ok: false, message: texts.join('\n') }
  }
  return { ok: true, scenarios: elaborated.scenarios, catalogue: inCatalogue }
}
