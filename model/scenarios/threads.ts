/** The threads of a litmus file, as programs of the model. */
import { field, object, type FieldAccess } from '../language/expr.ts'
import type { ThreadProgram } from '../language/routine.ts'
import { call, step, type Stmt as ModelStmt } from '../language/stmt.ts'
import type { Stmt, ThreadDecl } from '../litmus/ast.ts'
import type { Build } from '../mm/build.ts'
import { Result } from '../mm/errno.ts'
import { mm as mmOf } from '../mm/mm_types.ts'
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
      const target: Operand = { argument, guardsAreRemoved, results: op.results(k) }
      return op.build(k, register === undefined ? target : { ...target, register: register() }, label(op.name))
    })
    return { name, daemon: false, body: [...awaitFork(t, mm, world), ...body], locals: [] }
  })
  const rcu: ThreadProgram = { name: 'rcu', daemon: true, body: [call('batch', rcu_do_batch)], locals: [] }
  return { programs: [...programs, rcu], registers }
}

/** A thread of a process that a fork makes waits for it: it has no instruction to run before. */
function awaitFork(t: ThreadDecl, mm: number | undefined, world: World): readonly ModelStmt[] {
  const named = t.stmts.flatMap((s) => s.args.flatMap((a) => (a.kind === 'number' ? [] : [a.name.text])))
  const own = mm ?? world.mappings.find((m) => named.includes(m.name))?.mm ?? 0
  if (!world.mappings.some((m) => m.mm === own && m.parent !== undefined)) return []
  return [step('ret_from_fork', 'ret_from_fork()', [], { await: mmOf.live(object('mm', own)) })]
}
