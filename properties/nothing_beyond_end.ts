import { truth } from '../model/language/expr.ts'
import { performs, type Property } from './property.ts'

/** Asserted where ftruncate() is about to let go of its locks (model/mm/truncate_end.ts). */
export const NothingBeyondEnd: Property = {
  name: 'NothingBeyondEnd',
  statement:
    'when ftruncate() lets go of i_rwsem, no mapping of the file has a page beyond the end of it, of the page cache or a private copy, so that an access there raises SIGBUS, or SIGSEGV where a guard is.',
  sources: [
    'mm/truncate.c, truncate_pagecache(): the second unmap_mapping_range() is there for private copies made meanwhile',
    'mmap(2): an access beyond the end of the file raises SIGBUS',
  ],
  bang: 'page left beyond the end of the file',
  title: 'page left mapped beyond the end of the file',
  failsOn: [{ kernels: ['v5.13'], why: 'C19: the zap of a truncation passes swap entries by (before v5.18)' }],
  mutants: [
    { scenario: 'truncate+write-cow', kernel: 'v7.0', without: ['shmem_setattr.unmap_again'] },
    { scenario: 'truncate+write-cow-plain', kernel: 'v7.0', without: ['truncate_pagecache.unmap_again'] },
  ],
  reaches: ['shmem_setattr.truncated', 'ext4_setattr.truncated', 'do_cow_fault.folio_unlock'],
  build: (scenario) =>
    performs(scenario, 'ftruncate') ? { covers: [{ name: 'always', expr: truth(true) }] } : undefined,
}
