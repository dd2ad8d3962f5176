/**
 * The variables of the model: include/linux/mm_types.h, fs.h and pagemap.h as far as the modelled
 * code needs them. Geometry (which VMA a page lies in, and so on) is set by the scenario and never
 * written; specialisation turns it into constants.
 *
 * Not modelled yet: split and merge (every VMA keeps its range), mapcounts, refcounts and rss,
 * folios of several pages other than PMD-sized ones, swap, migration, uffd-wp and poison entries,
 * PUD level, TLBs (a hardware walk reads the tables themselves), contents of memory, i_size.
 */
import { field, type FieldAccess } from '../language/expr.ts'
import { lockClass, lockFields, type LockAccess } from '../language/lock.ts'
import {
  bool,
  enumeration,
  flagWord,
  nilable,
  refTo,
  subsetOf,
  type EnumType,
  type FlagsType,
} from '../language/types.ts'
import { rankOf } from './lock_order.ts'

export const VmFlags: FlagsType = flagWord('vm_flags', [
  'VM_WRITE',
  'VM_SHARED',
  'VM_LOCKED',
  'VM_UFFD_WP',
  'VM_MAYBE_GUARD',
])
export const AnonVma: EnumType = enumeration('anon_vma', ['NULL', 'anon_vma'])
export const PmdKind: EnumType = enumeration('pmd', ['none', 'table', 'huge'])
/** `file` is a page-cache page, writable only in a shared writable VMA; `zero` is the shared zero page. */
export const Pte: EnumType = enumeration('pte', ['none', 'file', 'anon', 'zero', 'guard'])
/** A page table's life: `unlinked` from its pmd, then `deferred` by pte_free_defer() until RCU lets it go. */
export const TableState: EnumType = enumeration('table state', ['free', 'allocated', 'linked', 'unlinked', 'deferred'])

/** Fixed by the scenario; no step writes it. */
const GEOMETRY = { role: 'geometry' } as const

export const mm: { readonly mmap_lock: LockAccess; readonly page_table_lock: LockAccess } = {
  mmap_lock: lockClass('mm.mmap_lock', 'rwsem', rankOf('mmap_lock'), ['mm']),
  page_table_lock: lockClass('mm.page_table_lock', 'spinlock', rankOf('page_table_lock'), ['mm']),
}

export const vma: Readonly<Record<'mm' | 'file' | 'vm_flags' | 'anon_vma' | 'write_locked', FieldAccess>> & {
  readonly lock: LockAccess
} = {
  mm: field('vma.mm', ['vma'], refTo('mm'), GEOMETRY),
  file: field('vma.file', ['vma'], nilable('file'), GEOMETRY),
  vm_flags: field('vma.vm_flags', ['vma'], VmFlags),
  anon_vma: field('vma.anon_vma', ['vma'], AnonVma),
  /** vm_lock_seq == mm->mm_lock_seq: write-locked until the mmap write lock is dropped. */
  write_locked: field('vma.write_locked', ['vma'], bool, { role: 'lock' }),
  /** `readers` are vm_refcnt's; `writer` is VMA_LOCK_OFFSET, set while a writer waits for them to go. */
  lock: lockClass('vma.lock', 'rwsem', rankOf('vma_lock'), ['vma']),
}

export const pmd: Readonly<
  Record<'kind' | 'table' | 'mm' | 'vma' | 'chunk' | 'first' | 'last' | 'whole', FieldAccess>
> & {
  readonly lock: LockAccess
} = {
  kind: field('pmd.kind', ['pmd'], PmdKind),
  table: field('pmd.table', ['pmd'], nilable('table')),
  mm: field('pmd.mm', ['pmd'], refTo('mm'), GEOMETRY),
  vma: field('pmd.vma', ['pmd'], refTo('vma'), GEOMETRY),
  /** The PMD-sized, PMD-aligned part of a file that this pmd could map hugely; nil if there is none. */
  chunk: field('pmd.chunk', ['pmd'], nilable('chunk'), GEOMETRY),
  first: field('pmd.first', ['pmd'], refTo('page'), GEOMETRY),
  last: field('pmd.last', ['pmd'], refTo('page'), GEOMETRY),
  /** Its VMA covers every entry of its table. */
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

/** One virtual page of one mm; pages of a VMA are numbered in the order of their addresses. */
export const page: Readonly<
  Record<'pmd' | 'vma' | 'slot' | 'folio' | 'huge' | 'promised' | 'installers' | 'removers', FieldAccess>
> = {
  pmd: field('page.pmd', ['page'], refTo('pmd'), GEOMETRY),
  vma: field('page.vma', ['page'], refTo('vma'), GEOMETRY),
  slot: field('page.slot', ['page'], refTo('slot'), GEOMETRY),
  /** The order-0 folio that would cache it; nil in anonymous memory. */
  folio: field('page.folio', ['page'], nilable('folio'), GEOMETRY),
  /** The PMD-sized folio that would cache it after a collapse. */
  huge: field('page.huge', ['page'], nilable('folio'), GEOMETRY),
  /** A MADV_GUARD_INSTALL of this page has returned 0, and no MADV_GUARD_REMOVE of it has begun since. */
  promised: field('page.promised', ['page'], bool, { role: 'ghost' }),
  /** Threads in a MADV_GUARD_INSTALL of this page during which no MADV_GUARD_REMOVE of it ran. */
  installers: field('page.installers', ['page'], subsetOf('thread'), { role: 'ghost' }),
  removers: field('page.removers', ['page'], subsetOf('thread'), { role: 'ghost' }),
}

export const file: { readonly i_mmap: LockAccess } = {
  i_mmap: lockClass('file.i_mmap', 'rwsem', rankOf('i_mmap_rwsem'), ['file']),
}

/** The order-0 folios and the PMD-sized one that can cache a chunk of a file. */
export const folio: Readonly<Record<'cached' | 'chunk', FieldAccess>> & { readonly lock: LockAccess } = {
  /** In the page cache: folio->mapping is set and the index finds it. */
  cached: field('folio.cached', ['folio'], bool),
  chunk: field('folio.chunk', ['folio'], refTo('chunk'), GEOMETRY),
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
  mm.mmap_lock,
  mm.page_table_lock,
  vma.lock,
  pmd.lock,
  table.ptl,
  file.i_mmap,
  folio.lock,
]
const plain: readonly FieldAccess[] = [
  ...[vma.mm, vma.file, vma.vm_flags, vma.anon_vma, vma.write_locked],
  ...[pmd.kind, pmd.table, pmd.mm, pmd.vma, pmd.chunk, pmd.first, pmd.last, pmd.whole],
  ...[table.state, table.pte, table.grace],
  ...[page.pmd, page.vma, page.slot, page.folio, page.huge, page.promised, page.installers, page.removers],
  ...[folio.cached, folio.chunk, chunk.file, chunk.huge, chunk.first, chunk.last, rcu.readers],
]

/** Every variable of the world. */
export const MM_FIELDS: readonly FieldAccess[] = [...plain, ...locks.flatMap(lockFields)]
