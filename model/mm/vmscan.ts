/**
 * mm/vmscan.c, mm/rmap.c and mm/page_vma_mapped.c as far as reclaim of one order-0 page goes: it is
 * unmapped, then leaves the page cache or goes to swap. Markers are not mappings of it and stay
 * (guard-regions facts, section 6). Read at v6.12 and v7.0-rc6.
 *
 * Whether a page that reclaim was asked for is taken is open: nothing promises it, and without swap no anonymous
 * page is.
 *
 * Not modelled yet: which page reclaim picks and why, write-back, the swap cache, lazily freed pages,
 * the folio lock of anonymous pages (which have no folio object here), copies that a child shares,
 * huge pages.
 */
import { and, eq, forall, isOneOf, ite, literal, local, ne, not, or, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, lock, ret, set, step, tryAcquire, unlock, when } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { ANON_PTES, FILE_PTES, folio, mapping, page, pmd, Pte, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'
import { try_to_unmap } from './rmap.ts'

const READ = 'v6.12, v7.0-rc6'
const at: Local = local('address', refTo('page'))
const t: Local = local('table', nilable('table'))
const snapshot: Local = local('snapshot', Pte)
const now: Local = local('pteval', Pte)
const ok: Local = local('ok', bool)
const got: Local = local('got', bool)
const still: Local = local('mapped', bool)
const f: Local = local('folio', refTo('folio'))

/** page_vma_mapped_walk() without PVMW_SYNC: a lockless look, then ptl and a second one. */
const unmapAnon: Routine = routine({
  name: 'try_to_unmap_one',
  file: 'mm/rmap.c',
  read: READ,
  params: [at],
  locals: [t, snapshot, now],
  body: [
    lock(
      'anon_vma_lock',
      'anon_vma = folio_lock_anon_vma_read(folio, rwc)',
      mapping.anon_rwsem(page.mapping(at)),
      'read',
    ),
    step('map_pte', 'pvmw->pte = pte_offset_map_rw_nolock(...)', [
      set(t, pmd.table(page.pmd(at))),
      when(ne(t, 'nil'), rcu_read_lock),
    ]),
    if_(ne(t, 'nil'), [
      step('ptent', 'ptent = ptep_get(pvmw->pte)', [set(snapshot, table.pte(t, page.slot(at))), ...rcu_read_unlock]),
      // Swap entries and markers alike: not mapped here.
      if_(isOneOf(snapshot, ...ANON_PTES), [
        call('lock', pte_offset_map_lock, [page.pmd(at)], t),
        if_(ne(t, 'nil'), [
          step('ptep_clear_flush', 'pteval = ptep_clear_flush(vma, address, pvmw.pte); set_pte_at(swp_pte)', [
            set(now, table.pte(t, page.slot(at))),
            when(isOneOf(now, ...ANON_PTES), [
              set(
                table.pte(t, page.slot(at)),
                ite(isOneOf(now, 'anon_wp', 'anon_wp_none'), literal(Pte, 'swap_wp'), 'swap'),
              ),
            ]),
          ]),
          call('done', pte_unmap_unlock, [t]),
        ]),
      ]),
    ]),
    unlock('anon_vma_unlock', 'anon_vma_unlock_read(anon_vma)', mapping.anon_rwsem(page.mapping(at)), 'read'),
  ],
})

/** Nothing maps the folio: what freezing its reference count to that of the page cache comes to. */
const unmapped = forall('page', 'x', (x) =>
  or(
    ne(page.folio(x), f),
    ne(pmd.kind(page.pmd(x)), 'table'),
    not(isOneOf(table.pte(pmd.table(page.pmd(x)), page.slot(x)), ...FILE_PTES)),
  ),
)

/** Reclaims one order-0 page of the page cache, if nobody has it locked and it can be unmapped everywhere. */
export const shrink_folio: Routine = routine({
  name: 'shrink_folio_list',
  file: 'mm/vmscan.c',
  read: READ,
  params: [f],
  locals: [got, still],
  body: [
    step('folio_trylock', 'folio_trylock(folio)', [tryAcquire(folio.lock(f), got)]),
    if_(eq(got, false), [ret()]),
    step('in_cache', 'mapping = folio_mapping(folio)', [set(still, folio.cached(f))]),
    if_(still, [
      call('unmap', try_to_unmap, [f]),
      step(
        'remove_mapping',
        '__remove_mapping(mapping, folio, true, ...)',
        [when(and(folio.cached(f), unmapped), [set(folio.cached(f), false)])],
        { atomic: 'folio_ref_freeze(): one compare-and-swap of the count that stands for all mappings' },
      ),
    ]),
    unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
  ],
})

/** reclaim_pages() for the page that MADV_PAGEOUT found at an address. */
export const reclaim_pte: Routine = routine({
  name: 'reclaim_pages',
  file: 'mm/vmscan.c',
  read: READ,
  params: [at],
  locals: [t, snapshot, ok],
  body: [
    step(
      'isolated',
      'if (!folio_isolate_lru(folio)) continue; folio_test_anon(folio): what stands at the address; shrink_folio_list()',
      [set(t, pmd.table(page.pmd(at))), when(ne(t, 'nil'), [set(snapshot, table.pte(t, page.slot(at)))])],
      { choose: [ok], atomic: 'the folio comes from an LRU list, with no look at page tables' },
    ),
    if_(and(ne(t, 'nil'), ok), [
      if_(isOneOf(snapshot, ...ANON_PTES), [call('anon', unmapAnon, [at])]),
      if_(isOneOf(snapshot, ...FILE_PTES), [call('file', shrink_folio, [page.folio(at)])]),
    ]),
  ],
})

/** kswapd, at one page of the page cache or of anonymous memory. */
export const kswapd = (_k: Build): Routine =>
  routine({
    name: 'kswapd',
    file: 'mm/vmscan.c',
    read: READ,
    params: [at],
    locals: [],
    body: [call('shrink', reclaim_pte, [at])],
  })
