/**
 * The lock order at the top of mm/rmap.c (read at v7.0-rc6; guard-regions facts, section 9.1), as
 * data: outermost first. `vma_lock` (the per-VMA read lock) stands at the level of mmap_lock: it is
 * only ever tried, never waited for.
 */
export const LOCK_ORDER = [
  'i_rwsem',
  'mmap_lock',
  'vma_lock',
  'invalidate_lock',
  'folio_lock',
  'i_mmap_rwsem',
  'anon_vma_rwsem',
  'page_table_lock',
  'pmd_lock',
  'ptl',
] as const

export type LockName = (typeof LOCK_ORDER)[number]

/** Position in the order, outermost 0. */
export const rankOf = (name: LockName): number => LOCK_ORDER.indexOf(name)
