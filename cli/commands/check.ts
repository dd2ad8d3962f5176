/** `mmcheck check`: checks files, scenarios of the catalogue, or all of it against what is expected. */
import { join } from 'node:path'
import { saveCounterexample } from '../../counterexamples/store.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import { UNREACHED } from '../../model/mm/unreached.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { differences, readBaseline, summarise, writeBaseline, type Baseline, type ExpectedCell } from '../baseline.ts'
import { checkCell, type Cell, type CellOptions, type Engine } from '../cell.ts'
import { EXIT, highest, outcomeOf, type Outcome } from '../exit.ts'
import { catalogue, load } from '../input.ts'
import { newProgress } from '../progress.ts'
import { runJson } from '../report_json.ts'
import { cellLine, doneLine, otherIds, outcomeText, raceText, scopeText, wrapped } from '../report_text.ts'
import type { Style } from '../style.ts'

export interface CheckOptions {
  readonly kernels?: readonly KernelLine[]
  readonly engine: Engine
  readonly depth: number
  readonly maxStates?: number
  readonly maxBytes?: number
  readonly maxMs?: number
  readonly json: boolean
  readonly strict: boolean
  readonly update: boolean
  readonly full: boolean
  readonly save?: string
  readonly progress: boolean
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface Run {
  readonly cells: { readonly cell: Cell; readonly expected: boolean; readonly differs: readonly string[] }[]
  readonly outcomes: Outcome[]
  readonly baseline: Record<string, Record<string, ExpectedCell>>
}

/** Returns the exit code. */
export async function check(operands: readonly string[], options: CheckOptions): Promise<number> {
  const whole = operands.length === 0
  const baseline = readBaseline()
  const run: Run = { cells: [], outcomes: [], baseline: {} }
  for (const operand of whole ? catalogue() : operands) {
    const loaded = load(operand, options.kernels)
    if (!loaded.ok) {
      options.err(`${loaded.message}\n`)
      run.outcomes.push('input')
      continue
    }
    await checkScenarios(loaded.scenarios, loaded.catalogue, baseline, options, run)
  }
  if (options.update) writeBaseline({ ...(whole ? {} : baseline), ...run.baseline })
  if (options.json) options.out(`${JSON.stringify(runJson(run.cells, highest(run.outcomes)), null, 2)}\n`)
  else if (run.cells.length > 1 || whole) options.out(summary(run, whole))
  return EXIT[highest(run.outcomes)].code
}

async function checkScenarios(
  scenarios: readonly Scenario[],
  inCatalogue: boolean,
  baseline: Baseline,
  options: CheckOptions,
  run: Run,
): Promise<void> {
  const [first] = scenarios
  if (first !== undefined && !options.json) options.out(`${options.style.bold(first.name)}\n${lesson(first)}`)
  let shown = false
  for (const scenario of scenarios) {
    const progress = newProgress(options.progress, `${scenario.name} ${scenario.kernel.name}`)
    const result = await checkCell(scenario, cellOptions(options, progress.report))
    progress.end()
    if (!result.ok) {
      options.err(`mmcheck: ${result.message}\n`)
      run.outcomes.push('input')
      continue
    }
    const { cell } = result
    const summary = summarise(cell)
    ;(run.baseline[scenario.name] ??= {})[cell.kernel] = summary
    // A cell of the catalogue is judged by what is recorded for it, a file of the user's by its verdict.
    const judged = inCatalogue && options.engine !== 'smt' && !options.update && options.kernels === undefined
    const differs = judged ? differences(baseline[scenario.name]?.[cell.kernel], summary) : []
    run.cells.push({ cell, expected: judged, differs })
    run.outcomes.push(judged ? (differs.length > 0 ? 'violated' : 'ok') : judge(cell, options.strict))
    if (cell.problem !== undefined) run.outcomes.push('disagree')
    if (!options.json) {
      print(cell, options, !shown || !inCatalogue, differs)
      shown ||= cell.found.size > 0
    }
    await save(cell, options)
  }
  if (!options.json) options.out('\n')
}

function cellOptions(options: CheckOptions, onProgress: NonNullable<CellOptions['onProgress']>): CellOptions {
  const { engine, depth, maxStates, maxBytes, maxMs } = options
  return {
    engine,
    depth,
    onProgress,
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxMs === undefined ? {} : { maxMs }),
  }
}

function judge(cell: Cell, strict: boolean): Outcome {
  if (cell.condition === false) return highest(['violated', outcomeOf(cell.verdict, strict)])
  const broken = cell.properties.filter((p) => p.verdict === 'violated')
  if (cell.verdict === 'violated' && broken.every((p) => p.property === 'NoDeadlock')) return 'deadlock'
  return outcomeOf(cell.verdict, strict)
}

const lesson = (s: Scenario): string =>
  s.file.comments.map((c) => `${wrapped(c.replace(/\s+/g, ' '), '  ')}\n`).join('')

function print(cell: Cell, options: CheckOptions, inFull: boolean, differs: readonly string[]): void {
  const { out, style } = options
  out(`${cellLine(cell, style)}\n`)
  if (cell.problem !== undefined) out(`${wrapped(`mmcheck disagrees with itself: ${cell.problem}`, '      ')}\n`)
  if (cell.found.size > 0 && inFull) {
    out(`\n${raceText(cell, !options.full)}\n`)
    const [shown] = cell.properties.filter((p) => cell.found.has(p.property))
    const others = otherIds(cell, shown?.property)
    if (others !== '') out(`${others}\n`)
  } else if (cell.found.size > 0) out(`${otherIds(cell, undefined)}\n`)
  const outcomes = outcomeText(cell)
  if (outcomes !== '' && inFull) out(`${outcomes}\n`)
  if (inFull && cell.found.size === 0) out(`${scopeText(cell)}\n`)
  if (inFull) out(`${doneLine(cell)}\n`)
  for (const d of differs) out(`${wrapped(`NOT AS EXPECTED: ${d}`, '      ')}\n`)
}

async function save(cell: Cell, options: CheckOptions): Promise<void> {
  if (options.save === undefined) return
  for (const f of cell.found.values()) {
    const saved = await saveCounterexample(join(options.save), f.counterexample)
    if (!saved.ok) options.err(`mmcheck: ${saved.error.message}\n`)
  }
}

/** Every label that the scenarios of a run could have reached, and did not. */
function unreached(run: Run): readonly string[] {
  const all = new Set<string>()
  const reached = new Set<string>()
  for (const { cell } of run.cells) {
    for (const l of cell.labels) all.add(l)
    for (const l of cell.reached) reached.add(l)
  }
  return [...all].filter((l) => !reached.has(l)).sort()
}

const unreachedLine = (label: string): string => {
  const why = UNREACHED[label]
  return why === undefined ? `  ${label}` : `  ${label}\n${wrapped(why, '      ')}`
}

function summary(run: Run, whole: boolean): string {
  const missing = unreached(run)
  const judged = run.cells.filter((c) => c.expected)
  const asExpected = judged.filter((c) => c.differs.length === 0).length
  const lines = [
    `${run.cells.length} cells, ${run.cells.reduce((n, c) => n + c.cell.result.states, 0)} states in all.`,
    ...(judged.length > 0 ? [`${asExpected} of ${judged.length} as expected.`] : []),
  ]
  if (whole) {
    const total = new Set(run.cells.flatMap((c) => [...c.cell.labels])).size
    lines.push(`Labels: ${total - missing.length} of ${total} reached by some scenario.`)
    if (missing.length > 0) lines.push('Not reached by any scenario:', ...missing.map(unreachedLine))
  }
  return `${lines.join('\n')}\n`
}
