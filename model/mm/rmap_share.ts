/**
 * Taking an anonymous page's exclusivity away, in scenarios with page frames: try_to_unmap_one() of mm/rmap.c for a
 * page on its way to swap, and what mm/vmscan.c asks before (facts gup-cow-nosigbus, A.8, C3b, C9, E14). The order is
 * that of folio_try_share_anon_rmap_pte(): the entry is cleared, then pins are asked for, then the bit is cleared,
 * then the entry comes back as a swap entry, or as it was.
 *
 * Before v5.19 there is no such bit, and no question: a page that reclaim has got so far is unmapped whatever holds it.
 * A pin that GUP-fast takes after shrink_page_list() has looked is lost with the next write fault then, as the cover
 * letter of those patches says (David Hildenbrand, 8 Mar 2022: "really subtle").
 *
 * Compared with a stored copy of mm/rmap.c of about v6.15: try_to_unmap_one() with TTU_SPLIT_HUGE_PMD splits what a PMD
 * maps first, then clears each entry, swap_duplicate(), folio_try_share_anon_rmap_pte(), and puts the entry back and
 * ends the walk (walk_abort) where that fails; later kernels only rename the swap calls (folio_dup_swap(),
 * folio_put_swap()). The swap count goes up after the pins are asked for here, before it there: nobody looks at it under
 * the folio lock in between. MADV_FREE's clean pages, which go without a swap entry, are not modelled.
 *
 * Not modelled yet: write-back, pages that go altogether (the frame stands for its swap slot as well),
 * migration. A folio of several frames is swapped out whole. Weak memory: see gup_fast.ts.
 */
import {
  and,
  bound,
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
  forEach,
  if_,
  let_,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { folioOf, getFrame, isPageOf, isPinned, laterOf, mappedFrame, ofLarge, putFrame, removeRmap } from './frame.ts'
import { entry, frame, frameLock } from './frame_types.ts'
import { isHuge, splitOf } from './huge_memory.ts'
import { ANON_PTES, HUGE_ANON, page, pmd, PmdKind, Pte, SWAP_PTES, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'a copy of about v6.15; v5.7 to v5.18 by the facts'
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
const done = (k: Build, why: string): readonly Stmt[] => [
  unlock(`folio_unlock_${why}`, 'folio_unlock(folio)', frameLock(f)),
  step(`put_${why}`, 'folio_putback_lru(folio)', [...putFrame(k, f)]),
]

const slotOf = (of: Expr): Expr => page.slot(of)
const kind: Local = local('pmde', PmdKind)
const ofWas: Local = local('pfn_folio', nilable('frame'))

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
            set(pins, isPinned(k, of)),
          ]),
          check('maybe_pinned_cleared', pins, [let_(busy, true)]),
          if_(not(busy), [
            step('ClearPageAnonExclusive', 'ClearPageAnonExclusive(page)', [set(frame.exclusive(of), false)]),
          ]),
        ]),
      ]

/** TTU_SPLIT_HUGE_PMD: a PMD that maps a folio of several frames is split before its pages are unmapped. */
const splitFirst = (k: Build): readonly Stmt[] =>
  k.large !== undefined
    ? [
        step('find_pmd', 'page_vma_mapped_walk(&pvmw): pmde = pmdp_get_lockless(pvmw->pmd)', [
          set(kind, pmd.kind(page.pmd(at))),
        ]),
        if_(isHuge(kind), [call('split', splitOf(k), [page.pmd(at)])]),
      ]
    : []
/** The page that the entry mapped. */
const subpage = (k: Build): Local => (k.large !== undefined ? was : f)

/** One mapping of the page: swapped out, or left as it was. */
const try_to_unmap_one = (k: Build): Routine =>
  routine({
    name: 'try_to_unmap_one',
    file: 'mm/rmap.c',
    read: READ,
    params: [at, f, failed],
    locals: [t, pteval, was, exclusive, pinned, ...(k.large === undefined ? [] : [kind, ofWas]), ...shareLocals(k)],
    body: [
      ...splitFirst(k),
      call('map', pte_offset_map_lock, [page.pmd(at)], t),
      if_(eq(t, 'nil'), [ret()]),
      step('ptep_get', 'page_vma_mapped_walk(&pvmw): pteval = ptep_get(pvmw.pte)', [
        set(pteval, table.pte(t, slotOf(at))),
        set(was, entry.frame(t, slotOf(at))),
        ...(k.large === undefined ? [] : [set(ofWas, was), when(ne(was, 'nil'), [set(ofWas, folioOf(k, was))])]),
      ]),
      if_(and(isOneOf(pteval, ...ANON_PTES), eq(k.large === undefined ? was : ofWas, f)), [
        step('ptep_clear_flush', 'pteval = ptep_clear_flush(vma, address, pvmw.pte)', [
          set(table.pte(t, slotOf(at)), 'none'),
          set(entry.frame(t, slotOf(at)), 'nil'),
        ]),
        ...tryShare(k, subpage(k), pinned, exclusive),
        if_(
          pinned,
          [
            step('set_pte_back', 'swap_free(entry); set_pte_at(mm, address, pvmw.pte, pteval)', [
              set(table.pte(t, slotOf(at)), pteval),
              set(entry.frame(t, slotOf(at)), subpage(k)),
            ]),
            let_(failed, true),
          ],
          [
            step('set_swap_pte', 'swap_duplicate(entry); set_pte_at(mm, address, pvmw.pte, swp_pte)', [
              set(table.pte(t, slotOf(at)), 'swap'),
              set(entry.frame(t, slotOf(at)), subpage(k)),
              set(entry.swapExclusive(t, slotOf(at)), exclusive),
              set(frame.swaps(subpage(k)), plus(frame.swaps(subpage(k)), 1)),
            ]),
            step('remove_rmap', 'folio_remove_rmap_pte(folio, subpage, vma); folio_put_refs(folio, 1)', [
              ...removeRmap(k, f, page.mm(at)),
              ...putFrame(k, f),
            ]),
          ],
        ),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

const nextMapping = (k: Build, label: string, after: Expr): Stmt =>
  step(
    label,
    'rmap_walk_anon(): anon_vma_interval_tree_foreach(avc, ...)',
    [
      set(
        at,
        firstThat('page', 'p', (p) => and(lt(after, p), mapsFolio(k, p))),
      ),
    ],
    { atomic: 'the walk finds addresses; what stands there is looked at under ptl' },
  )

/** Some page of the folio is mapped at an address. */
function mapsFolio(k: Build, p: Expr): Expr {
  if (k.large === undefined) return eq(mappedFrame(k, p), f)
  const under = page.pmd(p)
  const own = entry.frame(pmd.table(under), page.slot(p))
  const pageOfIt = or(eq(own, f), ...isPageOf(k, own, f))
  return or(
    and(isOneOf(pmd.kind(under), ...HUGE_ANON), eq(entry.huge(under), f)),
    and(eq(pmd.kind(under), 'table'), isOneOf(table.pte(pmd.table(under), page.slot(p)), ...ANON_PTES), pageOfIt),
  )
}

const each = bound('p', 'page')
const theirs = pmd.table(page.pmd(each))
/**
 * A folio of several frames that nobody refers to any more leaves memory: what its swap entries bring back are folios of
 * order 0. Those have frames of their own here, in the swap cache as they would be when they are read.
 */
const removeLarge = (k: Build): readonly Stmt[] =>
  k.large === undefined
    ? []
    : [
        step(
          'remove_mapping',
          '__remove_mapping(mapping, folio, true, ...): folio_ref_freeze(folio, 1 + folio_nr_pages(folio))',
          ofLarge(k, f, (head, pages, later) => [
            when(
              and(
                frame.swapcache(head),
                eq(frame.mapcount(head), 0),
                eq(frame.refs(head), 2),
                eq(frame.pins(head), 0),
                ...later.map((x) => eq(frame.refs(x), 0)),
              ),
              [
                set(frame.swapcache(head), false),
                set(frame.refs(head), 1),
                ...pages.flatMap((p, n) => moveToSwap(p, later[n] ?? p)),
                forEach('page', 'p', [
                  when(eq(pmd.kind(page.pmd(each)), 'table'), [
                    when(isOneOf(table.pte(theirs, page.slot(each)), ...SWAP_PTES), [
                      set(entry.frame(theirs, page.slot(each)), laterOf(k, entry.frame(theirs, page.slot(each)))),
                    ]),
                  ]),
                ]),
              ],
            ),
          ]),
          {
            atomic:
              'folio_ref_freeze(): one compare-and-swap; which frame a swap entry stands for is a matter of names',
          },
        ),
      ]
/** A page of no swap entry is gone; others are read into the swap cache. */
const moveToSwap = (from: Expr, to: Expr): readonly Action[] => [
  when(ne(frame.swaps(from), 0), [
    set(frame.refs(to), 1),
    set(frame.swapcache(to), true),
    set(frame.swaps(to), frame.swaps(from)),
    set(frame.content(to), frame.content(from)),
    set(frame.swaps(from), 0),
  ]),
]

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
          set(f, mappedFrame(k, target)),
          when(and(ne(f, 'nil'), ne(frame.kind(f), 'anon')), [set(f, 'nil')]),
          when(ne(f, 'nil'), [...(k.large !== undefined ? [set(f, folioOf(k, f))] : []), getFrame(k, f)]),
        ],
        { atomic: 'the folio comes from an LRU list, with no look at page tables' },
      ),
      if_(eq(f, 'nil'), [ret()]),
      step('folio_trylock', 'folio_trylock(folio)', [tryAcquire(frameLock(f), locked)]),
      if_(not(locked), [step('put_busy', 'folio_putback_lru(folio)', [...putFrame(k, f)]), ret()]),
      ...(k.has('reclaim-takes-pinned')
        ? []
        : [
            step('maybe_dma_pinned', 'folio_maybe_dma_pinned(folio)', [set(pinned, isPinned(k, f))]),
            check('maybe_pinned', pinned, [...done(k, 'pinned'), ret()]),
          ]),
      step('add_to_swap', 'add_to_swap(folio)', [
        set(failed, eq(frame.mapcount(f), 0)),
        when(not(or(failed, frame.swapcache(f))), [set(frame.swapcache(f), true), getFrame(k, f)]),
      ]),
      if_(failed, [...done(k, 'unmapped'), ret()]),
      nextMapping(k, 'first_mapping', literal(nilable('page'), 'nil')),
      while_(ne(at, 'nil'), [
        call('one', try_to_unmap_one(k), [at, f, failed]),
        if_(failed, [break_]),
        nextMapping(k, 'next_mapping', at),
      ]),
      ...removeLarge(k),
      ...done(k, 'done'),
    ],
  })
