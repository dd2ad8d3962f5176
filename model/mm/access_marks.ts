/**
 * How the kernel marks its accesses to the shared variables of the model, for the report of data races:
 * READ_ONCE(), WRITE_ONCE(), atomics and the accessors made of them are marked, everything else is plain.
 * As of v7.0-rc6 (guard-regions facts, sections named below). And which of the races that remain are known
 * to be harmless, by name and with the reason.
 *
 * What has no name stays open: races that a finding is made of (who computes flags before vma_start_write() and stores
 * them back, a merge that tells retract_page_tables() too late), and those of proposals that were not taken
 * (`vma->vm_flags |= VM_MIXEDMAP` of MAP_NOSIGBUS v1 and v1.5, under a lock of readers).
 */

/** Of the accesses to a variable those whose C text has one of `text` in it (all, where absent). */
export interface AccessMark {
  /** The variable, without the object: `table.pte`. */
  readonly fields: readonly string[]
  readonly text?: readonly string[]
  /** Only reads, or only writes. */
  readonly mode?: 'read' | 'write'
  readonly marked: boolean
  readonly why: string
}

export interface BenignRace {
  readonly name: string
  readonly fields: readonly string[]
  /** The plain access has one of these in its label and C text, `routine.label: text`. */
  readonly plain: readonly string[]
  /** The other one has one of these there. */
  readonly other: readonly string[]
  readonly reason: string
  readonly sources: readonly string[]
}

/** The first that fits counts; an access that none fits is plain. */
export const ACCESS_MARKS: readonly AccessMark[] = [
  {
    fields: ['pmd.kind', 'pmd.table', 'pmd.frame'],
    text: ['pmd_none(*', 'pmd_trans_huge(*', 'pmd_none_or_trans_huge(*'],
    mode: 'read',
    marked: false,
    why: 'a walker looks at *pmd as it stands',
  },
  {
    fields: [
      ...['pmd.kind', 'pmd.table', 'pmd.frame'],
      ...['table.pte', 'table.frame', 'table.swp_exclusive', 'table.dirty'],
    ],
    marked: true,
    why: 'one word each: pmdp_get_lockless() and ptep_get() are READ_ONCE(), set_pmd() and set_pte() WRITE_ONCE(), the rest xchg()',
  },
  {
    fields: ['vma.vm_flags'],
    text: ['vma_set_atomic_flag', 'READ_ONCE(vma->vm_flags)'],
    marked: true,
    why: 'set_bit() (9.6)',
  },
  { fields: ['vma.anon_vma'], text: ['READ_ONCE(vma->anon_vma)'], marked: true, why: 'READ_ONCE()' },
  { fields: ['page.vma'], marked: true, why: 'the maple tree is read under RCU' },
  { fields: ['mm.mm_count', 'mm.put'], marked: true, why: 'mm_count is an atomic_t' },
  {
    fields: ['frame._refcount', 'frame._mapcount', 'frame._pincount'],
    marked: true,
    why: 'atomic_t each: page->_refcount, page->_mapcount or folio->_large_mapcount, folio->_pincount',
  },
  {
    fields: ['frame.PG_anon_exclusive', 'frame.PG_swapcache'],
    marked: true,
    why: 'test_bit(), set_bit() and clear_bit() on page->flags (include/linux/page-flags.h)',
  },
  {
    fields: ['frame.content'],
    marked: true,
    why:
      "what a page holds is its users' business: no sanitizer sees stores of user space and of devices, and whoever " +
      'copies a page (__wp_page_copy_user(), copy_present_page(), pages_identical()) has no order with them by design; ' +
      'the properties ask which value a copy may hold',
  },
  {
    fields: ['frame.swap_map'],
    marked: true,
    why: "WRITE_ONCE() under the lock of the slot's cluster, which is not modelled (mm/swapfile.c)",
  },
  {
    fields: ['mm.MMF_HAS_PINNED'],
    marked: true,
    why: 'test_bit() and set_bit() on mm->flags; an atomic_t before v5.14',
  },
  {
    fields: ['mm.write_protect_seq'],
    marked: true,
    why: 'raw_write_seqcount_begin() stands between kcsan_nestable_atomic_begin() and _end(), raw_read_seqcount() is READ_ONCE()',
  },
  {
    fields: ['page.uffd_waiters'],
    marked: true,
    why: 'the wait queues have a lock of their own, which is not modelled',
  },
  {
    fields: ['vma.vm_start'],
    text: ['vma = kmem_cache_alloc('],
    marked: true,
    why: 'the slab knows which objects are free; only the model looks at vm_start for it',
  },
  { fields: ['vma.attached'], marked: true, why: 'vm_refcnt is a refcount_t (9.4)' },
  { fields: ['folio.cached'], marked: true, why: 'the entries of an xarray are read and stored by its RCU accessors' },
  { fields: ['file.i_size'], text: ['i_size_read', 'i_size_write'], marked: true, why: 'accessors of i_size' },
]

/** Accesses that no sanitizer sees: the hardware's own, and a sleeper's condition, which its waker looks at. */
export const UNSEEN_STEPS: readonly string[] = [
  'load.access',
  'store.access',
  'load_forever.access',
  'shmem_falloc_wait.schedule',
]

export const BENIGN_RACES: readonly BenignRace[] = [
  {
    name: 'other-bit-of-vm_flags',
    fields: ['vma.vm_flags'],
    plain: [
      'userfaultfd_wp(vma)',
      'userfaultfd_armed(vma)',
      'userfaultfd_missing(vma)',
      'uffd_disable_fault_around(',
      'thp_vma_allowable_order(vma, ',
      'hugepage_vma_revalidate(',
      'vma = vma_lookup(mm, haddr), range_in_vma(',
      'do_read_fault.vm_nosigbus',
      'access_error(',
      'set_pte_range(',
      'finish_fault.set_pte_at',
      'is_valid_guard_vma(',
      'madvise_dontneed_single_vma.can_madv_lru_vma',
      'madvise_remove.flags',
    ],
    other: ['vma_set_atomic_flag'],
    reason: 'set_bit() changes VM_MAYBE_GUARD alone, and the plain reader asks for another bit and stores nothing back',
    sources: [
      'Lorenzo Stoakes, [PATCH v3 0/8] introduce VM_MAYBE_GUARD and make it sticky, 7 Nov 2025, changelog: ' +
        'KCSAN permissiveness (9.6.7)',
      'kernel/kcsan/permissive.h: reports are held back for plain reads alone, never for a read that is stored back',
    ],
  },
  {
    name: 'walker-looks-again',
    fields: ['pmd.kind', 'pmd.table', 'pmd.frame'],
    plain: ['pmd_none(*', 'pmd_trans_huge(*', 'pmd_none_or_trans_huge(*'],
    other: [''],
    reason:
      'a stale look at *pmd decides nothing: a table is mapped by pte_offset_map_lock(), which reads the pmd again and ' +
      'compares it under ptl, and a huge page is looked at again under the pmd lock',
    sources: ['mm/pgtable-generic.c, __pte_offset_map_lock()', 'mm/huge_memory.c, __split_huge_pmd()'],
  },
  {
    name: 'only-the-model-looks',
    fields: ['vma.vm_start'],
    plain: ['unmap_region.mas_find', 'remove_vma.mas_for_each'],
    other: ['vma_merge_existing_range.', '__split_vma.vm_area_dup'],
    reason:
      'the tree of detached VMAs is the own one of whoever unmaps; only the model looks for them among the VMAs of all mms',
    sources: ['mm/vma.c, vms_gather_munmap_vmas(), vms_complete_munmap_vmas(): mas_detach'],
  },
  {
    name: 'only-the-model-allocates',
    fields: ['vma.vm_start'],
    plain: ['remove_vma.vm_area_free'],
    other: ['vma = kmem_cache_alloc('],
    reason: 'the slab knows which objects are free; only the model looks at vm_start for it',
    sources: ['mm/vma_init.c and kernel/fork.c, vm_area_alloc()'],
  },
  {
    name: 'retract-looks-again',
    fields: ['vma.vm_flags'],
    plain: ['retract_page_tables.early_flags', 'retract_page_tables.locked_flags'],
    other: ['userfaultfd_register.vm_flags_reset'],
    reason:
      'the first look is repeated under ptl, and a marker of userfaultfd is written under ptl after the flag is stored: ' +
      'where the second look misses the flag, there is no marker yet',
    sources: ['mm/khugepaged.c, retract_page_tables()', 'guard-regions facts, B18'],
  },
  {
    name: 'retry-entries-hide-holes',
    fields: ['vma.vm_flags'],
    plain: ['collapse_file.userfaultfd_missing'],
    other: ['userfaultfd_register.vm_flags_reset'],
    reason:
      'the holes of the file have been filled with retry entries before the look: whoever registers after it finds ' +
      'no missing page any more, and who registered before it is seen',
    sources: ['mm/khugepaged.c, collapse_file(), the comment above its walk of i_mmap'],
  },
  {
    name: 'i_private-looks-again',
    fields: ['file.falloc_start', 'file.falloc_next'],
    plain: ['shmem_falloc_wait.i_private'],
    other: ['shmem_fallocate.'],
    reason: 'one aligned pointer; a fault that sees it set looks again under i_lock before it follows it',
    sources: ['mm/shmem.c, shmem_falloc_wait()'],
  },
  {
    name: 'anon_vma-published-once',
    fields: ['vma.anon_vma'],
    plain: ['vma->anon_vma = anon_vma', 'vma->anon_vma)'],
    other: ['vma->anon_vma'],
    reason:
      'one aligned word that goes from NULL to its value under page_table_lock; whoever reads NULL without that lock ' +
      'looks again under it, or under ptl',
    sources: ['mm/rmap.c, __anon_vma_prepare()', 'mm/khugepaged.c, retract_page_tables()'],
  },
]
