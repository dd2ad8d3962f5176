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

/** What each move of the trace read and wrote, and what the property looked at in the end. */
interface Footprint {
  readonly accesses: readonly StepAccesses[]
  readonly sink: ReadonlySet<number>
  readonly threads: readonly number[]
}

function footprint(model: LoweredModel, property: number, moves: readonly Move[]): Footprint {
  const run = replay(model, moves)
  if (run.kind === 'stuck') throw new Error(`the trace does not run: ${run.reason}`)
  const stepOf = new Map(model.steps.map((s) => [s.id, s]))
  const steps = moves.map((m) => {
    const step = stepOf.get(m.step)
    if (step === undefined) throw new Error(`the model has no step ${m.step}`)
    return step
  })
  const accesses = steps.map((step, i) =>
    accessesIn(
      model,
      step,
      moves[i]?.choices ?? [],
      run.states[i] ?? [],
      i === moves.length - 1 ? property : undefined,
    ),
  )
  // An invariant looks at the last state, as if one more step did.
  const sink = new Set<number>()
  const end = run.states[moves.length] ?? []
  for (const invariant of model.invariants)
    if (invariant.property === property) readsOf(model, invariant.expr, end, sink)
  return { accesses, sink, threads: steps.map((s) => s.thread) }
}

/** The moves that the last one hangs on; what is in `blind` connects nobody. */
function pastOf({ accesses, sink, threads }: Footprint, blind: ReadonlySet<number>): ReadonlySet<number> {
  const seeing = (slots: ReadonlySet<number>): ReadonlySet<number> =>
    blind.size === 0 ? slots : new Set([...slots].filter((s) => !blind.has(s)))
  const seen = accesses.map((a) => ({ reads: seeing(a.reads), writes: seeing(a.writes) }))
  const last = accesses.length - 1
  const past = new Set<number>([last])
  for (let i = last - 1; i >= 0; i--) {
    const writes = seen[i]?.writes ?? new Set<number>()
    const matters =
      meets(accesses[i]?.writes ?? writes, sink) ||
      [...past].some((j) => {
        const later = seen[j]
        if (later === undefined) return false
        return threads[i] === threads[j] || meets(writes, later.reads) || meets(writes, later.writes)
      })
    if (matters) past.add(i)
  }
  return past
}

/**
 * The places (from 0) of the moves that are no part of the causal past; none where all are, where the
 * property is about everybody (a deadlock), or where the trace did not break it without them. Throws on
 * moves that the model cannot make.
 */
export function outsidePast(model: LoweredModel, property: number, moves: readonly Move[]): ReadonlySet<number> {
  if (property === deadlockProperty(model)) return new Set()
  const traces = footprint(model, property, moves)
  // One word says which threads are in an RCU read section; that it is one word connects nobody. Where
  // it does matter, the shorter trace does not run, and the word is looked at after all.
  const ghosts = new Set(model.slots.flatMap((s, i) => (s.kind === 'ghost' ? [i] : [])))
  for (const blind of [ghosts, new Set<number>()]) {
    const past = pastOf(traces, blind)
    const left = replay(
      model,
      moves.filter((_, i) => past.has(i)),
    )
    if (left.kind === 'ran' && left.violated.includes(property))
      return new Set(moves.flatMap((_, i) => (past.has(i) ? [] : [i])))
  }
  return new Set()
}
