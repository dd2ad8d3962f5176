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
  or,
  plus,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { assert, set, when, type Action } from '../language/stmt.ts'
import { nilable } from '../language/types.ts'
import type { Build } from './build.ts'
import { Result } from './errno.ts'
import { Content, entry, frame, frameLock, hold, mmMapcount } from './frame_types.ts'
import { ANON_PTES, FILE_PTES, HUGE_ANON, page, pmd, SWAP_PTES, table, ZERO_PTES } from './mm_types.ts'

/** What only scenarios with page frames have. */
export const ifFrames = <T>(k: Pick<Build, 'frames'>, ...items: readonly T[]): readonly T[] =>
  k.frames === true ? items : []

const none: Expr = literal(nilable('frame'), 'nil')
/** ZERO_PAGE(0) */
export const ZERO_FRAME: Expr = object('frame', 0)

/** What of a build these ask: whether folios may have several frames. */
export type Folios = Pick<Build, 'large'>

const at = (frameNumber: number | undefined): Expr => object('frame', frameNumber ?? 0)
const pagesOf = (k: Folios): readonly { readonly head: number; readonly page: number; readonly later: number }[] =>
  (k.large ?? []).flatMap(({ pages, later }) =>
    pages.map((page, n) => ({ head: pages[0] ?? page, page, later: later[n] ?? page })),
  )
/** page_folio(): the frame that counts for a page. */
export const folioOf = (k: Folios, f: Expr): Expr =>
  pagesOf(k).reduce<Expr>((rest, { head, page: p }) => (head === p ? rest : ite(eq(f, at(p)), at(head), rest)), f)
/** folio_test_large() */
export const isLarge = (k: Folios, f: Expr): Expr => or(...pagesOf(k).map((p) => eq(f, at(p.page))))
/** Alternatives of which one holds where `f` is a later page of the large folio `folio`. */
export const isPageOf = (k: Folios, f: Expr, folio: Expr): readonly Expr[] =>
  (k.large ?? []).map(({ pages }) => and(eq(folio, at(pages[0])), or(...pages.slice(1).map((p) => eq(f, at(p))))))
/** The frame that a page of a large folio is read into from swap. */
export const laterOf = (k: Folios, f: Expr): Expr =>
  pagesOf(k).reduce<Expr>((rest, { page: p, later }) => ite(eq(f, at(p)), at(later), rest), f)
/** folio_page() of a folio that a PMD maps: the page that an address has of it. */
export const pageOfHuge = (k: Folios, huge: Expr, address: Expr): Expr =>
  (k.large ?? []).reduce<Expr>(
    (of, { pages }) =>
      pages.reduce<Expr>(
        (rest, p, n) =>
          n === 0 ? rest : ite(and(eq(huge, at(pages[0])), eq(page.slot(address), object('slot', n))), at(p), rest),
        of,
      ),
    huge,
  )
/** A large folio that nobody has; nil where there is none. */
export const freeLarge = (k: Folios): Expr =>
  (k.large ?? []).reduceRight<Expr>(
    (rest, { pages }) => ite(and(eq(frame.refs(at(pages[0])), 0), eq(frame.pins(at(pages[0])), 0)), at(pages[0]), rest),
    none,
  )
/** What is done of each large folio, if it is the one. */
export const ofLarge = (
  k: Folios,
  folio: Expr,
  actions: (head: Expr, pages: readonly Expr[], later: readonly Expr[]) => readonly Action[],
): readonly Action[] =>
  (k.large ?? []).map(({ pages, later }) =>
    when(eq(folio, at(pages[0])), actions(at(pages[0]), pages.map(at), later.map(at))),
  )
/** Mappings of a large folio that are this mm's. */
export const mappingsOf = (k: Folios, folio: Expr, m: Expr): Expr =>
  (k.large ?? []).reduce<Expr>(
    (rest, { pages }) => ite(eq(folio, at(pages[0])), mmMapcount(at(pages[0]), m), rest),
    literal(mmMapcount.decl.type, 0),
  )
/** The frame that an entry maps, or that it is the swap entry of; `own` is `table.frame` beside it. */
export const frameOf = (pte: Expr, own: Expr, at: Expr): Expr =>
  ite(
    isOneOf(pte, ...ANON_PTES, ...SWAP_PTES),
    own,
    ite(isOneOf(pte, ...ZERO_PTES), ZERO_FRAME, ite(isOneOf(pte, ...FILE_PTES), hold.cache(at), none)),
  )

/** The frame that the page tables map at an address right now; nil where they map none. A table under a pmd is never nil. */
export const mappedFrame = (k: Folios, at: Expr): Expr => {
  const under = page.pmd(at)
  const t = pmd.table(under)
  const pte = table.pte(t, page.slot(at))
  const present = and(eq(pmd.kind(under), 'table'), isOneOf(pte, ...ANON_PTES, ...ZERO_PTES, ...FILE_PTES))
  return ite(
    isOneOf(pmd.kind(under), ...HUGE_ANON, 'huge_zero'),
    pageOfHuge(k, entry.huge(under), at),
    ite(present, frameOf(pte, entry.frame(t, page.slot(at)), at), none),
  )
}

/** The page tables map the frame there, an anonymous one where folios may have several: said with less than mappedFrame(). */
export function mapsFrame(k: Folios, address: Expr, f: Expr): Expr {
  if (k.large === undefined) return eq(mappedFrame(k, address), f)
  const under = page.pmd(address)
  const t = pmd.table(under)
  return or(
    and(isOneOf(pmd.kind(under), ...HUGE_ANON), eq(pageOfHuge(k, entry.huge(under), address), f)),
    and(
      eq(pmd.kind(under), 'table'),
      isOneOf(table.pte(t, page.slot(address)), ...ANON_PTES),
      eq(entry.frame(t, page.slot(address)), f),
    ),
  )
}

/** PageAnon(): counted, and freed with its last reference. */
export const isAnonFrame = (f: Expr): Expr => eq(frame.kind(f), 'anon')
/** Nobody has its lock: folio_trylock() would get it. */
export const isUnlocked = (k: Folios, f: Expr): Expr => eq(frameLock.lock.owner(folioOf(k, f)), 'nil')
/** folio_maybe_dma_pinned() */
export const isPinned = (k: Folios, f: Expr): Expr => ne(frame.pins(folioOf(k, f)), 0)

const empty = (f: Expr): readonly Action[] => [
  set(frame.content(f), 0),
  set(frame.exclusive(f), false),
  set(frame.ksm(f), false),
]
/** `folio` is one that counts. */
const freeIfUnused = (k: Folios, folio: Expr): Action =>
  when(and(eq(frame.refs(folio), 0), eq(frame.pins(folio), 0)), [
    ...empty(folio),
    ...ofLarge(k, folio, (_, pages) => pages.slice(1).flatMap(empty)),
  ])

const add = (field: (of: Expr) => ReturnType<typeof frame.refs>, folio: Expr, n: number): Action =>
  set(field(folio), plus(field(folio), n))
/** folio_get() */
export const getFrame = (k: Folios, f: Expr): Action => add(frame.refs, folioOf(k, f), 1)
/** folio_put(), `n` times. */
export const putFrame = (k: Folios, f: Expr, n = 1): readonly Action[] => [
  add(frame.refs, folioOf(k, f), -n),
  freeIfUnused(k, folioOf(k, f)),
]
/** Mappings of the folio, of which `m` has so many more, or fewer. */
export const addMappings = (k: Folios, f: Expr, m: Expr, n: number): readonly Action[] => [
  add(frame.mapcount, folioOf(k, f), n),
  ...ofLarge(k, folioOf(k, f), (head) => [add((of) => mmMapcount(of, m), head, n)]),
]
/** folio_remove_rmap_pte() of a mapping of `m`. */
export const removeRmap = (k: Folios, f: Expr, m: Expr): readonly Action[] => addMappings(k, f, m, -1)
/** folio_dup_anon_rmap_pte(): one more entry, of `m`, maps it. */
export const addRmap = (k: Folios, f: Expr, m: Expr): readonly Action[] => addMappings(k, f, m, 1)
/** try_grab_folio() with FOLL_PIN. */
export const pinFrame = (k: Folios, f: Expr): Action => add(frame.pins, folioOf(k, f), 1)
/** gup_put_folio() */
export const unpinFrame = (k: Folios, f: Expr): readonly Action[] => [
  add(frame.pins, folioOf(k, f), -1),
  freeIfUnused(k, folioOf(k, f)),
]

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
    firstThat('frame', 'x', (x) =>
      and(
        isAnonFrame(x),
        eq(frame.refs(x), 0),
        eq(frame.pins(x), 0),
        ...pagesOf(k).flatMap((p) => [ne(x, at(p.page)), ne(x, at(p.later))]),
      ),
    ),
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

/** The swap cache has the folio. What is one reference here counts as many as it has pages. */
export const inSwapCache = (k: Folios, f: Expr): ReturnType<typeof frame.swapcache> => frame.swapcache(folioOf(k, f))
/** No swap entry points at any page of the folio. */
export const noSwapEntry = (k: Folios, f: Expr): Expr =>
  (k.large ?? []).reduce<Expr>(
    (rest, { pages }) =>
      ite(or(...pages.map((p) => eq(f, at(p)))), and(...pages.map((p) => eq(frame.swaps(at(p)), 0))), rest),
    eq(frame.swaps(f), 0),
  )

/**
 * swap_free(): one swap entry less; with the last one of a page that nobody maps the swap cache lets go of it
 * (free_swap_and_cache()).
 */
export const freeSwap = (k: Folios, f: Expr): readonly Action[] => [
  set(frame.swaps(f), plus(frame.swaps(f), -1)),
  when(and(noSwapEntry(k, f), inSwapCache(k, f), eq(frame.mapcount(folioOf(k, f)), 0)), [
    set(inSwapCache(k, f), false),
    ...putFrame(k, f),
  ]),
]

/** free_swap_cache(): nobody maps the page and no swap entry points at it, so the swap cache lets go of it. */
export const freeSwapCache = (k: Folios, f: Expr): Action =>
  when(and(inSwapCache(k, f), eq(frame.mapcount(folioOf(k, f)), 0), noSwapEntry(k, f), isUnlocked(k, f)), [
    set(inSwapCache(k, f), false),
    ...putFrame(k, f),
  ])

/** An entry of `m` is gone that was `pte`, of frame `f`. The kernel drops the reference later, with its mmu_gather. */
export const unmapFrame = (k: Folios, pte: Expr, f: Expr, m: Expr): readonly Action[] => [
  when(and(isOneOf(pte, ...ANON_PTES), ne(f, 'nil')), [...removeRmap(k, f, m), freeSwapCache(k, f), ...putFrame(k, f)]),
  when(and(isOneOf(pte, ...SWAP_PTES), ne(f, 'nil')), freeSwap(k, f)),
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
