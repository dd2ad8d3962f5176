/** MADV_FREE, MADV_COLD, MADV_PAGEOUT, MADV_POPULATE, process_madvise(), and reclaim. */
import { call } from '../../language/stmt.ts'
import type { Build, Syscall } from '../build.ts'
import { guardInstallBehaviour, guardRemoveBehaviour } from '../madvise.ts'
import { sys_madvise_cold, sys_madvise_free } from '../madvise_lru.ts'
import { sys_madvise_populate, sys_process_vm_readv } from '../madvise_populate.ts'
import { sys_process_madvise } from '../process_madvise.ts'
import { reclaim_frame } from '../rmap_share.ts'
import { kswapd } from '../vmscan.ts'
import type { Routine } from '../../language/routine.ts'
import { pagesOf, type Operand, type Operation, type Pages } from './operation.ts'
import { installing, plain, removing } from './syscall.ts'

const onPages = (
  name: string,
  summary: string,
  results: readonly string[],
  of: (k: Build, io: Syscall) => Routine,
): Operation => ({
  name,
  operand: 'pages',
  summary,
  results: () => results,
  build: (k, on, label) => {
    const { first, last } = pagesOf(on)
    return [call(label, of(k, plain(on)), [first, last])]
  },
})

const ranges = (on: Operand): readonly Pages[] => (on.argument.kind === 'ranges' ? on.argument.ranges : [])
const elements = (on: Operand): Parameters<typeof sys_process_madvise>[2] =>
  ranges(on).map(({ first, last, pages }) => ({ first, last, pages: pages.length }))
const allPages = (on: Operand): Pages['pages'] => ranges(on).flatMap((r) => r.pages)
const COUNTS = ['1', '2', '3', '4'] as const

export const LRU_OPERATIONS: readonly Operation[] = [
  onPages('free', 'madvise(MADV_FREE) on some pages of one mapping', ['0', '-EINVAL', '-ENOMEM'], sys_madvise_free),
  onPages('cold', 'madvise(MADV_COLD) on some pages of one mapping', ['0', '-EINVAL', '-ENOMEM'], (k, io) =>
    sys_madvise_cold(k, false, io),
  ),
  onPages('pageout', 'madvise(MADV_PAGEOUT) on some pages of one mapping', ['0', '-EINVAL', '-ENOMEM'], (k, io) =>
    sys_madvise_cold(k, true, io),
  ),
  onPages(
    'populate_read',
    'madvise(MADV_POPULATE_READ) on some pages of one mapping',
    ['0', '-EINVAL', '-EFAULT', '-ENOMEM', '-EHWPOISON'],
    (k, io) => sys_madvise_populate(k, false, io),
  ),
  onPages(
    'populate_write',
    'madvise(MADV_POPULATE_WRITE) on some pages of one mapping',
    ['0', '-EINVAL', '-EFAULT', '-ENOMEM', '-EHWPOISON'],
    (k, io) => sys_madvise_populate(k, true, io),
  ),
  onPages(
    'vm_readv',
    'process_vm_readv() of some pages: 0, or -EFAULT where the kernel cannot get one',
    ['0', '-EFAULT'],
    sys_process_vm_readv,
  ),
  {
    name: 'process_guard_install',
    operand: 'ranges',
    summary: 'process_madvise(PIDFD_SELF, ranges, MADV_GUARD_INSTALL): how many pages, or an error',
    results: () => ['0', ...COUNTS, '-EINVAL', '-ENOMEM'],
    // What was promised of a range before one that failed is left out: a promise is made for all or none.
    build: (k, on, label) => [
      call(
        label,
        sys_process_madvise(
          k,
          guardInstallBehaviour(k),
          elements(on),
          installing(on, allPages(on), String(allPages(on).length)),
        ),
      ),
    ],
  },
  {
    name: 'process_guard_remove',
    operand: 'ranges',
    summary: 'process_madvise(PIDFD_SELF, ranges, MADV_GUARD_REMOVE): how many pages, or an error',
    takesGuards: true,
    results: () => ['0', ...COUNTS, '-EINVAL', '-ENOMEM'],
    build: (k, on, label) => [
      call(label, sys_process_madvise(k, guardRemoveBehaviour(k), elements(on), removing(on, allPages(on)))),
    ],
  },
  {
    name: 'reclaim',
    frames: 'too',
    operand: 'page',
    summary: 'kswapd reclaims a page: unmaps it, and drops it from the page cache or swaps it out',
    makesNoTable: true,
    results: () => [],
    build: (k, on, label) => [call(label, k.frames === true ? reclaim_frame(k) : kswapd(k), [pagesOf(on).first])],
  },
]
