/**
 * What makes one kernel differ from another, one name per change. A routine asks
 * `kernel.has(patch)`, as C asks `#ifdef`.
 */

export const PATCHES = {
  'guard-rfc': 'MADV_GUARD_POISON of the RFC of 27 Sep 2024: anon_vma after the walk, one retry, then -EAGAIN',
  'guard-rfc-read-lock': 'the RFC read with the mmap read lock in place of its write lock, as its thread discusses',
  'guard-file-backed': 'guard regions in file-backed and read-only mappings (f807123d578d, v6.15)',
  'guard-any-anon-vma': 'guard install prepares an anon_vma for every VMA before its walk (v6.13 to v6.18)',
  'guard-anon-vma-if-anonymous': 'guard install prepares an anon_vma for anonymous VMAs only (VM_MAYBE_GUARD v1)',
  'maybe-guard-plain': 'VM_MAYBE_GUARD by vm_flags_set() under the mmap write lock (series v1, 29 Oct 2025)',
  'maybe-guard-atomic': 'VM_MAYBE_GUARD by an atomic bit set under the read lock (series v2, 6 Nov 2025)',
  'retract-tests-guard': 'retract_page_tables() tests VM_MAYBE_GUARD, before the locks and under ptl (series v3)',
  'retract-rechecks-pmd': 'retract_page_tables() looks at the pmd again under its lock (Dec 2024, v6.14)',
  'pt-reclaim': 'MADV_DONTNEED frees the page tables that it empties (PT_RECLAIM, Dec 2024, v6.14)',
  'dontneed-vma-lock': 'MADV_DONTNEED under the per-VMA lock (a6fde7add78d, v6.17)',
  'guard-vma-lock': 'guard install and remove under the per-VMA lock (v2, 10 Nov 2025; in v7.0)',
} as const

export type Patch = keyof typeof PATCHES
