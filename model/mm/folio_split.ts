/**
 * mm/huge_memory.c: splitting a PMD-sized folio of the page cache into order-0 ones. Read in a copy
 * between v6.19 and v7.0-rc6: __folio_split(), unmap_folio().
 *
 * Not modelled yet: splits to other orders, the second split at the far end of a hole (all pages become
 * order-0 folios here), freezing of references (whether some are in the way is chosen freely), anonymous
 * folios. An order-0 folio and the one that takes its place after a split are one object, so a split
 * waits for whoever still has the old one locked; and the new ones are born unlocked, where the kernel
 * unlocks them right after.
 */
import {
  and,
  bound,
  eq,
  exists,
  firstThat,
  isOneOf,
  literal,
  local,
  lt,
  ne,
  not,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, forEach, if_, lock, ret, set, step, unlock, when, while_, type Stmt } from '../language/stmt.ts'
import { bool, nilable } from '../language/types.ts'
import { __split_huge_pmd } from './huge_memory.ts'
import { file, folio, page, pmd, PmdKind, Pte, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rmapCovers } from './rmap.ts'

const READ = 'a copy between v6.19 and v7.0-rc6'
const f: Local = local('folio', nilable('folio'))
const at: Local = local('address', nilable('page'))
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const snapshot: Local = local('pteval', Pte)
const failed: Local = local('failed', bool)

const nextPage = (after: Expr): Expr =>
  firstThat('page', 'pg', (pg) => and(lt(after, pg), eq(page.huge(pg), f), rmapCovers(pg)))

/** try_to_unmap() with TTU_SPLIT_HUGE_PMD, of a locked PMD-sized folio; i_mmap is held. */
const unmapAll: readonly Stmt[] = [
  step('first_vma', 'vma_interval_tree_foreach(vma, &mapping->i_mmap, ...)', [
    set(at, nextPage(literal(nilable('page'), 'nil'))),
  ]),
  while_(ne(at, 'nil'), [
    step('find_pmd', 'pvmw->pmd: pmdp_get_lockless()', [set(kind, pmd.kind(page.pmd(at)))]),
    if_(eq(kind, 'huge'), [call('split_pmd', __split_huge_pmd, [page.pmd(at)])]),
    if_(eq(kind, 'table'), [
      call('map_pte', pte_offset_map_lock, [page.pmd(at)], t),
      if_(ne(t, 'nil'), [
        step('try_to_unmap_one', 'pteval = ptep_clear_flush(vma, address, pvmw.pte)', [
          set(snapshot, table.pte(t, page.slot(at))),
          when(isOneOf(snapshot, 'file', 'file_ro', 'file_none'), [set(table.pte(t, page.slot(at)), 'none')]),
          when(isOneOf(snapshot, 'file_wp', 'file_wp_none'), [set(table.pte(t, page.slot(at)), 'uffd_wp')]),
        ]),
        call('done', pte_unmap_unlock, [t]),
      ]),
    ]),
    step('next_vma', 'vma_interval_tree_iter_next(vma, ...)', [set(at, nextPage(at))]),
  ]),
]
const i_mmap_lock = lock('i_mmap_lock', 'i_mmap_lock_read(mapping)', file.i_mmap(folio.file(f)), 'read')
const i_mmap_unlock = unlock('i_mmap_unlock', 'i_mmap_unlock_read(mapping)', file.i_mmap(folio.file(f)), 'read')
const i_mmap_unlock_early = unlock(
  'i_mmap_unlock_early',
  'i_mmap_unlock_read(mapping)',
  file.i_mmap(folio.file(f)),
  'read',
)

/** try_to_unmap() of a large folio that could not be split, so that it is faulted in again by entries. */
export const try_to_unmap_large: Routine = routine({
  name: 'try_to_unmap',
  file: 'mm/rmap.c',
  read: READ,
  params: [f],
  locals: [at, kind, t, snapshot],
  body: [i_mmap_lock, ...unmapAll, i_mmap_unlock],
})

const each = bound('x', 'folio')
const parts = (x: Expr): Expr => and(eq(folio.chunk(x), folio.chunk(f)), ne(x, f))

/** Splits a locked huge folio. Returns whether it failed, for a reference that it did not expect. */
export const folio_split: Routine = routine({
  name: '__folio_split',
  file: 'mm/huge_memory.c',
  read: READ,
  params: [f],
  locals: [at, kind, t, snapshot, failed],
  returns: bool,
  body: [
    i_mmap_lock,
    step('can_split_folio', 'if (!can_split_folio(folio, 1, &extra_pins))', [], { choose: [failed] }),
    if_(failed, [i_mmap_unlock_early, ret(failed)]),
    ...unmapAll,
    step('folio_ref_freeze', 'if (folio_ref_freeze(folio, folio_cache_ref_count(folio) + 1))', [], {
      choose: [failed],
    }),
    if_(not(failed), [
      step(
        'xas_store_parts',
        'xas_store(&xas, new_folio): __xas_split(), __filemap_remove_folio() beyond i_size',
        [
          forEach('folio', 'x', [
            when(parts(each), [set(folio.cached(each), lt(folio.index(each), file.i_size(folio.file(f))))]),
          ]),
          set(folio.cached(f), false),
        ],
        {
          await: not(exists('folio', 'x', (x) => and(parts(x), ne(folio.lock.lock.owner(x), 'nil')))),
          atomic: 'under the xarray lock',
        },
      ),
    ]),
    i_mmap_unlock,
    ret(failed),
  ],
})
