/**
 * Explores one thread alone. The environment may answer anything: each shared read gives a new
 * symbol. Paths that differ in a local or in a lock held are kept apart; they never join.
 */
import type { Lowered } from '../lower/lower.ts'
import { constant } from '../lower/build.ts'
import { type StepContext, type ThreadContext } from './context.ts'
import { stateOf, type State } from './path.ts'
import { runStep } from './run.ts'

const STATES_MAX = 20_000

function start(lowered: Lowered, ctx: ThreadContext): State {
  const locals = ctx.slots.flatMap((s, i) =>
    s.kind === 'local' && s.thread === ctx.thread ? [[i, constant(s.init)] as const] : [],
  )
  return stateOf({
    pc: lowered.model.slots[ctx.pcSlot]?.init ?? 0,
    held: [],
    locals: new Map(locals),
    alias: new Map(),
    domain: new Map(),
    memory: new Map(),
    sticky: new Map(),
    unprotected: new Map(),
    fresh: -1,
  })
}

/** What exploring a thread came to; `complete` unless paths were given up, for a reason that is then reported. */
export interface Explored {
  readonly states: number
  readonly complete: boolean
  /** Program counter values. */
  readonly reached: ReadonlySet<number>
}

/** Explores a thread; reports ML001 to ML006, and ML010. */
export function exploreThread(lowered: Lowered, thread: Omit<ThreadContext, 'giveUp'>): Explored {
  let complete = true
  const giveUp = (): void => {
    complete = false
  }
  const ctx: ThreadContext = { ...thread, giveUp }
  const byPc = new Map<number, StepContext>()
  for (const step of lowered.model.steps) {
    const info = lowered.info[step.id]
    if (step.thread === ctx.thread && info !== undefined) byPc.set(step.pc, { ...ctx, step, info })
  }
  const first = start(lowered, ctx)
  const seen = new Set([first.key])
  const todo = [first]
  const reached = new Set<number>()
  const max = ctx.rules.statesMax ?? STATES_MAX
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    const at = byPc.get(state.pc)
    if (at === undefined) continue
    reached.add(state.pc)
    for (const next of runStep(at, state)) {
      const after = leaveOperation(at, byPc.get(next.pc), next)
      if (seen.has(after.key)) continue
      if (seen.size >= max) {
        ctx.report('ML010', at.step.label, `more than ${max} abstract states; nothing beyond them was looked at`)
        return { states: seen.size, complete: false, reached }
      }
      seen.add(after.key)
      todo.push(after)
    }
  }
  return { states: seen.size, complete, reached }
}

/** A lock must not outlive the system call that took it. Said once: the thread goes on without it. */
function leaveOperation(from: StepContext, to: StepContext | undefined, state: State): State {
  if (state.held.length === 0) return state
  const [outer] = from.step.frames
  const ends = to === undefined
  if (!ends && (outer === undefined || to.step.frames[0]?.id === outer.id)) return state
  const what = ends && outer === undefined ? 'the thread ends' : `${outer?.fn ?? 'the operation'} returns`
  for (const { lock, mode } of state.held)
    from.report('ML002', from.step.label, `${what} with a ${lock.name} held (${mode} mode)`)
  return { ...state, held: [], key: `${state.key}|dropped` }
}
