/**
 * Which lock each variable of the model is touched under: the kernel's own rules, from
 * Documentation/mm/process_addrs.rst and the code (guard-regions facts, sections named below), as data
 * for the linter. All as of v7.0-rc6.
 */
import type { FieldRule, LockDemand, LintRules, Permission } from '../language/lint/rules.ts'

const same = (lock: string, mode: LockDemand['mode'] = 'write'): LockDemand => ({ lock, mode, index: 'same' })
/** The lock of an object that the field's own index leads to by geometry, such as the mm of a VMA. */
const related = (lock: string, mode: LockDemand['mode'] = 'write'): LockDemand => ({ lock, mode, index: 'any' })

/**
 * A VMA that is not yet in the tree, or no longer, belongs to whoever made it or took it out: it is filled
 * and emptied without its lock. munmap() frees VMAs under the mmap read lock.
 */
const OWN: Permission = { locks: [related('mm.mmap_lock', 'read')], text: 'vm_area_' }

/** free_pte_range() takes no lock: its VMAs are out of the tree and of every interval tree, and detached. */
const FREE_PGTABLES: Permission = { locks: [related('mm.mmap_lock', 'read')], text: 'free_pte_range()' }

/** move_normal_pmd(): a table that goes to another pmd keeps what it holds. */
const MOVE: Permission = { locks: [same('pmd.lock'), related('mm.mmap_lock')], text: 'pmd_clear(old_pmd)' }

/**
 * collapse_huge_page(): the table goes with what it holds, and comes back or is deposited. Whoever might
 * be in it is kept out by the mmap, VMA and anon_vma locks, all held for writing.
 */
const COLLAPSE: Permission = {
  locks: [same('pmd.lock'), related('mm.mmap_lock'), related('mapping.anon_vma_rwsem')],
  text: '_pmd = pmdp_collapse_flush',
}

const RANGE: FieldRule = {
  write: [
    { locks: [related('mm.mmap_lock'), same('vma.lock')] },
    // Of exit: nobody else is left, and i_mmap has let go of it.
    { locks: [related('mm.mmap_lock')], text: 'remove_vma' },
    OWN,
  ],
  read: [
    { locks: [related('mm.mmap_lock', 'read')] },
    { locks: [same('vma.lock', 'read')] },
    { locks: [related('file.i_mmap', 'read')] },
  ],
}

export const MM_LINT_RULES: LintRules = {
  fields: {
    // 9.6: the plain writers call vma_start_write() first; the atomic setter wants the mmap lock or
    // the VMA lock in any mode. Only a write-locked VMA keeps both kinds of writer away from a reader.
    'vma.vm_flags': {
      write: [
        { locks: [same('vma.lock')] },
        { locks: [related('mm.mmap_lock')], text: 'vm_area_dup' },
        { locks: [related('mm.mmap_lock')], text: 'dup_userfaultfd' },
        { locks: [related('mm.mmap_lock')], text: 'vm_flags_clear(tmp' },
        { locks: [related('mm.mmap_lock', 'read')], text: 'vma_set_atomic_flag' },
        { locks: [same('vma.lock', 'read')], text: 'vma_set_atomic_flag' },
        // What the property FlagsWriteLocked tells of: MAP_NOSIGBUS v1 and v1.5 store under a lock of readers.
        { locks: [related('mm.mmap_lock', 'read')], text: 'vma->vm_flags |= VM_MIXEDMAP' },
        { locks: [same('vma.lock', 'read')], text: 'vma->vm_flags |= VM_MIXEDMAP' },
        OWN,
      ],
      read: [{ locks: [same('vma.lock')] }],
    },
    // 1.3 GI6a, 1.1.6: page_table_lock, and __anon_vma_prepare() asserts the mmap lock, for which the
    // VMA lock is no substitute. (The anon_vma's own lock is not modelled.)
    'vma.anon_vma': {
      write: [
        { locks: [related('mm.page_table_lock'), related('mm.mmap_lock', 'read')] },
        { locks: [related('mm.mmap_lock'), related('mapping.anon_vma_rwsem')], text: 'anon_vma_clone' },
        { locks: [related('mm.mmap_lock')], text: 'remove_vma' },
        { locks: [related('mm.mmap_lock'), same('vma.lock')] },
        OWN,
      ],
      read: [
        { locks: [related('mm.page_table_lock')] },
        { locks: [related('mm.mmap_lock')] },
        { locks: [same('vma.lock')] },
      ],
      // Taken away only by whoever holds the mmap lock and the VMA lock for writing.
      sticky: [{ locks: [related('mm.mmap_lock', 'read')] }, { locks: [same('vma.lock', 'read')] }],
    },
    // 8.2, 9.4: the VMA tree changes under the mmap write lock; a range also under the VMA write lock
    // and, for a file, i_mmap. Any one of the locks, in any mode, keeps it as it is.
    'page.vma': {
      write: [{ locks: [related('mm.mmap_lock')] }],
      read: [{ locks: [related('mm.mmap_lock', 'read')] }],
    },
    'vma.vm_start': RANGE,
    'vma.vm_end': RANGE,
    'vma.attached': {
      write: [{ locks: [related('mm.mmap_lock')] }],
      read: [{ locks: [related('mm.mmap_lock', 'read')] }, { locks: [same('vma.lock', 'read')] }],
    },
    // 9.4.6: what is free is the slab's, which hands it out once; whoever holds a VMA keeps it from being freed.
    'vma.vm_mm': {
      write: [{ locks: [related('mm.mmap_lock')] }],
      read: [{ locks: [related('mm.mmap_lock')] }, { locks: [same('vma.lock', 'read')] }],
    },
    'vma.i_mmap': { write: [{ locks: [related('file.i_mmap')] }], read: [{ locks: [related('file.i_mmap', 'read')] }] },
    // 4.2.6: i_size_write() under i_rwsem.
    'file.i_size': { write: [{ locks: [same('file.i_rwsem')] }] },
    // 4.2.7: the hole that is being punched is published under i_rwsem (and inode->i_lock).
    'file.falloc_start': { write: [{ locks: [same('file.i_rwsem')] }] },
    'file.falloc_next': { write: [{ locks: [same('file.i_rwsem')] }] },
    // 1.1.14, 5.6 CP9: an entry is filled, and a huge one cleared, under the pmd lock.
    'pmd.kind': { write: [{ locks: [same('pmd.lock')] }, FREE_PGTABLES] },
    // 5.2.2, 5.5.5: a table is unlinked under the pmd lock and its own ptl, nested.
    'pmd.table': {
      write: [{ locks: [same('pmd.lock')] }],
      clear: [{ locks: [same('pmd.lock'), related('table.ptl')] }, FREE_PGTABLES, MOVE, COLLAPSE],
    },
    // 1.1.15, 3.1.7: every change of a pte, under the ptl of its table.
    'table.pte': { write: [{ locks: [same('table.ptl')] }] },
    'table.zero_writable': { write: [{ locks: [same('table.ptl')] }] },
    'table.frame': { write: [{ locks: [same('table.ptl')] }] },
    'table.dirty': { write: [{ locks: [same('table.ptl')] }] },
    'table.swp_exclusive': { write: [{ locks: [same('table.ptl')] }] },
    'pmd.frame': { write: [{ locks: [same('pmd.lock')] }] },
    // 5.1.1, 3.1.15: a folio enters and leaves the page cache under its own lock; the collapse replaces
    // a whole chunk under the lock of the new folio and of those it found, and fills holes that have none.
    'folio.cached': {
      write: [{ locks: [same('folio.lock')] }, { locks: [related('folio.lock')], text: 'xas_store' }],
    },
  },
  // `none`, a table and a huge mapping are values of one pmd entry. One pointer publishes a hole.
  words: [
    ['pmd.kind', 'pmd.table', 'pmd.frame'],
    ['table.pte', 'table.zero_writable', 'table.frame', 'table.swp_exclusive', 'table.dirty'],
    // Not one word, but one struct page: where the order of its counts and flags matters, the steps are apart.
    [
      ...['frame._refcount', 'frame._mapcount', 'frame._pincount', 'frame.PG_anon_exclusive'],
      ...['frame.PG_swapcache', 'frame.swap_map', 'frame.PG_ksm', 'frame.content'],
    ],
    ['file.falloc_start', 'file.falloc_next'],
  ],
  mirrors: [
    // 9.4.4: under the mmap write lock only its holder can have set vm_lock_seq to mm_lock_seq.
    {
      field: 'vma.write_locked',
      says: { lock: 'vma.lock', mode: 'write' },
      under: { lock: 'mm.mmap_lock', mode: 'write' },
    },
  ],
  unread: {
    'khugepaged.result': 'khugepaged goes on to its next range whatever came of this one',
    'load.shared': 'only a store asks whether its mapping is shared',
    'load_forever.shared': 'as for load',
    'madvise_guard_remove.vm_flags':
      'of what is_valid_guard_vma() refuses, only VM_LOCKED is modelled, which removal allows',
    'madvise_guard_unpoison.vm_flags': 'as for madvise_guard_remove()',
    'madvise_guard_install.vm_flags':
      'is_valid_guard_vma() of v6.13 refuses a file mapping without looking at its flags',
    'madvise_guard_poison.vm_flags': 'as for madvise_guard_install() of v6.13',
  },
  constants: true,
  nests: [
    {
      lock: 'table.ptl',
      text: 'spin_lock_nested(src_ptl',
      under: 'mm.mmap_lock',
      reason: "copy_pte_range(): the child's table first, the parent's inside it, both mmap locks held for writing",
    },
    {
      lock: 'pmd.lock',
      text: 'spin_lock_nested(src_ptl',
      under: 'mm.mmap_lock',
      reason: 'copy_huge_pmd(): as copy_pte_range()',
    },
    {
      lock: 'mm.mmap_lock',
      text: 'mmap_write_lock_nested',
      under: 'mm.mmap_lock',
      reason: 'dup_mmap(): the inner one is of an mm that nobody else has',
    },
    ...(['pmd.lock', 'table.ptl'] as const).map((name) => ({
      lock: name,
      text: 'spin_lock_nested(new_ptl',
      under: 'mm.mmap_lock',
      reason: 'move_ptes(), move_normal_pmd(): no need to order the two, since the mmap write lock keeps others out',
    })),
    {
      lock: 'vma.lock',
      under: 'mm.mmap_lock',
      reason: 'whoever write-locks VMAs of an mm holds its mmap lock for writing, so there is one such thread',
    },
  ],
  // mremap() on a world of several VMAs in two mappings comes to some 60 000.
  statesMax: 80_000,
  exempt: [
    {
      routine: '__split_huge_pmd',
      label: 'clear',
      fields: ['table.pte', 'table.frame'],
      reason: 'the deposited table is filled before the pmd leads to it: nobody else can find it',
    },
    {
      routine: 'rcu_do_batch',
      label: 'pte_free_now',
      fields: ['table.pte'],
      reason:
        'a table whose grace period is over belongs to its RCU callback alone; the stores make it the empty table that its next user gets',
    },
  ],
}
