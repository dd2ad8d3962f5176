/** `mmcheck nightly`, and `check` with the same options: many cells, several reports, a record to be held against. */
import { weekly } from '../input.ts'
import { readBaseline, readWeekly, writeBaseline, type Baseline } from '../baseline.ts'
import { missing } from '../nightly/document_of.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import type { RunDocument } from '../document.ts'
import { readSweepRecord, sweepDifferences, writeSweepRecord } from '../matrix/record.ts'
import { errorText, reason, withHelp } from '../message.ts'
import { isWorld, sweepFound } from '../nightly/sweep_judge.ts'
import type { Execute } from '../nightly/execute.ts'
import { newRunProgress } from '../nightly/progress.ts'
import { changes, mayRecord, runCells, type RunDone, type RunOptions } from '../nightly/run.ts'
import { openReporters, type ReporterRequest } from '../reporters/registry.ts'
import { standing, type Reporter } from '../reporters/reporter.ts'
import { wrapped } from '../report_text.ts'
import type { Style } from '../style.ts'

export interface NightlyOptions extends Omit<RunOptions, 'baseline' | 'watch' | 'execute'> {
  readonly execute: (err: (text: string) => void) => Execute
  readonly reporters: readonly ReporterRequest[]
  /** A line that is written over. */
  readonly progress: boolean
  readonly heartbeatMs: number
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const RESUME_HELP = 'start it anew by leaving out --resume, or name another directory with --run-dir'

/** Returns the exit code. */
export async function nightly(options: NightlyOptions): Promise<number> {
  const { out, err, style, update } = options
  const speaker = { json: false, out, err }
  const baseline: Baseline = { ...readBaseline(), ...readWeekly() }
  const opened = openReporters(options.reporters, style, out)
  if (!opened.ok) return fail(speaker, 'usage', opened.error)
  const reporters = opened.value
  const progress = newRunProgress({ line: options.progress, heartbeatMs: options.heartbeatMs, err })
  const ran = await runCells({
    ...options,
    baseline,
    execute: options.execute(err),
    watch: {
      begin: (start) => {
        progress.begin(start.planned, start.cost)
        for (const r of reporters) r.begin?.(start)
      },
      cell: (cell, cost, done) => {
        progress.cell(cost, cell.cached === true, !['pass', 'xfail'].includes(standing(cell)))
        for (const r of reporters) r.cell?.(cell, done)
      },
      error: (message) => {
        err(message)
        for (const r of reporters) r.error?.(message)
      },
      progress: (job, p) => {
        progress.search(job.key, p)
      },
    },
  })
  progress.end()
  if (!ran.ok) return fail(speaker, 'input', withHelp(ran.error, RESUME_HELP))
  return tell(ran.value, reporters, options, update ? baseline : undefined)
}

/** Lets every reporter speak, records what was found if that was asked for, and gives the exit code. */
function tell(
  ran: RunDone,
  reporters: readonly Reporter[],
  options: NightlyOptions,
  old: Baseline | undefined,
): number {
  const { err } = options
  const { document } = ran
  const { exit } = document
  let worst = exit
  for (const r of reporters) {
    try {
      r.end(document)
    } catch (e) {
      if (!(e instanceof Error && 'code' in e)) throw e
      err(errorText(`a report could not be written: ${reason(e)}`))
      worst = exit === EXIT.internal.code || exit === EXIT.disagree.code ? exit : EXIT.input.code
    }
  }
  if (document.run?.whole === true && document.run.shard === null) {
    const lacking = missing(document.cells)
    if (lacking.length > 0) err(errorText(`no cell reaches what properties ask to be reached: ${lacking.join(', ')}`))
  }
  const fresh = document.cells.filter((c) => isWorld(c) && c.sweep?.expected === undefined).map((c) => c.scenario)
  if (fresh.length > 0 && old === undefined)
    err(`mmcheck: nothing is recorded yet for ${[...new Set(fresh)].join(', ')}; --update records it\n`)
  if (old !== undefined) record(ran, old, options)
  if (worst === exit) ran.close()
  return worst
}

/** Records the worlds that were swept as a whole; one line for each change. */
function recordSweep({ cells }: RunDocument): readonly string[] {
  const found = sweepFound(cells)
  if (Object.keys(found).length === 0) return []
  const old = readSweepRecord()
  const worlds = Object.entries(found).map(([world, kernels]) => [world, { ...old[world], ...kernels }] as const)
  writeSweepRecord({ ...old, ...Object.fromEntries(worlds) })
  return Object.entries(found).flatMap(([world, kernels]) =>
    Object.entries(kernels).flatMap(([kernel, now]) => {
      const before = old[world]?.[kernel]
      if (before === undefined) return [`sweep.${world} on ${kernel}: new, ${now.cells} cells, ${now.states} states`]
      return sweepDifferences(before, now).map(
        (d) => `sweep.${world} on ${kernel}: ${d.replace('expected', 'was').replace(', got', ', now')}`,
      )
    }),
  )
}

/** Writes the record anew, and says what of it changed. */
function record({ document, found }: RunDone, old: Baseline, { err, selection }: NightlyOptions): void {
  if (!mayRecord(document)) {
    err(errorText('nothing is recorded, since not everything could be checked'))
    return
  }
  const lines = [...changes(old, found), ...recordSweep(document)]
  // Of the whole catalogue, what is not found any longer is dropped.
  const whole = selection.operands.length === 0 && selection.tier !== 'push' && document.run?.shard === null
  const kept = new Set(weekly())
  const gone = whole ? Object.keys(old).filter((name) => found[name] === undefined && !kept.has(name)) : []
  writeBaseline({ ...Object.fromEntries(Object.entries(old).filter(([name]) => !gone.includes(name))), ...found })
  const all = [...lines, ...gone.map((name) => `${name}: no longer there`)]
  err(`mmcheck: recorded; ${all.length === 0 ? 'nothing changed' : `${all.length} changes`}\n`)
  for (const l of all) err(`${wrapped(l, '  ', 4)}\n`)
}
