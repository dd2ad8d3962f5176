/** Routines, threads, and the program that is made of them. */
import type { Expr, Field, FieldExpr, Local } from './expr.ts'
import type { LockMode } from './lock.ts'
import type { Routine, Stmt } from './stmt.ts'
import type { SetSizes } from './types.ts'

export type { Routine } from './stmt.ts'

export const routine = (r: Routine): Routine => r

/** One thread of a program: what it runs, from its first statement to its last. */
export interface ThreadProgram {
  readonly name: string
  /** Must never have to end; see LThread. */
  readonly daemon: boolean
  readonly body: readonly Stmt[]
  readonly locals: readonly Local[]
}

/** A property in the terms of the model, before lowering. */
export interface ProgramProperty {
  readonly name: string
  /** Must hold in every state. */
  readonly invariant?: Expr
  /**
   * Must hold across every step; may use `old`. It must hold where nothing changes, since it is only
   * asked of steps that write a variable it mentions.
   */
  readonly step?: Expr
  readonly deadlock?: true
  /** What must come to an end on every fair run. A property that has this has nothing else. */
  readonly ends?: Ends
  /** Each of these must be met by some reachable state, or the property holds vacuously. */
  readonly covers: readonly { readonly name: string; readonly expr: Expr }[]
}

/** What a liveness property asks to come to an end, wherever it has begun. */
export type Ends =
  /** Each call of the routines named. */
  | { readonly kind: 'calls'; readonly routines: readonly string[] }
  /** Each operation of each thread that has to end (the outermost calls), but for the routines named. */
  | { readonly kind: 'operations'; readonly except: readonly string[] }
  /** Each wait for a lock of the class. */
  | { readonly kind: 'waits'; readonly lock: string; readonly mode: LockMode }

/** A whole model, ready to be lowered. */
export interface Program {
  readonly sizes: SetSizes
  /** Names of the objects of a set, for people; `vma0` where none is given. */
  readonly names: Readonly<Record<string, readonly string[]>>
  readonly fields: readonly Field[]
  readonly init: readonly { readonly target: FieldExpr; readonly value: number }[]
  readonly threads: readonly ThreadProgram[]
  readonly properties: readonly ProgramProperty[]
  /** For sets whose objects are freed and used again: whether an object may be dereferenced. */
  readonly lifetimes: readonly Lifetime[]
  /** Labels of steps and checks to leave out, as `routine.label`, and mutations (mutate/name.ts). */
  readonly without: ReadonlySet<string>
  readonly final?: Expr
}

export interface Lifetime {
  readonly set: string
  /** The property that a dereference of a dead object breaks. */
  readonly property: string
  readonly live: (object: Expr) => Expr
  /** Fields that may be touched on a dead object, such as the one that says it is dead. */
  readonly exempt: readonly Field[]
}
