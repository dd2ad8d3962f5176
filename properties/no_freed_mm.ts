import { exists } from '../model/language/expr.ts'
import { mm } from '../model/mm/mm_types.ts'
import { performs, type Property } from './property.ts'

/** P10 of the guard-region facts, of the mm_struct itself. Asserted where lock_vma_under_rcu() wakes a writer. */
export const NoFreedMm: Property = {
  name: 'NoFreedMm',
  statement: 'no step touches an mm that has been freed.',
  sources: [
    '9bbffee67ffd, "mm: fix a UAF when vma->mm is freed after vma->vm_refcnt got dropped" (July 2025, v6.17), B29 of the guard-region facts',
  ],
  bang: 'freed mm dereferenced',
  title: 'use of an mm_struct after it was freed',
  failsOn: [
    {
      kernels: ['v6.15'],
      why: "vma_refcount_put() takes the mm from a VMA that has become another process's, and holds on to neither (B29)",
    },
  ],
  mutants: [{ scenario: 'munmap-reuse+read', kernel: 'v7.0', without: ['lock_vma_under_rcu.hold_mm'] }],
  reaches: ['mmap_reusing.mmdrop'],
  build: (scenario) =>
    performs(scenario, 'mmap_reusing')
      ? {
          covers: scenario.kernel.has('vma-refcnt')
            ? [{ name: 'an mm is freed', expr: exists('mm', 'm', (m) => mm.freed(m)) }]
            : [],
        }
      : undefined,
}
