import { and, eq, exists, forall, implies, isOneOf, or, type Expr } from '../model/language/expr.ts'
import { FILE_PTES, folio, page, pmd, table } from '../model/mm/mm_types.ts'
import { REMOVERS } from './folio_unmapped.ts'
import { performs, type Property } from './property.ts'

const mapsFile = (p: Expr): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), ...FILE_PTES))

/** What `folio->mapping != mapping` is looked at for, again and again. */
export const NoStalePage: Property = {
  name: 'NoStalePage',
  statement: 'an entry that maps a page of a file maps the folio that the page cache has for it now.',
  sources: [
    'mm/filemap.c, filemap_fault(): "Did it get truncated?"',
    'mm/truncate.c, comment of truncate_cleanup_folio(): a folio "may even be mapped into user pagetables if we\'re racing with filemap_fault()"',
  ],
  bang: 'folio mapped that has left the page cache',
  title: 'folio mapped that has left the page cache',
  failsOn: [],
  mutants: [
    { scenario: 'invalidate+read-two', kernel: 'v7.0', without: ['filemap_fault.truncated'] },
    { scenario: 'truncate+write-plain', kernel: 'v7.0', without: ['do_page_mkwrite.truncated'] },
  ],
  reaches: ['filemap_fault.folio_unlock_truncated', 'do_page_mkwrite.folio_unlock', 'shmem_fault.folio_unlock'],
  build: (scenario) =>
    performs(scenario, ...REMOVERS)
      ? {
          invariant: forall('page', 'p', (p) =>
            and(
              implies(mapsFile(p), or(folio.cached(page.folio(p)), folio.cached(page.huge(p)))),
              implies(eq(pmd.kind(page.pmd(p)), 'huge'), folio.cached(page.huge(p))),
            ),
          ),
          covers: [{ name: 'a folio is in the page cache', expr: exists('folio', 'f', (f) => folio.cached(f)) }],
        }
      : undefined,
}
