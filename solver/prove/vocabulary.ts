/** What the code of a system talks about: loads, places, comparisons, locks. Candidate lemmas are made of nothing else. */
import type { Expr, Field, FieldExpr } from '../../model/language/expr.ts'
import type { LockRef } from '../../model/language/lock.ts'
import type { Action } from '../../model/language/stmt.ts'
import { isOwn } from './fold.ts'
import { mapExpr } from './rename.ts'
import type { System, Tail } from './system.ts'

export interface Vocabulary {
  /** Own locals of the running thread. */
  readonly locals: readonly FieldExpr[]
  /** A local, and the shared variable that it was loaded from. */
  readonly loads: readonly { readonly local: FieldExpr; readonly from: FieldExpr }[]
  /** Shared variables as the code names them, by own locals. */
  readonly places: readonly FieldExpr[]
  readonly locks: readonly { readonly lock: LockRef; readonly mode: 'read' | 'write' }[]
  /** Constants that a variable is compared with or set to. */
  readonly values: ReadonlyMap<Field, ReadonlySet<number>>
  /** Conditions on own locals alone that decide what is done next. */
  readonly conditions: readonly Expr[]
}

export const keyOf = (e: Expr): string => {
  switch (e.kind) {
    case 'const':
      return `${e.type.kind === 'enum' ? e.type.name : e.type.kind === 'ref' ? e.type.set : e.type.kind}:${e.value}`
    case 'field':
      return `${e.field.name}[${e.index.map(keyOf).join()}]`
    case 'local':
    case 'bound':
      return `$${e.name}`
    case 'self':
      return '@'
    case 'not':
    case 'singleton':
    case 'old':
      return `${e.kind}(${keyOf(e.arg)})`
    case 'binary':
      return `${e.op}(${keyOf(e.left)},${keyOf(e.right)})`
    case 'ite':
      return `ite(${keyOf(e.cond)},${keyOf(e.then)},${keyOf(e.else)})`
    case 'quantifier':
      return `${e.which} ${e.bound}:${e.set}(${keyOf(e.body)})`
    case 'first':
      return `first ${e.bound}:${e.set}(${keyOf(e.body)})`
  }
}

const isMine = (e: Expr): boolean => isOwn(e)
const isShared = (e: Expr): e is FieldExpr =>
  e.kind === 'field' && e.field.role !== 'geometry' && !isMine(e) && !names(e, 'bound')

export const namesBound = (e: Expr): boolean => names(e, 'bound')

/** Every expression of an action, and every assignment that it makes. */
function eachExpr(a: Action, visit: (e: Expr) => void, assigned: (to: FieldExpr, value: Expr) => void): void {
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'field') assigned(a.target, a.value)
      visit(a.target)
      visit(a.value)
      return
    case 'when':
      visit(a.cond)
      for (const x of [...a.then, ...a.else]) eachExpr(x, visit, assigned)
      return
    case 'forEach':
      for (const x of a.body) eachExpr(x, visit, assigned)
      return
    case 'member':
      visit(a.target)
      return
    case 'acquire':
    case 'release':
    case 'tryAcquire':
    case 'note':
    case 'assert':
      return
  }
}

const names = (e: Expr, kind: 'bound'): boolean => {
  let found = false
  mapExpr(e, (x) => {
    if (x.kind === kind) found = true
    return undefined
  })
  return found
}

function eachTail(t: Tail, cond: (e: Expr) => void, assigned: (to: FieldExpr, value: Expr) => void): void {
  switch (t.kind) {
    case 'goto':
      return
    case 'if':
      cond(t.cond)
      eachTail(t.then, cond, assigned)
      eachTail(t.else, cond, assigned)
      return
    case 'set':
      assigned(t.target, t.value)
      eachTail(t.next, cond, assigned)
  }
}

/** The atoms of a condition: what stands between its ands, ors and nots. */
function atoms(e: Expr): readonly Expr[] {
  if (e.kind === 'not') return atoms(e.arg)
  if (e.kind === 'binary' && (e.op === 'and' || e.op === 'or')) return [...atoms(e.left), ...atoms(e.right)]
  return [e]
}

/** Whether it looks at own locals, and at what never changes, alone. */
export function ownOnly(e: Expr): boolean {
  let own = true
  mapExpr(e, (x) => {
    if (x.kind === 'field' && x.field.role !== 'geometry' && !isMine(x)) own = false
    if (x.kind === 'bound') own = false
    return undefined
  })
  return own
}

export function vocabularyOf(system: System): Vocabulary {
  const locals = new Map<string, FieldExpr>()
  const loads = new Map<string, { local: FieldExpr; from: FieldExpr }>()
  const places = new Map<string, FieldExpr>()
  const locks = new Map<string, { lock: LockRef; mode: 'read' | 'write' }>()
  const values = new Map<Field, Set<number>>()
  const conditions = new Map<string, Expr>()
  const value = (f: Field, v: number): void => {
    values.set(f, (values.get(f) ?? new Set<number>()).add(v))
  }
  const visit = (e: Expr): void => {
    mapExpr(e, (x) => {
      if (x.kind === 'field' && isMine(x)) locals.set(x.field.name, x)
      else if (isShared(x)) places.set(keyOf(x), x)
      if (x.kind !== 'binary' || x.right.kind !== 'const') return undefined
      const { left } = x
      if ((x.op === 'eq' || x.op === 'ne') && left.kind === 'field') value(left.field, x.right.value)
      if (x.op === 'band' && left.kind === 'field' && left.type.kind === 'flags') value(left.field, x.right.value)
      return undefined
    })
  }
  const assigned = (to: FieldExpr, from: Expr): void => {
    visit(to)
    visit(from)
    if (from.kind === 'const') value(to.field, from.value)
    if (from.kind === 'binary' && from.right.kind === 'const' && from.type.kind === 'flags')
      value(to.field, from.right.value)
    if (isMine(to) && isShared(from)) loads.set(`${keyOf(to)}=${keyOf(from)}`, { local: to, from })
  }
  const cond = (e: Expr): void => {
    visit(e)
    for (const a of atoms(e)) if (ownOnly(a)) conditions.set(keyOf(a), a)
  }
  const lockOf = (a: Action): void => {
    if (a.kind === 'acquire' || a.kind === 'release') {
      a.lock.index.forEach(visit)
      if (!a.lock.index.some((x) => names(x, 'bound')))
        locks.set(`${a.lock.lock.name}${a.mode}${a.lock.index.map(keyOf).join()}`, { lock: a.lock, mode: a.mode })
    }
    if (a.kind === 'when') [...a.then, ...a.else].forEach(lockOf)
  }
  for (const s of system.steps) {
    s.guard.forEach(visit)
    for (const a of s.actions) {
      eachExpr(a, visit, assigned)
      lockOf(a)
    }
    eachTail(s.tail, cond, assigned)
  }
  // What a variable was loaded from is compared, too, where the local is.
  for (const { local, from } of loads.values()) for (const v of values.get(local.field) ?? []) value(from.field, v)
  return {
    locals: [...locals.values()],
    loads: [...loads.values()],
    places: [...places.values()],
    locks: [...locks.values()],
    values,
    conditions: [...conditions.values()],
  }
}

/** Names of the variables that an expression or an action mentions. */
export function namesOf(x: Expr | Action): ReadonlySet<string> {
  const out = new Set<string>()
  const visit = (e: Expr): void => {
    mapExpr(e, (y) => {
      if (y.kind === 'field') out.add(y.field.name)
      return undefined
    })
  }
  const action = (a: Action): void => {
    switch (a.kind) {
      case 'acquire':
      case 'release':
        visit(a.lock.lock.owner(...a.lock.index))
        if (a.lock.lock.readers !== undefined) visit(a.lock.lock.readers(...a.lock.index))
        return
      case 'when':
        visit(a.cond)
        for (const y of [...a.then, ...a.else]) action(y)
        return
      case 'forEach':
        a.body.forEach(action)
        return
      case 'assign':
      case 'member':
      case 'tryAcquire':
      case 'note':
      case 'assert':
        eachExpr(a, visit, visit)
    }
  }
  if (isAction(x)) action(x)
  else visit(x)
  return out
}
const ACTIONS: readonly string[] = [
  'assign',
  'when',
  'forEach',
  'acquire',
  'release',
  'tryAcquire',
  'member',
  'note',
  'assert',
]
const isAction = (x: Expr | Action): x is Action => ACTIONS.includes(x.kind)
