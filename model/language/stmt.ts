/**
 * Statements. A `step` is one atomic transition, named by its label; everything between two steps
 * looks at locals only and is carried out with the step before it, so it is invisible to others.
 */
import { coerce, type Expr, type FieldExpr, type Local, type Value } from './expr.ts'
import type { LockMode, LockRef } from './lock.ts'
import { sameType, type Type } from './types.ts'

/** What a step does, in order; a later action sees what an earlier one wrote. */
export type Action =
  | { readonly kind: 'assign'; readonly target: FieldExpr | Local; readonly value: Expr }
  | { readonly kind: 'when'; readonly cond: Expr; readonly then: readonly Action[]; readonly else: readonly Action[] }
  | { readonly kind: 'forEach'; readonly set: string; readonly bound: string; readonly body: readonly Action[] }
  /** Waits until the lock can be had, then takes it. */
  | { readonly kind: 'acquire'; readonly lock: LockRef; readonly mode: LockMode }
  /** Takes the lock if it is free at once; `into` says whether it did. */
  | { readonly kind: 'tryAcquire'; readonly lock: LockRef; readonly mode: LockMode; readonly into: Local }
  | { readonly kind: 'release'; readonly lock: LockRef; readonly mode: LockMode }
  /** Adds or removes the running thread from a subset of threads. */
  | { readonly kind: 'member'; readonly target: FieldExpr; readonly add: boolean }
  /**
   * For the linter alone: from here on the thread holds (or no longer holds) a lock that is built of
   * other variables, as the per-VMA lock is. `all` drops every lock of the class.
   */
  | {
      readonly kind: 'note'
      readonly lock: LockRef
      readonly mode: LockMode
      readonly held: boolean
      readonly all: boolean
    }
  | { readonly kind: 'assert'; readonly property: string; readonly cond: Expr }

export interface StepStmt {
  readonly kind: 'step'
  readonly label: string
  /** The C statement that this step stands for. */
  readonly text: string
  readonly actions: readonly Action[]
  /** The step waits until this holds. */
  readonly await?: Expr
  /** Locals that get an arbitrary value of their type before the step runs. */
  readonly choose?: readonly Local[]
  /** Why several unprotected accesses are one step here though the kernel makes several. */
  readonly atomic?: string
  /** May sleep, so it must not run under a spinlock. */
  readonly sleeps?: boolean
  /** User space decides whether it goes on from here: no fairness is assumed of this step. */
  readonly unfair?: boolean
}

export type Stmt =
  | StepStmt
  | {
      readonly kind: 'if'
      /** A named check can be taken away by `without`, to see whether it is needed. */
      readonly check?: string
      readonly cond: Expr
      readonly then: readonly Stmt[]
      readonly else: readonly Stmt[]
    }
  | { readonly kind: 'while'; readonly cond: Expr; readonly body: readonly Stmt[] }
  /** Runs the body for first..last, both included; at least once, as the kernel's do-while walks do. */
  | {
      readonly kind: 'for'
      readonly local: Local
      readonly first: Expr
      readonly last: Expr
      readonly body: readonly Stmt[]
    }
  | { readonly kind: 'let'; readonly local: Local; readonly value: Expr }
  | {
      readonly kind: 'call'
      readonly label: string
      readonly routine: Routine
      readonly args: readonly Expr[]
      readonly into?: Local
    }
  | { readonly kind: 'return'; readonly value?: Expr }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }

/** A routine: the labelled steps of one kernel function. */
export interface Routine {
  /** The kernel's own spelling. */
  readonly name: string
  /** Its C file. */
  readonly file: string
  /** The kernels that it was read from, and how far that reading goes. */
  readonly read: string
  readonly params: readonly Local[]
  readonly locals: readonly Local[]
  readonly returns?: Type
  readonly body: readonly Stmt[]
}

export type StepOptions = Pick<StepStmt, 'await' | 'choose' | 'atomic' | 'sleeps' | 'unfair'>

export const step = (label: string, text: string, actions: readonly Action[], options: StepOptions = {}): StepStmt => ({
  kind: 'step',
  label,
  text,
  actions,
  ...options,
})

export const set = (target: FieldExpr | Local, value: Value): Action => ({
  kind: 'assign',
  target,
  value: coerce(target.type, value),
})
export const when = (cond: Expr, then: readonly Action[], otherwise: readonly Action[] = []): Action => ({
  kind: 'when',
  cond,
  then,
  else: otherwise,
})
export const forEach = (objects: string, bound: string, body: readonly Action[]): Action => ({
  kind: 'forEach',
  set: objects,
  bound,
  body,
})
export const acquire = (lock: LockRef, mode: LockMode = 'write'): Action => ({ kind: 'acquire', lock, mode })
export const tryAcquire = (lock: LockRef, into: Local, mode: LockMode = 'write'): Action => ({
  kind: 'tryAcquire',
  lock,
  mode,
  into,
})
export const release = (lock: LockRef, mode: LockMode = 'write'): Action => ({ kind: 'release', lock, mode })
export const join = (target: FieldExpr): Action => ({ kind: 'member', target, add: true })
export const leave = (target: FieldExpr): Action => ({ kind: 'member', target, add: false })
export const noteHeld = (lock: LockRef, mode: LockMode): Action => ({
  kind: 'note',
  lock,
  mode,
  held: true,
  all: false,
})
export const noteDropped = (lock: LockRef, mode: LockMode, all = false): Action => ({
  kind: 'note',
  lock,
  mode,
  held: false,
  all,
})
export const assert = (property: string, cond: Expr): Action => ({ kind: 'assert', property, cond })

export const lock = (label: string, text: string, ref: LockRef, mode: LockMode = 'write'): StepStmt =>
  step(label, text, [acquire(ref, mode)])
export const unlock = (label: string, text: string, ref: LockRef, mode: LockMode = 'write'): StepStmt =>
  step(label, text, [release(ref, mode)])

export const if_ = (cond: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => ({
  kind: 'if',
  cond,
  then,
  else: otherwise,
})
/** An `if` that guards against something: `mmcheck ... without ROUTINE.NAME` never takes it. */
export const check = (name: string, cond: Expr, then: readonly Stmt[]): Stmt => ({
  kind: 'if',
  check: name,
  cond,
  then,
  else: [],
})
export const while_ = (cond: Expr, body: readonly Stmt[]): Stmt => ({ kind: 'while', cond, body })
export const for_ = (counter: Local, first: Value, last: Value, body: readonly Stmt[]): Stmt => ({
  kind: 'for',
  local: counter,
  first: coerce(counter.type, first),
  last: coerce(counter.type, last),
  body,
})
export const let_ = (target: Local, value: Value): Stmt => ({
  kind: 'let',
  local: target,
  value: coerce(target.type, value),
})
/** Inlines a routine; its labels get `label` as prefix. */
export function call(label: string, routine: Routine, args: readonly Expr[] = [], into?: Local): Stmt {
  routine.params.forEach((p, i) => {
    const arg = args[i]
    if (arg !== undefined) coerce(p.type, arg)
  })
  if (into !== undefined && (routine.returns === undefined || !sameType(into.type, routine.returns)))
    throw new Error(`${routine.name}() does not return what '${into.name}' holds`)
  return into === undefined ? { kind: 'call', label, routine, args } : { kind: 'call', label, routine, args, into }
}
export const ret = (value?: Value, type?: Expr['type']): Stmt => {
  if (value === undefined) return { kind: 'return' }
  if (typeof value === 'object') return { kind: 'return', value }
  if (type === undefined) throw new Error('a literal return value needs its type')
  return { kind: 'return', value: coerce(type, value) }
}
export const break_: Stmt = { kind: 'break' }
export const continue_: Stmt = { kind: 'continue' }
