/**
 * mm/madvise.c, process_madvise() on several ranges of one's own mm: vector_madvise(). Read at
 * v7.0-rc6; v6.13 from the facts (guard-regions facts 1.1.4), its body UNVERIFIED.
 *
 * Not modelled yet: another process's mm (guard behaviours are refused there), fatal signals, a lock
 * that cannot be had again after a restart (9c49e5d09f07), partial counts of a range.
 */
import { eq, ite, literal, local, ne, plus, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, check, continue_, if_, let_, while_, type Stmt } from '../language/stmt.ts'
import { int, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { dropLock, lockTaken, madvise_walk_vmas, oneVma, sufficient, takeLock, type Behaviour } from './madvise.ts'
import { mmap_read_unlock, vma_end_read } from './mmap_lock.ts'
import { page } from './mm_types.ts'

const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const i: Local = local('i', int(0, 3))
const error: Local = local('ret', Result)
const advised: Local = local('advised', Result)

/** A range: its pages, and how many there are. */
export interface Element {
  readonly first: Expr
  readonly last: Expr
  readonly pages: number
}

/** The value for the range that `i` is at. */
const pick = (values: readonly Expr[]): Expr => {
  const [head, ...rest] = values
  if (head === undefined) throw new Error('process_madvise() takes a range')
  return rest.reduce((chosen, value, n) => ite(eq(i, n + 1), value, chosen), head)
}

const walk = (b: Behaviour): Stmt => call('walk_vmas', madvise_walk_vmas(b.visit), [first, last], error)
const restarting = eq(error, '-ERESTARTNOINTR')

/** v6.13: each range takes the lock anew, and so does each try of it. */
const lockEach = (k: Build, b: Behaviour): readonly Stmt[] => [
  ...takeLock(k, b),
  walk(b),
  ...dropLock(b),
  check('restart', restarting, [continue_]),
]

/** v6.15: the lock is held throughout; a restart lets go of it for a moment. */
const underLock = (k: Build, b: Behaviour): readonly Stmt[] => [
  if_(eq(lockTaken, 'none'), [...takeLock(k, b), let_(lockTaken, 'mmap')]),
  walk(b),
  check('restart', restarting, [...dropLock(b), let_(lockTaken, 'none'), continue_]),
]

/**
 * v7.0: the lock of the range's VMA where that is enough; once it is not, the mmap lock, kept for the
 * ranges after it. A restart begins with the VMA lock again.
 */
const perVma = (k: Build, b: Behaviour): readonly Stmt[] => [
  if_(eq(lockTaken, 'none'), takeLock(k, b)),
  if_(
    eq(lockTaken, 'vma'),
    [call('do', b.visit, [oneVma, first, last], error), vma_end_read('vma_end_read', oneVma), let_(lockTaken, 'none')],
    [walk(b)],
  ),
  check('restart', restarting, [...dropMmapLock('mmap_read_unlock_restart'), continue_]),
]

const dropMmapLock = (label: string): readonly Stmt[] => [
  if_(eq(lockTaken, 'mmap'), [mmap_read_unlock(label, page.mm(first)), let_(lockTaken, 'none')]),
]

/** process_madvise(PIDFD_SELF, ranges, behaviour): how many pages were advised, or an error if none was. */
export function sys_process_madvise(k: Build, b: Behaviour, elements: readonly Element[], io: Syscall): Routine {
  const totals = elements.map((_, n) => elements.slice(0, n + 1).reduce((sum, e) => sum + e.pages, 0))
  const one =
    b.mode === 'vma read' ? perVma(k, b) : k.has('process-madvise-one-lock') ? underLock(k, b) : lockEach(k, b)
  const kept = b.mode === 'vma read' || k.has('process-madvise-one-lock')
  return routine({
    name: `process_madvise(${b.name})`,
    file: 'mm/madvise.c',
    read: 'v7.0-rc6: vector_madvise(); v6.13 from the facts',
    params: [],
    locals: [
      ...[first, last, i, error, advised],
      ...(kept ? [lockTaken] : []),
      ...(b.mode === 'vma read' ? [oneVma, sufficient] : []),
    ],
    body: [
      ...io.enter,
      let_(advised, '0'),
      while_(truth(true), [
        let_(first, pick(elements.map((e) => e.first))),
        let_(last, pick(elements.map((e) => e.last))),
        ...one,
        if_(ne(error, '0'), [break_]),
        let_(advised, pick(totals.map((n) => literal(Result, String(n))))),
        if_(eq(i, elements.length - 1), [break_]),
        let_(i, plus(i, 1)),
      ]),
      ...(kept ? dropMmapLock('mmap_read_unlock_last') : []),
      let_(advised, ite(eq(advised, '0'), error, advised)),
      ...io.leave(advised),
    ],
  })
}
