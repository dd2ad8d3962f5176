/** What user space can see of its pages without touching them. */
import { call } from '../../language/stmt.ts'
import type { Routine } from '../../language/routine.ts'
import type { Build, Syscall } from '../build.ts'
import { pagemap_read, show_smap_vma_flags, sys_mincore } from '../task_mmu.ts'
import { pagesOf, type Operation } from './operation.ts'
import { plain } from './syscall.ts'

const observer = (
  name: string,
  summary: string,
  results: readonly string[],
  of: (k: Build, io: Syscall) => Routine,
): Operation => ({
  name,
  operand: 'page',
  summary,
  makesNoTable: true,
  results: () => results,
  build: (k, on, label) => [call(label, of(k, plain(on)), [pagesOf(on).first])],
})

export const OBSERVERS: readonly Operation[] = [
  observer('pagemap', 'what /proc/PID/pagemap says of a page', ['guard', 'none', 'present', 'swap'], pagemap_read),
  observer(
    'smaps_gu',
    "whether smaps shows 'gu' for the VMA of a page: 1 or 0",
    ['0', '1', '-ENOENT'],
    show_smap_vma_flags,
  ),
  observer('mincore', 'mincore() of a page: 1 in memory, 0 not', ['0', '1', '-ENOMEM'], sys_mincore),
]
