/**
 * One path of each class of paths that differ only in the order of commuting moves: the first one in
 * the order of thread numbers. Such a path never has a move of a lower thread right after a run of
 * moves that all commute with it and that a higher thread's move begins, for moving it to the front
 * of that run would give an earlier path. Every state reached in k moves is still reached in k moves.
 *
 * A failed assertion is a matter of the last move, not of the state after it, so the order of the
 * last move must be left free where one is asked for.
 *
 * Source: Anisimov and Knuth, "Inhomogeneous sorting", 1979: the lexicographic normal form of traces.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { commutingSteps } from './independence.ts'
import { FALSE, and, iff, not, or, variable } from './term.ts'
import type { Lit, Terms } from './term.ts'
import type { Layer } from './unroll.ts'

/** Mutable: how far the order has been said. */
export interface Order {
  readonly commuting: ReadonlyMap<number, ReadonlySet<number>>
  /** For each thread, whether its next step could move to before a higher thread's move. */
  late: readonly Lit[]
  depth: number
}

export function newOrder(model: LoweredModel): Order {
  return { commuting: commutingSteps(model), late: model.threads.map(() => FALSE), depth: 0 }
}

/** What the order says about the move of `second`, which comes next after `first`. To be asked layer by layer. */
export function ordered(order: Order, terms: Terms, first: Layer, second: Layer): Lit[] {
  const constraints: Lit[] = []
  order.late = order.late.map((lateBefore, thread) => {
    const commutes = (first.standing[thread] ?? []).map(({ step, lit }) => {
      const others = order.commuting.get(step.id)
      const moves = first.taken.filter((move) => others?.has(move.step.id) === true).map((move) => move.lit)
      return and(terms, [lit, or(terms, moves)])
    })
    const higher = or(terms, first.goes.slice(thread + 1))
    const late = and(terms, [or(terms, commutes), or(terms, [higher, lateBefore])])
    if (late === FALSE) return FALSE
    const name = variable(terms, `late.${order.depth}.${thread}`)
    constraints.push(iff(terms, name, late), not(and(terms, [name, second.goes[thread] ?? FALSE])))
    return name
  })
  order.depth++
  return constraints
}
