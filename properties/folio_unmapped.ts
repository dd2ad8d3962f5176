import { and, exists, forall, implies, not, old } from '../model/language/expr.ts'
import { folio } from '../model/mm/mm_types.ts'
import { folioMapped } from '../model/mm/unmap_mapping.ts'
import { performs, type Property } from './property.ts'

/** Operations that take folios out of the page cache. */
export const REMOVERS = ['ftruncate', 'punch_hole', 'madvise_remove', 'invalidate', 'drop_caches'] as const

/** P6 of the guard-region facts, as far as mapcounts go. */
export const FolioUnmappedOnRemoval: Property = {
  name: 'FolioUnmappedOnRemoval',
  statement: 'no page table entry maps a page of a folio at the moment that the folio leaves the page cache.',
  sources: [
    'mm/filemap.c, filemap_unaccount_folio(): VM_BUG_ON_FOLIO(folio_mapped(folio), folio)',
    'mm/truncate.c, folio_unmap_invalidate(): BUG_ON(folio_mapped(folio))',
  ],
  bang: 'folio removed while mapped',
  title: 'folio leaves the page cache while it is mapped',
  failsOn: [],
  mutants: [
    { scenario: 'truncate+read', kernel: 'v7.0', without: ['truncate_inode_folio.still_mapped'] },
    { scenario: 'drop_caches-truncate+read-plain', kernel: 'v7.0', without: ['truncate_inode_folio.still_mapped'] },
    { scenario: 'invalidate+read', kernel: 'v7.0', without: ['invalidate_inode_pages2_range.still_mapped'] },
    { scenario: 'drop_caches+read', kernel: 'v7.0', without: ['mapping_try_invalidate.still_mapped'] },
  ],
  reaches: [
    'truncate_inode_folio.filemap_remove_folio',
    'invalidate_inode_pages2_range.filemap_remove_folio',
    'mapping_try_invalidate.remove_mapping',
    '__folio_split.xas_store_parts',
  ],
  build: (scenario) =>
    performs(scenario, ...REMOVERS)
      ? {
          step: forall('folio', 'f', (f) =>
            implies(and(old(folio.cached(f)), not(folio.cached(f))), not(folioMapped(f))),
          ),
          covers: [{ name: 'a folio is in the page cache', expr: exists('folio', 'f', (f) => folio.cached(f)) }],
        }
      : undefined,
}
