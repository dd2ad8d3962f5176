/** What user space can see of its pages without touching them. */
import { call } from '../../language/stmt.ts'
import type { Routine } from '../../language/routine.ts'
import type { Build, Syscall } from '../build.ts'
import { do_pagemap_scan, pagemap_read, show_smap_vma_flags, sys_mincore } from '../task_mmu.ts'
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
  {
    name: 'pagemap_scan',
    operand: 'pages',
    summary: 'PAGEMAP_SCAN for PAGE_IS_GUARD: how many of up to four pages are guarded',
    pagesMax: 4,
    makesNoTable: true,
    results: () => ['0', '1', '2', '3', '4'],
    build: (k, on, label) => {
      const { first, last } = pagesOf(on)
      return [call(label, do_pagemap_scan(k, plain(on)), [first, last])]
    },
  },
  observer('mincore', 'mincore() of a page: 1 in memory, 0 not', ['0', '1', '-ENOMEM'], sys_mincore),
]
