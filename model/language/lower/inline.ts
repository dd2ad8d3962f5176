/** Turns the structured statements of a thread, its calls inlined, into a control-flow graph. */
import type { Frame, LExpr } from '../lowered.ts'
import type { Expr } from '../expr.ts'
import type { Routine } from '../routine.ts'
import type { Action, StepStmt, Stmt } from '../stmt.ts'
import { both, constant } from './build.ts'
import { lowerActions, type ActionContext, type LockOp } from './actions.ts'
import { lowerExpr, obligations, type ExprContext, type Obligation } from './expr.ts'
import { labelName, routineName } from '../mutate/name.ts'
import { ModelError } from './error.ts'
import type { Node } from './graph.ts'
import { firstValue } from './layout.ts'
import { giveBack, localSlot, takeLocals, type LocalPool, type Scope } from './scope.ts'
import { lowerAssert } from './build.ts'
import { range } from '../types.ts'

export interface InlineContext {
  readonly pool: LocalPool
  readonly lifetimes: ExprContext['lifetimes']
  readonly property: (name: string) => number
  readonly without: ReadonlySet<string>
  /** Labels of `without` that were met; the rest are mistakes of the user. */
  readonly dropped: Set<string>
  /** Every condition that control flow looks at, to check that it is local. */
  readonly conditions: { readonly where: string; readonly expr: LExpr }[]
  nextFrame: number
}

interface Flow {
  readonly scope: Scope
  readonly onReturn: (value: LExpr | undefined) => Node
  readonly onBreak?: Node
  readonly onContinue?: Node
}

const DEPTH_MAX = 32

export function inlineThread(ctx: InlineContext, body: readonly Stmt[], scope: Scope): Node {
  const end: Node = { kind: 'end' }
  return inlineBlock(ctx, body, { scope, onReturn: () => end }, end)
}

function inlineBlock(ctx: InlineContext, body: readonly Stmt[], flow: Flow, next: Node): Node {
  return body.reduceRight((after, stmt) => inlineStmt(ctx, stmt, flow, after), next)
}

const exprContext = (ctx: InlineContext, scope: Scope): ExprContext => ({
  layout: ctx.pool.layout,
  lifetimes: ctx.lifetimes,
  scope,
  bound: new Map(),
})

const where = (scope: Scope): string => scope.prefix.join('.') || scope.routine

function inlineStmt(ctx: InlineContext, stmt: Stmt, flow: Flow, next: Node): Node {
  const ectx = exprContext(ctx, flow.scope)
  // What stands between two steps is invisible to other threads, so it must not read what they write.
  const between = (e: Expr): LExpr => {
    const expr = lowerExpr(ectx, e)
    ctx.conditions.push({ where: where(flow.scope), expr })
    return expr
  }
  switch (stmt.kind) {
    case 'step':
      return inlineStep(ctx, stmt, flow.scope, next)
    case 'if': {
      const name = labelName(flow.scope.routine, stmt.check ?? '')
      if (stmt.check !== undefined && ctx.without.has(name)) {
        ctx.dropped.add(name)
        return inlineBlock(ctx, stmt.else, flow, next)
      }
      return branchNode(
        ctx,
        flow.scope,
        lowerExpr(ectx, stmt.cond),
        inlineBlock(ctx, stmt.then, flow, next),
        inlineBlock(ctx, stmt.else, flow, next),
      )
    }
    case 'while': {
      const head: Node = { kind: 'join', where: where(flow.scope), target: undefined }
      const body = inlineBlock(ctx, stmt.body, { ...flow, onBreak: next, onContinue: head }, head)
      head.target = branchNode(ctx, flow.scope, lowerExpr(ectx, stmt.cond), body, next)
      return head
    }
    case 'for': {
      const counter = localSlot(flow.scope, stmt.local)
      const head: Node = { kind: 'join', where: where(flow.scope), target: undefined }
      const last = between(stmt.last)
      const again: Node = { kind: 'repeat', slot: counter, last, head, exit: next }
      head.target = inlineBlock(ctx, stmt.body, { ...flow, onBreak: next, onContinue: again }, again)
      return { kind: 'let', slot: counter, value: between(stmt.first), next: head }
    }
    case 'let':
      return { kind: 'let', slot: localSlot(flow.scope, stmt.local), value: between(stmt.value), next }
    case 'call':
      return inlineCall(
        ctx,
        stmt.routine,
        stmt.label,
        stmt.args.map(between),
        stmt.into && localSlot(flow.scope, stmt.into),
        flow.scope,
        next,
      )
    case 'return':
      return flow.onReturn(stmt.value && between(stmt.value))
    case 'break':
      if (flow.onBreak === undefined) throw new ModelError(`${where(flow.scope)}: break outside a loop`)
      return flow.onBreak
    case 'continue':
      if (flow.onContinue === undefined) throw new ModelError(`${where(flow.scope)}: continue outside a loop`)
      return flow.onContinue
  }
}

function branchNode(ctx: InlineContext, scope: Scope, cond: LExpr, then: Node, otherwise: Node): Node {
  if (cond.kind === 'const') return cond.value === 0 ? otherwise : then
  ctx.conditions.push({ where: where(scope), expr: cond })
  return { kind: 'branch', where: where(scope), cond, then, else: otherwise }
}

/** Whether an action waits for a lock. A step waits before it does anything, so only its first action may. */
const acquires = (a: Action): boolean => {
  switch (a.kind) {
    case 'acquire':
      return true
    case 'when':
      return a.then.some(acquires) || a.else.some(acquires)
    case 'forEach':
      return a.body.some(acquires)
    case 'assign':
    case 'tryAcquire':
    case 'release':
    case 'member':
    case 'note':
    case 'assert':
      return false
  }
}

function inlineStep(ctx: InlineContext, stmt: StepStmt, scope: Scope, next: Node): Node {
  const name = labelName(scope.routine, stmt.label)
  if (ctx.without.has(name)) {
    ctx.dropped.add(name)
    return next
  }
  const lockOps: LockOp[] = []
  const guards: LExpr[] = []
  const actx: ActionContext = {
    ...exprContext(ctx, scope),
    scope,
    property: ctx.property,
    lockOps,
    guards,
    guardedRelease: ctx.without.size > 0,
  }
  const waits: readonly Obligation[] = stmt.await === undefined ? [] : obligations(actx, stmt.await)
  const late = stmt.actions.findIndex((a, i) => i > 0 && acquires(a))
  if (late >= 0 || stmt.actions.some((a) => a.kind !== 'acquire' && acquires(a)))
    throw new ModelError(
      `${where(scope)}.${stmt.label}: a lock is waited for by the first action of a step, or not at all`,
    )
  const body = lowerActions(actx, stmt.actions)
  if (stmt.await !== undefined) guards.push(lowerExpr(actx, stmt.await))
  const sizes = ctx.pool.layout.sizes
  return {
    kind: 'step',
    label: [...scope.prefix, stmt.label].join('.'),
    routine: routineName(scope.routine),
    local: stmt.label,
    text: stmt.text,
    frames: scope.frames,
    choices: (stmt.choose ?? []).map((l) => ({ slot: localSlot(scope, l), ...range(l.type, sizes) })),
    guard: guards.reduce(both, constant(1)),
    body: [...waits.map((o) => lowerAssert(ctx.property(o.property), o.cond)), ...body],
    atomic: stmt.atomic,
    sleeps: stmt.sleeps ?? false,
    unfair: stmt.unfair ?? false,
    lockOps,
    next,
  }
}

function inlineCall(
  ctx: InlineContext,
  routine: Routine,
  label: string,
  args: readonly LExpr[],
  into: number | undefined,
  caller: Scope,
  next: Node,
): Node {
  if (args.length !== routine.params.length)
    throw new Error(`${routine.name}() takes ${routine.params.length} arguments, not ${args.length}`)
  if (caller.frames.length >= DEPTH_MAX) throw new Error(`${routine.name}() is called more than ${DEPTH_MAX} deep`)
  const frame: Frame = { fn: routine.name, file: routine.file, id: ctx.nextFrame++ }
  const locals = takeLocals(ctx.pool, routine.name, routine.locals)
  const scope: Scope = {
    thread: caller.thread,
    routine: routine.name,
    frames: [...caller.frames, frame],
    prefix: [...caller.prefix, label],
    params: new Map(routine.params.map((p, i) => [p.name, args[i] ?? constant(0)])),
    locals,
  }
  const onReturn = (value: LExpr | undefined): Node => {
    if (into === undefined) return next
    if (value === undefined) throw new Error(`${routine.name}() returns nothing, but its caller wants a value`)
    return { kind: 'let', slot: into, value, next }
  }
  const fallThrough: Node = into === undefined ? next : missingReturn(routine)
  const body = inlineBlock(ctx, routine.body, { scope, onReturn }, fallThrough)
  giveBack(ctx.pool, routine.name, locals)
  // C leaves locals undefined; here they start at the first value of their type, in every call.
  return routine.locals.reduceRight<Node>((after, l) => {
    const slot = locals.get(l.name)
    if (slot === undefined) return after
    return { kind: 'let', slot, value: constant(firstValue(l.type, ctx.pool.layout.sizes)), next: after }
  }, body)
}

/** Reached only by control flow that forgot to return; the lowering refuses it when it is. */
const missingReturn = (routine: Routine): Node => ({
  kind: 'join',
  where: `${routine.name}() ends without returning a value`,
  target: undefined,
})
