/** The operations that a scenario's threads perform, by the names that litmus files use. */
import { contains, eq, isEmpty, isOneOf, self, type Expr, type FieldExpr } from '../language/expr.ts'
import { assert, call, join, leave, set, step, when, type Action, type Stmt } from '../language/stmt.ts'
import type { Build, Syscall } from './build.ts'
import { access } from './fault.ts'
import { khugepaged_scan_file } from './khugepaged.ts'
import { sys_madvise_collapse } from './khugepaged_madvise.ts'
import { sys_guard_install, sys_guard_remove, sys_madvise_dontneed } from './madvise.ts'
import { page } from './mm_types.ts'

/** What an operation is applied to. Pages are of one mapping, in ascending order. */
export interface Operand {
  readonly vma: Expr
  readonly pages: readonly Expr[]
  /** The pmd of the first page. */
  readonly pmd: Expr
  /** The chunk of the file argument; for `collapse`. */
  readonly chunk?: Expr
  /** Where the result goes, if the scenario wants it. */
  readonly register?: FieldExpr
  /** What the kernel documents as results. */
  readonly results: readonly string[]
  /** Some thread of the scenario removes guards, so promises can be taken back. */
  readonly guardsAreRemoved: boolean
}

export type OperandKind = 'pages' | 'page' | 'mapping' | 'file'

export interface Operation {
  readonly name: string
  readonly operand: OperandKind
  /** For `--help` and errors. */
  readonly summary: string
  /** What the kernel documents as results, in the order of Result. */
  readonly results: (k: Build) => readonly string[]
  /** `label` tells two operations of one thread apart. */
  readonly build: (k: Build, on: Operand, label: string) => readonly Stmt[]
}

const first = (on: Operand): Expr => on.pages[0] ?? on.pmd
const last = (on: Operand): Expr => on.pages[on.pages.length - 1] ?? on.pmd

const returnStep = (on: Operand, result: Expr, more: readonly Action[] = []): Stmt =>
  step('return', 'return', [
    assert('ReturnsDocumented', isOneOf(result, ...on.results)),
    ...(on.register === undefined ? [] : [set(on.register, result)]),
    ...more,
  ])
const plain = (on: Operand): Syscall => ({ enter: [], leave: (result) => [returnStep(on, result)] })

/**
 * A promise is made when an install returns 0, for each page of which no removal ran meanwhile; it
 * is withdrawn when a removal begins. Where no thread removes guards, the bookkeeping is left out.
 */
const installing = (on: Operand): Syscall => {
  const begin = on.pages.map((p) => when(isEmpty(page.removers(p)), [join(page.installers(p))]))
  const claim = (p: Expr): Action =>
    on.guardsAreRemoved
      ? when(contains(page.installers(p), self), [set(page.promised(p), true)])
      : set(page.promised(p), true)
  const end = on.guardsAreRemoved ? on.pages.map((p) => leave(page.installers(p))) : []
  return {
    enter: on.guardsAreRemoved ? [step('enter', 'system call entry', begin)] : [],
    leave: (result) => [returnStep(on, result, [when(eq(result, '0'), on.pages.map(claim)), ...end])],
  }
}

const removing = (on: Operand): Syscall => ({
  enter: [
    step(
      'enter',
      'system call entry',
      on.pages.flatMap((p) => [set(page.promised(p), false), set(page.installers(p), '{}'), join(page.removers(p))]),
    ),
  ],
  leave: (result) => [
    returnStep(
      on,
      result,
      on.pages.map((p) => leave(page.removers(p))),
    ),
  ],
})

const oom = (k: Build, results: readonly string[], code: string): readonly string[] =>
  k.oom ? [...results, code] : results

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'guard_install',
    operand: 'pages',
    summary: 'madvise(MADV_GUARD_INSTALL) on some pages of one mapping',
    results: (k) => {
      const known = ['0', '-EINVAL', '-ENOMEM']
      return k.has('guard-rfc') ? [...known, '-EAGAIN'] : known
    },
    build: (k, on, label) => [call(label, sys_guard_install(k, installing(on)), [on.vma, first(on), last(on)])],
  },
  {
    name: 'guard_remove',
    operand: 'pages',
    summary: 'madvise(MADV_GUARD_REMOVE) on some pages of one mapping',
    results: () => ['0', '-EINVAL', '-ENOMEM'],
    build: (k, on, label) => [call(label, sys_guard_remove(k, removing(on)), [on.vma, first(on), last(on)])],
  },
  {
    name: 'dontneed',
    operand: 'pages',
    summary: 'madvise(MADV_DONTNEED) on some pages of one mapping',
    results: () => ['0', '-EINVAL', '-ENOMEM'],
    build: (k, on, label) => [call(label, sys_madvise_dontneed(k, plain(on)), [on.vma, first(on), last(on)])],
  },
  {
    name: 'read',
    operand: 'page',
    summary: 'a load from a page: ok, or SEGV',
    results: (k) => oom(k, ['ok', 'SEGV'], 'OOM'),
    build: (k, on, label) => [call(label, access(k, false, plain(on)), [first(on)])],
  },
  {
    name: 'write',
    operand: 'page',
    summary: 'a store to a page: ok, or SEGV',
    results: (k) => oom(k, ['ok', 'SEGV'], 'OOM'),
    build: (k, on, label) => [call(label, access(k, true, plain(on)), [first(on)])],
  },
  {
    name: 'collapse',
    operand: 'file',
    summary: 'khugepaged collapses the file on behalf of some other process',
    results: () => [],
    build: (k, on, label) => (on.chunk === undefined ? [] : [call(label, khugepaged_scan_file(k), [on.chunk])]),
  },
  {
    name: 'madvise_collapse',
    operand: 'mapping',
    summary: 'madvise(MADV_COLLAPSE) on a whole mapping of one PMD',
    results: () => ['0', '-EINVAL', '-EAGAIN'],
    build: (k, on, label) => [call(label, sys_madvise_collapse(k, plain(on)), [on.pmd])],
  },
]

export const findOperation = (name: string): Operation | undefined => OPERATIONS.find((o) => o.name === name)
