import { and, eq, exists, forall, implies, ne, not, old, or } from '../model/language/expr.ts'
import { pmd, table } from '../model/mm/mm_types.ts'
import { surelyUnlinksTables, unlinksTables, type Property } from './property.ts'

/** P5 of the guard-region facts. */
export const EmptyUnlink: Property = {
  name: 'EmptyUnlink',
  statement:
    'a page table is taken out of its pmd for good only when every entry in it is empty, so that nothing is lost with it.',
  sources: [
    'mm/khugepaged.c, try_collapse_pte_mapped_thp(): "Huge page lock is still held, so page table must remain empty"',
    'Jann Horn, Re: [RFC PATCH 3/4] mm: madvise: implement lightweight guard page mechanism, 14 Oct 2024: ' +
      'a VMA without anon_vma and uffd-wp holds no state that must be kept',
  ],
  bang: 'page table unlinked with entries in it',
  title: 'page table freed with entries in it',
  failsOn: [
    { kernels: ['rfc-file', 'rfc-file-read'], why: 'markers are written before anon_vma is there to say so' },
    { kernels: ['maybe-guard-v1', 'maybe-guard-v2'], why: 'nothing tells retract_page_tables() about markers' },
    {
      kernels: [
        'v6.15',
        'v6.18',
        'maybe-guard-v3',
        'maybe-guard-v3-fixup',
        'maybe-guard-v4',
        'v6.18.37',
        'v6.19',
        'v7.0',
      ],
      why: 'a finding: try_collapse_pte_mapped_thp() empties a table and unlinks it later without a second look',
    },
    {
      kernels: ['maybe-guard-v4', 'v6.18.37', 'v6.19', 'v7.0'],
      why: 'a finding: a merge sets VM_MAYBE_GUARD after it has let go of i_mmap_rwsem, and retract_page_tables() runs before',
    },
    {
      kernels: ['v6.13', 'v6.15', 'v6.18', 'v6.18.37', 'v7.0'],
      why: 'a finding: retract_page_tables() asks userfaultfd for write protection alone, and takes poison along',
    },
  ],
  mutants: [
    { scenario: 'install+collapse', kernel: 'v7.0', without: ['retract_page_tables.recheck'] },
    {
      scenario: 'uffd_copy+madvise_collapse-private',
      kernel: 'v7.0',
      without: ['try_collapse_pte_mapped_thp.uffd_private'],
    },
  ],
  reaches: [
    'retract_page_tables.pmdp_collapse_flush',
    'try_collapse_pte_mapped_thp.step4_pmdp_collapse_flush',
    'zap_pte_range.pmd_clear',
    'collapse_huge_page.set_pmd_at',
  ],
  build: (scenario) =>
    unlinksTables(scenario)
      ? {
          step: forall('pmd', 'p', (p) =>
            forall('table', 't', (t) =>
              implies(
                and(
                  or(eq(old(pmd.table(p)), t), eq(old(pmd.collapsing(p)), t)),
                  ne(pmd.table(p), t),
                  // collapse_huge_page() holds it, to put it back or to empty it and deposit it.
                  ne(pmd.collapsing(p), t),
                  // mremap() moves a whole table to another pmd.
                  not(exists('pmd', 'q', (q) => eq(pmd.table(q), t))),
                ),
                forall('slot', 's', (s) => eq(old(table.pte(t, s)), 'none')),
              ),
            ),
          ),
          covers: surelyUnlinksTables(scenario)
            ? [{ name: 'a table was unlinked', expr: exists('table', 't', (t) => eq(table.state(t), 'unlinked')) }]
            : [],
        }
      : undefined,
}
