import { eq, exists } from '../model/language/expr.ts'
import { table } from '../model/mm/mm_types.ts'
import { surelyUnlinksTables, unlinksTables, type Property } from './property.ts'

/** P10 of the guard-region facts. Asserted at every step that touches a table (Lifetime in model/language). */
export const NoUseAfterFree: Property = {
  name: 'NoUseAfterFree',
  statement: 'no step reads, writes or locks a page table that has been freed.',
  sources: [
    'mm/pgtable-generic.c, pte_offset_map_lock(): RCU keeps an unlinked table from being freed while it is looked at',
  ],
  bang: 'freed page table dereferenced',
  title: 'use of a page table after it was freed',
  failsOn: [],
  mutants: [
    { scenario: 'install+collapse', kernel: 'v7.0', without: ['rcu_do_batch.grace_period'] },
    {
      scenario: 'reclaim+madvise_collapse-anon',
      kernel: 'v7.0',
      without: ['collapse_huge_page.anon_vma_lock_write'],
    },
  ],
  reaches: ['pte_free_defer.call_rcu', 'rcu_do_batch.pte_free_now'],
  build: (scenario) =>
    unlinksTables(scenario)
      ? {
          covers: surelyUnlinksTables(scenario)
            ? [{ name: 'a table waits to be freed', expr: exists('table', 't', (t) => eq(table.state(t), 'deferred')) }]
            : [],
        }
      : undefined,
}
