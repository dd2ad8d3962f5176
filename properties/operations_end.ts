import type { Property } from './property.ts'

/** P9 of the guard-region facts, of whole system calls. */
export const OperationsEnd: Property = {
  name: 'OperationsEnd',
  statement: 'every system call and every fault that has to end returns to user space, restarts of it included.',
  sources: [
    'Jann Horn, Re: [RFC PATCH 3/4] mm: madvise: implement lightweight guard page mechanism, 14 Oct 2024: ' +
      'a caller that is told to try again on -EAGAIN loops just the same',
    'Lorenzo Stoakes, [PATCH v4 0/5] implement lightweight guard pages, 28 Oct 2024, changelog: restart_syscall()',
  ],
  bang: 'the operation never returns',
  title: 'system call never returns to user space',
  failsOn: [
    { kernels: ['guard-v1', 'guard-v2'], why: 'B03: guard install zaps and walks again without end, under its lock' },
    {
      kernels: [
        'v6.13',
        'v6.15',
        'v6.18',
        'maybe-guard-v2',
        'maybe-guard-v3',
        'maybe-guard-v3-fixup',
        'maybe-guard-v4',
        'v6.18.37',
        'v6.19',
        'v7.0-keep-guards',
        'v7.0',
      ],
      why: 'by design: restart_syscall() starts the call over as often as faults race with all three attempts',
    },
  ],
  mutants: [{ scenario: 'install+keep_reading', kernel: 'rfc-file-read', without: ['pte_unmap_unlock.unlock'] }],
  reaches: ['madvise_guard_install.restart'],
  liveness: true,
  build: () => ({ ends: { kind: 'operations', except: ['load_forever'] }, covers: [] }),
}
