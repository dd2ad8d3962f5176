import { and, exists, forall, implies } from '../model/language/expr.ts'
import { mm, page } from '../model/mm/mm_types.ts'
import { guarded } from './guarded.ts'
import { promisesGuards, type Property } from './property.ts'

/** P1 of the guard-region facts. */
export const GuardStays: Property = {
  name: 'GuardStays',
  statement:
    'once MADV_GUARD_INSTALL has returned 0, every page of its range holds a guard marker until MADV_GUARD_REMOVE or an unmap.',
  sources: [
    'madvise(2), MADV_GUARD_INSTALL',
    'Jann Horn, Re: [RFC PATCH 3/4] mm: madvise: implement lightweight guard page mechanism, 14 Oct 2024',
    'Lorenzo Stoakes, [PATCH v3 0/8] introduce VM_MAYBE_GUARD and make it sticky, 7 Nov 2025',
  ],
  bang: 'guard marker lost',
  title: 'guard marker lost',
  failsOn: [
    { kernels: ['rfc-file', 'rfc-file-read'], why: 'anon_vma is prepared after the walk that writes the markers' },
    { kernels: ['maybe-guard-v1', 'maybe-guard-v2'], why: 'retract_page_tables() does not look at VM_MAYBE_GUARD' },
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
      kernels: ['rfc-file', 'v6.15', 'v6.18', 'maybe-guard-v1', 'maybe-guard-v2', 'maybe-guard-v3', 'v7.0'],
      why: 'a finding: unmap_mapping_folio() drops every guard at the pages of a folio that somebody still maps',
    },
    {
      kernels: ['maybe-guard-v4', 'v6.18.37', 'v6.19', 'v7.0'],
      why: 'a finding: a merge sets VM_MAYBE_GUARD after it has let go of i_mmap_rwsem, and retract_page_tables() runs before',
    },
  ],
  mutants: [
    { scenario: 'install+collapse', kernel: 'v7.0', without: ['retract_page_tables.recheck'] },
    { scenario: 'install+madvise_collapse-anon', kernel: 'v7.0', without: ['collapse_huge_page.pte_present'] },
  ],
  reaches: [
    'walk_pte_range.pte_entry',
    'retract_page_tables.pmdp_collapse_flush',
    'collapse_huge_page.pmd_populate',
    '__collapse_huge_page_swapin.ptep_get_lockless',
    'zap_pte_range.pte',
    // seeds/000 argues path by path that a guard stays: fault-around, truncation, hole punching.
    'filemap_map_pages.set_pte',
    'unmap_mapping_pages.next_vma',
    'shmem_setattr.truncated',
    'ext4_setattr.truncated',
    'shmem_fallocate.clear_falloc',
    'ext4_punch_hole.invalidate_unlock',
    'unmap_mapping_folio.next_vma',
  ],
  build: (scenario) =>
    promisesGuards(scenario)
      ? {
          invariant: forall('page', 'p', (p) => implies(and(page.promised(p), mm.live(page.mm(p))), guarded(p))),
          covers: [{ name: 'an install has returned 0', expr: exists('page', 'p', (p) => page.promised(p)) }],
        }
      : undefined,
}
