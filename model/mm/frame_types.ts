/**
 * Page frames: what a page table entry points at, with the counts and the contents that pins and
 * copy-on-write are about (facts gup-cow-nosigbus, 0.3). Only scenarios with the setting `frames` have
 * them; elsewhere an entry says no more than what kind of page it maps, and none of this takes a bit.
 *
 * Frame objects are the shared zero page, the huge zero page where there is one, the page-cache page of each
 * page of a file, and as many anonymous ones as the setting gives. Which frame a `zero` or `file` entry maps is
 * geometry; `table.frame` is that of anonymous and swap entries. A swap entry points at the frame too: frame
 * and swap slot are one object, since the page that comes back is the one that went or one that nobody can
 * tell from it.
 *
 * A reference counts 1 in `_refcount`, a pin GUP_PIN_COUNTING_BIAS: they are two variables here, so no number of
 * references passes for a pin. Only anonymous frames are counted; the page cache keeps its own.
 *
 * With the setting `large N` there are N more folios of anonymous memory, of as many frames as a PMD covers: each page
 * has its own contents and its own PageAnonExclusive(); references, pins and mapcounts are the folio's, and stand at
 * its first frame (folio->_refcount, _pincount, _large_mapcount). A PMD that maps the whole of it is one mapping. Which
 * frames make a folio is fixed: Build.large. Once it is swapped out its pages are read again as folios of order 0,
 * for which each page has a frame that is for nothing else.
 * Without the setting a folio is one frame, and a PMD covers one page (`ptes 1`).
 *
 * Not modelled yet: page-cache frames that are replaced (a page that is truncated and comes back is the same
 * frame, emptied), large folios of the page cache, mTHP of other sizes, the deferred split of what is partly mapped.
 */
import { field, type FieldAccess } from '../language/expr.ts'
import { lockClass, lockFields, type LockAccess } from '../language/lock.ts'
import { bool, enumeration, int, nilable, subsetOf, type EnumType, type IntType } from '../language/types.ts'
import { rankOf } from './lock_order.ts'

const GEOMETRY = { role: 'geometry' } as const
const GHOST = { role: 'ghost' } as const

/** What a page holds: 0 is zeroes, as a new page has; stores write 1 to 3. */
export const Content: IntType = int(0, 3)
export const FrameKind: EnumType = enumeration('frame kind', ['anon', 'file', 'zero', 'huge_zero'])
/** What a caller of GUP has got of an address. */
export const Hold: EnumType = enumeration('hold', [
  'nothing',
  /** FOLL_GET: a reference. */
  'reference',
  /** FOLL_PIN, to read for a short time. */
  'pin',
  /** FOLL_PIN | FOLL_LONGTERM, to read. */
  'longterm',
  /** FOLL_PIN | FOLL_WRITE, with or without FOLL_LONGTERM. */
  'write',
])

export const REFS_MAX = 7

export const frame: Readonly<
  Record<'kind' | 'refs' | 'mapcount' | 'pins' | 'exclusive' | 'content' | 'swapcache' | 'swaps' | 'ksm', FieldAccess>
> = {
  kind: field('frame.kind', ['frame'], FrameKind, GEOMETRY),
  refs: field('frame._refcount', ['frame'], int(0, REFS_MAX)),
  mapcount: field('frame._mapcount', ['frame'], int(0, REFS_MAX)),
  /** In units of GUP_PIN_COUNTING_BIAS. */
  pins: field('frame._pincount', ['frame'], int(0, 3)),
  /** PageAnonExclusive(). */
  exclusive: field('frame.PG_anon_exclusive', ['frame'], bool),
  content: field('frame.content', ['frame'], Content),
  swapcache: field('frame.PG_swapcache', ['frame'], bool),
  /** How many swap entries point at it: the swap_map of its slot. */
  swaps: field('frame.swap_map', ['frame'], int(0, 3)),
  /** In KSM's stable tree. */
  ksm: field('frame.PG_ksm', ['frame'], bool),
}

/**
 * Of folios of several frames, in scenarios with `large`: _mm_id_mapcount, which part of _large_mapcount is whose. The
 * kernel has two places for it, enough for two mms; both change under the folio's large-mapcount lock, as one.
 */
export const mmMapcount: FieldAccess = field('frame._mm_id_mapcount', ['frame', 'mm'], int(0, REFS_MAX), GHOST)

/** folio_lock() of an anonymous frame. */
export const frameLock: LockAccess = lockClass('frame.lock', 'mutex', rankOf('folio_lock'), ['frame'])

/** hugetlb_fault_mutex_table[]: one for a file here. It lies between the mmap lock and the page locks. */
export const faultMutex: LockAccess = lockClass('file.hugetlb_fault_mutex', 'mutex', rankOf('invalidate_lock'), [
  'file',
])

/** Beside `table.pte` and `pmd.kind`, in the same word. */
export const entry: Readonly<Record<'frame' | 'swapExclusive' | 'dirty' | 'huge', FieldAccess>> = {
  frame: field('table.frame', ['table', 'slot'], nilable('frame')),
  /** pte_swp_exclusive() */
  swapExclusive: field('table.swp_exclusive', ['table', 'slot'], bool),
  /** pte_dirty(), on kernels where GUP with FOLL_FORCE asks for it (`force-by-foll-cow`); elsewhere nobody sets it. */
  dirty: field('table.dirty', ['table', 'slot'], bool),
  huge: field('pmd.frame', ['pmd'], nilable('frame')),
}

/** What was taken of an address by GUP, one hold at a time. */
export const hold: Readonly<Record<'cache' | 'frame' | 'kind' | 'owed' | 'done' | 'hugetlb', FieldAccess>> = {
  /** The page-cache page that a file entry at this address maps; nil in anonymous memory. */
  cache: field('page.cache', ['page'], nilable('frame'), GEOMETRY),
  /** In a mapping of a hugetlbfs file. */
  hugetlb: field('page.hugetlb', ['page'], bool, GEOMETRY),
  /** pages[0] of the caller, in memory of its own. */
  frame: field('page.held', ['page'], nilable('frame'), GHOST),
  kind: field('page.hold', ['page'], Hold, GHOST),
  /** Nobody has discarded the address since it was taken. */
  owed: field('page.hold_owed', ['page'], bool, GHOST),
  /** GUP has returned. */
  done: field('page.hold_done', ['page'], bool, GHOST),
}

export const gupMm: Readonly<Record<'hasPinned' | 'seq', FieldAccess>> = {
  /** MMF_HAS_PINNED; mm->has_pinned before v5.14. */
  hasPinned: field('mm.MMF_HAS_PINNED', ['mm'], bool),
  /** mm->write_protect_seq: odd while a fork of it copies. */
  seq: field('mm.write_protect_seq', ['mm'], int(0, 7)),
}

/** Threads with interrupts off in GUP-fast: no IPI reaches them. */
export const irq: { readonly off: FieldAccess } = { off: field('irq.off', [], subsetOf('thread'), GHOST) }

export const FRAME_FIELDS: readonly FieldAccess[] = [
  ...Object.values(frame),
  mmMapcount,
  ...Object.values(entry),
  ...Object.values(hold),
  ...Object.values(gupMm),
  irq.off,
  ...lockFields(frameLock),
  ...lockFields(faultMutex),
]
