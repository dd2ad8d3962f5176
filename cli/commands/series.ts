/** `mmcheck series`: a patch series, checked at every point between two patches and in every version. */
import { newProber } from '../../counterexamples/series/check.ts'
import { checkSeries, redPoints, type SeriesResult } from '../../counterexamples/series/table.ts'
import type { Counterexample } from '../../counterexamples/json.ts'
import type { Found } from '../../counterexamples/build.ts'
import { findSeries, SERIES } from '../../model/kernels/series.ts'
import type { LitmusFile } from '../../model/litmus/ast.ts'
import { closest } from '../../model/litmus/suggest.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { EXIT, highest } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue, load } from '../input.ts'
import { keepAll } from '../keep.ts'
import { printable, withHelp } from '../message.ts'
import { GUP_KERNELS, gupKernelsCommand } from './gup_kernels.ts'
import { NOSIGBUS, proposalsCommand } from './proposals.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { seriesJson, seriesText } from '../report_series.ts'
import { newStatus } from '../status.ts'

export interface SeriesOptions extends SearchOptions {
  /** The version that is told patch by patch; the last unless given. */
  readonly posting?: string
  readonly json: boolean
  readonly progress: boolean
  /** Where counterexamples are kept. */
  readonly save?: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: 10 where a point breaks what the base keeps whole, 20 where a search ended at a limit. */
export async function seriesCommand(
  name: string,
  operands: readonly string[],
  options: SeriesOptions,
): Promise<number> {
  if (name === NOSIGBUS || name === GUP_KERNELS) {
    if (operands.length > 0 || options.posting !== undefined)
      return fail(
        options,
        'usage',
        withHelp(`'series ${name}' takes no files and no --posting`, 'its scenarios are those of the catalogue'),
      )
    return name === NOSIGBUS ? proposalsCommand(options) : gupKernelsCommand(options)
  }
  const series = findSeries(name)
  if (series === undefined) {
    const known = [...SERIES.map((s) => s.name), NOSIGBUS, GUP_KERNELS]
    const near = closest(name, known)
    const help = near === undefined ? `known: ${known.join(', ')}` : `did you mean '${near}'?`
    return fail(options, 'usage', withHelp(`no series named '${printable(name)}'`, help))
  }
  const versions = series.postings.map((p) => p.version)
  const posting = options.posting ?? versions.at(-1) ?? ''
  if (!versions.includes(posting))
    return fail(
      options,
      'usage',
      withHelp(`${series.name} has no version '${printable(posting)}'`, `known: ${versions.join(', ')}`),
    )
  const files: LitmusFile[] = []
  for (const operand of operands.length === 0 ? catalogue() : operands) {
    const loaded = load(operand)
    if (!loaded.ok) {
      options.err(loaded.message)
      return EXIT.input.code
    }
    const [first] = loaded.scenarios
    const asked = operands.length > 0 || (first?.world.frames !== undefined) === (series.frames === true)
    if (first !== undefined && asked) files.push(first.file)
  }
  const status = newStatus(options.progress)
  const { posting: _posting, json: _, progress: _progress, save: _save, out: _out, err: _err, ...limits } = options
  const result = await checkSeries(series, files, newProber(limits), (done, of, text) => {
    status.at(`${series.name}  ${done}/${of}  ${text}`)
  })
  status.end()
  await keepAll(options.save, counterexamplesOf(result), options.err)
  const tables = [result.versions, ...result.postings.map((p) => p.table)]
  const limited = tables.some((t) => t.rows.some((r) => r.cells.some((c) => c.unknown.length > 0)))
  const outcome = highest([
    tables.some((t) => redPoints(t).length > 0) ? 'violated' : 'ok',
    limited ? 'incomplete' : 'ok',
  ])
  if (options.json)
    options.out(
      `${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, series: seriesJson(result) }, null, 2)}\n`,
    )
  else options.out(seriesText(result, posting))
  return EXIT[outcome].code
}

/** Each once: cells of one series share many. */
function counterexamplesOf(result: SeriesResult): Iterable<Counterexample> {
  const tables = [result.versions, ...result.postings.map((p) => p.table)]
  const found: readonly (Found | undefined)[] = [
    ...tables.flatMap((t) => t.rows.flatMap((r) => r.cells.flatMap((c) => [...c.broken.values()]))),
    ...result.postings.flatMap((p) => p.needs.flatMap((n) => n.breaks.map((b) => b.found))),
  ]
  const byId = new Map(found.flatMap((f) => (f === undefined ? [] : [[f.counterexample.id, f.counterexample]])))
  return byId.values()
}
