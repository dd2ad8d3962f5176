/** Collapses into huge pages, by khugepaged and by MADV_COLLAPSE. */
import { call } from '../../language/stmt.ts'
import { khugepaged_scan_file } from '../khugepaged.ts'
import { khugepaged_scan_anon } from '../khugepaged_anon.ts'
import { sys_madvise_collapse } from '../khugepaged_madvise.ts'
import { pagesOf, type Operation } from './operation.ts'
import { plain } from './syscall.ts'

export const COLLAPSE_OPERATIONS: readonly Operation[] = [
  {
    name: 'collapse',
    operand: 'file',
    files: 'shmem',
    summary: 'khugepaged collapses the file on behalf of some other process',
    unlinks: 1,
    makesNoTable: true,
    results: () => [],
    build: (k, on, label) =>
      on.argument.kind === 'chunk' ? [call(label, khugepaged_scan_file(k), [on.argument.chunk])] : [],
  },
  {
    name: 'madvise_collapse',
    operand: 'mapping',
    files: 'shmem',
    summary: 'madvise(MADV_COLLAPSE) on a whole mapping of one PMD',
    unlinks: 2,
    results: () => ['0', '-EINVAL', '-EAGAIN', '-EBUSY', '-ENOMEM'],
    build: (k, on, label) => [
      call(label, sys_madvise_collapse(k, pagesOf(on).anonymous, plain(on)), [pagesOf(on).pmd]),
    ],
  },
  {
    name: 'khugepaged',
    frames: 'too',
    operand: 'mapping',
    anonymousOnly: true,
    summary: 'khugepaged scans a whole mapping of one PMD, anonymous memory, and collapses it',
    makesNoTable: true,
    results: () => [],
    build: (k, on, label) => [call(label, khugepaged_scan_anon(k), [pagesOf(on).pmd])],
  },
]
