/**
 * The models that proofs are about: every thread makes any system call of a list, on any page or range of
 * pages, again and again. They are put together of the same operations as a litmus file's threads; what a
 * litmus file fixes (which pages, which order) is chosen here.
 */
import { and, bound, eq, le, local, object, truth, type Expr, type Local } from '../../model/language/expr.ts'
import { mutate } from '../../model/language/mutate/mutate.ts'
import { isMutation } from '../../model/language/mutate/name.ts'
import type { Program, Routine, ThreadProgram } from '../../model/language/routine.ts'
import { call, if_, step, while_, type Action, type Stmt } from '../../model/language/stmt.ts'
import { enumeration, int, refTo, type EnumType } from '../../model/language/types.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import type { Build } from '../../model/mm/build.ts'
import { FILE_PAGES_MAX, page } from '../../model/mm/mm_types.ts'
import { findOperation } from '../../model/mm/operations.ts'
import type { Argument, Operand } from '../../model/mm/operations/operation.ts'
import { rcu_do_batch } from '../../model/mm/rcu.ts'
import { elaborate } from '../../model/scenarios/scenario.ts'
import { mapExpr } from './rename.ts'

/** A world, and what threads do in it. */
export interface Core {
  readonly name: string
  /** The mapping `a` of n pages, as a litmus file declares it. */
  readonly world: 'shmem' | 'plain' | 'anon'
  readonly operations: readonly string[]
  /** Labels left out, as after `without` in a litmus file. */
  readonly without: readonly string[]
  /** VMAs that an instance has, of which a proof allows any number; one where this is absent, so that a split finds no memory. */
  readonly vmas?: number
  /** One more thread forks, once; the calls are made in its process, none of which takes a table away, and nothing runs in the child. */
  readonly forks?: {
    /** Ghosts that are asked about; the others are left out. */
    readonly books: readonly string[]
  }
}

export interface Sizes {
  readonly threads: number
  readonly pages: number
  readonly tables: number
}

const first: Local = local('first', refTo('page'))
const last: Local = local('last', refTo('page'))
/** Pages of the file, where a system call is about those. */
const from: Local = local('from', int(0, FILE_PAGES_MAX))
const to: Local = local('to', int(0, FILE_PAGES_MAX))
const EACH = '$page'
const ofFilePages = (operation: string): boolean => {
  const operand = findOperation(operation)?.operand
  return operand === 'file_pages' || operand === 'file_size'
}

/** Whether an expression names the page that a wrapped step is at. */
function mentions(a: Action): boolean {
  let found = false
  const look = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      if (x.kind === 'bound' && x.name === EACH) found = true
      return undefined
    })
  switch (a.kind) {
    case 'assign':
      look(a.target)
      look(a.value)
      return found
    case 'when':
      look(a.cond)
      return found || a.then.some(mentions) || a.else.some(mentions)
    case 'forEach':
      return a.body.some(mentions)
    case 'member':
      look(a.target)
      return found
    case 'assert':
      look(a.cond)
      return found
    case 'acquire':
    case 'release':
    case 'tryAcquire':
    case 'note':
      return false
  }
}

/** An operation writes its books once for each page that it is given; here, once for each page of a range. */
function overRange(body: readonly Stmt[], from: Expr, to: Expr): readonly Stmt[] {
  const p = bound(EACH, 'page')
  const wrap = (a: Action): Action =>
    mentions(a)
      ? {
          kind: 'forEach',
          set: 'page',
          bound: EACH,
          body: [{ kind: 'when', cond: and(le(from, p), le(p, to)), then: [a], else: [] }],
        }
      : a
  return body.map((s): Stmt => {
    switch (s.kind) {
      case 'step':
        return { ...s, actions: s.actions.map(wrap) }
      case 'if':
        return { ...s, then: overRange(s.then, from, to), else: overRange(s.else, from, to) }
      case 'while':
      case 'for':
        return { ...s, body: overRange(s.body, from, to) }
      case 'call':
      case 'let':
      case 'return':
      case 'break':
      case 'continue':
        return s
    }
  })
}

/** The range in the words of a routine that was given it: its first one or two parameters that are pages. */
function formal(routine: Routine): [Expr, Expr] {
  const pages = routine.params.filter((p) => p.type.kind === 'ref' && p.type.set === 'page')
  return [pages[0] ?? first, pages[1] ?? pages[0] ?? last]
}

function argumentOf(kind: string, anonymous: boolean): Argument {
  switch (kind) {
    case 'pages':
    case 'page':
    case 'mapping':
      return {
        kind: 'pages',
        at: {
          pages: [bound(EACH, 'page')],
          first,
          last: kind === 'page' ? first : last,
          mapping: page.mapping(first),
          mm: page.mm(first),
          anonymous,
          pmd: page.pmd(first),
        },
      }
    case 'file':
      return { kind: 'chunk', chunk: object('chunk', 0) }
    case 'file_pages':
    case 'file_size':
      return { kind: 'file', at: { file: object('file', 0), first: from, last: to } }
    default:
      throw new Error(`no proof model has operations on '${kind}' yet`)
  }
}

function userThread(core: Core, k: Build): ThreadProgram {
  const Call: EnumType = enumeration('system call', core.operations)
  const which = local('call', Call)
  const calls = core.operations.map((name): Stmt => {
    const op = findOperation(name)
    if (op === undefined) throw new Error(`no operation '${name}'`)
    const on: Operand = {
      argument: argumentOf(op.operand, core.world === 'anon'),
      results: op.results(k),
      guardsAreRemoved: true,
      untouched: false,
    }
    const calls = op.build(k, on, name).map((s): Stmt => {
      if (s.kind !== 'call') return s
      return { ...s, routine: { ...s.routine, body: overRange(s.routine.body, ...formal(s.routine)) } }
    })
    return if_(eq(which, name), calls)
  })
  const files = core.operations.some(ofFilePages)
  const chosen = [which, first, last, ...(files ? [from, to] : [])]
  const begin = step('begin', 'a system call or an access, on any pages', [], {
    choose: chosen,
    await: and(
      le(first, last),
      ...(files ? [le(from, to)] : []),
      ...(core.forks !== undefined ? [eq(page.mm(first), PARENT), eq(page.mm(last), PARENT)] : []),
    ),
  })
  return { name: 'user', daemon: true, locals: chosen, body: [while_(truth(true), [begin, ...calls])] }
}

/** The process whose threads make the calls, and its child. */
export const PARENT: Expr = object('mm', 0)
export const CHILD: Expr = object('mm', 1)

/** A body without its calls of a routine. */
const withoutCalls = (body: readonly Stmt[], routine: string): readonly Stmt[] =>
  body.flatMap((s): readonly Stmt[] => {
    switch (s.kind) {
      case 'call':
        return s.routine.name === routine
          ? []
          : [{ ...s, routine: { ...s.routine, body: withoutCalls(s.routine.body, routine) } }]
      case 'if':
        return [{ ...s, then: withoutCalls(s.then, routine), else: withoutCalls(s.else, routine) }]
      case 'while':
      case 'for':
        return [{ ...s, body: withoutCalls(s.body, routine) }]
      case 'step':
      case 'let':
      case 'return':
      case 'break':
      case 'continue':
        return [s]
    }
  })

/**
 * Forks once, and does nothing from then on: a second fork of one mapping is not modelled. What a fork that fails
 * has made is left as it is: nobody runs in it, and nothing is claimed of it.
 */
function forker(k: Build): ThreadProgram {
  const op = findOperation('fork')
  if (op === undefined) throw new Error('no fork')
  const on: Operand = {
    argument: { kind: 'mm', mm: CHILD, parent: PARENT },
    results: op.results(k),
    guardsAreRemoved: true,
    untouched: false,
  }
  const rest = step('rest', 'the child runs, or there is none', [], { await: truth(false) })
  const body = withoutCalls(op.build(k, on, 'fork'), 'exit_mmap')
  return { name: 'forker', daemon: true, locals: [], body: [...body, while_(truth(true), [rest])] }
}

/** A core model at one size. */
export interface Instance {
  /** As any scenario's: `threads` user threads that all run one body, and those that are one each. */
  readonly program: Program
  readonly user: ThreadProgram
  /** The RCU callback, and the thread that forks where there is one. */
  readonly singles: readonly ThreadProgram[]
}

const DECLARATIONS: Readonly<Record<Core['world'], (pages: number) => string>> = {
  shmem: (n) => `shmem f[${n}]; map a = f[0..${n - 1}] shared rw;`,
  plain: (n) => `file f[${n}]; map a = f[0..${n - 1}] shared rw;`,
  anon: (n) => `map a = anon[0..${n - 1}] private rw;`,
}

/** The world of a core model at a size, in which nobody does anything; all pages lie under one PMD. */
export function worldOf(core: Core, kernel: Kernel, { threads, pages, tables }: Sizes): Program {
  const forks = core.forks !== undefined
  const placeholders = Array.from({ length: threads }, (_, i) => {
    if (!forks) return `P${i} { read(a[0]); }`
    return i === 0 ? 'P0 in A { fork(B); }' : `P${i} in A { read(a[0]); }`
  }).join('\n')
  const mapping = DECLARATIONS[core.world](pages)
  const vmas = core.vmas === undefined ? '' : ` vmas ${core.vmas};`
  const mms = forks ? `mm A; mm B; ${mapping.replace(/;$/, ' in A;')} child b of a in B; vmas 1;` : mapping + vmas
  const text = `MM core\nkernel ${kernel.name}\n{ ptes ${pages}; tables ${tables}; ${mms} }\n${placeholders}\n`
  const parsed = parseLitmus({ name: 'core', text })
  const made = parsed.ok ? elaborate(parsed.file) : parsed
  const scenario = made.ok && 'scenarios' in made ? made.scenarios[0] : undefined
  if (scenario === undefined)
    throw new Error(`the world of a proof: ${'diagnostics' in made ? (made.diagnostics[0]?.message ?? '') : ''}`)
  return { ...scenario.program, lifetimes: [], properties: [], without: new Set(core.without) }
}

/** Builds a core model for a kernel at a size. Throws on a label of `without` that it does not have. */
export function instanceOf(core: Core, kernel: Kernel, sizes: Sizes): Instance {
  const build = { has: kernel.has, oom: false }
  for (const name of core.forks !== undefined ? core.operations : [])
    if ((findOperation(name)?.unlinks ?? 0) > 0)
      throw new Error(`'${name}' takes tables away, which no model with a fork has`)
  const user = userThread(core, build)
  const rcu: ThreadProgram = { name: 'rcu', daemon: true, body: [call('batch', rcu_do_batch)], locals: [] }
  // Where nothing takes a table away, there is nothing to free.
  const singles = core.forks !== undefined ? [forker(build)] : [rcu]
  const bare: Program = { ...worldOf(core, kernel, sizes), threads: [user, ...singles] }
  const [mutated, unknown] = mutate(bare, core.without)
  if (unknown.length > 0 || core.without.some((w) => isMutation(w) && unknown.includes(w)))
    throw new Error(`nothing to leave out: '${unknown.join("', '")}' is no part of this model`)
  const [mutatedUser = user, ...mutatedSingles] = mutated.threads
  const all: ThreadProgram[] = Array.from({ length: sizes.threads }, (_, i) => ({ ...mutatedUser, name: `P${i}` }))
  return { program: { ...mutated, threads: [...all, ...mutatedSingles] }, user: mutatedUser, singles: mutatedSingles }
}
