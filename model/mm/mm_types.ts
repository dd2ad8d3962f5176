/**
 * The variables of the model: include/linux/mm_types.h, fs.h and pagemap.h as far as the modelled
 * code needs them. Geometry (which VMA a page lies in, and so on) is set by the scenario and never
 * written; specialisation turns it into constants.
 *
 * A *mapping* is a stretch of address space that the scenario declares, with one kind of backing at
 * one offset. VMAs come and go within it: each VMA object belongs to one mapping for good, so that
 * its mm, file and offset are geometry, and which pages it covers is state (`page.vma` is the VMA
 * tree; `vma.start` and `vma.end` are the VMA's own word for it).
 *
 * Not modelled yet: merging across declared mappings, mapcounts, refcounts and rss, folios of several pages other than PMD-sized
 * ones, PUD level, TLBs (a hardware walk reads the tables themselves), contents of memory, sizes of
 * files that are no multiple of a page.
 */
import { field, type FieldAccess } from '../language/expr.ts'
import { lockClass, lockFields, type LockAccess } from '../language/lock.ts'
import {
  bool,
  enumeration,
  flagWord,
  int,
  nilable,
  refTo,
  subsetOf,
  type EnumType,
  type FlagsType,
} from '../language/types.ts'
import { rankOf } from './lock_order.ts'
import { NOSIGBUS_FIELDS } from './nosigbus_types.ts'

export const VmFlags: FlagsType = flagWord('vm_flags', [
  'VM_READ',
  'VM_WRITE',
  'VM_SHARED',
  'VM_LOCKED',
  'VM_UFFD_MISSING',
  'VM_UFFD_WP',
  'VM_MAYBE_GUARD',
  'VM_DONTCOPY',
  'VM_WIPEONFORK',
  'VM_NOHUGEPAGE',
  'VM_SEQ_READ',
  'VM_NOSIGBUS',
  'VM_MIXEDMAP',
])
export const AnonVma: EnumType = enumeration('anon_vma', ['NULL', 'anon_vma'])
/** `huge` maps a PMD-sized folio of the page cache, `huge_anon` one of anonymous memory, `huge_anon_ro` one write-protected, `huge_zero` the huge zero page. */
export const PmdKind: EnumType = enumeration('pmd', ['none', 'table', 'huge', 'huge_anon', 'huge_anon_ro', 'huge_zero'])
export const HUGE_ANON = ['huge_anon', 'huge_anon_ro'] as const
/**
 * What an entry holds. Present: `file`, a page-cache page (writable in a shared mapping, never in a
 * private one); `file_ro`, the same write-protected in a shared mapping; `anon`, a writable anonymous
 * page; `anon_ro`, a write-protected one (after fork or mprotect); `zero`, the shared zero page;
 * `file_wp`, `anon_wp` and `zero_wp`, write-protected by userfaultfd; `file_none`, `anon_none` and `zero_none`,
 * which PROT_NONE lets nobody through to, and `file_wp_none`, `anon_wp_none` and `zero_wp_none`, both. Not present: `swap`, `swap_wp` and `migration`
 * entries of a page, and the markers `guard`, `uffd_wp` and `poison`.
 */
export const Pte: EnumType = enumeration('pte', [
  'none',
  'file',
  'anon',
  'zero',
  'guard',
  'uffd_wp',
  'poison',
  'swap',
  'migration',
  'file_ro',
  'anon_ro',
  'file_wp',
  'anon_wp',
  'file_none',
  'anon_none',
  'zero_none',
  'zero_wp',
  'swap_wp',
  'file_wp_none',
  'anon_wp_none',
  'zero_wp_none',
])
/** Entries of the page cache's pages, and of anonymous pages. */
export const FILE_PTES = ['file', 'file_ro', 'file_wp', 'file_none', 'file_wp_none'] as const
export const ANON_PTES = ['anon', 'anon_ro', 'anon_wp', 'anon_none', 'anon_wp_none'] as const
export const ZERO_PTES = ['zero', 'zero_wp', 'zero_none', 'zero_wp_none'] as const
/** Entries of pages that are swapped out. */
export const SWAP_PTES = ['swap', 'swap_wp'] as const
/** Entries with the bit of userfaultfd's write protection: pte_uffd_wp(), pte_swp_uffd_wp(). */
export const UFFD_WP_PTES = ['file_wp', 'anon_wp', 'zero_wp', 'file_wp_none', 'anon_wp_none', 'zero_wp_none'] as const
/** pte_present() */
export const PRESENT_PTES: readonly string[] = [...FILE_PTES, ...ANON_PTES, ...ZERO_PTES]
/** Present, and the hardware lets a load through: not what mprotect(PROT_NONE) leaves. */
export const READABLE_PTES: readonly string[] = PRESENT_PTES.filter((p) => !p.endsWith('_none'))
/** The most pages that a file has. */
export const FILE_PAGES_MAX = 8
/** A page table's life: `unlinked` from its pmd, then `deferred` by pte_free_defer() until RCU lets it go. */
export const TableState: EnumType = enumeration('table state', ['free', 'allocated', 'linked', 'unlinked', 'deferred'])

/** Fixed by the scenario; no step writes it. */
const GEOMETRY = { role: 'geometry' } as const

export const mm: Readonly<Record<'live' | 'grabbed' | 'put' | 'freed', FieldAccess>> &
  Readonly<Record<'mmap_lock' | 'page_table_lock', LockAccess>> = {
  /** Its process runs: true from the start, or from the fork that makes it. */
  live: field('mm.live', ['mm'], bool),
  /** Threads that have a reference of mmgrab() to it. */
  grabbed: field('mm.mm_count', ['mm'], subsetOf('thread')),
  /** mmput() has dropped the reference of its users. */
  put: field('mm.put', ['mm'], bool),
  /** Its memory is somebody else's by now. */
  freed: field('mm.freed', ['mm'], bool, { role: 'ghost' }),
  mmap_lock: lockClass('mm.mmap_lock', 'rwsem', rankOf('mmap_lock'), ['mm']),
  page_table_lock: lockClass('mm.page_table_lock', 'spinlock', rankOf('page_table_lock'), ['mm']),
}

/** A stretch of address space that VMAs of one kind come and go in. */
export const mapping: Readonly<Record<'first' | 'last' | 'shared' | 'vm_flags' | 'child', FieldAccess>> & {
  readonly anon_rwsem: LockAccess
} = {
  first: field('mapping.first', ['mapping'], refTo('page'), GEOMETRY),
  last: field('mapping.last', ['mapping'], refTo('page'), GEOMETRY),
  shared: field('mapping.shared', ['mapping'], bool, GEOMETRY),
  /** The flags that mmap() gives it. */
  vm_flags: field('mapping.vm_flags', ['mapping'], VmFlags, GEOMETRY),
  /** Where a fork puts it in the child; nil where no fork of the scenario does. */
  child: field('mapping.child', ['mapping'], nilable('mapping'), GEOMETRY),
  /** anon_vma->root->rwsem: one lock for all VMAs that come of one mapping, in the children too. */
  anon_rwsem: lockClass('mapping.anon_vma_rwsem', 'rwsem', rankOf('anon_vma_rwsem'), ['mapping']),
}

export const vma: Readonly<
  Record<
    | 'mm'
    | 'file'
    | 'mapping'
    | 'start'
    | 'end'
    | 'attached'
    | 'linked'
    | 'vm_flags'
    | 'anon_vma'
    | 'write_locked'
    | 'anon_root'
    | 'vm_mm',
    FieldAccess
  >
> & {
  readonly lock: LockAccess
} = {
  mm: field('vma.mm', ['vma'], refTo('mm'), GEOMETRY),
  file: field('vma.file', ['vma'], nilable('file'), GEOMETRY),
  mapping: field('vma.mapping', ['vma'], refTo('mapping'), GEOMETRY),
  /** The mapping whose lock is that of this VMA's anon_vma: its own, or the one that was forked. */
  anon_root: field('vma.anon_root', ['vma'], refTo('mapping'), GEOMETRY),
  /** vma->vm_mm where the slab has given the object to another process; nil while it is its mapping's. */
  vm_mm: field('vma.vm_mm', ['vma'], nilable('mm')),
  /** First and last page, both included; nil while it is free. */
  start: field('vma.vm_start', ['vma'], nilable('page')),
  end: field('vma.vm_end', ['vma'], nilable('page')),
  /** vm_refcnt is not 0 (before v6.15: not detached). */
  attached: field('vma.attached', ['vma'], bool),
  /** In the interval tree of its file, mapping->i_mmap. */
  linked: field('vma.i_mmap', ['vma'], bool),
  vm_flags: field('vma.vm_flags', ['vma'], VmFlags),
  anon_vma: field('vma.anon_vma', ['vma'], AnonVma),
  /** vm_lock_seq == mm->mm_lock_seq: write-locked until the mmap write lock is dropped. */
  write_locked: field('vma.write_locked', ['vma'], bool, { role: 'lock' }),
  /** `readers` are vm_refcnt's; `writer` is VMA_LOCK_OFFSET, set while a writer waits for them to go. */
  lock: lockClass('vma.lock', 'rwsem', rankOf('vma_lock'), ['vma']),
}

export const pmd: Readonly<
  Record<'kind' | 'table' | 'collapsing' | 'mm' | 'chunk' | 'first' | 'last' | 'whole', FieldAccess>
> & {
  readonly lock: LockAccess
} = {
  kind: field('pmd.kind', ['pmd'], PmdKind),
  table: field('pmd.table', ['pmd'], nilable('table')),
  /** `_pmd` of collapse_huge_page(): the table that it has taken out, to put it back or to deposit it. */
  collapsing: field('pmd.collapsing', ['pmd'], nilable('table'), { role: 'ghost' }),
  mm: field('pmd.mm', ['pmd'], refTo('mm'), GEOMETRY),
  /** The PMD-sized, PMD-aligned part of a file that this pmd could map hugely; nil if there is none. */
  chunk: field('pmd.chunk', ['pmd'], nilable('chunk'), GEOMETRY),
  first: field('pmd.first', ['pmd'], refTo('page'), GEOMETRY),
  last: field('pmd.last', ['pmd'], refTo('page'), GEOMETRY),
  /** Its mapping covers every entry of its table. */
  whole: field('pmd.whole', ['pmd'], bool, GEOMETRY),
  lock: lockClass('pmd.lock', 'spinlock', rankOf('pmd_lock'), ['pmd']),
}

export const table: Readonly<Record<'state' | 'pte' | 'grace', FieldAccess>> & { readonly ptl: LockAccess } = {
  state: field('table.state', ['table'], TableState, { role: 'ghost' }),
  pte: field('table.pte', ['table', 'slot'], Pte),
  /** Threads whose RCU read section began before pte_free_defer(). */
  grace: field('table.grace', ['table'], subsetOf('thread'), { role: 'ghost' }),
  ptl: lockClass('table.ptl', 'spinlock', rankOf('ptl'), ['table']),
}

/** One virtual page of one mm; pages of a mapping are numbered in the order of their addresses. */
export const page: Readonly<
  Record<
    | 'pmd'
    | 'vma'
    | 'mapping'
    | 'mm'
    | 'child'
    | 'slot'
    | 'index'
    | 'prev'
    | 'next'
    | 'folio'
    | 'huge'
    | 'promised'
    | 'installers'
    | 'removers'
    | 'cow_shared'
    | 'tlb_stale'
    | 'uffd_waiters',
    FieldAccess
  >
> = {
  pmd: field('page.pmd', ['page'], refTo('pmd'), GEOMETRY),
  /** The VMA tree: what a look-up of the address finds. */
  vma: field('page.vma', ['page'], nilable('vma')),
  mapping: field('page.mapping', ['page'], refTo('mapping'), GEOMETRY),
  mm: field('page.mm', ['page'], refTo('mm'), GEOMETRY),
  /** The page of the child that a fork makes of it; nil where no fork of the scenario does. */
  child: field('page.child', ['page'], nilable('page'), GEOMETRY),
  /** Its number in its file, in pages. */
  index: field('page.pgoff', ['page'], int(0, FILE_PAGES_MAX - 1), GEOMETRY),
  slot: field('page.slot', ['page'], refTo('slot'), GEOMETRY),
  /** Its neighbours in its mapping; nil at the ends. */
  prev: field('page.prev', ['page'], nilable('page'), GEOMETRY),
  next: field('page.next', ['page'], nilable('page'), GEOMETRY),
  /** The order-0 folio that would cache it; nil in anonymous memory. */
  folio: field('page.folio', ['page'], nilable('folio'), GEOMETRY),
  /** The PMD-sized folio that would cache it after a collapse. */
  huge: field('page.huge', ['page'], nilable('folio'), GEOMETRY),
  /** A MADV_GUARD_INSTALL of this page has returned 0, and no MADV_GUARD_REMOVE of it has begun since. */
  promised: field('page.promised', ['page'], bool, { role: 'ghost' }),
  /** Threads in a MADV_GUARD_INSTALL of this page during which no MADV_GUARD_REMOVE of it ran. */
  installers: field('page.installers', ['page'], subsetOf('thread'), { role: 'ghost' }),
  removers: field('page.removers', ['page'], subsetOf('thread'), { role: 'ghost' }),
  /**
   * Of a page of a child: if it and the page that it was forked from both hold an anonymous page, that
   * is one and the same. Stands for the folio's reference count and PageAnonExclusive; see cow.ts.
   */
  cow_shared: field('page.cow_shared', ['page'], bool, { role: 'ghost' }),
  /** fork has write-protected the entry, and has not flushed the TLBs yet: some CPU may still write through it. */
  tlb_stale: field('page.tlb_stale', ['page'], bool, { role: 'ghost' }),
  /** Threads on ctx->fault_pending_wqh or ctx->fault_wqh with a fault on this page that nobody has woken. */
  uffd_waiters: field('page.uffd_waiters', ['page'], subsetOf('thread')),
}

export const file: Readonly<Record<'i_size' | 'shmem' | 'falloc_start' | 'falloc_next', FieldAccess>> &
  Readonly<Record<'i_mmap' | 'i_rwsem' | 'invalidate_lock', LockAccess>> = {
  /** In pages. */
  i_size: field('file.i_size', ['file'], int(0, FILE_PAGES_MAX)),
  /** On tmpfs; otherwise on a file system with a page cache of the plain kind. */
  shmem: field('file.shmem', ['file'], bool, GEOMETRY),
  /** shmem's inode->i_private: the pages start..next - 1 are being punched out; a `next` of 0 means that none are. */
  falloc_start: field('file.falloc_start', ['file'], int(0, FILE_PAGES_MAX)),
  falloc_next: field('file.falloc_next', ['file'], int(0, FILE_PAGES_MAX)),
  i_mmap: lockClass('file.i_mmap', 'rwsem', rankOf('i_mmap_rwsem'), ['file']),
  i_rwsem: lockClass('file.i_rwsem', 'rwsem', rankOf('i_rwsem'), ['file']),
  invalidate_lock: lockClass('file.invalidate_lock', 'rwsem', rankOf('invalidate_lock'), ['file']),
}

/** The order-0 folios and the PMD-sized one that can cache a chunk of a file. */
export const folio: Readonly<Record<'cached' | 'chunk' | 'file' | 'index' | 'last', FieldAccess>> & {
  readonly lock: LockAccess
} = {
  file: field('folio.file', ['folio'], refTo('file'), GEOMETRY),
  /** Its first page's number in its file. */
  index: field('folio.index', ['folio'], int(0, FILE_PAGES_MAX - 1), GEOMETRY),
  /** folio_next_index() - 1: its last page's number. */
  last: field('folio.last', ['folio'], int(0, FILE_PAGES_MAX - 1), GEOMETRY),
  /** In the page cache: folio->mapping is set and the index finds it. */
  cached: field('folio.cached', ['folio'], bool),
  /** The PMD-sized part of the file that it lies in; nil in a last part that is smaller. */
  chunk: field('folio.chunk', ['folio'], nilable('chunk'), GEOMETRY),
  lock: lockClass('folio.lock', 'mutex', rankOf('folio_lock'), ['folio']),
}

export const chunk: Readonly<Record<'file' | 'huge' | 'first' | 'last', FieldAccess>> = {
  file: field('chunk.file', ['chunk'], refTo('file'), GEOMETRY),
  huge: field('chunk.huge', ['chunk'], refTo('folio'), GEOMETRY),
  first: field('chunk.first', ['chunk'], refTo('folio'), GEOMETRY),
  last: field('chunk.last', ['chunk'], refTo('folio'), GEOMETRY),
}

/** Threads between rcu_read_lock() and rcu_read_unlock(). */
export const rcu: { readonly readers: FieldAccess } = {
  readers: field('rcu.readers', [], subsetOf('thread'), { role: 'ghost' }),
}

const locks: readonly LockAccess[] = [
  file.i_rwsem,
  file.invalidate_lock,
  mapping.anon_rwsem,
  mm.mmap_lock,
  mm.page_table_lock,
  vma.lock,
  pmd.lock,
  table.ptl,
  file.i_mmap,
  folio.lock,
]
const plain: readonly FieldAccess[] = [
  ...[mm.live, mapping.first, mapping.last, mapping.shared, mapping.vm_flags, mapping.child],
  ...[vma.mm, vma.file, vma.mapping, vma.anon_root, vma.start, vma.end, vma.attached, vma.linked],
  ...[vma.vm_flags, vma.anon_vma, vma.write_locked],
  ...[pmd.kind, pmd.table, pmd.collapsing, pmd.mm, pmd.chunk, pmd.first, pmd.last, pmd.whole],
  ...[table.state, table.pte, table.grace],
  ...[page.pmd, page.vma, page.mapping, page.mm, page.child, page.slot, page.index, page.folio, page.huge],
  ...[page.prev, page.next],
  ...[page.promised, page.installers, page.removers, page.cow_shared, page.tlb_stale, page.uffd_waiters],
  ...[file.i_size, file.shmem, file.falloc_start, file.falloc_next, folio.file, folio.index, folio.last],
  ...[folio.cached, folio.chunk, chunk.file, chunk.huge, chunk.first, chunk.last, rcu.readers],
  ...[vma.vm_mm, mm.grabbed, mm.put, mm.freed],
]

/** Every variable of the world. */
export const MM_FIELDS: readonly FieldAccess[] = [...plain, ...NOSIGBUS_FIELDS, ...locks.flatMap(lockFields)]
