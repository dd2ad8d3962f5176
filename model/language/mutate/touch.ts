/** What expressions, actions and statements touch, by the names of locals and fields: no element is told from another. */
import type { Expr } from '../expr.ts'
import type { LockRef } from '../lock.ts'
import type { Routine } from '../routine.ts'
import type { Action, Stmt } from '../stmt.ts'

export interface Touched {
  readonly localsRead: Set<string>
  readonly localsWritten: Set<string>
  readonly fieldsRead: Set<string>
  readonly fieldsWritten: Set<string>
  /** Classes of locks that are taken or let go. */
  readonly locks: Set<string>
}

export const untouched = (): Touched => ({
  localsRead: new Set(),
  localsWritten: new Set(),
  fieldsRead: new Set(),
  fieldsWritten: new Set(),
  locks: new Set(),
})

/** Calls `visit` for the expression and each of its parts. */
export function eachExpr(e: Expr, visit: (part: Expr) => void): void {
  visit(e)
  const inner = (x: Expr): void => {
    eachExpr(x, visit)
  }
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'self':
    case 'bound':
      return
    case 'field':
      e.index.forEach(inner)
      return
    case 'not':
    case 'singleton':
    case 'old':
      inner(e.arg)
      return
    case 'binary':
      inner(e.left)
      inner(e.right)
      return
    case 'ite':
      inner(e.cond)
      inner(e.then)
      inner(e.else)
      return
    case 'quantifier':
    case 'first':
      inner(e.body)
      return
  }
}

/** Notes what an expression reads. Geometry never changes, so it counts for nothing. */
export function touchExpr(e: Expr, t: Touched): void {
  eachExpr(e, (part) => {
    if (part.kind === 'local') t.localsRead.add(part.name)
    if (part.kind === 'field' && part.field.role !== 'geometry') t.fieldsRead.add(part.field.name)
  })
}

function touchLock(ref: LockRef, t: Touched): void {
  t.locks.add(ref.lock.name)
  for (const i of ref.index) touchExpr(i, t)
}

export function touchAction(a: Action, t: Touched): void {
  switch (a.kind) {
    case 'assign':
      touchExpr(a.value, t)
      if (a.target.kind === 'local') t.localsWritten.add(a.target.name)
      else {
        t.fieldsWritten.add(a.target.field.name)
        for (const i of a.target.index) touchExpr(i, t)
      }
      return
    case 'when':
      touchExpr(a.cond, t)
      for (const x of [...a.then, ...a.else]) touchAction(x, t)
      return
    case 'forEach':
      for (const x of a.body) touchAction(x, t)
      return
    case 'acquire':
    case 'release':
      touchLock(a.lock, t)
      return
    case 'tryAcquire':
      touchLock(a.lock, t)
      t.localsWritten.add(a.into.name)
      return
    case 'member':
      t.fieldsRead.add(a.target.field.name)
      t.fieldsWritten.add(a.target.field.name)
      for (const i of a.target.index) touchExpr(i, t)
      return
    case 'note':
      return
    case 'assert':
      touchExpr(a.cond, t)
      return
  }
}

/** Notes what a statement touches, its blocks and the routines that it calls included. */
export function touchStmt(s: Stmt, t: Touched): void {
  switch (s.kind) {
    case 'step':
      for (const a of s.actions) touchAction(a, t)
      if (s.await !== undefined) touchExpr(s.await, t)
      for (const l of s.choose ?? []) t.localsWritten.add(l.name)
      return
    case 'if':
      touchExpr(s.cond, t)
      for (const x of [...s.then, ...s.else]) touchStmt(x, t)
      return
    case 'while':
      touchExpr(s.cond, t)
      for (const x of s.body) touchStmt(x, t)
      return
    case 'for':
      touchExpr(s.first, t)
      touchExpr(s.last, t)
      t.localsRead.add(s.local.name)
      t.localsWritten.add(s.local.name)
      for (const x of s.body) touchStmt(x, t)
      return
    case 'let':
      touchExpr(s.value, t)
      t.localsWritten.add(s.local.name)
      return
    case 'call':
      for (const a of s.args) touchExpr(a, t)
      if (s.into !== undefined) t.localsWritten.add(s.into.name)
      touchCallee(s.routine, s.args, t)
      return
    case 'return':
      if (s.value !== undefined) touchExpr(s.value, t)
      return
    case 'break':
    case 'continue':
      return
  }
}

/** A callee's own locals are nobody else's; a parameter that it assigns is the caller's local, passed by reference. */
function touchCallee(routine: Routine, args: readonly Expr[], t: Touched): void {
  const inner = touchedBy(routine.body)
  inner.fieldsRead.forEach((f) => t.fieldsRead.add(f))
  inner.fieldsWritten.forEach((f) => t.fieldsWritten.add(f))
  inner.locks.forEach((l) => t.locks.add(l))
  routine.params.forEach((p, i) => {
    const arg = args[i]
    if (arg?.kind === 'local' && inner.localsWritten.has(p.name)) t.localsWritten.add(arg.name)
  })
}

export function touchedBy(body: readonly Stmt[]): Touched {
  const t = untouched()
  for (const s of body) touchStmt(s, t)
  return t
}

export const localsIn = (e: Expr): ReadonlySet<string> => {
  const t = untouched()
  touchExpr(e, t)
  return t.localsRead
}

/** Whether two sets have an element in common. */
export const meet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => [...a].some((x) => b.has(x))
