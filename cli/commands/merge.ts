/** `mmcheck merge`: the results of all shards of a run as the result of the run; or one result in other forms. */
import { RESULT_FORMAT } from '../report_json.ts'
import { runDocument, type RunDocument } from '../document.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { fail } from '../fail.ts'
import { printable, reason } from '../message.ts'
import { readText } from '../read.ts'
import { missing, withExit } from '../nightly/document_of.ts'
import { isWorld, withWorlds } from '../nightly/sweep_judge.ts'
import { openReporters, type ReporterRequest } from '../reporters/registry.ts'
import type { Style } from '../style.ts'

/** A result of more is none of ours. */
const BYTES_MAX = 512 * 1024 * 1024

/** Reads a result; the error is a message. */
export function readResult(path: string): Result<RunDocument, string> {
  const name = path === '-' ? 'standard input' : `'${printable(path)}'`
  const read = readText(path, BYTES_MAX)
  if (!read.ok) return failed(`cannot read ${name}: ${read.error}`)
  let raw: unknown
  try {
    raw = JSON.parse(read.value)
  } catch {
    return failed(`${name} is no JSON`)
  }
  const parsed = runDocument.safeParse(raw)
  if (parsed.success) return ok(parsed.data)
  const [first] = parsed.error.issues
  const where = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.map(String).join('.')}`
  return failed(
    `${name} is no mmcheck-result of version ${RESULT_FORMAT.version.major}${where}: ${first?.message ?? ''}`,
  )
}

/** The result of a run of which these are all the shards. The error is a message. */
export function merged(parts: readonly RunDocument[]): Result<RunDocument, string> {
  const [first] = parts
  const run = first?.run
  if (first === undefined) return failed('there is nothing to merge')
  if (run === undefined || run.shard === null) {
    return parts.length === 1
      ? ok(first)
      : failed('a result without shards is whole: there is nothing to merge it with')
  }
  const { of } = run.shard
  for (const p of parts) {
    if (p.run?.shard?.of !== of || p.run.plan !== run.plan || p.tool?.code !== first.tool?.code)
      return failed('the files are of different runs: another version, another model, other options, or other shards')
  }
  const indices = parts.flatMap((p) => p.run?.shard?.index ?? [])
  const twice = indices.find((x, i) => indices.indexOf(x) !== i)
  if (twice !== undefined) return failed(`shard ${twice} of ${of} is there twice`)
  const lacking = Array.from({ length: of }, (_, i) => i + 1).filter((i) => !indices.includes(i))
  if (lacking.length > 0) return failed(`shard ${lacking.join(', ')} of ${of} is missing`)
  // A world of the sweep is put together of the rows of all shards.
  const cells = parts
    .flatMap((p) => p.cells)
    .filter((c) => !isWorld(c))
    .sort((a, b) => (a.place ?? 0) - (b.place ?? 0))
  const errors = [...new Set(parts.flatMap((p) => p.errors))]
  if (cells.length !== run.planned && errors.length === 0)
    return failed(`the shards have ${cells.length} cells, and the run has ${run.planned}`)
  const started = parts.flatMap((p) => p.time?.started ?? []).sort()[0] ?? ''
  const { format, version, tool } = first
  return ok(
    withExit({
      format,
      version,
      tool,
      run: { ...run, shard: null },
      cells: [...withWorlds(cells)],
      errors,
      kept: null,
      time: { started, ms: Math.max(...parts.map((p) => p.time?.ms ?? 0)) },
    }),
  )
}

export interface MergeOptions {
  readonly reporters: readonly ReporterRequest[]
  readonly style: Style
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Returns the exit code: that of the whole run. */
export function merge(files: readonly string[], options: MergeOptions): number {
  const speaker = { json: false, out: options.out, err: options.err }
  const parts: RunDocument[] = []
  for (const file of files) {
    const read = readResult(file)
    if (!read.ok) return fail(speaker, 'input', read.error)
    parts.push(read.value)
  }
  const whole = merged(parts)
  if (!whole.ok) return fail(speaker, 'input', whole.error)
  const opened = openReporters(options.reporters, options.style, options.out)
  if (!opened.ok) return fail(speaker, 'usage', opened.error)
  const { run, cells, exit } = whole.value
  const lacking = run?.whole === true && run.shard === null ? missing(cells) : []
  if (lacking.length > 0) options.err(`mmcheck: no cell reaches ${lacking.join(', ')}\n`)
  for (const r of opened.value) {
    try {
      r.end(whole.value)
    } catch (e) {
      if (!(e instanceof Error && 'code' in e)) throw e
      return fail(speaker, 'input', `a report could not be written: ${reason(e)}`)
    }
  }
  return exit
}
