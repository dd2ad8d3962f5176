/** `mmcheck check`: checks files, scenarios of the catalogue, or all of it against what is expected. */
import { saveCounterexample } from '../../counterexamples/store.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import { formatDiagnostic } from '../../model/litmus/diagnostic.ts'
import type { Source } from '../../model/litmus/source.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import {
  differences,
  readBaseline,
  readWeekly,
  summarise,
  writeBaseline,
  type Baseline,
  type ExpectedCell,
} from '../baseline.ts'
import type { Order } from '../order.ts'
import type { Reduction } from '../../solver/reduce/reduced.ts'
import { closePool, newPool, type SolverPool } from '../../solver/smt/pool.ts'
import type { SolverChoice } from '../../solver/smt/choice.ts'
import { checkCell, type Cell, type CellOptions, type CellResult, type Engine } from '../cell.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { catalogue, load } from '../input.ts'
import { counted, judge } from '../judge.ts'
import { errorText, reason, withHelp } from '../message.ts'
import { newProgress } from '../progress.ts'
import { runJson } from '../report_json.ts'
import {
  cellLine,
  depthFirstText,
  doneLine,
  lesson,
  livenessText,
  observationText,
  otherIds,
  outcomeText,
  raceText,
  reductionText,
  scopeText,
  startText,
  wrapped,
} from '../report_text.ts'
import type { Style } from '../style.ts'
import { keptLine, missingFor, summary, type CheckedCell } from '../summary.ts'

export interface CheckOptions {
  readonly kernels?: readonly KernelLine[]
  readonly engine: Engine
  readonly depth: number
  readonly reductions: readonly Reduction[]
  /** Of the explicit engine. */
  readonly order: Order
  readonly liveness: boolean
  /** Of the smt engine. */
  readonly anyStart: boolean
  readonly solver?: SolverChoice
  readonly smtLog?: string
  readonly workers?: number
  readonly maxStates?: number
  readonly maxBytes?: number
  readonly maxMs?: number
  readonly json: boolean
  readonly strict: boolean
  /** Ask the linter of each cell first. */
  readonly lint: boolean
  readonly update: boolean
  readonly full: boolean
  readonly save?: string
  readonly progress: boolean
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface Run {
  readonly cells: CheckedCell[]
  readonly outcomes: Outcome[]
  readonly errors: string[]
  readonly baseline: Record<string, Record<string, ExpectedCell>>
  saved: number
  /** Set once one could not be kept: the next would fail for the same reason. */
  saveFailed: boolean
}

/** Returns the exit code. */
export async function check(operands: readonly string[], options: CheckOptions): Promise<number> {
  const solvers = newPool(options.solver === undefined ? {} : { choice: options.solver })
  try {
    return await checkAll(operands, options, solvers)
  } finally {
    closePool(solvers)
  }
}

async function checkAll(operands: readonly string[], options: CheckOptions, solvers: SolverPool): Promise<number> {
  const whole = operands.length === 0
  // A damaged record is made anew by recording all of it.
  const baseline = whole ? (options.update ? {} : readBaseline()) : { ...readBaseline(), ...readWeekly() }
  const run: Run = { cells: [], outcomes: [], errors: [], baseline: {}, saved: 0, saveFailed: false }
  for (const operand of whole ? catalogue() : operands) {
    const loaded = load(operand, options.kernels)
    if (!loaded.ok) {
      complain(loaded.message, options, run)
      continue
    }
    await checkScenarios({ ...loaded, whole }, baseline, options, run, solvers)
  }
  // Only as a whole, on its own kernels, is the catalogue meant to reach everything.
  if (whole && options.kernels === undefined && options.engine !== 'smt' && missingFor(run.cells).length > 0)
    run.outcomes.push('vacuous')
  if (options.update) update(whole ? {} : baseline, options, run)
  const outcome = highest(run.outcomes)
  const kept = run.saved > 0 ? options.save : undefined
  if (options.json) {
    const report = { cells: run.cells, outcome, errors: run.errors, kept }
    options.out(`${JSON.stringify(runJson(report), null, 2)}\n`)
  } else {
    if (run.cells.length > 1 || whole) options.out(summary(run.cells, whole))
    if (kept !== undefined) options.out(keptLine(kept))
  }
  return EXIT[outcome].code
}

function complain(message: string, options: CheckOptions, run: Run): void {
  run.outcomes.push('input')
  // One mistake is found again on each kernel of its line.
  if (run.errors.includes(message)) return
  options.err(message)
  run.errors.push(message)
}

/** Records what was found, unless something could not be checked: its cells would be lost from the record. */
function update(old: Baseline, options: CheckOptions, run: Run): void {
  const worst = highest(run.outcomes)
  if (worst === 'input' || worst === 'disagree') {
    options.err(errorText('nothing is recorded, since not everything could be checked'))
    return
  }
  try {
    writeBaseline({ ...old, ...run.baseline })
  } catch (e) {
    complain(errorText(`cannot record what was found: ${reason(e)}`), options, run)
  }
}

interface Group {
  readonly scenarios: readonly Scenario[]
  readonly catalogue: boolean
  /** The whole catalogue is checked, so each scenario is told briefly. */
  readonly whole: boolean
  readonly source: Source
}

async function checkScenarios(
  group: Group,
  baseline: Baseline,
  options: CheckOptions,
  run: Run,
  solvers: SolverPool,
): Promise<void> {
  const [first] = group.scenarios
  if (first !== undefined && !options.json)
    options.out(`${options.style.bold(first.name)}\n${lesson(first.file.comments)}`)
  let raced = false
  let scoped = false
  for (const scenario of group.scenarios) {
    const progress = newProgress(options.progress, `${scenario.name} ${scenario.kernel.name}`)
    const result = await checkCell(scenario, cellOptions(options, solvers, progress.report))
    progress.end()
    if (!result.ok) {
      complain(mistake(result, scenario, group.source), options, run)
      continue
    }
    const { cell } = result
    const found = summarise(cell)
    ;(run.baseline[scenario.name] ??= {})[cell.kernel] = found
    const judged = group.catalogue && comparable(cell, options)
    const differs = judged ? differences(baseline[scenario.name]?.[cell.kernel], found, counted(cell)) : []
    run.cells.push({ cell, expected: judged, differs })
    run.outcomes.push(judged ? (differs.length > 0 ? 'violated' : 'ok') : judge(cell, options.strict))
    if (cell.problem !== undefined) run.outcomes.push('disagree')
    if (!options.json) {
      const inFull = !group.catalogue || (cell.found.size > 0 ? !raced : !scoped)
      print(cell, options, { inFull, outcomes: !group.whole }, differs)
      raced ||= cell.found.size > 0
      scoped ||= cell.found.size === 0
    }
    await save(cell, options, run)
  }
  if (!options.json) options.out('\n')
}

/** Where a label to leave out is wrong and stands in the file, it is shown there. */
function mistake(result: CellResult & { readonly ok: false }, scenario: Scenario, source: Source): string {
  const { message, help } = result
  const line = scenario.file.kernels.find((k) => k.names.some((n) => n.text === scenario.kernel.name))
  const label = line?.without.find((w) => w.text === result.label)
  if (label === undefined)
    return errorText(help === undefined ? message : withHelp(`${scenario.name}: ${message}`, help))
  const more = help === undefined ? {} : { help }
  return `${formatDiagnostic(source, { code: 'MM109', message, span: label.span, ...more })}\n`
}

/**
 * A cell of the catalogue is judged by what is recorded for it, a file of the user's by its verdict. A
 * search that a limit ended says nothing about the record.
 */
const comparable = (cell: Cell, options: CheckOptions): boolean =>
  options.engine !== 'smt' &&
  !options.update &&
  !options.liveness &&
  options.order === 'breadth-first' &&
  options.kernels === undefined &&
  cell.result.incomplete === undefined

function cellOptions(
  options: CheckOptions,
  solvers: SolverPool,
  onProgress: NonNullable<CellOptions['onProgress']>,
): CellOptions {
  const { engine, depth, lint, reductions, order, liveness, anyStart } = options
  const { smtLog, workers, maxStates, maxBytes, maxMs } = options
  return {
    engine,
    depth,
    lint,
    reductions,
    order,
    liveness,
    onProgress,
    anyStart,
    solvers,
    ...(smtLog === undefined ? {} : { smtLog }),
    ...(workers === undefined ? {} : { workers }),
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxMs === undefined ? {} : { maxMs }),
  }
}

/** `inFull`: with the race, or with scope and assumptions where there is none. */
interface Amount {
  readonly inFull: boolean
  readonly outcomes: boolean
}

function print(cell: Cell, options: CheckOptions, { inFull, outcomes }: Amount, differs: readonly string[]): void {
  const { out, style } = options
  out(`${cellLine(cell, style)}\n`)
  if (cell.problem !== undefined) out(`${wrapped(`mmcheck disagrees with itself: ${cell.problem}`, '      ')}\n`)
  if (cell.found.size > 0 && inFull) {
    out(`\n${raceText(cell, !options.full)}\n`)
    out(startText(cell))
    const [shown] = cell.properties.filter((p) => cell.found.has(p.property))
    const others = otherIds(cell, shown?.property)
    if (others !== '') out(`${others}\n`)
  } else if (cell.found.size > 0) out(`${otherIds(cell, undefined)}\n`)
  const told = outcomes ? outcomeText(cell) : observationText(cell)
  if (told !== '') out(`${told}\n`)
  if (inFull && cell.found.size === 0) out(`${scopeText(cell)}\n`)
  const ends = livenessText(cell, inFull && cell.found.size === 0)
  if (ends !== '' && outcomes) out(`${ends}\n`)
  const reduced = reductionText(cell)
  const chosen = options.reductions.includes('auto')
  if (reduced !== '' && (outcomes || chosen || cell.reduced?.notShortest !== undefined)) out(`${reduced}\n`)
  const deep = depthFirstText(cell)
  if (deep !== '') out(`${deep}\n`)
  if (outcomes) out(`${doneLine(cell)}\n`)
  for (const d of differs) out(`${wrapped(`NOT AS EXPECTED: ${d}`, '      ')}\n`)
}

async function save(cell: Cell, options: CheckOptions, run: Run): Promise<void> {
  if (options.save === undefined || run.saveFailed) return
  for (const f of cell.found.values()) {
    const saved = await saveCounterexample(options.save, f.counterexample)
    if (!saved.ok) {
      run.saveFailed = true
      const help = 'the check goes on; --no-save does without'
      options.err(errorText(withHelp(`warning: counterexamples are not kept: ${saved.error.message}`, help)))
      return
    }
    run.saved++
  }
}
