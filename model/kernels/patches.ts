/**
 * What makes one kernel differ from another, one name per change. A routine asks
 * `kernel.has(patch)`, as C asks `#ifdef`.
 */

export const PATCHES = {
  'faults-mmap-lock': 'faults take the mmap lock and know no per-VMA lock; MADV_GUARD_INSTALL is unknown (before v6.4)',
  'zap-check-mapping':
    'unmapping pages of a file goes by page->mapping (zap_details.check_mapping), leaves swap entries, and locks i_mmap for writing (before v5.18)',
  'zero-page-normal': 'vm_insert_page() makes an ordinary, counted entry of the zero page (before v6.11)',
  'reuse-sole-mapper':
    'a write fault keeps an anonymous page that nobody else maps, whoever holds a reference (before 09854ba94c6a, v5.9)',
  'gup-breaks-cow':
    'GUP to read a private mapping asks for a write, so that it gets a page of its own (17839856fd58, v5.8 only)',
  'fork-shares-pinned': 'fork shares anonymous pages that are pinned (before 70e806e4e645, v5.9)',
  'fast-pin-ignores-fork': 'GUP-fast does not look at write_protect_seq (before 57efa1fe5957, v5.11)',
  'reclaim-takes-pinned': 'pinned pages may go to the swap cache (before feb889fb40fa, v5.11)',
  'no-anon-exclusive':
    'no PageAnonExclusive() and no FAULT_FLAG_UNSHARE: who holds the only reference may keep a page (before 6c287605fd56, v5.19)',
  'mprotect-never-upgrades':
    'mprotect() leaves it to a fault to make private pages writable (before 64fe24a3e05e, v6.0)',
  'force-by-foll-cow':
    'GUP with FOLL_FORCE remembers that it broke copy-on-write: FOLL_COW and a dirty entry (before 5535be309971, v6.0)',
  'gup-forgets-write':
    'GUP with FOLL_FORCE asks for no write any more once copy-on-write was broken (before 19be0eaffa3a, v4.9)',
  'continue-clean': 'UFFDIO_CONTINUE leaves entries that cannot be written clean (before 9ae0f87d009c, v5.16)',
  'fast-pin-ignores-pmd': 'GUP-fast looks at the entry again, and not at the pmd (before 70cbc3cc78a9, v6.0)',
  'collapse-no-ipi':
    'collapse_huge_page() does not wait for GUP-fast before it reuses a table (before 2ba99c5e0881, v6.1)',
  'unshare-anon-only': 'FAULT_FLAG_UNSHARE leaves what is not anonymous as it is (before 8d6a0ac09a16, v6.2)',
  'pin-non-anon-shared':
    'GUP takes long-term pins, to read, of what is not anonymous in private mappings (before 84209e87c696, v6.2)',
  'no-large-reuse': 'a write fault keeps no page of a large folio that is not exclusive (before 1da190f4d0a6, v6.15)',
  'zero-page-pinned': 'pins of the zero page are counted (before c8070b787519, v6.5)',
  nosigbus: 'MAP_NOSIGBUS and VM_NOSIGBUS (proposed in 2021, in no kernel)',
  'nosigbus-mmap-shmem-read': 'MAP_NOSIGBUS of shmem without PROT_WRITE, shared or private (v1, 1 June 2021)',
  'nosigbus-mmap-private': 'MAP_NOSIGBUS with MAP_PRIVATE, of any file (2 June 2021, and v2)',
  'nosigbus-in-shmem': 'the zero page is mapped by shmem_getpage_gfp(), where the page is beyond i_size (v1)',
  'nosigbus-in-do-fault': 'the zero page is mapped by __do_fault(), where ->fault gives SIGBUS (2 June 2021, and v2)',
  'nosigbus-in-pte-fault': 'do_anonymous_page() after do_fault() has given SIGBUS (Linus Torvalds, 27 April 2021)',
  'nosigbus-insert-page': 'by vm_insert_page(), with VM_MIXEDMAP set in the fault (v1 and 2 June 2021)',
  'nosigbus-anon-shared':
    'do_anonymous_page() of shared mappings too, which mprotect() cannot make writable then (Linus Torvalds, 3 June 2021)',
  'nosigbus-eof-only':
    "the zero page answers only where the page is still beyond i_size (what Kirill Shutemov's objection comes to; nobody posted it)",
  'nosigbus-grow-unmaps': 'a file that grows unmaps the zero pages that stand in its way (asked for; nobody posted it)',
  'guard-rfc': 'MADV_GUARD_POISON of the RFC of 27 Sep 2024: anon_vma after the walk, one retry, then -EAGAIN',
  'guard-rfc-read-lock': 'the RFC read with the mmap read lock in place of its write lock, as its thread discusses',
  'guard-skips-huge': 'guard install passes huge pages by and returns 0 over them (guard pages v1 and v2, Oct 2024)',
  'guard-unbounded': 'guard install zaps and walks again without end (guard pages v1 and v2, Oct 2024)',
  'guard-freed': 'MADV_FREE clears guard markers as it clears poison (guard pages v1 and v2, Oct 2024)',
  'guard-raw-restart':
    'guard install gives up with -ERESTARTNOINTR, but without TIF_SIGPENDING (guard pages v3, 23 Oct 2024)',
  'process-madvise-one-lock': 'process_madvise() holds its lock from one range to the next (v6.15)',
  'guard-file-backed': 'guard regions in file-backed and read-only mappings (f807123d578d, v6.15)',
  'guard-any-anon-vma': 'guard install prepares an anon_vma for every VMA before its walk (v6.13 to v6.18)',
  'guard-anon-vma-if-anonymous': 'guard install prepares an anon_vma for anonymous VMAs only (VM_MAYBE_GUARD v1)',
  'maybe-guard-plain': 'VM_MAYBE_GUARD by vm_flags_set() under the mmap write lock (series v1, 29 Oct 2025)',
  'maybe-guard-atomic': 'VM_MAYBE_GUARD by an atomic bit set under the read lock (series v2, 6 Nov 2025)',
  'mremap-several': 'mremap() moves several VMAs at once (v6.17)',
  'sticky-flags': 'flags of VM_STICKY do not keep VMAs apart, and stay in the one they merge into (series v1)',
  'modify-or-flags':
    'callers of vma_modify_flags() keep all flags of the VMA they get back (fix-up to series v3, 17 Nov 2025)',
  'modify-flags-pointer': 'vma_modify_flags() tells its caller what flags a merge has left (series v4, v6.19)',
  'retract-tests-guard': 'retract_page_tables() tests VM_MAYBE_GUARD, before the locks and under ptl (series v3)',
  'retract-rechecks-pmd': 'retract_page_tables() looks at the pmd again under its lock (Dec 2024, v6.14)',
  'pt-reclaim': 'MADV_DONTNEED frees the page tables that it empties (PT_RECLAIM, Dec 2024, v6.14)',
  'dontneed-vma-lock': 'MADV_DONTNEED under the per-VMA lock (a6fde7add78d, v6.17)',
  'collapse-locks-vma-first':
    'collapse_huge_page() locks the VMA before it looks at the pmd for the last time (366a4532d96f, v6.17)',
  'collapse-read-only': 'anonymous memory is collapsed with no entry in it that may be written (62b98015d988, v6.18)',
  'expand-forgets-anon-vma':
    'a VMA without anon_vma that grows over what mremap() has copied gets none (879bca0a2c4f, v6.16, to 61f67c230a5e, v6.19)',
  'mremap-clears-uffd-wp': 'mremap() takes the write protection of userfaultfd off what it moves (0cef0bb836e3, v6.13)',
  'uffd-own-markers':
    'userfaultfd takes no guard for an empty entry, neither UFFDIO_COPY nor a fault that is to wait (Nov 2025, v6.19)',
  'reused-vma-grabs-mm':
    'lock_vma_under_rcu() holds on to the other mm while it lets go of a VMA that has become its (9bbffee67ffd, v6.17)',
  'vma-refcnt': 'the per-VMA lock is built on vm_refcnt, and VMAs are SLAB_TYPESAFE_BY_RCU (v6.15)',
  'map-within-i_size':
    'a large folio of a plain file is mapped no further than i_size, and unmapped where truncation cannot split it (Oct 2025, v6.18)',
  'unmap-folio-keeps-guards':
    'unmap_mapping_folio() drops the markers of userfaultfd and keeps guards (what would mend our finding; in no kernel)',
  'guard-vma-lock': 'guard install and remove under the per-VMA lock (v2, 10 Nov 2025; in v7.0)',
  'fork-copies-maybe-guard':
    'vma_needs_copy() also tests VM_MAYBE_GUARD of the parent (VM_MAYBE_GUARD v1, 29 Oct 2025)',
  'fork-copy-on-fork': 'vma_needs_copy() tests VM_COPY_ON_FORK, VM_UFFD_WP among it, of the parent (series v3)',
  'fork-copy-on-fork-dst': 'the same, of the child (35e247032606, Jan 2026)',
} as const

export type Patch = keyof typeof PATCHES
