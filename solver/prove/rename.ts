/** Expressions and actions with names replaced by what they stand for in one call. */
import type { Expr, FieldExpr } from '../../model/language/expr.ts'
import type { LockRef } from '../../model/language/lock.ts'
import type { Action } from '../../model/language/stmt.ts'

/** Parameters stand for their arguments; locals are variables of the running thread. */
export interface Names {
  readonly params: ReadonlyMap<string, Expr>
  readonly locals: ReadonlyMap<string, FieldExpr>
}

/** `e` with every part that `replace` has an answer for replaced, outermost first. */
export function mapExpr(e: Expr, replace: (part: Expr) => Expr | undefined): Expr {
  const done = replace(e)
  if (done !== undefined) return done
  const sub = (x: Expr): Expr => mapExpr(x, replace)
  switch (e.kind) {
    case 'const':
    case 'local':
    case 'self':
    case 'bound':
      return e
    case 'field':
      return mapField(e, sub)
    case 'not':
    case 'singleton':
    case 'old':
      return { ...e, arg: sub(e.arg) }
    case 'binary':
      return { ...e, left: sub(e.left), right: sub(e.right) }
    case 'ite':
      return { ...e, cond: sub(e.cond), then: sub(e.then), else: sub(e.else) }
    case 'quantifier':
    case 'first':
      return { ...e, body: sub(e.body) }
  }
}

const mapField = (e: FieldExpr, sub: (x: Expr) => Expr): FieldExpr => ({ ...e, index: e.index.map(sub) })
const mapLock = (l: LockRef, sub: (x: Expr) => Expr): LockRef => ({ ...l, index: l.index.map(sub) })

/** An action with its expressions mapped; `target` maps what is assigned to where that is a local. */
export function mapAction(a: Action, sub: (x: Expr) => Expr, target: (x: Expr) => FieldExpr): Action {
  const each = (list: readonly Action[]): readonly Action[] => list.map((x) => mapAction(x, sub, target))
  switch (a.kind) {
    case 'assign':
      return {
        ...a,
        target: a.target.kind === 'local' ? target(a.target) : mapField(a.target, sub),
        value: sub(a.value),
      }
    case 'when':
      return { ...a, cond: sub(a.cond), then: each(a.then), else: each(a.else) }
    case 'forEach':
      return { ...a, body: each(a.body) }
    case 'acquire':
    case 'release':
    case 'note':
      return { ...a, lock: mapLock(a.lock, sub) }
    case 'tryAcquire': {
      // The language writes the outcome to a local; here that local is a variable of the thread.
      const into = target(a.into)
      const free: Expr = isFree(mapLock(a.lock, sub), a.mode)
      return {
        kind: 'when',
        cond: free,
        then: [
          { kind: 'acquire', lock: mapLock(a.lock, sub), mode: a.mode },
          { kind: 'assign', target: into, value: { kind: 'const', type: into.type, value: 1 } },
        ],
        else: [{ kind: 'assign', target: into, value: { kind: 'const', type: into.type, value: 0 } }],
      }
    }
    case 'member':
      return { ...a, target: mapField(a.target, sub) }
    case 'assert':
      return { ...a, cond: sub(a.cond) }
  }
}

/** Whether a lock can be had at once. */
export function isFree(lock: LockRef, mode: 'read' | 'write'): Expr {
  const { owner, readers } = lock.lock
  const bool = { kind: 'bool' } as const
  const is = (e: FieldExpr): Expr => ({
    kind: 'binary',
    type: bool,
    op: 'eq',
    left: e,
    right: { kind: 'const', type: e.type, value: 0 },
  })
  const noWriter = is(owner(...lock.index))
  if (mode === 'read' || readers === undefined) return noWriter
  return { kind: 'binary', type: bool, op: 'and', left: noWriter, right: is(readers(...lock.index)) }
}

export function renameExpr(names: Names, e: Expr): Expr {
  return mapExpr(e, (x) => {
    if (x.kind !== 'local') return undefined
    const found = names.params.get(x.name) ?? names.locals.get(x.name)
    if (found === undefined) throw new Error(`'${x.name}' is no local here`)
    return found
  })
}

export function renameAction(names: Names, a: Action): Action {
  const sub = (e: Expr): Expr => renameExpr(names, e)
  return mapAction(a, sub, (e) => {
    const found = sub(e)
    if (found.kind !== 'field') throw new Error('an argument that is no variable is assigned to')
    return found
  })
}
