/** Collapses into huge pages, by khugepaged and by MADV_COLLAPSE. */
import { call } from '../../language/stmt.ts'
import { khugepaged_scan_file } from '../khugepaged.ts'
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
    fileOnly: true,
    results: () => ['0', '-EINVAL', '-EAGAIN', '-ENOMEM', '-EBUSY'],
    build: (k, on, label) => [call(label, sys_madvise_collapse(k, plain(on)), [pagesOf(on).pmd])],
  },
]
