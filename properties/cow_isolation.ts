import { and, eq, exists, forall, implies, isOneOf, not, or, type Expr } from '../model/language/expr.ts'
import { ANON_PTES, HUGE_ANON, page, pmd, table } from '../model/mm/mm_types.ts'
import { performs, type Property } from './property.ts'

const holds = (p: Expr, ...entries: readonly string[]): Expr =>
  exists('table', 't', (t) => and(eq(pmd.table(page.pmd(p)), t), isOneOf(table.pte(t, page.slot(p)), ...entries)))

const writable = (p: Expr): Expr => or(holds(p, 'anon'), eq(pmd.kind(page.pmd(p)), 'huge_anon'))
const mapped = (p: Expr): Expr => or(holds(p, ...ANON_PTES), isOneOf(pmd.kind(page.pmd(p)), ...HUGE_ANON))

/**
 * The other half is asserted where do_wp_page() puts a copy in place (model/mm/memory.ts): nobody may
 * still be able to write the page that was copied, through a TLB entry that fork has not flushed yet.
 */
export const CowIsolation: Property = {
  name: 'CowIsolation',
  statement:
    'no anonymous page that two processes map is writable in either, and none is copied while a CPU of its process may still write it.',
  sources: [
    'Suren Baghdasaryan, "fork: lock VMAs of the parent process when forking" (fb49c455323f, v6.5)',
    'mm/memory.c, do_wp_page(): "Ensure the TLB is flushed in this case before copying"',
    'tools/testing/selftests/mm/guard-regions.c: fork_cow',
  ],
  bang: 'shared page is not isolated',
  title: 'copy-on-write isolation broken by fork',
  failsOn: [],
  mutants: [
    { scenario: 'fork+write', kernel: 'v7.0', without: ['vma_start_write.set_seq'] },
    { scenario: 'fork+write', kernel: 'v6.13', without: ['vma_start_write.set_seq'] },
    { scenario: 'fork+write', kernel: 'v7.0', without: ['copy_pte_range.wrprotect_ptes'] },
    { scenario: 'fork-write+write', kernel: 'v7.0', without: ['do_wp_page.not_exclusive'] },
    { scenario: 'fork-write+write-huge', kernel: 'v7.0', without: ['do_huge_pmd_wp_page.not_exclusive'] },
  ],
  reaches: ['copy_pte_range.wrprotect_ptes', 'do_wp_page.set_pte_at', 'dup_mmap.flush_tlb_mm'],
  build: (scenario) =>
    performs(scenario, 'fork')
      ? {
          invariant: forall('page', 'p', (p) =>
            forall('page', 'c', (c) =>
              implies(
                and(eq(page.child(p), c), page.cow_shared(c)),
                not(or(and(writable(p), mapped(c)), and(writable(c), mapped(p)))),
              ),
            ),
          ),
          covers: [],
        }
      : undefined,
}
