/**
 * What a search looks at from outside: invariants, covers, and the final states. Each is treated as
 * something that the steps look at which can change it: a step that writes a slot of an invariant looks
 * at the whole invariant. Two such steps of different threads then depend on one another, so that a
 * reduction keeps their order, and with it every value that the invariant takes on the way.
 *
 * An invariant that is a conjunction can be looked at piece by piece, since each piece is broken by
 * itself; so can a cover that is a disjunction.
 */
import type { LExpr, LoweredModel } from '../../model/language/lowered.ts'
import { slotsRead, stepAccesses } from '../../model/language/slots.ts'
import { registerSlots } from '../outcomes.ts'

export interface Part {
  /** Looked at after the step. */
  readonly expr: LExpr
  readonly slots: ReadonlySet<number>
}

const negated = (expr: LExpr): LExpr => (expr.kind === 'not' ? expr.arg : { kind: 'not', arg: expr })

/** Expressions whose conjunction (or disjunction) `expr` is. */
export function operands(expr: LExpr, op: 'and' | 'or'): readonly LExpr[] {
  if (expr.kind === 'not') {
    const inner = operands(expr.arg, op === 'and' ? 'or' : 'and')
    return inner.length === 1 ? [expr] : inner.flatMap((e) => operands(negated(e), op))
  }
  if (expr.kind !== 'binary' || expr.op !== op) return [expr]
  return [...operands(expr.left, op), ...operands(expr.right, op)]
}

/** What must be seen as it changes. */
export function watched(model: LoweredModel): readonly Part[] {
  const exprs = [...model.invariants.map(({ expr }) => expr), ...model.covers.map(({ expr }) => negated(expr))]
  return exprs
    .flatMap((expr) => operands(expr, 'and'))
    .map((expr) => ({ expr, slots: slotsRead(expr) }))
    .filter(({ slots }) => slots.size > 0)
}

/** The slots whose values make an outcome: the registers, and what the final condition looks at. */
export function observedSlots(model: LoweredModel): ReadonlySet<number> {
  return new Set([...registerSlots(model), ...(model.final === undefined ? [] : slotsRead(model.final))])
}

/**
 * Whether a daemon can change an outcome. A daemon may run on in a final state: where it can, the
 * steps in which it does and those in which threads end must keep their order.
 */
export function daemonsDecide(model: LoweredModel): boolean {
  const observed = observedSlots(model)
  return model.steps.some(
    (step) =>
      model.threads[step.thread]?.daemon === true && [...stepAccesses(step).writes].some((s) => observed.has(s)),
  )
}
