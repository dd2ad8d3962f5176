import type { Property } from './property.ts'

/** The other half of B03 of the guard-region facts: what a loop under mmap_lock does to others. */
export const MmapLockGranted: Property = {
  name: 'MmapLockGranted',
  statement: 'whoever waits for mmap_lock as a writer gets it, however often it is read-locked meanwhile.',
  sources: [
    'Lorenzo Stoakes, Re: [RFC PATCH 3/4] mm: madvise: implement lightweight guard page mechanism, 14 Oct 2024: ' +
      'such a loop would hold and contend a highly contended lock for long',
    'kernel/locking/rwsem.c, RWSEM_WAIT_TIMEOUT: new readers are kept out once a writer has waited for 4 ms',
  ],
  bang: 'the writer never gets mmap_lock',
  title: 'writer of mmap_lock waits for ever',
  failsOn: [{ kernels: ['guard-v1', 'guard-v2'], why: 'B03: guard install never lets go of its read lock' }],
  mutants: [
    {
      scenario: 'install+keep_reading+mprotect',
      kernel: 'v6.13',
      without: ['madvise.MADV_GUARD_INSTALL.mmap_read_unlock'],
    },
  ],
  reaches: [],
  liveness: true,
  build: () => ({ ends: { kind: 'waits', lock: 'mm.mmap_lock', mode: 'write' }, covers: [] }),
}
