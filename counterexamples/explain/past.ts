/**
 * The causal past of a violation: the steps that it could not have come about without, by what each
 * step of the trace read and wrote. The others can be left out of the trace, which is then run again
 * to be sure of it.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move } from '../../solver/engine.ts'
import { accessesIn, readsOf, type StepAccesses } from '../../solver/reference/accesses.ts'
import { deadlockProperty } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'

const meets = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => {
  for (const x of a) if (b.has(x)) return true
  return false
}

/**
 * The places (from 0) of the moves that are no part of the causal past; none where all are, where the
 * property is about everybody (a deadlock), or where the trace did not break it without them. Throws on
 * moves that the model cannot make.
 */
export function outsidePast(model: LoweredModel, property: number, moves: readonly Move[]): ReadonlySet<number> {
  const nothing: ReadonlySet<number> = new Set()
  const full = replay(model, moves)
  if (full.kind === 'stuck') throw new Error(`the trace does not run: ${full.reason}`)
  if (property === deadlockProperty(model)) return nothing
  const stepOf = new Map(model.steps.map((s) => [s.id, s]))
  const last = moves.length - 1
  const accesses = moves.map((m, i): StepAccesses => {
    const step = stepOf.get(m.step)
    const state = full.states[i]
    if (step === undefined || state === undefined) throw new Error(`the model has no step ${m.step}`)
    return accessesIn(model, step, m.choices, state, i === last ? property : undefined)
  })
  // An invariant looks at the last state, as if one more step did.
  const sink = new Set<number>()
  const end = full.states[moves.length]
  for (const invariant of model.invariants)
    if (invariant.property === property && end !== undefined) readsOf(model, invariant.expr, end, sink)
  const threadOf = (i: number): number => stepOf.get(moves[i]?.step ?? -1)?.thread ?? -1
  const past = new Set<number>([last])
  for (let i = last - 1; i >= 0; i--) {
    const writes = accesses[i]?.writes ?? nothing
    const matters =
      meets(writes, sink) ||
      [...past].some((j) => {
        const later = accesses[j]
        if (later === undefined) return false
        return threadOf(i) === threadOf(j) || meets(writes, later.reads) || meets(writes, later.writes)
      })
    if (matters) past.add(i)
  }
  const left = moves.filter((_, i) => past.has(i))
  const again = replay(model, left)
  if (again.kind === 'stuck' || !again.violated.includes(property)) return nothing
  return new Set(moves.flatMap((_, i) => (past.has(i) ? [] : [i])))
}
