/**
 * The half of mm/memory.c that unmaps pages of a file from every mm: unmap_mapping_range(),
 * unmap_mapping_pages() and unmap_mapping_folio(), with the zap_details of each (guard-regions facts
 * 4.1, 4.2). None of them takes the mmap lock or a VMA lock. Read in a copy between v6.19 and v7.0-rc6
 * and, for unmap_mapping_folio(), in copies of v6.6 and later.
 *
 * Not modelled yet: DAX, mmu notifiers, the pmd lock that zap_pmd_range() takes and drops where a huge
 * folio's pmd is already gone (it waits for a mapcount that is not kept here).
 */
import {
  and,
  eq,
  exists,
  firstThat,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  or,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { isOneOf } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, lock, set, step, unlock, when, while_, type Stmt } from '../language/stmt.ts'
import { int, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { framesOf, zap_page_range_single, type ZapDetails } from './memory_zap.ts'
import { zeroIsNormal } from './nosigbus.ts'
import { FILE_PAGES_MAX, FILE_PTES, file, folio, page, pmd, table, vma } from './mm_types.ts'

const READ = 'v7.0-rc6; the same steps since v6.3'
const f: Local = local('mapping', refTo('file'))
const first: Local = local('first_index', int(0, FILE_PAGES_MAX))
const last: Local = local('last_index', int(0, FILE_PAGES_MAX))
const v: Local = local('vma', nilable('vma'))
const zba: Local = local('zba', nilable('page'))
const zea: Local = local('zea', nilable('page'))

/** A page of the range that the VMA maps. */
const inBoth = (p: Expr, of: Expr): Expr =>
  and(
    eq(page.mapping(p), vma.mapping(of)),
    le(vma.start(of), p),
    le(p, vma.end(of)),
    le(first, page.index(p)),
    le(page.index(p), last),
  )

const nextVma = (label: string, text: string, after: Expr): Stmt =>
  step(label, text, [
    set(
      v,
      firstThat('vma', 'v', (x) =>
        and(
          lt(after, x),
          vma.linked(x),
          eq(vma.file(x), f),
          exists('page', 'p', (p) => inBoth(p, x)),
        ),
      ),
    ),
    when(ne(v, 'nil'), [
      set(
        zba,
        firstThat('page', 'p', (p) => inBoth(p, v)),
      ),
      set(
        zea,
        firstThat('page', 'p', (p) => and(inBoth(p, v), not(exists('page', 'q', (q) => and(lt(p, q), inBoth(q, v)))))),
      ),
    ]),
  ])

/** unmap_mapping_range_tree(): the part of the range that each VMA maps, zapped VMA by VMA under i_mmap. */
const unmapTree = (k: Build, details: ZapDetails): readonly Stmt[] => [
  k.has('zap-check-mapping')
    ? lock('i_mmap_lock', 'i_mmap_lock_write(mapping)', file.i_mmap(f))
    : lock('i_mmap_lock', 'i_mmap_lock_read(mapping)', file.i_mmap(f), 'read'),
  nextVma('first_vma', 'vma_interval_tree_foreach(vma, root, first_index, last_index)', literal(nilable('vma'), 'nil')),
  while_(ne(v, 'nil'), [
    call('zap', zap_page_range_single({ ...details, ...rulesOf(k), ...framesOf(k) }), [zba, zea]),
    nextVma('next_vma', 'vma_interval_tree_iter_next(vma, first_index, last_index)', v),
  ]),
  k.has('zap-check-mapping')
    ? unlock('i_mmap_unlock', 'i_mmap_unlock_write(mapping)', file.i_mmap(f))
    : unlock('i_mmap_unlock', 'i_mmap_unlock_read(mapping)', file.i_mmap(f), 'read'),
]

/** What this kernel's zap_details can say. */
const rulesOf = (k: Build): Pick<ZapDetails, 'checkMapping' | 'zeroNormal'> => ({
  ...(k.has('zap-check-mapping') ? { checkMapping: true } : {}),
  ...(zeroIsNormal(k) ? { zeroNormal: true } : {}),
})

/**
 * unmap_mapping_range() and unmap_mapping_pages(): truncation takes private copies along (`evenCows`),
 * hole punching and invalidation leave them. Markers stay in either case.
 */
export const unmap_mapping_pages = (k: Build, evenCows: boolean): Routine =>
  routine({
    name: 'unmap_mapping_pages',
    file: 'mm/memory.c',
    read: READ,
    params: [f, first, last],
    locals: [v, zba, zea],
    body: unmapTree(k, {
      evenCows,
      dropMarkers: false,
      reclaimPt: false,
      ...(evenCows && k.has('nosigbus') ? { endsPins: true } : {}),
    }),
  })

/**
 * Unmaps a locked folio that is about to leave the page cache. ZAP_FLAG_DROP_MARKER is there for the
 * markers of userfaultfd; zap_nonpresent_ptes() drops guard markers by the same flag, and looks at no
 * folio before it does, so that every marker at the folio's pages goes, in every VMA.
 */
export const unmap_mapping_folio = (k: Build): Routine =>
  routine({
    name: 'unmap_mapping_folio',
    file: 'mm/memory.c',
    read: READ,
    params: [f, first, last],
    locals: [v, zba, zea],
    body: unmapTree(k, {
      evenCows: false,
      dropMarkers: true,
      reclaimPt: false,
      ...(k.has('unmap-folio-keeps-guards') ? { keepGuards: true } : {}),
    }),
  })

/** folio_mapped(): some page table entry maps a page of the folio. */
export const folioMapped = (of: Expr): Expr =>
  exists('page', 'pg', (pg) =>
    and(
      or(eq(page.folio(pg), of), eq(page.huge(pg), of)),
      or(
        and(
          eq(pmd.kind(page.pmd(pg)), 'table'),
          isOneOf(table.pte(pmd.table(page.pmd(pg)), page.slot(pg)), ...FILE_PTES),
        ),
        and(eq(pmd.kind(page.pmd(pg)), 'huge'), eq(page.huge(pg), of)),
      ),
    ),
  )

/** The arguments of unmap_mapping_folio() for a folio. */
export const folioRange = (of: Expr): readonly Expr[] => [folio.file(of), folio.index(of), folio.last(of)]
