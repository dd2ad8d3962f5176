/** What partial-order reduction works out of a model before it is searched, or why it cannot be used on it. */
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import type { Bounds } from '../bounds.ts'
import { withoutIdleChecks } from './assertions.ts'
import { atomsOf } from './atoms.ts'
import type { Bits } from './bits.ts'
import { graphOf, type Graph } from './graph.ts'
import type { ModelKnowledge } from './known.ts'
import { newLiterals, readersOf } from './literals.ts'
import { daemonsDecide, observedSlots, watched } from './parts.ts'
import type { Sabotage } from './sabotage.ts'

export interface Analysis {
  /** By thread. */
  readonly graphs: readonly Graph[]
  /** Conditions on shared slots, by number. */
  readonly literals: readonly LExpr[]
  /** By atom, the conditions that read it. */
  readonly readers: readonly Bits[]
  /** Bits of a set of reads or writes. */
  readonly atomCount: number
}

export interface AnalysisOptions {
  readonly sabotage?: Sabotage | undefined
  /** Whether a thread may be followed by a slot that it alone writes; by any, if absent. */
  readonly mayFollow?: (slot: number, thread: number) => boolean
  /** Whether a condition on a slot may be watched; every one, if absent. */
  readonly mayTest?: (slot: number) => boolean
}

export type AnalysisOrNot =
  { readonly ok: true; readonly value: Analysis } | { readonly ok: false; readonly reason: string }

/** Threads that a mask of them holds. */
const THREADS_MAX = 30

function refusal(model: LoweredModel, writer: readonly number[]): string | undefined {
  if (model.threads.length > THREADS_MAX) return `more than ${THREADS_MAX} threads`
  for (const [t, { name, pcSlot, donePc, daemon }] of model.threads.entries()) {
    if (writer[pcSlot] !== t && writer[pcSlot] !== -1) return `the program counter of ${name} is written by others`
    if (!daemon && model.steps.some((s) => s.thread === t && s.pc === donePc))
      return `${name} may go on once it is done`
  }
  return undefined
}

/** Analyses a specialised model. */
export function analyse(
  model: LoweredModel,
  ranges: readonly Bounds[],
  { sabotage, mayFollow = () => true, mayTest }: AnalysisOptions = {},
): AnalysisOrNot {
  const parts = sabotage === 'blind' ? [] : watched(model)
  const atoms = atomsOf(model, parts)
  const reason = refusal(model, atoms.writer)
  if (reason !== undefined) return { ok: false, reason }
  const literals = newLiterals(atoms, mayTest)
  const knowledge: ModelKnowledge = { model, ranges, atoms, literals, parts }
  const decided = sabotage !== 'no-endings' && daemonsDecide(model) ? observedSlots(model) : new Set<number>()
  const steps = model.steps.map((step) => withoutIdleChecks(step, ranges))
  const graphs = model.threads.map((_, thread) =>
    graphOf({ knowledge, thread, steps: steps.filter((s) => s.thread === thread), decided, mayFollow }),
  )
  return {
    ok: true,
    value: {
      graphs,
      readers: readersOf(literals),
      literals: literals.exprs,
      atomCount: atoms.count,
    },
  }
}
