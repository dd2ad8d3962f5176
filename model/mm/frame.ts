/**
 * What the steps of a scenario with page frames do to them: include/linux/mm.h, rmap.h and mm_inline.h as far as
 * references, mapcounts, pins, PageAnonExclusive and contents go (facts gup-cow-nosigbus, 0.2, A.8).
 *
 * An allocation is one with the step that maps the frame: nobody else can find a frame that is not mapped yet, so
 * a copy under way is no more than the contents it has taken, in a local.
 *
 * Not modelled yet: LRU lists and the references of their batches, contents of
 * part of a page, failing allocations.
 */
import {
  and,
  eq,
  firstThat,
  isOneOf,
  ite,
  literal,
  local,
  ne,
  object,
  plus,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { assert, set, when, type Action } from '../language/stmt.ts'
import { nilable } from '../language/types.ts'
import type { Build } from './build.ts'
import { Result } from './errno.ts'
import { Content, entry, frame, frameLock, hold } from './frame_types.ts'
import { ANON_PTES, FILE_PTES, HUGE_ANON, page, pmd, SWAP_PTES, table, ZERO_PTES } from './mm_types.ts'

/** What only scenarios with page frames have. */
export const ifFrames = <T>(k: Pick<Build, 'frames'>, ...items: readonly T[]): readonly T[] =>
  k.frames === true ? items : []

const none: Expr = literal(nilable('frame'), 'nil')
/** ZERO_PAGE(0) */
export const ZERO_FRAME: Expr = object('frame', 0)

/** The frame that an entry maps, or that it is the swap entry of; `own` is `table.frame` beside it. */
export const frameOf = (pte: Expr, own: Expr, at: Expr): Expr =>
  ite(
    isOneOf(pte, ...ANON_PTES, ...SWAP_PTES),
    own,
    ite(isOneOf(pte, ...ZERO_PTES), ZERO_FRAME, ite(isOneOf(pte, ...FILE_PTES), hold.cache(at), none)),
  )

/** The frame that the page tables map at an address right now; nil where they map none. A table under a pmd is never nil. */
export const mappedFrame = (at: Expr): Expr => {
  const under = page.pmd(at)
  const t = pmd.table(under)
  const pte = table.pte(t, page.slot(at))
  const present = and(eq(pmd.kind(under), 'table'), isOneOf(pte, ...ANON_PTES, ...ZERO_PTES, ...FILE_PTES))
  return ite(
    isOneOf(pmd.kind(under), ...HUGE_ANON, 'huge_zero'),
    entry.huge(under),
    ite(present, frameOf(pte, entry.frame(t, page.slot(at)), at), none),
  )
}

/** PageAnon(): counted, and freed with its last reference. */
export const isAnonFrame = (f: Expr): Expr => eq(frame.kind(f), 'anon')
/** Nobody has its lock: folio_trylock() would get it. */
export const isUnlocked = (f: Expr): Expr => eq(frameLock.lock.owner(f), 'nil')
/** folio_maybe_dma_pinned() */
export const isPinned = (f: Expr): Expr => ne(frame.pins(f), 0)

const freeIfUnused = (f: Expr): Action =>
  when(and(eq(frame.refs(f), 0), eq(frame.pins(f), 0)), [
    set(frame.content(f), 0),
    set(frame.exclusive(f), false),
    set(frame.ksm(f), false),
  ])

/** folio_get() */
export const getFrame = (f: Expr): Action => set(frame.refs(f), plus(frame.refs(f), 1))
/** folio_put(), `n` times. */
export const putFrame = (f: Expr, n = 1): readonly Action[] => [
  set(frame.refs(f), plus(frame.refs(f), -n)),
  freeIfUnused(f),
]
/** folio_remove_rmap_pte() */
export const removeRmap = (f: Expr): Action => set(frame.mapcount(f), plus(frame.mapcount(f), -1))
/** folio_dup_anon_rmap_pte(): one more entry maps it. */
export const addRmap = (f: Expr): Action => set(frame.mapcount(f), plus(frame.mapcount(f), 1))
/** try_grab_folio() with FOLL_PIN. */
export const pinFrame = (f: Expr): Action => set(frame.pins(f), plus(frame.pins(f), 1))
/** gup_put_folio() */
export const unpinFrame = (f: Expr): readonly Action[] => [set(frame.pins(f), plus(frame.pins(f), -1)), freeIfUnused(f)]

/** The frame that is being mapped, and the contents on their way into it. */
export const fresh: Local = local('new_folio', nilable('frame'))
export const copied: Local = local('contents', Content)
/** Beside vmf->orig_pte: the page that it maps. */
export const origFrame: Local = local('orig_pfn', nilable('frame'))

/** Of a step that takes a frame. */
export const ALLOCATES = { atomic: 'the page allocator gives each free page to one caller' } as const
/** A new anonymous frame of one's own: folio_add_new_anon_rmap(folio, vma, address, RMAP_EXCLUSIVE). Leaves it in `into`. */
export const newFrame = (k: Build, into: Local, contents: Expr): readonly Action[] => [
  set(
    into,
    firstThat('frame', 'x', (x) => and(isAnonFrame(x), eq(frame.refs(x), 0), eq(frame.pins(x), 0))),
  ),
  assert('WorldLargeEnough', ne(into, 'nil')),
  when(ne(into, 'nil'), [
    set(frame.refs(into), 1),
    set(frame.mapcount(into), 1),
    set(frame.exclusive(into), !k.has('no-anon-exclusive')),
    set(frame.content(into), contents),
  ]),
]

/** pte_mkdirty(), or a clean entry, where anybody asks. */
export const setDirty = (k: Build, t: Expr, slot: Expr, dirty: boolean): readonly Action[] =>
  k.has('force-by-foll-cow') ? [set(entry.dirty(t, slot), dirty)] : []

/** The same, mapped by an entry. The caller sets `table.pte`. */
export const mapNewFrame = (k: Build, into: Local, t: Expr, slot: Expr, contents: Expr): readonly Action[] => [
  ...newFrame(k, into, contents),
  set(entry.frame(t, slot), into),
]

/**
 * swap_free(): one swap entry less; with the last one of a page that nobody maps the swap cache lets go of it
 * (free_swap_and_cache()).
 */
export const freeSwap = (f: Expr): readonly Action[] => [
  set(frame.swaps(f), plus(frame.swaps(f), -1)),
  when(and(eq(frame.swaps(f), 0), frame.swapcache(f), eq(frame.mapcount(f), 0)), [
    set(frame.swapcache(f), false),
    ...putFrame(f),
  ]),
]

/** free_swap_cache(): nobody maps the page and no swap entry points at it, so the swap cache lets go of it. */
export const freeSwapCache = (f: Expr): Action =>
  when(and(frame.swapcache(f), eq(frame.mapcount(f), 0), eq(frame.swaps(f), 0), isUnlocked(f)), [
    set(frame.swapcache(f), false),
    ...putFrame(f),
  ])

/** An entry is gone that was `pte`, of frame `f`. The kernel drops the reference later, with its mmu_gather. */
export const unmapFrame = (pte: Expr, f: Expr): readonly Action[] => [
  when(and(isOneOf(pte, ...ANON_PTES), ne(f, 'nil')), [removeRmap(f), freeSwapCache(f), ...putFrame(f)]),
  when(and(isOneOf(pte, ...SWAP_PTES), ne(f, 'nil')), freeSwap(f)),
]

/** What was taken of an address before is not owed what is stored there from now on. */
export const discarded = (at: Expr): Action => set(hold.owed(at), false)

/** A content as the value of a register. */
export const asResult = (value: Expr): Expr =>
  ite(
    eq(value, 0),
    literal(Result, '0'),
    ite(eq(value, 1), literal(Result, '1'), ite(eq(value, 2), literal(Result, '2'), literal(Result, '3'))),
  )
