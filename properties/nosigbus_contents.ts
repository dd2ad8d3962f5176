/** N4, N10, D-S6, X1 and X2 of the MAP_NOSIGBUS facts: what loads, stores and pins may find. */
import { and, eq, exists, forall, implies, isOneOf, ne, not, type Expr } from '../model/language/expr.ts'
import { ANON_PTES, FILE_PTES, page, pmd, table } from '../model/mm/mm_types.ts'
import { nosigbus } from '../model/mm/nosigbus_types.ts'
import { asksNosigbus, asksSharing, FLAG_SET, HUGH_1, HUGH_3, KIRILL } from './nosigbus.ts'
import { A_HOLD, foliosOf, pins } from './gup.ts'
import { pinsHold } from './pin_reliable.ts'
import { performs, type Property } from './property.ts'

const holds = (p: Expr, ...entries: readonly string[]): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), isOneOf(table.pte(pmd.table(page.pmd(p)), page.slot(p)), ...entries))

/** N4 of shared mappings. Asserted where the tables let a load through (model/mm/nosigbus.ts). */
export const SharedCoherent: Property = {
  name: 'SharedCoherent',
  statement:
    'a load from a shared mapping is never answered by the zero page where the file has a page that somebody has written.',
  sources: [
    HUGH_1,
    HUGH_3,
    'Hugh Dickins, end of May 2021, lkml.iu.edu/hypermail/linux/kernel/2105.3/07209.html: the correct behaviour would be to unmap the nofault page',
    'Vivek Goyal, 28 June 2021: KVM and virtiofs would lose sharing without a word',
  ],
  bang: 'zero page in place of data',
  title: 'shared mapping shows zeroes in place of data',
  failsOn: [{ kernels: ['nosigbus-v1', 'nosigbus-linus'], why: 'nothing unmaps the zero page when the file grows' }],
  mutants: [{ scenario: 'nosigbus-shared-grow', kernel: 'nosigbus-coherent', without: ['shmem_setattr.grown'] }],
  reaches: ['load.access'],
  build: (s) => (asksSharing(s, 'shared') && performs(s, 'write') ? { covers: [FLAG_SET] } : undefined),
}

/** N4 as Kirill Shutemov would have it, of private mappings too; Hugh Dickins allows what breaks it. */
export const PrivateCoherent: Property = {
  name: 'PrivateCoherent',
  statement:
    'a load from a private mapping that was not written is never answered by the zero page where the file has a page that somebody has written.',
  sources: [KIRILL],
  bang: 'zero page in place of data',
  title: 'private mapping shows zeroes in place of data',
  failsOn: [
    {
      kernels: ['nosigbus-sketch', 'nosigbus-v1', 'nosigbus-v1.5', 'nosigbus-linus', 'nosigbus-v2'],
      why: 'nothing unmaps the zero page when the file grows, which Hugh Dickins allows of private mappings',
    },
  ],
  mutants: [{ scenario: 'nosigbus-grow-read', kernel: 'nosigbus-coherent', without: ['shmem_setattr.grown'] }],
  reaches: ['load.access'],
  build: (s) => (asksSharing(s, 'private') && performs(s, 'write') ? { covers: [FLAG_SET] } : undefined),
}

/** LOSTW of D-S6. */
export const PrivateStoreKept: Property = {
  name: 'PrivateStoreKept',
  statement: 'what was stored to a private mapping is never replaced by the zero page without a signal.',
  sources: ['derived (D-S6): where SIGBUS would have told that truncation discards private pages, nothing does'],
  bang: 'private store lost without a word',
  title: 'private store silently lost',
  failsOn: [
    {
      kernels: ['nosigbus-sketch', 'nosigbus-v1', 'nosigbus-v1.5', 'nosigbus-v2'],
      why: 'truncation takes private copies along, and the next load maps the zero page',
    },
  ],
  mutants: [{ scenario: 'nosigbus-write+read', kernel: 'nosigbus-v2', without: ['do_anonymous_page.pte_changed'] }],
  reaches: ['store.access'],
  build: (s) => (asksSharing(s, 'private') && performs(s, 'write') ? { covers: [FLAG_SET] } : undefined),
}

/** RELIABLE of the facts (A.4): for the zero page (X1 and X2), and wherever there are page frames (F4, F5). */
export const PinReliable: Property = {
  name: 'PinReliable',
  statement:
    'what a pin holds is what its address maps and what is stored there goes to, until the address is discarded.',
  sources: [
    'David Hildenbrand, mm/gup: reliable R/O long-term pinning in COW mappings, 16 Nov 2022 (seeds/001)',
    'mm/memory.c, vm_mixed_zeropage_allowed(): why shared mappings get no zero page where GUP may come',
  ],
  bang: 'pinned page is not the mapped one',
  title: 'pinned page left behind by copy-on-write',
  failsOn: [
    { kernels: ['nosigbus-coherent'], why: 'X1: growth must replace the zero page, and the pin stays on it' },
    {
      kernels: ['v5.7', 'v5.9', 'v5.10', 'v5.11', 'v5.13', 'v5.18', 'v5.19', 'v6.0', 'v6.1'],
      why: 'pins to read of pages that are not exclusive are left behind by the next write (before 84209e87c696, v6.2)',
    },
  ],
  mutants: [
    { scenario: 'nosigbus-pin-private', kernel: 'nosigbus-v2-on-v7.0', without: ['follow_page_pte.gup_must_unshare'] },
    { scenario: 'pin+dontneed', kernel: 'v6.2', without: ['follow_page_pte.gup_must_unshare'] },
    { scenario: 'fork+pin_fast', kernel: 'v6.2', without: ['gup_fast.seq_odd', 'gup_fast.seq_changed'] },
    { scenario: 'pin_fast+khugepaged', kernel: 'v6.2', without: ['collapse_huge_page.refcount_suitable'] },
    { scenario: 'pin-clear_refs-store', kernel: 'v6.2', without: ['do_wp_page.private.reuse'] },
    { scenario: 'gup-row152-memfd', kernel: 'v6.2', without: ['follow_page_pte.gup_must_unshare'] },
    { scenario: 'gup-row158-memfd-fast', kernel: 'v6.2', without: ['gup_fast_pte_range.gup_must_unshare'] },
  ],
  reaches: ['follow_page_pte.try_grab_folio', 'do_wp_page_unshare.set_pte_at'],
  build: (s) => {
    if (pins(s)) return { invariant: pinsHold(foliosOf(s)), covers: [A_HOLD] }
    return asksNosigbus(s) && performs(s, 'pin_longterm')
      ? {
          invariant: forall('page', 'p', (p) =>
            and(
              implies(eq(nosigbus.pinned(p), 'zero'), not(holds(p, ...FILE_PTES, ...ANON_PTES))),
              implies(eq(nosigbus.pinned(p), 'anon'), not(holds(p, ...FILE_PTES, 'zero', 'zero_none'))),
              implies(eq(nosigbus.pinned(p), 'file'), not(holds(p, ...ANON_PTES, 'zero', 'zero_none'))),
            ),
          ),
          covers: [{ name: 'a page is pinned', expr: exists('page', 'p', (p) => ne(nosigbus.pinned(p), 'nothing')) }],
        }
      : undefined
  },
}
