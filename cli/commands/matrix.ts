/** `mmcheck matrix`: every pair of operations, in every world where both make sense, on several kernels. */
import {
  cellName,
  cellText,
  pairs,
  sweepOperations,
  triples,
  type SweepCell,
} from '../../model/scenarios/sweep/cells.ts'
import type { SweepWorld } from '../../model/scenarios/sweep/worlds.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { runPool } from '../matrix/pool.ts'
import { readSweepRecord, sweepDifferences, writeSweepRecord, type KernelRecord } from '../matrix/record.ts'
import type { SweepResult, SweepTask } from '../matrix/sweep_cell.ts'
import { kernelsOf, tallied, unexplained, type Ran } from '../matrix/tally.ts'
import { triangle, violationLines, type TableCell } from '../matrix/table.ts'
import { errorText, withHelp } from '../message.ts'
import { wrapped } from '../report_text.ts'
import type { Style } from '../style.ts'

export interface MatrixOptions {
  readonly worlds: readonly SweepWorld[]
  readonly kernels: readonly string[]
  /** Only cells in which one of these operations takes part; all where it is empty. */
  readonly operations: readonly string[]
  readonly triples: boolean
  readonly jobs: number
  readonly maxStates: number
  readonly json: boolean
  readonly table: boolean
  readonly update: boolean
  /** Shows how far the run is; called with text for one line of standard error. */
  readonly progress: (text: string) => void
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface WorldRun {
  readonly world: SweepWorld
  readonly cells: readonly SweepCell[]
  readonly results: readonly (SweepResult | undefined)[]
}

/** Returns the exit code. */
export async function matrix(options: MatrixOptions): Promise<number> {
  const old = readSweepRecord()
  const found: Record<string, Record<string, KernelRecord>> = { ...mutable(old) }
  const outcomes: Outcome[] = []
  const report: object[] = []
  for (const world of options.worlds) {
    const run = await runWorld(world, options)
    const key = recordKey(world, options)
    const records = Object.fromEntries(options.kernels.map((k) => [k, tallied(ranOf(run), k)]))
    const failures = run.results.flatMap((r) => (r?.ok === false ? [`${nameOf(run, r.index)}: ${r.message}`] : []))
    for (const f of failures) options.err(errorText(withHelp(f, 'the cell was not checked')))
    if (failures.length > 0) outcomes.push('input')
    // A part of a world's cells cannot be held against the record of all of them.
    const whole = options.operations.length === 0
    const differs = [
      ...(whole && !options.update ? differencesOf(old[key] ?? {}, records) : []),
      ...(whole ? Object.entries(records).flatMap(([k, r]) => unexplained(k, r).map((u) => `${k}: ${u}`)) : []),
    ]
    if (whole) found[key] = { ...found[key], ...records }
    outcomes.push(judge(records, differs, whole))
    if (options.json) report.push({ world: world.name, order: options.triples ? 3 : 2, kernels: records, differs })
    else {
      const fresh = whole && !options.update ? options.kernels.filter((k) => old[key]?.[k] === undefined) : []
      const told = fresh.length === 0 ? '' : `  nothing is recorded yet for ${fresh.join(', ')}; --update records it\n`
      options.out(`${told}${worldText(run, records, differs, options)}`)
    }
  }
  const outcome = highest(outcomes)
  if (options.update && outcome !== 'input') writeSweepRecord(found)
  if (options.json)
    options.out(
      `${JSON.stringify({ format: 'mmcheck-matrix', version: { major: 1, minor: 0 }, outcome, worlds: report }, null, 2)}\n`,
    )
  return EXIT[outcome].code
}

const mutable = (
  r: Readonly<Record<string, Readonly<Record<string, KernelRecord>>>>,
): Record<string, Record<string, KernelRecord>> =>
  Object.fromEntries(Object.entries(r).map(([world, kernels]) => [world, { ...kernels }]))

const recordKey = (world: SweepWorld, { triples: three }: MatrixOptions): string =>
  three ? `${world.name}^3` : world.name

async function runWorld(world: SweepWorld, options: MatrixOptions): Promise<WorldRun> {
  const wanted = new Set(options.operations)
  const all = options.triples ? triples(world) : pairs(world)
  const cells = all.filter(
    (c) => wanted.size === 0 || c.operations.some((o) => wanted.has(o.name) || wanted.has(o.operation.name)),
  )
  const tasks = cells.map((cell, index): SweepTask => ({
    index,
    name: `${world.name}.${cellName(cell)}`,
    text: cellText(cell, options.kernels),
    maxStates: options.maxStates,
  }))
  const results: (SweepResult | undefined)[] = cells.map(() => undefined)
  let done = 0
  await runPool(tasks, options.jobs, (r) => {
    results[r.index] = r
    done++
    options.progress(`${world.name}  ${done}/${tasks.length} cells`)
  })
  options.progress('')
  return { world, cells, results }
}

const ranOf = ({ cells, results }: WorldRun): readonly Ran[] => cells.map((c, i) => [cellName(c), results[i]])

const nameOf = (run: WorldRun, index: number): string => {
  const cell = run.cells[index]
  return `${run.world.name}.${cell === undefined ? '?' : cellName(cell)}`
}

const differencesOf = (
  old: Readonly<Record<string, KernelRecord>>,
  records: Readonly<Record<string, KernelRecord>>,
): readonly string[] =>
  Object.entries(records).flatMap(([kernel, r]) => {
    const expected = old[kernel]
    return expected === undefined ? [] : sweepDifferences(expected, r).map((d) => `${kernel}: ${d}`)
  })

/** A whole world is judged by its record, a part of one by what it finds. */
function judge(records: Readonly<Record<string, KernelRecord>>, differs: readonly string[], whole: boolean): Outcome {
  if (differs.length > 0) return 'violated'
  if (whole) return 'ok'
  const all = Object.values(records)
  if (all.some((r) => Object.keys(r.violated).length > 0)) return 'violated'
  return all.some((r) => r.unknown.length > 0) ? 'incomplete' : 'ok'
}

function worldText(
  run: WorldRun,
  records: Readonly<Record<string, KernelRecord>>,
  differs: readonly string[],
  options: MatrixOptions,
): string {
  const cells = run.cells.map((cell, i): TableCell => {
    const [a, b] = cell.operations
    return { name: cellName(cell), pair: [a?.name ?? '', b?.name ?? ''], kernels: kernelsOf(run.results[i]) }
  })
  const counts = Object.entries(records).map(([kernel, r]) => {
    const broken = Object.keys(r.violated).length
    const parts = [`${r.cells - broken - r.unknown.length} hold`, ...(broken > 0 ? [`${broken} violated`] : [])]
    if (r.unknown.length > 0) parts.push(`${r.unknown.length} without an answer`)
    return `  ${kernel}: ${parts.join(', ')}; ${r.states} states`
  })
  const lines = [
    options.style.bold(`${run.world.name}${options.triples ? ', triples' : ''}`),
    wrapped(`${run.world.title}; ${run.cells.length} cells`, '  '),
    ...counts,
    ...violationLines(cells),
    ...(options.table && !options.triples
      ? [
          triangle(
            sweepOperations(run.world).map((o) => o.name),
            cells,
          ),
        ]
      : []),
    ...differs.map((d) => wrapped(`NOT AS EXPECTED: ${d}`, '    ')),
  ]
  return `${lines.join('\n')}\n\n`
}
