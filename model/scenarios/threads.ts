/** The threads of a litmus file, as programs of the model. */
import { field, object, type FieldAccess } from '../language/expr.ts'
import type { ThreadProgram } from '../language/routine.ts'
import { call, step, type Stmt as ModelStmt } from '../language/stmt.ts'
import type { Stmt, ThreadDecl } from '../litmus/ast.ts'
import type { Build } from '../mm/build.ts'
import { Result } from '../mm/errno.ts'
import { mm as mmOf } from '../mm/mm_types.ts'
import { TOUCHES } from '../mm/operations/discard.ts'
import { findOperation, OPERATIONS, type Operand, type Operation } from '../mm/operations.ts'
import { rcu_do_batch } from '../mm/rcu.ts'
import { readArgument } from './operands.ts'
import type { World } from './place.ts'
import { hint, refuse } from './problem.ts'

export interface Threads {
  readonly programs: readonly ThreadProgram[]
  readonly registers: ReadonlyMap<string, FieldAccess>
}

/** The operation that a statement names. */
export function operationOf(s: Stmt): Operation {
  const op = findOperation(s.op.text)
  if (op !== undefined) return op
  const names = OPERATIONS.map((o) => o.name)
  return refuse('MM104', `unknown operation '${s.op.text}'`, s.op.span, hint(s.op.text, names))
}

export function buildThreads(decls: readonly ThreadDecl[], world: World, k: Build): Threads {
  const registers = new Map<string, FieldAccess>()
  const guardsAreRemoved = decls.some((t) => t.stmts.some((s) => operationOf(s).takesGuards === true))
  checkProcesses(decls, world)
  const programs = decls.map((t): ThreadProgram => {
    const name = `P${t.thread.index}`
    const mm = t.mm === undefined ? undefined : world.mms.indexOf(t.mm.text)
    if (mm !== undefined && mm < 0)
      refuse('MM102', `no mm named '${t.mm?.text ?? ''}'`, t.mm?.span ?? t.span, hint(t.mm?.text ?? '', world.mms))
    const times = new Map<string, number>()
    const label = (op: string): string => {
      const n = (times.get(op) ?? 0) + 1
      times.set(op, n)
      return n === 1 ? op : `${op}_${n}`
    }
    const body = t.stmts.flatMap((s): readonly ModelStmt[] => {
      const op = operationOf(s)
      const argument = readArgument(s, op, world, mm)
      checkFrames(s, op, world)
      const register =
        s.register === undefined
          ? undefined
          : field(`${name}:${s.register.text}`, [], Result, { role: 'register', initial: 'unset' })
      if (register !== undefined) {
        if (op.results(k).length === 0)
          refuse(
            'MM105',
            `'${op.name}' gives no result`,
            s.register?.span ?? s.span,
            `write it without '${s.register?.text ?? ''} ='`,
          )
        registers.set(register.decl.name, register)
      }
      const untouched = !decls.some((other) => other !== t && other.stmts.some((x) => TOUCHES.includes(x.op.text)))
      const target: Operand = { argument, guardsAreRemoved, untouched, results: op.results(k) }
      return op.build(k, register === undefined ? target : { ...target, register: register() }, label(op.name))
    })
    return { name, daemon: false, body: [...awaitFork(t, mm, world), ...body], locals: [] }
  })
  const rcu: ThreadProgram = { name: 'rcu', daemon: true, body: [call('batch', rcu_do_batch)], locals: [] }
  return { programs: [...programs, rcu], registers }
}

/** Refuses an operation that does not know page frames where there are some, and the other way. */
function checkFrames(s: Stmt, op: Operation, world: World): void {
  if (world.frames === undefined && op.frames === 'only')
    refuse('MM105', `'${op.name}' needs page frames`, s.span, "give the setting 'frames 2;'")
  if (world.frames !== undefined && op.frames === undefined)
    refuse('MM106', `'${op.name}' is not modelled together with 'frames'`, s.span)
  if (world.frames?.large.length === 0 && world.ptes > 1 && op.name === 'khugepaged')
    refuse('MM106', 'a huge page of several pages is a large folio', s.span, "give the setting 'large 1;'")
}

/** The mm whose mappings a thread names first, or that it ends, or that it is the parent of by a fork. */
function ownMm(t: ThreadDecl, world: World): number {
  for (const s of t.stmts)
    for (const a of s.args) {
      if (a.kind === 'number') continue
      const mapping = world.mappings.find((m) => m.name === a.name.text)
      if (mapping !== undefined) return mapping.mm
      const mm = world.mms.indexOf(a.name.text)
      if (mm < 0) continue
      if (operationOf(s).operand === 'own_mm') return mm
      const copy = world.mappings.find((m) => m.mm === mm && m.parent !== undefined)
      const parent = world.mappings.find((m) => m.number === copy?.parent)
      if (parent !== undefined) return parent.mm
    }
  return 0
}

/** A fork makes an mm once, of its parent's thread; an exit is the last that is done in its mm. */
function checkProcesses(decls: readonly ThreadDecl[], world: World): void {
  const forked = new Set<string>()
  const mmOfThread = (t: ThreadDecl): number => {
    const declared = t.mm === undefined ? -1 : world.mms.indexOf(t.mm.text)
    return declared >= 0 ? declared : ownMm(t, world)
  }
  for (const t of decls)
    t.stmts.forEach((s, i) => {
      const [arg] = s.args
      const { operand, name } = operationOf(s)
      if (arg === undefined || arg.kind === 'number') return
      if (operand === 'mm') {
        if (forked.has(arg.name.text)) refuse('MM105', `'${arg.name.text}' is forked twice`, arg.name.span)
        forked.add(arg.name.text)
        const copy = world.mappings.find((m) => world.mms[m.mm] === arg.name.text && m.parent !== undefined)
        const parent = world.mappings.find((m) => m.number === copy?.parent)
        if (parent !== undefined && parent.mm !== mmOfThread(t))
          refuse('MM105', `'${name}' is for a thread of '${world.mms[parent.mm] ?? ''}'`, s.span)
      }
      if (operand === 'own_mm') {
        const mm = world.mms.indexOf(arg.name.text)
        const others = decls.some((other) => other !== t && mmOfThread(other) === mm)
        if (mmOfThread(t) !== mm || others || i !== t.stmts.length - 1)
          refuse('MM105', `'${name}' is the last statement of the only thread in '${arg.name.text}'`, s.span)
      }
    })
}

/** A thread of a process that a fork makes waits for it: it has no instruction to run before. */
function awaitFork(t: ThreadDecl, mm: number | undefined, world: World): readonly ModelStmt[] {
  const own = mm ?? ownMm(t, world)
  if (!world.mappings.some((m) => m.mm === own && m.parent !== undefined)) return []
  return [step('ret_from_fork', 'ret_from_fork()', [], { await: mmOf.live(object('mm', own)) })]
}
