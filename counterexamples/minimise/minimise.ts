/** From a violation in any scenario to the smallest scenario that still has it, and its shortest trace. */
import type { LitmusFile } from '../../model/litmus/ast.ts'
import type { Violation } from '../../solver/engine.ts'
import { replay } from '../../solver/reference/replay.ts'
import { failed, ok, type Result } from '../result.ts'
import { exhaust, type Exhausted, type Origin } from './exhaust.ts'
import { begun, follow, renumbered, scheduleOf } from './follow.ts'
import { newJob, question, type Job } from './job.ts'
import { isModel, modelOf, newBroken, type Broken, type Target } from './oracle.ts'
import { originalNames, shrink, tell, type Best } from './shrink.ts'
import { measuresOf, type Size } from './size.ts'
import { bare, numbered } from './tree.ts'

export interface MinimiseOptions extends Pick<Job, 'stopped' | 'onProgress'> {
  readonly maxMs: number
  /** Whether to look at everything that is smaller, to say whether the least was found. */
  readonly exhaust: boolean
}

export interface Minimised {
  readonly file: LitmusFile
  readonly broken: Broken
  readonly removed: readonly string[]
  readonly before: Size
  readonly after: Size
  /** Absent where it was not asked for, or there was no time for it. */
  readonly exhausted?: Exhausted
  /** Scenarios asked about. */
  readonly asked: number
  readonly over?: 'time' | 'interrupted'
  /** The moves of `broken` are those of a run that never ends. */
  readonly endless?: true
}

/** Who interrupts does not want to wait. */
const LAST_LOOK = { maxStates: 100_000, maxMs: 1000 } as const

/** The file without threads and operations that a trace never begins: it runs all the same. */
function cut(file: LitmusFile, used: ReadonlySet<number>): LitmusFile {
  const threads = file.threads
    .map((t) => ({ ...t, stmts: t.stmts.filter((s) => used.has(s.span.start)) }))
    .filter((t) => t.stmts.length > 0)
  return threads.length === 0 ? file : { ...file, threads: numbered(threads) }
}

/** The first thing to try: what the trace never begins, at once. */
function start(job: Job, whole: Best): Best {
  const schedule = scheduleOf(whole.file, whole.broken.model, whole.broken.violation.moves)
  const file = cut(whole.file, begun(schedule))
  const model = modelOf(file, job.target)
  if (!isModel(model)) return whole
  const moves = follow(file, model.model, model.property, schedule)
  if (moves === undefined) return whole
  const gone = (f: LitmusFile): number => f.threads.reduce((n, t) => n + t.stmts.length, 0)
  const n = gone(whole.file) - gone(file)
  if (n === 0) return whole
  const { property } = model
  const broken = newBroken(model.scenario, model.model, { property, moves }, false)
  return { file, broken, removed: [...whole.removed, `${n} operations that the trace never begins`] }
}

/**
 * `violation` is one of `file` on the target's kernel, of any length. Nothing in the answer is worse than
 * what was given; the error is for a file that does not break the property.
 */
export async function minimise(
  given: LitmusFile,
  target: Target,
  violation: Violation,
  options: MinimiseOptions,
): Promise<Result<Minimised, string>> {
  const job = newJob(target, options)
  const whole = modelOf(given, target)
  if (!isModel(whole)) return failed(`it does not break ${target.property}`)
  const before = measuresOf(whole.scenario)
  const file = bare(given)
  const model = modelOf(file, target)
  // Registers are only written, and the final condition is only read: the moves are the same.
  const moves = isModel(model) ? renumbered(whole.model, model.model, violation.moves) : undefined
  const ran = isModel(model) && moves !== undefined ? replay(model.model, moves) : undefined
  if (!isModel(model) || moves === undefined || ran?.kind !== 'ran' || !ran.violated.includes(model.property))
    return failed(`its trace does not break ${target.property} again`)
  const nameOf = originalNames(given)
  const told = given.final === undefined ? [] : ['the final condition, and registers']
  const broken = newBroken(model.scenario, model.model, { property: model.property, moves }, false)
  const first = start(job, { file, broken, removed: told })
  tell(job, 'start', first)
  const origin: Origin = { file, nameOf }
  let best = await shrink(job, first, nameOf)
  let exhausted: Exhausted | undefined
  while (options.exhaust && job.over === undefined) {
    const verdict = await exhaust(job, origin, best)
    if (verdict.kind === 'stands') {
      exhausted = verdict.exhausted
      break
    }
    best = await shrink(job, verdict.best, nameOf)
  }
  if (!best.broken.shortest) {
    const answer = question(job, best.file, job.over === 'interrupted' ? LAST_LOOK : { maxStates: 600_000 })
    if (answer.kind === 'breaks') best = { ...best, broken: answer.broken }
  }
  return ok({
    file: best.file,
    broken: best.broken,
    removed: best.removed,
    before,
    after: measuresOf(best.broken.scenario),
    asked: job.asked,
    ...(exhausted === undefined ? {} : { exhausted }),
    ...(job.over === undefined ? {} : { over: job.over }),
  })
}
