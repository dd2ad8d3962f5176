/** Inlines the routines of a program for a thread that is a variable, as model/language/lower does for one that is a number. */
import { self, truth, type Expr, type Field, type FieldExpr, type Local } from '../../model/language/expr.ts'
import { isMutation, labelName, routineName } from '../../model/language/mutate/name.ts'
import type { Program, Routine, ThreadProgram } from '../../model/language/routine.ts'
import type { Action, StepStmt, Stmt } from '../../model/language/stmt.ts'
import { firstValueOf, isTruth } from './fold.ts'
import { renameAction, renameExpr, type Names } from './rename.ts'
import { repeats, tailOf, type Node } from './tail.ts'
import type { Label, PProgram, PStep, System } from './system.ts'

interface Context {
  readonly program: Program
  readonly index: number
  /** Locals of calls that are not active, by routine and name: another call of the routine takes them. */
  readonly free: Map<string, Field[]>
  readonly locals: Field[]
  /** Labels of `without` that were met. */
  readonly dropped: Set<string>
}

interface Scope {
  readonly routine: string
  readonly frames: readonly string[]
  readonly prefix: readonly string[]
  readonly names: Names
}

interface Flow {
  readonly scope: Scope
  readonly onReturn: (value: Expr | undefined) => Node
  readonly onBreak?: Node
  readonly onContinue?: Node
}

function takeLocals(ctx: Context, routine: string, locals: readonly Local[]): Map<string, Field> {
  const out = new Map<string, Field>()
  for (const l of locals) {
    const key = `${routine}.${l.name}`
    const spare = ctx.free.get(key)?.pop()
    if (spare !== undefined) {
      out.set(l.name, spare)
      continue
    }
    const taken = ctx.locals.filter((f) => f.name === key || f.name.startsWith(`${key}#`)).length
    const name = taken === 0 ? key : `${key}#${taken + 1}`
    const made: Field = { name, sets: ['thread'], type: l.type, role: 'register', initial: firstValueOf(l.type) }
    ctx.locals.push(made)
    out.set(l.name, made)
  }
  return out
}

function giveBack(ctx: Context, routine: string, locals: ReadonlyMap<string, Field>): void {
  for (const [name, f] of locals) {
    const key = `${routine}.${name}`
    ctx.free.set(key, [...(ctx.free.get(key) ?? []), f])
  }
}

const mine = (f: Field): FieldExpr => ({ kind: 'field', type: f.type, field: f, index: [self] })

const block = (ctx: Context, body: readonly Stmt[], flow: Flow, next: Node): Node =>
  body.reduceRight((after, stmt) => statement(ctx, stmt, flow, after), next)

function assigned(scope: Scope, l: Local): FieldExpr {
  const e = renameExpr(scope.names, l)
  if (e.kind !== 'field') throw new Error(`${scope.routine}: '${l.name}' cannot be assigned to`)
  return e
}

function statement(ctx: Context, stmt: Stmt, flow: Flow, next: Node): Node {
  const { scope } = flow
  const rename = (e: Expr): Expr => renameExpr(scope.names, e)
  switch (stmt.kind) {
    case 'step':
      return stepNode(ctx, stmt, scope, next)
    case 'if': {
      const left = stmt.check !== undefined && ctx.program.without.has(labelName(scope.routine, stmt.check))
      if (left) {
        ctx.dropped.add(labelName(scope.routine, stmt.check ?? ''))
        return block(ctx, stmt.else, flow, next)
      }
      return branch(rename(stmt.cond), block(ctx, stmt.then, flow, next), block(ctx, stmt.else, flow, next))
    }
    case 'while': {
      const head: Node = { kind: 'join', where: at(scope), frames: scope.frames, target: undefined, turn: false }
      const body = block(ctx, stmt.body, { ...flow, onBreak: next, onContinue: head }, head)
      head.target = branch(rename(stmt.cond), body, next)
      return head
    }
    case 'for': {
      const counter = assigned(scope, stmt.local)
      const head: Node = { kind: 'join', where: at(scope), frames: scope.frames, target: undefined, turn: false }
      const again = repeats(counter, rename(stmt.last), head, next)
      head.target = block(ctx, stmt.body, { ...flow, onBreak: next, onContinue: again }, again)
      return { kind: 'set', target: counter, value: rename(stmt.first), next: head }
    }
    case 'let':
      return { kind: 'set', target: assigned(scope, stmt.local), value: rename(stmt.value), next }
    case 'call': {
      const args = stmt.args.map(rename)
      return call(ctx, stmt.routine, stmt.label, args, stmt.into && assigned(scope, stmt.into), scope, next)
    }
    case 'return':
      return flow.onReturn(stmt.value && rename(stmt.value))
    case 'break':
      return flow.onBreak ?? fail(`${at(scope)}: break outside a loop`)
    case 'continue':
      return flow.onContinue ?? fail(`${at(scope)}: continue outside a loop`)
  }
}

const fail = (text: string): never => {
  throw new Error(text)
}
const at = (scope: Scope): string => scope.prefix.join('.')

function branch(cond: Expr, then: Node, otherwise: Node): Node {
  const known = isTruth(cond)
  if (known !== undefined) return known ? then : otherwise
  return { kind: 'if', cond, then, else: otherwise }
}

function stepNode(ctx: Context, stmt: StepStmt, scope: Scope, next: Node): Node {
  const own = labelName(scope.routine, stmt.label)
  if (ctx.program.without.has(own)) {
    ctx.dropped.add(own)
    return next
  }
  const actions: readonly Action[] = stmt.actions.map((a) => renameAction(scope.names, a))
  return {
    kind: 'step',
    name: [...scope.prefix, stmt.label].join('.'),
    routine: routineName(scope.routine),
    frames: scope.frames,
    local: stmt.label,
    text: stmt.text,
    choose: (stmt.choose ?? []).map((l) => assigned(scope, l).field),
    guard: stmt.await === undefined ? [] : [renameExpr(scope.names, stmt.await)],
    actions,
    next,
  }
}

function call(
  ctx: Context,
  routine: Routine,
  label: string,
  args: readonly Expr[],
  into: FieldExpr | undefined,
  caller: Scope,
  next: Node,
): Node {
  const locals = takeLocals(ctx, routine.name, routine.locals)
  const names: Names = {
    params: new Map(routine.params.map((p, i) => [p.name, args[i] ?? truth(false)])),
    locals: new Map([...locals].map(([name, f]) => [name, mine(f)])),
  }
  const frames = [...caller.frames, routineName(routine.name)]
  const scope: Scope = { routine: routine.name, frames, prefix: [...caller.prefix, label], names }
  const onReturn = (value: Expr | undefined): Node =>
    into === undefined || value === undefined ? next : { kind: 'set', target: into, value, next }
  const body = block(ctx, routine.body, { scope, onReturn }, next)
  giveBack(ctx, routine.name, locals)
  return routine.locals.reduceRight<Node>((after, l) => {
    const f = locals.get(l.name)
    if (f === undefined) return after
    return { kind: 'set', target: mine(f), value: { kind: 'const', type: l.type, value: f.initial }, next: after }
  }, body)
}

function threadOf(ctx: Context, t: ThreadProgram): Node {
  const locals = takeLocals(ctx, t.name, t.locals)
  const names: Names = { params: new Map(), locals: new Map([...locals].map(([name, f]) => [name, mine(f)])) }
  const end: Node = { kind: 'end' }
  return block(
    ctx,
    t.body,
    { scope: { routine: t.name, frames: [t.name], prefix: [], names }, onReturn: () => end },
    end,
  )
}

/**
 * The system of some thread bodies. `single` names those that one thread alone runs. A body must not end
 * and must begin with a step.
 */
export function systemOf(program: Program, bodies: readonly ThreadProgram[], single: ReadonlySet<string>): System {
  const locals: Field[] = []
  const labels: Label[] = []
  const steps: PStep[] = []
  const programs: PProgram[] = []
  const dropped = new Set<string>()
  bodies.forEach((t, index) => {
    const ctx: Context = { program, index, free: new Map(), locals, dropped }
    let entry = tailOf(threadOf(ctx, t), index, labels, steps)
    // Locals begin with the first value of their type in any case.
    while (entry.kind === 'set') entry = entry.next
    if (entry.kind !== 'goto') throw new Error(`${t.name} decides something before its first step`)
    programs.push({ name: t.name, single: single.has(t.name), entry: entry.label })
  })
  for (const label of program.without)
    if (!isMutation(label) && !dropped.has(label))
      throw new Error(`nothing to leave out: no step or check '${label}' is part of this model`)
  return { fields: program.fields, locals, labels, steps, programs }
}
