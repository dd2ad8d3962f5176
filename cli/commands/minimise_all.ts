/** `mmcheck minimise --all`: every recorded counterexample, held against what is recorded of its minimality, or recorded anew. */
import type { Counterexample, Minimality } from '../../counterexamples/json.ts'
import { resolveMoves } from '../../counterexamples/json.ts'
import { finish } from '../../counterexamples/minimise/finish.ts'
import { minimiseEndless } from '../../counterexamples/minimise/endless.ts'
import { minimise, type MinimiseOptions } from '../../counterexamples/minimise/minimise.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import { listCounterexamples, loadCounterexample, saveCounterexample } from '../../counterexamples/store.ts'
import { scenarioText } from '../../counterexamples/build.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { EXIT, highest, INTERRUPTED, type Outcome } from '../exit.ts'
import { fail } from '../fail.ts'
import { errorText } from '../message.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { measureRows, type MinimisedReport } from '../report_minimise.ts'
import { newStatus } from '../status.ts'
import { traceSize } from './minimise.ts'
import { corpusDirectory, rerun } from './replay.ts'

export interface MinimiseAllOptions {
  /** Of each, in milliseconds. */
  readonly maxMs: number
  readonly update: boolean
  readonly json: boolean
  readonly progress: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

export interface MinimalityOptions {
  readonly maxMs: number
  readonly stopped: () => boolean
  readonly onProgress?: (asked: number) => void
}

/** What minimise says of a recorded counterexample today; undefined where it was interrupted. The error is one line. */
export async function minimalityOf(
  c: Counterexample,
  { maxMs, stopped, onProgress }: MinimalityOptions,
): Promise<Result<Minimality | undefined, string>> {
  const again = rerun(c)
  if (!again.ok) return again
  const { scenario, lowered, property } = again.value
  const moves = resolveMoves(lowered.model, c.trace)
  if (!moves.ok) return failed(moves.error.message)
  const target = { kernel: kernelLine([scenario.kernel.name], scenario.without), property: c.property.name }
  const options: MinimiseOptions = {
    maxMs,
    exhaust: true,
    stopped,
    ...(onProgress === undefined ? {} : { onProgress: ({ asked }) => onProgress(asked) }),
  }
  const made =
    c.loopStart === undefined
      ? await minimise(scenario.file, target, { property, moves: moves.value }, options)
      : await minimiseEndless(scenario.file, target, options)
  if (!made.ok) return made
  if (made.value.over === 'interrupted') return ok(undefined)
  const finished = finish(made.value, target)
  if (!finished.ok) return finished
  const report: MinimisedReport = {
    from: c.id,
    kernel: c.scenario.kernel,
    property: c.property.name,
    minimised: made.value,
    finished: finished.value,
    before: traceSize(lowered.model, moves.value),
  }
  const { done = 0, total = 0, all = false } = made.value.exhausted ?? {}
  return ok({
    id: finished.value.found.counterexample.id,
    litmus: scenarioText(finished.value.scenario),
    measures: measureRows(report).map(({ measure, before, after, standing }) => ({
      name: measure,
      before,
      after,
      standing,
    })),
    exhausted: { done, total, all },
    ended: made.value.over === 'time' ? 'time' : 'done',
  })
}

/** `2 threads, 2 operations, ...: minimum in all` or in which not. */
export function minimalityText({ measures, exhausted, ended }: Minimality): string {
  const not = measures.filter((m) => m.standing !== 'minimum')
  const less = measures.filter((m) => m.after < m.before)
  const taken = less.map((m) => `${m.name} ${m.before} -> ${m.after}`).join(', ')
  const standing =
    not.length === 0 ? 'minimum in all' : `minimum but for ${not.map((m) => `${m.name} (${m.standing})`).join(', ')}`
  const proof = `${exhausted.done} of ${exhausted.total} smaller scenarios exhausted`
  return [taken, standing, proof, ...(ended === 'time' ? ['out of time'] : [])].filter((t) => t !== '').join('; ')
}

/** Whether two answers say the same, where both had the time that they needed. */
const same = (a: Minimality, b: Minimality): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Returns the exit code: 0 where all is as recorded, 10 where it is not, 20 where there was no time to tell. */
export async function minimiseAllCommand(options: MinimiseAllOptions): Promise<number> {
  const { out, err, json, update, maxMs } = options
  const directory = corpusDirectory()
  const listed = await listCounterexamples(directory)
  if (!listed.ok) return fail(options, 'input', listed.error.message)
  let stopped = false
  const stop = (): void => {
    stopped = true
  }
  process.once('SIGINT', stop)
  const outcomes: Outcome[] = []
  const told: Json[] = []
  const status = newStatus(options.progress)
  for (const [i, id] of listed.value.entries()) {
    const loaded = await loadCounterexample(directory, id)
    const c = loaded.ok ? loaded.value : undefined
    const made =
      c === undefined
        ? failed(loaded.ok ? '' : loaded.error.message)
        : await minimalityOf(c, {
            maxMs,
            stopped: () => stopped,
            onProgress: (asked) => status.at(`${id}  ${i + 1}/${listed.value.length}  ${asked} scenarios checked`),
          })
    status.end()
    if (!made.ok || c === undefined) {
      outcomes.push('input')
      err(errorText(`${id}: ${made.ok ? '' : made.error}`))
      continue
    }
    const now = made.value
    if (now === undefined) break
    const outcome = judge(c.minimised, now, update)
    outcomes.push(outcome)
    if (update && (now.ended === 'done' || c.minimised?.ended !== 'done')) {
      const saved = await saveCounterexample(directory, { ...c, minimised: now })
      if (!saved.ok) return fail(options, 'input', saved.error.message)
    }
    told.push({ id, minimised: now.id, text: minimalityText(now), asRecorded: outcome === 'ok' })
    if (!json) out(`${id}  ${minimalityText(now)}${outcome === 'violated' ? '; NOT AS RECORDED' : ''}\n`)
  }
  process.removeListener('SIGINT', stop)
  if (json) out(`${JSON.stringify({ ...RESULT_FORMAT, corpus: told }, null, 2)}\n`)
  return stopped ? INTERRUPTED : EXIT[highest(outcomes)].code
}

function judge(recorded: Minimality | undefined, now: Minimality, update: boolean): Outcome {
  if (update) return 'ok'
  if (now.ended === 'time' || recorded?.ended === 'time') return 'incomplete'
  return recorded !== undefined && same(recorded, now) ? 'ok' : 'violated'
}
