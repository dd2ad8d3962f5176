/**
 * Explores one thread alone. The environment may answer anything: each shared read gives a new
 * symbol. What comes to one step on several paths is joined into one state, which knows what all of them
 * know; apart stay those that hold different locks, or that control flow will tell apart (State.shape).
 */
import type { Lowered } from '../lower/lower.ts'
import type { Slot } from '../lowered.ts'
import { type State } from './canonical.ts'
import { type StepContext, type ThreadContext } from './context.ts'
import { joinStates } from './join.ts'
import { needsOf } from './needs.ts'
import { betweenSteps, NOTHING, runStep } from './run.ts'

const STATES_MAX = 20_000

const start = ({ slots, pcSlot }: ThreadContext): State =>
  betweenSteps(
    {
      pc: slots[pcSlot]?.init ?? 0,
      held: [],
      locals: new Map(),
      alias: new Map(),
      domain: new Map(),
      memory: new Map(),
      sticky: new Map(),
      unprotected: new Map(),
      notes: [],
      fresh: -1,
    },
    slots,
  )

/** What exploring a thread came to; `complete` unless paths were given up, for a reason that is then reported. */
export interface Explored {
  readonly states: number
  readonly complete: boolean
  /** Program counter values. */
  readonly reached: ReadonlySet<number>
}

/** The states that are still to be looked at; those of the first steps first, so that what meets again has met by then. */
interface Worklist {
  /** False where nothing was learned: the state is one that was known before. */
  readonly add: (state: State) => boolean
  readonly next: () => State | undefined
}

function worklist(slots: readonly Slot[]): Worklist {
  const known = new Map<string, State>()
  const waiting = new Map<number, Map<string, State>>()
  return {
    add(state): boolean {
      const before = known.get(state.shape)
      const now = before === undefined ? state : joinStates(before, state, slots, NOTHING)
      if (now.key === before?.key) return false
      known.set(state.shape, now)
      const { pc } = state.path
      const here = waiting.get(pc) ?? new Map<string, State>()
      waiting.set(pc, here.set(state.shape, now))
      return true
    },
    next(): State | undefined {
      const pc = [...waiting.keys()].reduce((a, b) => Math.min(a, b), Infinity)
      const here = waiting.get(pc)
      for (const [shape, state] of here ?? []) {
        here?.delete(shape)
        if (here?.size === 0) waiting.delete(pc)
        return state
      }
      return undefined
    },
  }
}

/** Explores a thread; reports ML001 to ML006, and ML010. */
export function exploreThread(lowered: Lowered, thread: Omit<ThreadContext, 'giveUp'>): Explored {
  let complete = true
  const giveUp = (): void => {
    complete = false
  }
  const ctx: ThreadContext = { ...thread, giveUp }
  const sticky = new Set(
    Object.entries(ctx.rules.fields).flatMap(([name, r]) => (r.sticky === undefined ? [] : [name])),
  )
  const byPc = new Map<number, StepContext>()
  for (const step of lowered.model.steps) {
    const info = lowered.info[step.id]
    if (step.thread === ctx.thread && info !== undefined)
      byPc.set(step.pc, { ...ctx, step, info, body: needsOf(step, info, ctx, sticky) })
  }
  const todo = worklist(ctx.slots)
  todo.add(start(ctx))
  const reached = new Set<number>()
  const max = ctx.rules.statesMax ?? STATES_MAX
  let states = 1
  for (let state = todo.next(); state !== undefined; state = todo.next()) {
    const at = byPc.get(state.path.pc)
    if (at === undefined) continue
    reached.add(state.path.pc)
    for (const next of runStep(at, state)) {
      if (!todo.add(leaveOperation(at, byPc.get(next.path.pc), next))) continue
      if (states++ < max) continue
      ctx.report('ML010', at.step.label, `more than ${max} abstract states; nothing beyond them was looked at`)
      return { states, complete: false, reached }
    }
  }
  return { states, complete, reached }
}

/** A lock must not outlive the system call that took it. Said once: the thread goes on without it. */
function leaveOperation(from: StepContext, to: StepContext | undefined, state: State): State {
  if (state.path.held.length === 0) return state
  const [outer] = from.step.frames
  const ends = to === undefined
  if (!ends && (outer === undefined || to.step.frames[0]?.id === outer.id)) return state
  const what = ends && outer === undefined ? 'the thread ends' : `${outer?.fn ?? 'the operation'} returns`
  for (const { lock, mode } of state.path.held)
    from.report('ML002', from.step.label, `${what} with a ${lock.name} held (${mode} mode)`)
  return betweenSteps({ ...state.path, held: [] }, from.slots)
}
