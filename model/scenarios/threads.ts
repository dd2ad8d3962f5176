/** The threads of a litmus file, as programs of the model. */
import { field, object, type FieldAccess } from '../language/expr.ts'
import type { ThreadProgram } from '../language/routine.ts'
import { call, type Stmt as ModelStmt } from '../language/stmt.ts'
import type { Arg, Stmt, ThreadDecl } from '../litmus/ast.ts'
import type { Span } from '../litmus/source.ts'
import type { Build } from '../mm/build.ts'
import { Result } from '../mm/errno.ts'
import { findOperation, OPERATIONS, type Operand, type Operation } from '../mm/operations.ts'
import { rcu_do_batch } from '../mm/rcu.ts'
import { mappingNamed, within, type Mapping, type World } from './place.ts'
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
  const guardsAreRemoved = decls.some((t) => t.stmts.some((s) => s.op.text === 'guard_remove'))
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
      const on = operand(s, op, world, mm)
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
      const target: Operand = { ...on, guardsAreRemoved, results: op.results(k) }
      return op.build(k, register === undefined ? target : { ...target, register: register() }, label(op.name))
    })
    return { name, daemon: false, body, locals: [] }
  })
  const rcu: ThreadProgram = { name: 'rcu', daemon: true, body: [call('batch', rcu_do_batch)], locals: [] }
  return { programs: [...programs, rcu], registers }
}

type Place = Omit<Operand, 'guardsAreRemoved' | 'results' | 'register'>

function operand(s: Stmt, op: Operation, world: World, mm: number | undefined): Place {
  const [arg, more] = s.args
  if (arg === undefined || more !== undefined || arg.kind === 'number')
    return refuse('MM105', `'${op.name}' takes one argument: ${SHAPES[op.operand]}`, s.span)
  if (op.operand === 'file') return fileOperand(arg, op, world)
  if (world.backings.some((b) => b.name === arg.name.text))
    refuse(
      'MM105',
      `'${arg.name.text}' is a file; '${op.name}' works on a mapping`,
      arg.name.span,
      mappingHint(arg.name.text, world),
    )
  const m = mappingNamed(world, arg.name)
  if (mm !== undefined && m.mm !== mm)
    refuse(
      'MM102',
      `'${m.name}' is a mapping of mm '${world.mms[m.mm] ?? ''}', and this thread runs in '${world.mms[mm] ?? ''}'`,
      arg.name.span,
    )
  const range = arg.kind === 'pages' ? arg.range : { first: 0, last: m.pages - 1, span: arg.name.span }
  within(range, m.pages, m.name)
  const pages = Array.from({ length: range.last - range.first + 1 }, (_, i) => m.firstPage + range.first + i)
  checkShape(op, m, pages, world, s.span)
  const first = pages[0] ?? m.firstPage
  return {
    vma: object('vma', m.vma),
    pages: pages.map((p) => object('page', p)),
    pmd: object('pmd', world.pmdOf(first)),
  }
}

const SHAPES: Readonly<Record<Operation['operand'], string>> = {
  pages: 'a mapping or pages of it, as a, a[0] or a[0..1]',
  page: 'one page of a mapping, as a[0]',
  mapping: 'a mapping that one PMD covers, as a',
  file: 'a file, as f',
}

const mappingHint = (name: string, world: World): string => {
  const of = world.mappings.filter((m) => m.file?.name === name).map((m) => m.name)
  return of.length === 0 ? `map it first: 'map a = ${name}[0] shared rw;'` : `it is mapped as ${of.join(', ')}`
}

function checkShape(op: Operation, m: Mapping, pages: readonly number[], world: World, span: Span): void {
  if (op.operand === 'page' && pages.length !== 1)
    refuse('MM105', `'${op.name}' takes one page, not ${pages.length}`, span, `as in '${op.name}(${m.name}[0])'`)
  if (op.operand !== 'mapping') return
  if (m.file === undefined) refuse('MM106', `'${op.name}' of anonymous memory is not modelled yet`, span)
  const pmds = new Set(pages.map((p) => world.pmdOf(p)))
  if (pages.length !== world.ptes || pmds.size !== 1)
    refuse('MM105', `'${op.name}' works on one PMD, which is ${world.ptes} pages here`, span, `see the setting 'ptes'`)
}

function fileOperand(arg: Exclude<Arg, { kind: 'number' }>, op: Operation, world: World): Place {
  const b = world.backings.find((x) => x.name === arg.name.text)
  if (b === undefined)
    return refuse(
      'MM102',
      `no file named '${arg.name.text}'`,
      arg.name.span,
      hint(
        arg.name.text,
        world.backings.map((x) => x.name),
      ),
    )
  if (arg.kind === 'pages') within(arg.range, b.pages, b.name)
  const index = arg.kind === 'pages' ? Math.floor(arg.range.first / world.ptes) : 0
  if (index >= b.chunks)
    return refuse(
      'MM105',
      `'${op.name}' needs ${world.ptes} pages of '${b.name}', as many as a PMD has here`,
      arg.name.span,
      `see the setting 'ptes'`,
    )
  return { vma: object('vma', 0), pages: [], pmd: object('pmd', 0), chunk: object('chunk', b.firstChunk + index) }
}
