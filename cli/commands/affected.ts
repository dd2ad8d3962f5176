/** `mmcheck affected`: from a patch to the routines of the model, the scenarios and the properties that it concerns. */
import { toAscii } from '../../counterexamples/text.ts'
import {
  affectedBy,
  survey,
  type Affected,
  type AffectedName,
  type ScenarioRoutines,
} from '../../kernel/source/affected.ts'
import { namesInPatch, type TouchedFunction } from '../../kernel/source/patch.ts'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { PROPERTIES } from '../../properties/all.ts'
import { readBaseline, type ExpectedCell } from '../baseline.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue, catalogueFile } from '../input.ts'
import { printable, withHelp } from '../message.ts'
import { readText } from '../read.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export interface AffectedOptions {
  /** Only scenarios that name this kernel, on it; each on the last that it names where absent. */
  readonly kernel?: Kernel
  /** Print the names of the scenarios and nothing else. */
  readonly names: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** A series of forty patches is far smaller. */
const PATCH_BYTES_MAX = 16 * 1024 * 1024

/** Scenarios that are printed with what is recorded of them; of the others, how many there are. */
const SHOWN = 10

/** A scenario of the catalogue as the kernel has it, nothing left out; undefined where its file does not name the kernel. */
function onKernel(name: string, kernel: Kernel | undefined): Scenario | undefined {
  const file = catalogueFile(name)
  const named = file.kernels.filter((l) => l.without.length === 0).flatMap((l) => l.names.map((n) => n.text))
  const chosen = kernel === undefined ? named.at(-1) : named.find((n) => n === kernel.name)
  if (chosen === undefined) return undefined
  const made = elaborate(file, [kernelLine([chosen], [])])
  return made.ok ? made.scenarios[0] : undefined
}

/** One scenario after the other, since each is a large object. */
function* scenariosOn(kernel: Kernel | undefined): Generator<Scenario> {
  for (const name of catalogue()) {
    const scenario = onKernel(name, kernel)
    if (scenario !== undefined) yield scenario
  }
}

/** Properties of which a witness, or a label that has to be reached, lies in one of the routines. */
const propertiesOf = (routines: ReadonlySet<string>): readonly string[] =>
  PROPERTIES.filter((p) => p.reaches.some((l) => routines.has(l.slice(0, l.lastIndexOf('.'))))).map((p) => p.name)

const called = (names: readonly string[]): string => names.map((n) => (n.includes('(') ? n : `${n}()`)).join(', ')

/** One name of the patch, and where the model has it. */
function nameText({ name, file, how, routines }: AffectedName): string {
  const shown = file === undefined ? name : `${name}()`
  const what = how === 'routine' ? called(routines) : `in ${called(routines)}`
  return `${wrapped(toAscii(how === 'routine' && what === shown ? shown : `${shown}: ${what}`), '  ', 4)}\n`
}

function recorded(cell: ExpectedCell | undefined): string {
  if (cell === undefined) return 'nothing recorded'
  const broken = Object.keys(cell.violations)
  return `${cell.verdict}${broken.length > 0 ? ` (${broken.join(', ')})` : ''}, ${cell.states} states`
}

interface Listed {
  readonly scenario: string
  readonly kernel: string
  readonly recorded: ExpectedCell | undefined
}

function listed(scenarios: readonly ScenarioRoutines[]): readonly Listed[] {
  const baseline = readBaseline()
  return scenarios.map(({ scenario, kernel }) => ({ scenario, kernel, recorded: baseline[scenario]?.[kernel] }))
}

function unknownText(unknown: readonly TouchedFunction[]): string {
  if (unknown.length === 0) return ''
  const names = unknown.map((f) => `${f.name}() in ${f.file}`).join(', ')
  return `\n${wrapped(toAscii(`Not in the model: ${names}.`), '', 2)}\n`
}

function text(found: Affected, cells: readonly Listed[], of: number): string {
  const files = [...new Set(found.modelled.map((m) => m.file))]
  const parts = files.map((file) => {
    const names = found.modelled.filter((m) => m.file === file)
    return `${toAscii(file ?? 'outside of functions')}\n${names.map(nameText).join('')}`
  })
  const properties = propertiesOf(found.routines)
  const shown = cells.slice(0, SHOWN)
  const rest = cells.length - shown.length
  const lines = shown.map((c) => `  ${c.scenario} on ${c.kernel}\n      ${recorded(c.recorded)}\n`)
  const more = rest > 0 ? wrapped(`and ${rest} more: '--names' prints all, for 'mmcheck check'.\n`, '  ') : ''
  return [
    parts.join(''),
    unknownText(found.unknown),
    properties.length === 0 ? '' : `\n${wrapped(`Properties that look there: ${properties.join(', ')}.`, '', 2)}\n`,
    `\n${wrapped(`${cells.length} of ${of} scenarios can run these routines, those that run little else first:`, '')}\n`,
    ...lines,
    more,
  ].join('')
}

/** Returns the exit code. */
export function affectedCommand(operand: string, options: AffectedOptions): number {
  const { kernel, json, out } = options
  const shown = operand === '-' ? 'standard input' : `'${printable(operand)}'`
  const read = readText(operand, PATCH_BYTES_MAX)
  if (!read.ok) return fail(options, 'input', withHelp(`cannot read ${shown}: ${read.error}`, "'-' is standard input"))
  const patch = namesInPatch(read.value)
  if (!patch.isPatch)
    return fail(
      options,
      'input',
      withHelp(`${shown} has no hunk of a patch in it`, "give what 'git format-patch' writes"),
    )
  const model = survey(scenariosOn(kernel))
  const found = affectedBy(patch, model)
  const cells = listed(found.scenarios)
  if (options.names) out(cells.map((c) => `${c.scenario}\n`).join(''))
  else if (json)
    out(
      `${JSON.stringify(
        {
          ...RESULT_FORMAT,
          names: found.modelled,
          unknown: found.unknown,
          properties: propertiesOf(found.routines),
          scenarios: cells.map((c) => ({ ...c, recorded: c.recorded ?? null })),
        },
        null,
        2,
      )}\n`,
    )
  else if (found.modelled.length === 0) out(`The model has nothing of this patch.\n${unknownText(found.unknown)}`)
  else out(text(found, cells, model.scenarios.length))
  return EXIT.ok.code
}
