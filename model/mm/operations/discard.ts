/** What an operation that discards asserts when it returns, in scenarios with page frames: F10 and F12. */
import { and, eq, forall, implies, isOneOf, literal, not, or, type Expr } from '../../language/expr.ts'
import { assert } from '../../language/stmt.ts'
import type { Build, Syscall } from '../build.ts'
import { Result } from '../errno.ts'
import { FILE_PTES, folio, page, pmd, PRESENT_PTES, SWAP_PTES, table } from '../mm_types.ts'
import type { FilePages, Operand } from './operation.ts'
import { returnStep } from './syscall.ts'

/** What touches memory: with it, in another thread, a page may come back before a call that discards it returns. */
export const TOUCHES: readonly string[] = [
  ...['load', 'store', 'read', 'write', 'keep_reading'],
  ...['pin', 'pin_fast', 'vmsplice', 'mem_write', 'uffd_continue'],
]

const entryIs = (p: Expr, ...entries: readonly string[]): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), ...entries))

/** Nothing is mapped there, hugely or by an entry, and nothing is in swap. */
const isEmpty = (p: Expr): Expr =>
  and(isOneOf(pmd.kind(page.pmd(p)), 'none', 'table'), not(entryIs(p, ...PRESENT_PTES, ...SWAP_PTES)))

/** Beside what `io` does at the end: each of these pages maps nothing if the call has returned 0. */
export const discarding = (k: Build, on: Operand, pages: readonly Expr[], io: Syscall): Syscall =>
  k.frames === true && on.untouched
    ? {
        enter: io.enter,
        leave: (result) => [
          ...io.leave(result).slice(0, -1),
          withAssert(
            io.leave(result).at(-1),
            'DiscardedIsEmpty',
            implies(succeeded(result), and(...pages.map(isEmpty))),
          ),
        ],
      }
    : io

const succeeded = (result: Expr): Expr => eq(result, literal(Result, '0'))

/** The return step, with what it promises before the register is set. */
function withAssert(
  last: ReturnType<Syscall['leave']>[number] | undefined,
  property: string,
  cond: Expr,
): ReturnType<Syscall['leave']>[number] {
  if (last?.kind !== 'step') throw new Error('an operation ends in a step')
  return { ...last, actions: [assert(property, cond), ...last.actions] }
}

/** A hole punch: no mapping of the file maps a page of the hole, and private copies are nobody's of the file. */
export const punching = (k: Build, on: Operand, { file, first, last }: FilePages): Syscall => ({
  enter: [],
  leave: (result) => [
    returnStep(
      on,
      result,
      k.frames === true && on.untouched
        ? [
            assert(
              'PunchedIsUnmapped',
              forall('page', 'p', (p) =>
                or(eq(page.folio(p), 'nil'), not(isInHole(p, file, first, last)), not(entryIs(p, ...FILE_PTES))),
              ),
            ),
          ]
        : [],
    ),
  ],
})

/** Of a page that maps a file. */
const isInHole = (p: Expr, file: Expr, first: number, last: number): Expr =>
  and(
    eq(folio.file(page.folio(p)), file),
    or(
      ...Array.from({ length: last - first + 1 }, (_, i) => eq(page.index(p), literal(page.index(p).type, first + i))),
    ),
  )
