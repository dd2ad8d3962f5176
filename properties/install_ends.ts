import type { Property } from './property.ts'

/** P9 of the guard-region facts, of the function that holds the lock. B03 breaks it. */
export const InstallEnds: Property = {
  name: 'InstallEnds',
  statement:
    'madvise_guard_install() returns to its caller, which lets go of the lock, however often faults race with it.',
  sources: [
    'Lorenzo Stoakes, Re: [RFC PATCH 3/4] mm: madvise: implement lightweight guard page mechanism, 14 Oct 2024: ' +
      'not to have to prove that a loop under mmap_lock cannot go on for ever',
    'Lorenzo Stoakes, [PATCH v3 0/5] implement lightweight guard pages, 23 Oct 2024, changelog: three attempts',
  ],
  bang: 'guard install never ends',
  title: 'guard install retries for ever under its lock',
  failsOn: [{ kernels: ['guard-v1', 'guard-v2'], why: 'B03: it zaps and walks again without end' }],
  mutants: [{ scenario: 'install+keep_reading', kernel: 'v6.13', without: ['pte_unmap_unlock.unlock'] }],
  reaches: ['madvise_guard_install.restart', 'madvise_guard_poison.eagain'],
  liveness: true,
  build: () => ({ ends: { kind: 'calls', routines: ['madvise_guard_install', 'madvise_guard_poison'] }, covers: [] }),
}
