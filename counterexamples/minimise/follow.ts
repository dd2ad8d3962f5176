/** Does a known schedule break a reduced scenario too? A cheap question where a search would be long. */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import type { LitmusFile, Stmt } from '../../model/litmus/ast.ts'
import type { Move } from '../../solver/engine.ts'
import { sameNumbers } from '../../solver/order.ts'
import {
  brokenInvariants,
  deadlockProperty,
  initialState,
  isDeadlock,
  successors,
  type Successor,
} from '../../solver/reference/interpreter.ts'

/** One entry of a schedule: a step of some statement, or of a daemon. */
export interface Turn {
  /** Where the statement once stood in its text: what stays of it through all reductions. Absent for a daemon. */
  readonly stmt?: number
  readonly choices: readonly number[]
}

/** Steps taken after the schedule is over: enough for the operations of a few threads to end. */
const AFTERWARDS_MAX = 400

/**
 * The statement that a step is part of: labels begin with the operation and, from the second on, its
 * number. What a thread does before its first statement, as to wait for a fork, counts as part of that.
 */
function stmtOf(file: LitmusFile, step: Step): Stmt | undefined {
  const [head = ''] = step.label.split('.')
  const [, op = '', number] = /^(.*?)(?:_(\d+))?$/.exec(head) ?? []
  const stmts = file.threads[step.thread]?.stmts
  return stmts?.filter((s) => s.op.text === op)[Number(number ?? 1) - 1] ?? stmts?.[0]
}

/** The same moves in a model that has the same steps under other numbers; undefined where one is not there. */
export function renumbered(from: LoweredModel, to: LoweredModel, moves: readonly Move[]): readonly Move[] | undefined {
  const name = ({ thread, label }: Step): string => `${thread} ${label}`
  const nameOf = new Map(from.steps.map((s) => [s.id, name(s)]))
  const idOf = new Map(to.steps.map((s) => [name(s), s.id]))
  const out = moves.flatMap((m) => {
    const step = idOf.get(nameOf.get(m.step) ?? '')
    return step === undefined ? [] : [{ ...m, step }]
  })
  return out.length === moves.length ? out : undefined
}

const place = (s: Stmt | undefined): { readonly stmt?: number } => (s === undefined ? {} : { stmt: s.span.start })

/** The schedule of a trace. */
export function scheduleOf(file: LitmusFile, model: LoweredModel, moves: readonly Move[]): readonly Turn[] {
  const stepOf = new Map(model.steps.map((s) => [s.id, s]))
  return moves.flatMap((m) => {
    const step = stepOf.get(m.step)
    return step === undefined ? [] : [{ ...place(stmtOf(file, step)), choices: m.choices }]
  })
}

/** The statements that a schedule begins, and so all that it needs. */
export const begun = (schedule: readonly Turn[]): ReadonlySet<number> => new Set(schedule.flatMap((t) => t.stmt ?? []))

/**
 * The moves to a violation of `property`, where following the schedule as far as it goes leads to one.
 * A turn of a statement that is gone, over or blocked is passed over; a thread that is behind catches up.
 */
export function follow(
  file: LitmusFile,
  model: LoweredModel,
  property: number,
  schedule: readonly Turn[],
): readonly Move[] | undefined {
  const stepOf = new Map(model.steps.map((s) => [s.id, s]))
  const moves: Move[] = []
  let state = initialState(model)
  const nextOf = (thread: number): readonly Successor[] =>
    successors(model, state).filter((s) => stepOf.get(s.move.step)?.thread === thread)
  /** Takes a move; whether it breaks the property. */
  const take = (s: Successor): boolean => {
    moves.push(s.move)
    state = s.state
    return s.failed.includes(property) || brokenInvariants(model, state).includes(property)
  }
  const threadOf = (turn: Turn): number =>
    turn.stmt === undefined
      ? model.threads.findIndex((t) => t.daemon)
      : file.threads.findIndex((t) => t.stmts.some((s) => s.span.start === turn.stmt))
  /** How far a turn's statement is from the one that its thread is in: negative where it is over. */
  const ahead = (turn: Turn, thread: number, next: Successor): number => {
    const step = stepOf.get(next.move.step)
    const at = step === undefined ? undefined : stmtOf(file, step)
    const stmts = file.threads[thread]?.stmts ?? []
    return at === undefined ? 0 : stmts.findIndex((s) => s.span.start === turn.stmt) - stmts.indexOf(at)
  }
  for (const turn of schedule) {
    const thread = threadOf(turn)
    if (thread < 0) continue
    for (let goOn = true; goOn;) {
      const next = nextOf(thread)
      const [first] = next
      if (first === undefined) break
      const distance = ahead(turn, thread, first)
      if (distance < 0) break
      goOn = distance > 0
      if (take(next.find((s) => sameNumbers(s.move.choices, turn.choices)) ?? first)) return moves
      if (moves.length > schedule.length + AFTERWARDS_MAX) return undefined
    }
  }
  const end = moves.length + AFTERWARDS_MAX
  while (moves.length < end) {
    const next = successors(model, state)
    const last = stepOf.get(moves[moves.length - 1]?.step ?? -1)?.thread
    const chosen = next.find((s) => stepOf.get(s.move.step)?.thread === last) ?? next[0]
    if (chosen === undefined) break
    if (take(chosen)) return moves
  }
  return property === deadlockProperty(model) && isDeadlock(model, state) ? moves : undefined
}
