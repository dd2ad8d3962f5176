/** What geometry says of a world of any size, and when a solver is told. */
import type { Expr, Field } from '../../model/language/expr.ts'

export interface Axiom {
  readonly name: string
  readonly expr: Expr
  /** Said of an object once the solver meets this of it. */
  readonly on?: Field
}
