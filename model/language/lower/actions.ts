/** Lowers what one step does: its guard and its body. */
import type { LExpr, LStmt } from '../lowered.ts'
import type { FieldExpr } from '../expr.ts'
import type { LockMode, LockRef } from '../lock.ts'
import type { Action } from '../stmt.ts'
import { assign, both, branch, choose, combine, constant, equals, lowerAssert, slotOf } from './build.ts'
import {
  dereference,
  instances,
  lowerExpr,
  lowerTarget,
  obligations,
  type ExprContext,
  type Obligation,
} from './expr.ts'
import { localSlot } from './scope.ts'

/** A lock operation of a step, for the linter. */
export interface LockOp {
  readonly op: 'acquire' | 'try' | 'release' | 'hold' | 'drop' | 'dropAll'
  readonly lock: LockRef['lock']
  readonly index: readonly LExpr[]
  readonly mode: LockMode
  /** Slot of the local that says whether a `try` succeeded. */
  readonly into?: number
}

export interface ActionContext extends ExprContext {
  readonly scope: NonNullable<ExprContext['scope']>
  readonly property: (name: string) => number
  readonly lockOps: LockOp[]
  /** Conditions under which the step must wait. */
  readonly guards: LExpr[]
  /** A dropped lock leaves its unlock behind, which must then not open somebody else's lock. */
  readonly guardedRelease: boolean
}

const asserts = (ctx: ActionContext, list: readonly Obligation[]): readonly LStmt[] =>
  list.map((o) => lowerAssert(ctx.property(o.property), o.cond))

export function lowerActions(ctx: ActionContext, actions: readonly Action[]): readonly LStmt[] {
  return actions.flatMap((a) => lowerAction(ctx, a))
}

function lowerAction(ctx: ActionContext, a: Action): readonly LStmt[] {
  switch (a.kind) {
    case 'assign': {
      const value = lowerExpr(ctx, a.value)
      const checks = asserts(ctx, obligations(ctx, a.value))
      if (a.target.kind === 'local')
        return [...checks, assign({ kind: 'slot', slot: localSlot(ctx.scope, a.target) }, value)]
      return [...checks, ...store(ctx, a.target, value)]
    }
    case 'when':
      return [
        ...asserts(ctx, obligations(ctx, a.cond)),
        ...branch(lowerExpr(ctx, a.cond), lowerActions(ctx, a.then), lowerActions(ctx, a.else)),
      ]
    case 'forEach':
      return instances(ctx, a.set, a.bound).flatMap((inner) => lowerActions({ ...ctx, bound: inner.bound }, a.body))
    case 'acquire':
      ctx.lockOps.push(lockOp(ctx, 'acquire', a.lock, a.mode))
      ctx.guards.push(isFree(ctx, a.lock, a.mode))
      return take(ctx, a.lock, a.mode)
    case 'tryAcquire': {
      const into = localSlot(ctx.scope, a.into)
      ctx.lockOps.push({ ...lockOp(ctx, 'try', a.lock, a.mode), into })
      return [
        // The lock word is looked at whether the lock is free or not.
        ...asserts(ctx, dereference(ctx, a.lock.lock.owner(...a.lock.index))),
        assign({ kind: 'slot', slot: into }, isFree(ctx, a.lock, a.mode)),
        ...branch(slotOf(into), take(ctx, a.lock, a.mode), []),
      ]
    }
    case 'release':
      ctx.lockOps.push(lockOp(ctx, 'release', a.lock, a.mode))
      return drop(ctx, a.lock, a.mode)
    case 'member':
      return store(ctx, a.target, withMe(ctx, a.target, a.add))
    case 'note':
      ctx.lockOps.push(lockOp(ctx, a.all ? 'dropAll' : a.held ? 'hold' : 'drop', a.lock, a.mode))
      return []
    case 'assert':
      return asserts(ctx, [...obligations(ctx, a.cond), { property: a.property, cond: lowerExpr(ctx, a.cond) }])
  }
}

function store(ctx: ActionContext, target: FieldExpr, value: LExpr): readonly LStmt[] {
  const to = lowerTarget(ctx, target)
  const checks = asserts(ctx, dereference(ctx, target))
  return to === undefined ? checks : [...checks, assign(to, value)]
}

const myBit = (ctx: ActionContext): LExpr => constant(1 << ctx.scope.thread)
const withMe = (ctx: ActionContext, target: FieldExpr, add: boolean): LExpr =>
  combine(add ? 'bor' : 'bandnot', lowerExpr(ctx, target), myBit(ctx))

const lockOp = (ctx: ActionContext, op: LockOp['op'], ref: LockRef, mode: LockMode): LockOp => ({
  op,
  lock: ref.lock,
  index: ref.index.map((i) => lowerExpr(ctx, i)),
  mode,
})

function readersOf(ref: LockRef): FieldExpr {
  if (ref.lock.readers === undefined) throw new Error(`${ref.lock.name} has no read mode`)
  return ref.lock.readers(...ref.index)
}

function isFree(ctx: ActionContext, ref: LockRef, mode: LockMode): LExpr {
  const noWriter = equals(lowerExpr(ctx, ref.lock.owner(...ref.index)), 0)
  if (mode === 'read' || ref.lock.readers === undefined) return noWriter
  return both(noWriter, equals(lowerExpr(ctx, readersOf(ref)), 0))
}

function take(ctx: ActionContext, ref: LockRef, mode: LockMode): readonly LStmt[] {
  if (mode === 'read') {
    const readers = readersOf(ref)
    return store(ctx, readers, withMe(ctx, readers, true))
  }
  return store(ctx, ref.lock.owner(...ref.index), constant(ctx.scope.thread + 1))
}

function drop(ctx: ActionContext, ref: LockRef, mode: LockMode): readonly LStmt[] {
  if (mode === 'read') {
    const readers = readersOf(ref)
    return store(ctx, readers, withMe(ctx, readers, false))
  }
  const owner = ref.lock.owner(...ref.index)
  const held = lowerExpr(ctx, owner)
  const mine = equals(held, ctx.scope.thread + 1)
  return store(ctx, owner, ctx.guardedRelease ? choose(mine, constant(0), held) : constant(0))
}
