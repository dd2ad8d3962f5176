/**
 * A transition system over sets of any size, made of the same routines as the lowered model: program
 * counter and locals are functions of the thread, the other variables functions of the objects that they
 * belong to. What a scenario has two of, or twenty, is one function here.
 */
import { field, type Expr, type Field, type FieldAccess, type FieldExpr } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import { refTo } from '../../model/language/types.ts'

/** A place in the code: a step of the model, or a `turn`, at which a loop with no step in it begins again. */
export interface Label {
  readonly name: string
  readonly routine: string
  /** The routines whose calls it lies in, the outermost first. */
  readonly frames: readonly string[]
  readonly local: string
  readonly text: string
  readonly kind: 'step' | 'turn'
  /** Index of the program that it stands in. */
  readonly program: number
}

/** What a thread does between two steps: looks at its locals, and sets them. */
export type Tail =
  | { readonly kind: 'goto'; readonly label: number }
  | { readonly kind: 'if'; readonly cond: Expr; readonly then: Tail; readonly else: Tail }
  | { readonly kind: 'set'; readonly target: FieldExpr; readonly value: Expr; readonly next: Tail }

/** One transition of the thread `self`, which stands at `label`. */
export interface PStep {
  readonly label: number
  readonly choose: readonly Field[]
  /** Waited for. */
  readonly guard: readonly Expr[]
  readonly actions: readonly Action[]
  readonly tail: Tail
}

/** A thread body: run by any number of threads, or by one alone. */
export interface PProgram {
  readonly name: string
  readonly single: boolean
  readonly entry: number
}

export interface System {
  /** Variables of the world, geometry among them. */
  readonly fields: readonly Field[]
  /** Variables of each thread, as functions of it. */
  readonly locals: readonly Field[]
  readonly labels: readonly Label[]
  /** In the order of `labels`. */
  readonly steps: readonly PStep[]
  readonly programs: readonly PProgram[]
}

/** Where a thread stands: an object of the set `label`. */
export const pc: FieldAccess = field('pc', ['thread'], refTo('label'))
