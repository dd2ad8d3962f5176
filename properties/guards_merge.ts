import { truth } from '../model/language/expr.ts'
import { performs, type Property } from './property.ts'

/** 8.2.10 of the guard-region facts. Asserted where a merge is decided on (model/mm/vma_merge.ts). */
export const GuardsMerge: Property = {
  name: 'GuardsMerge',
  statement: 'two neighbouring VMAs that differ in nothing but VM_MAYBE_GUARD are merged.',
  sources: [
    'Lorenzo Stoakes, [PATCH v3 0/8] introduce VM_MAYBE_GUARD and make it sticky, 7 Nov 2025: ' +
      'otherwise VMAs with guard regions become non-mergeable for no especially good reason',
  ],
  bang: 'merge refused because of a guard',
  title: 'VM_MAYBE_GUARD keeps two VMAs from merging',
  failsOn: [],
  mutants: [{ scenario: 'mprotect-merge-guards', kernel: 'v7.0', without: ['vma_merge_existing_range.ignore_merge'] }],
  reaches: ['vma_merge_existing_range.merge_both'],
  build: (scenario) =>
    scenario.kernel.has('sticky-flags') &&
    performs(scenario, 'guard_install') &&
    performs(scenario, 'mprotect', 'mmap', 'mlock', 'munlock', 'mremap', 'mremap_grow')
      ? { covers: [{ name: 'always', expr: truth(true) }] }
      : undefined,
}
