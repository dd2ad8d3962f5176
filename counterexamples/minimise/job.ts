/** What the parts of a minimisation share: the target, the budget, what was asked already. */
import type { LitmusFile } from '../../model/litmus/ast.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { follow, type Turn } from './follow.ts'
import { ask, isModel, keyOf, modelOf, newBroken, type Answer, type Target } from './oracle.ts'

export interface MinimiseProgress {
  readonly phase: 'start' | 'reduce' | 'exhaust'
  /** Scenarios asked about. */
  readonly asked: number
  /** Of the smaller scenarios, how many were exhausted, and how many there are. */
  readonly done?: number
  readonly total?: number
  /** The best so far, in a few words. */
  readonly best: string
}

export interface Job {
  readonly target: Target
  readonly start: number
  readonly maxMs: number
  readonly stopped: () => boolean
  readonly onProgress?: (progress: MinimiseProgress) => void
  /** Answers that are final, by canonical text. */
  readonly known: Map<string, 'holds' | 'invalid'>
  asked: number
  /** Set when the budget ended, or the user ended it, in the midst of something. */
  over?: 'time' | 'interrupted'
}

export const newJob = (target: Target, options: Pick<Job, 'maxMs' | 'stopped' | 'onProgress'>): Job => ({
  ...options,
  target,
  start: performance.now(),
  known: new Map(),
  asked: 0,
})

export const remaining = (job: Job): number => job.maxMs - (performance.now() - job.start)

/** Lets a signal handler run, and says whether to go on. */
export async function goesOn(job: Job): Promise<boolean> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve)
  })
  if (job.over === undefined && job.stopped()) job.over = 'interrupted'
  if (job.over === undefined && remaining(job) <= 0) job.over = 'time'
  return job.over === undefined
}

/** Before it is asked whether a schedule will do, a search may see this many states. */
const FEW_STATES = 50_000

/**
 * Asks once per scenario. Where a short search does not tell, `schedule` is followed; where that leads
 * nowhere, the search goes on to its limits.
 */
export function question(job: Job, file: LitmusFile, limits: SearchOptions, schedule?: readonly Turn[]): Answer {
  const key = keyOf(file)
  const known = job.known.get(key)
  if (known === 'holds') return { kind: 'holds' }
  if (known === 'invalid') return { kind: 'invalid', reason: '' }
  const model = modelOf(file, job.target)
  const answer = isModel(model) ? search() : model
  job.asked++
  if (answer.kind === 'holds' || answer.kind === 'invalid') job.known.set(key, answer.kind)
  return answer

  function search(): Answer {
    if (!isModel(model)) return model
    const maxMs = Math.max(1, Math.min(limits.maxMs ?? Infinity, remaining(job)))
    if (schedule === undefined) return ask(model, { ...limits, maxMs })
    const first = ask(model, { maxMs, maxStates: Math.min(FEW_STATES, limits.maxStates ?? Infinity) })
    if (first.kind !== 'open') return first
    const moves = follow(file, model.model, model.property, schedule)
    if (moves !== undefined) {
      const violation = { property: model.property, moves }
      return { kind: 'breaks', broken: newBroken(model.scenario, model.model, violation, false) }
    }
    return ask(model, { ...limits, maxMs })
  }
}
