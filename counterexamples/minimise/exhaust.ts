/**
 * Is a local minimum the least of all? Every smaller scenario below the given one is checked, the smallest
 * first, until one breaks the property, all are exhausted, or the budget is spent.
 */
import type { LitmusFile, ThreadDecl } from '../../model/litmus/ast.ts'
import { compareNumbers } from '../../solver/order.ts'
import { closureOf, type Below, type Closure } from './below.ts'
import { goesOn, question, remaining, type Job } from './job.ts'
import { isBetter, keyOf } from './oracle.ts'
import { tell, withTables, type Best } from './shrink.ts'
import { LEAST, MEASURES, measuresOf, TOLD_BY_FILE, TRACE_MEASURES, type Size } from './size.ts'

/**
 * What is known of a measure, given those before it: nothing below the given scenario has less of it; or
 * nothing below the one found has; or the budget ended before that could be said.
 */
export type Standing = 'minimum' | 'local' | 'open'

export interface Exhausted {
  /** One for each of MEASURES, then of TRACE_MEASURES. */
  readonly standings: readonly Standing[]
  /** Smaller scenarios that were exhausted, and how many smaller ones are known. */
  readonly done: number
  readonly total: number
  /** Whether `total` counts all that are below the given scenario, not only below the one found. */
  readonly all: boolean
}

/** Beyond this many scenarios below the given one, only those below the one found are looked at. */
const SCENARIOS_MAX = 20_000
/** States decide; the time is for a machine that is busy with other things, too. */
const LIMITS = { maxStates: 2_000_000, maxMs: 120_000 } as const
/** Of what is left of the budget, for listing what is below the given scenario. */
const LISTING_SHARE = 0.1

export interface Origin {
  readonly file: LitmusFile
  readonly nameOf: (t: ThreadDecl) => string
  /** What is below it, once it was listed. */
  closure?: Closure
}

/** Sizes up to the measure `i`, compared. */
const upTo = (i: number, a: Size, b: Size): number => compareNumbers(a.slice(0, i + 1), b.slice(0, i + 1))

type Checked =
  { readonly kind: 'exhausted' } | { readonly kind: 'open' } | { readonly kind: 'better'; readonly best: Best }

/** One scenario below: whether it, or it with fewer page tables, is better than the best. */
function check(job: Job, below: Below, best: Best): Checked {
  const measures = measuresOf(best.broken.scenario)
  const tables = measures[TOLD_BY_FILE] ?? 0
  // Where the first measures are equal, page tables decide, of which it may need fewer than it has.
  const even = upTo(TOLD_BY_FILE - 1, below.size, measures) === 0
  const fewer = even ? [tables - 1, tables].filter((n) => n > 0).map((n) => withTables(below.file, n)) : []
  let open = false
  for (const file of [...fewer, below.file]) {
    const answer = question(job, file, LIMITS)
    if (answer.kind === 'open') open = true
    if (answer.kind === 'breaks' && isBetter(answer.broken, best.broken))
      return { kind: 'better', best: { file, broken: answer.broken, removed: below.removed } }
  }
  return open ? { kind: 'open' } : { kind: 'exhausted' }
}

/** The scenarios that may be smaller than the best: those below it first, since they are asked for by everyone. */
async function listed(job: Job, origin: Origin, best: Best): Promise<{ below: Closure; beside: Closure }> {
  const below = await closureOf(best.file, origin.nameOf, SCENARIOS_MAX, () => goesOn(job))
  const deadline = remaining(job) * (1 - LISTING_SHARE)
  origin.closure ??= await closureOf(
    origin.file,
    origin.nameOf,
    SCENARIOS_MAX,
    async () => (await goesOn(job)) && remaining(job) > deadline,
  )
  return { below, beside: origin.closure }
}

/** The outcome of looking at all that is smaller: a better scenario, or how the best one stands. */
export type Verdict =
  { readonly kind: 'better'; readonly best: Best } | { readonly kind: 'stands'; readonly exhausted: Exhausted }

export async function exhaust(job: Job, origin: Origin, best: Best): Promise<Verdict> {
  const size = measuresOf(best.broken.scenario)
  const { below, beside } = await listed(job, origin, best)
  const candidates = (c: Closure): readonly Below[] =>
    c.scenarios.filter((b) => upTo(TOLD_BY_FILE - 1, b.size, size) <= 0 && b.key !== keyOf(best.file))
  const inner = candidates(below).map((b) => ({ ...b, removed: [...best.removed, ...b.removed] }))
  const keys = new Set(inner.map((b) => b.key))
  const outer = beside.complete ? candidates(beside).filter((b) => !keys.has(b.key)) : []
  const all = [...inner, ...outer]
  const pending = new Set(all)
  for (const b of all) {
    if (!(await goesOn(job))) break
    tell(job, 'exhaust', best, { done: all.length - pending.size, total: all.length })
    const checked = check(job, b, best)
    if (checked.kind === 'better') return checked
    if (checked.kind === 'exhausted') pending.delete(b)
  }
  const open = [...pending]
  const decides = (i: number, b: Below): boolean => {
    const told = Math.min(i, TOLD_BY_FILE - 1)
    const order = upTo(told, b.size, size)
    // Nothing of the later ones is known before it is checked.
    return order < 0 || (i >= TOLD_BY_FILE && order === 0)
  }
  const numbers = [...size, ...best.broken.traceSize()]
  const standings = [...MEASURES, ...TRACE_MEASURES].map((measure, i): Standing => {
    if ((numbers[i] ?? 0) <= LEAST[measure]) return 'minimum'
    if (beside.complete && !open.some((b) => decides(i, b))) return 'minimum'
    return below.complete && !open.some((b) => keys.has(b.key) && decides(i, b)) ? 'local' : 'open'
  })
  return {
    kind: 'stands',
    exhausted: { standings, done: all.length - open.length, total: all.length, all: beside.complete },
  }
}
