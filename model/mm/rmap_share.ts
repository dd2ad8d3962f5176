/**
 * Taking an anonymous page's exclusivity away, in scenarios with page frames: try_to_unmap_one() of mm/rmap.c for a
 * page on its way to swap, and what mm/vmscan.c asks before (facts gup-cow-nosigbus, A.8, C3b, C9, E14). The order is
 * that of folio_try_share_anon_rmap_pte(): the entry is cleared, then pins are asked for, then the bit is cleared,
 * then the entry comes back as a swap entry, or as it was.
 *
 * Before v5.19 there is no such bit, and no question: a page that reclaim has got so far is unmapped whatever holds it.
 *
 * Not modelled yet: write-back, pages that go altogether (the frame stands for its swap slot as well),
 * migration, splits of huge pages. Weak memory: see gup_fast.ts.
 */
import {
  and,
  eq,
  firstThat,
  isOneOf,
  literal,
  local,
  lt,
  ne,
  not,
  or,
  plus,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  check,
  if_,
  let_,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { getFrame, isPinned, mappedFrame, putFrame, removeRmap } from './frame.ts'
import { entry, frame, frameLock } from './frame_types.ts'
import { ANON_PTES, page, Pte, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'a copy of about v6.14; v5.7 to v5.18 by the facts'
const target: Local = local('address', refTo('page'))
const at: Local = local('at', nilable('page'))
const f: Local = local('folio', nilable('frame'))
const t: Local = local('table', nilable('table'))
const pteval: Local = local('pteval', Pte)
const was: Local = local('pfn', nilable('frame'))
const exclusive: Local = local('anon_exclusive', bool)
const pinned: Local = local('pinned', bool)
const failed: Local = local('failed', bool)

const locked: Local = local('locked', bool)
const done = (why: string): readonly Stmt[] => [
  unlock(`folio_unlock_${why}`, 'folio_unlock(folio)', frameLock(f)),
  step(`put_${why}`, 'folio_putback_lru(folio)', [...putFrame(f)]),
]

const slotOf = (of: Expr): Expr => page.slot(of)

const pins: Local = local('maybe_pinned', bool)
export const shareLocals = (k: Build): readonly Local[] => (k.has('no-anon-exclusive') ? [] : [pins])

/** folio_try_share_anon_rmap_pte(): leaves in `pinned` whether the page has to stay. The entry is cleared. */
export const tryShare = (k: Build, of: Local, busy: Local, anon: Local): readonly Stmt[] =>
  k.has('no-anon-exclusive')
    ? [let_(busy, false), let_(anon, false)]
    : [
        let_(busy, false),
        step('anon_exclusive', 'anon_exclusive = PageAnonExclusive(page)', [set(anon, frame.exclusive(of))]),
        if_(anon, [
          step('maybe_dma_pinned', 'folio_try_share_anon_rmap_pte(): smp_mb(); folio_maybe_dma_pinned(folio)', [
            set(pins, isPinned(of)),
          ]),
          check('maybe_pinned_cleared', pins, [let_(busy, true)]),
          if_(not(busy), [
            step('ClearPageAnonExclusive', 'ClearPageAnonExclusive(page)', [set(frame.exclusive(of), false)]),
          ]),
        ]),
      ]

/** One mapping of the page: swapped out, or left as it was. */
const try_to_unmap_one = (k: Build): Routine =>
  routine({
    name: 'try_to_unmap_one',
    file: 'mm/rmap.c',
    read: READ,
    params: [at, f, failed],
    locals: [t, pteval, was, exclusive, pinned, ...shareLocals(k)],
    body: [
      call('map', pte_offset_map_lock, [page.pmd(at)], t),
      if_(eq(t, 'nil'), [ret()]),
      step('ptep_get', 'page_vma_mapped_walk(&pvmw): pteval = ptep_get(pvmw.pte)', [
        set(pteval, table.pte(t, slotOf(at))),
        set(was, entry.frame(t, slotOf(at))),
      ]),
      if_(and(isOneOf(pteval, ...ANON_PTES), eq(was, f)), [
        step('ptep_clear_flush', 'pteval = ptep_clear_flush(vma, address, pvmw.pte)', [
          set(table.pte(t, slotOf(at)), 'none'),
          set(entry.frame(t, slotOf(at)), 'nil'),
        ]),
        ...tryShare(k, f, pinned, exclusive),
        if_(
          pinned,
          [
            step('set_pte_back', 'swap_free(entry); set_pte_at(mm, address, pvmw.pte, pteval)', [
              set(table.pte(t, slotOf(at)), pteval),
              set(entry.frame(t, slotOf(at)), f),
            ]),
            let_(failed, true),
          ],
          [
            step('set_swap_pte', 'swap_duplicate(entry); set_pte_at(mm, address, pvmw.pte, swp_pte)', [
              set(table.pte(t, slotOf(at)), 'swap'),
              set(entry.frame(t, slotOf(at)), f),
              set(entry.swapExclusive(t, slotOf(at)), exclusive),
              set(frame.swaps(f), plus(frame.swaps(f), 1)),
            ]),
            step('remove_rmap', 'folio_remove_rmap_pte(folio, subpage, vma); folio_put_refs(folio, 1)', [
              removeRmap(f),
              ...putFrame(f),
            ]),
          ],
        ),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

const nextMapping = (label: string, after: Expr): Stmt =>
  step(
    label,
    'rmap_walk_anon(): anon_vma_interval_tree_foreach(avc, ...)',
    [
      set(
        at,
        firstThat('page', 'p', (p) => and(lt(after, p), eq(mappedFrame(p), f))),
      ),
    ],
    { atomic: 'the walk finds addresses; what stands there is looked at under ptl' },
  )

/** Takes the anonymous page that an address maps to the swap cache, and out of every page table. */
export const reclaim_frame = (k: Build): Routine =>
  routine({
    name: 'shrink_folio_list',
    file: 'mm/vmscan.c',
    read: READ,
    params: [target],
    locals: [f, at, pinned, failed, locked],
    body: [
      step(
        'isolated',
        'folio = lru_to_folio(folio_list): an anonymous one',
        [
          set(f, mappedFrame(target)),
          when(and(ne(f, 'nil'), ne(frame.kind(f), 'anon')), [set(f, 'nil')]),
          when(ne(f, 'nil'), [getFrame(f)]),
        ],
        { atomic: 'the folio comes from an LRU list, with no look at page tables' },
      ),
      if_(eq(f, 'nil'), [ret()]),
      step('folio_trylock', 'folio_trylock(folio)', [tryAcquire(frameLock(f), locked)]),
      if_(not(locked), [step('put_busy', 'folio_putback_lru(folio)', [...putFrame(f)]), ret()]),
      ...(k.has('reclaim-takes-pinned')
        ? []
        : [
            step('maybe_dma_pinned', 'folio_maybe_dma_pinned(folio)', [set(pinned, isPinned(f))]),
            check('maybe_pinned', pinned, [...done('pinned'), ret()]),
          ]),
      step('add_to_swap', 'add_to_swap(folio)', [
        set(failed, eq(frame.mapcount(f), 0)),
        when(not(or(failed, frame.swapcache(f))), [set(frame.swapcache(f), true), getFrame(f)]),
      ]),
      if_(failed, [...done('unmapped'), ret()]),
      nextMapping('first_mapping', literal(nilable('page'), 'nil')),
      while_(ne(at, 'nil'), [
        call('one', try_to_unmap_one(k), [at, f, failed]),
        if_(failed, [break_]),
        nextMapping('next_mapping', at),
      ]),
      ...done('done'),
    ],
  })
