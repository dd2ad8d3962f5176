import { and, eq, exists, forall, implies, ne, not, old, type Expr } from '../model/language/expr.ts'
import { mm, page, pmd, table } from '../model/mm/mm_types.ts'
import { performs, type Property } from './property.ts'

const holdsGuard = (p: Expr): Expr =>
  exists('table', 't', (t) => and(eq(pmd.table(page.pmd(p)), t), eq(table.pte(t, page.slot(p)), 'guard')))

/** P4 of the guard-region facts. */
export const ForkKept: Property = {
  name: 'ForkKept',
  statement:
    'a child begins with a guard wherever its parent had been promised one before fork began, and gets none where its parent has none; MADV_DONTFORK and MADV_WIPEONFORK apart.',
  sources: [
    'tools/testing/selftests/mm/guard-regions.c: fork, fork_wipeonfork',
    'madvise(2), MADV_GUARD_INSTALL: guard regions are kept on fork, but for MADV_WIPEONFORK',
    'Lorenzo Stoakes, [PATCH v3 0/8] introduce VM_MAYBE_GUARD and make it sticky, 7 Nov 2025',
  ],
  bang: 'guard not in the child',
  title: 'guard region lost in fork',
  failsOn: [
    { kernels: ['maybe-guard-v1', 'maybe-guard-v2'], why: 'retract_page_tables() does not look at VM_MAYBE_GUARD' },
    {
      kernels: ['v6.19', 'v7.0'],
      why: 'a finding: VM_MAYBE_GUARD is lost to a plain store of flags that were read before, and fork() copies no table without it',
    },
  ],
  mutants: [{ scenario: 'install-fork+read-file', kernel: 'v7.0', without: ['copy_pte_range.copy_nonpresent_pte'] }],
  reaches: ['copy_pte_range.copy_nonpresent_pte', 'fork.wake_up_new_task'],
  build: (scenario) =>
    performs(scenario, 'fork')
      ? {
          step: forall('page', 'p', (p) =>
            forall('page', 'c', (c) =>
              implies(
                eq(page.child(p), c),
                and(
                  implies(and(not(old(mm.live(page.mm(c)))), mm.live(page.mm(c)), page.promised(c)), holdsGuard(c)),
                  // Until then only fork itself writes markers into the child's tables.
                  implies(and(not(mm.live(page.mm(c))), holdsGuard(c), not(old(holdsGuard(c)))), old(holdsGuard(p))),
                ),
              ),
            ),
          ),
          covers: [
            {
              name: 'a child runs',
              expr: exists('page', 'p', (p) => and(mm.live(page.mm(p)), ne(page.vma(p), 'nil'))),
            },
          ],
        }
      : undefined,
}
