import { truth } from '../model/language/expr.ts'
import type { Property } from './property.ts'

/** P8 of the guard-region facts. Asserted at the return of every operation (model/mm/operations.ts). */
export const ReturnsDocumented: Property = {
  name: 'ReturnsDocumented',
  statement:
    'every operation returns one of the results documented for it; -ERESTARTNOINTR is never seen by user space.',
  sources: [
    'madvise(2)',
    'Lorenzo Stoakes, [PATCH v4 0/5] implement lightweight guard pages, 28 Oct 2024, changelog: restart_syscall()',
  ],
  bang: 'undocumented result returned',
  title: 'undocumented result reaches user space',
  failsOn: [],
  mutants: [{ scenario: 'install+read', kernel: 'v6.15', without: ['madvise.MADV_GUARD_INSTALL.restart'] }],
  reaches: ['madvise_guard_install.restart', 'madvise_guard_poison.eagain'],
  build: () => ({ covers: [{ name: 'always', expr: truth(true) }] }),
}
