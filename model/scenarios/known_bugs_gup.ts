/**
 * The bugs of pins and copy-on-write that the facts gup-cow-nosigbus tell of in section C, as known_bugs.ts has those of
 * guard regions. C12, C13 and C18 are not in the facts. The mails and commits are named there and in the scenarios.
 */
import type { BugCell, KnownBug, Symptom } from './known_bug.ts'

const on = (scenario: string, ...kernels: readonly string[]): readonly BugCell[] =>
  kernels.map((kernel) => ({ scenario, kernel }))
const breaks = (property: string): Symptom => ({ property })
const shown = (
  id: string,
  title: string,
  property: string,
  before: readonly BugCell[],
  after: readonly BugCell[],
): KnownBug => ({ kind: 'shown', id, title, symptom: breaks(property), before, after })
const notShown = (id: string, title: string, why: string): KnownBug => ({ kind: 'not shown', id, title, why })

export const GUP_BUGS: readonly KnownBug[] = [
  shown(
    'C1',
    'a child splices a page, unmaps it, and reads what its parent stores (CVE-2020-29374, before v5.8)',
    'CowIsolated',
    on('fork-vmsplice+write', 'v5.7'),
    on('fork-vmsplice+write', 'v5.8', 'v5.9', 'v7.0'),
  ),
  shown(
    'C2',
    'copy-on-write can break either way: who pins to read keeps the page, or loses it (17839856fd58, v5.8)',
    'PinReliable',
    on('fork-pin_longterm-write', 'v5.7'),
    on('fork-pin_longterm-write', 'v5.8', 'v5.19'),
  ),
  shown(
    'C3a',
    'a page that is written by a device is copied, since it has two references (09854ba94c6a, v5.9)',
    'PinReliable',
    on('pin-clear_refs-store', 'v5.9', 'v5.18'),
    on('pin-clear_refs-store', 'v5.8', 'v5.19'),
  ),
  shown(
    'C3b',
    'a pinned page goes to the swap cache and comes back read-only (feb889fb40fa, v5.11)',
    'PinReliable',
    on('pin-reclaim-store', 'v5.9', 'v5.10'),
    on('pin-reclaim-store', 'v5.11'),
  ),
  shown(
    'C3b-race',
    'the same of a page that GUP-fast pins after reclaim has looked (Peter Xu; David Hildenbrand, 8 Mar 2022, v5.19)',
    'PinReliable',
    on('pin_fast+reclaim-store', 'v5.18'),
    on('pin_fast+reclaim-store', 'v5.19', 'v7.0'),
  ),
  notShown(
    'C3c',
    'stores through a stale TLB entry while userfaultfd-wp has a page copied',
    'the model has no TLB, and no userfaultfd where there are page frames',
  ),
  notShown(
    'C3d',
    'do_wp_page() unlocks a page that MADV_DONTNEED has freed (be068f29034f)',
    'the page lock is tried and dropped in one step with the test that it is for: nothing is left to be unlocked later',
  ),
  notShown('C3e', 'NUMA balancing asks mapcount where it has to ask references', 'NUMA hints are not modelled'),
  notShown('C3f', 'copies in the swap cache that nobody uses any more', 'memory is lost, and nothing else is wrong'),
  shown(
    'C4',
    'GUP-fast pins a page while fork shares it (57efa1fe5957, v5.11)',
    'PinnedIsExclusive',
    on('fork+pin_fast', 'v5.8', 'v5.10'),
    on('fork+pin_fast', 'v5.11', 'v7.0'),
  ),
  shown(
    'C5',
    'pins of the zero page are counted without bound (84209e87c696, v6.2; c8070b787519, v6.5)',
    'ZeroPageUnpinned',
    [...on('gup-row151-zeropage', 'v6.1'), ...on('pin-zeropage', 'v6.2', 'v6.4')],
    [...on('gup-row151-zeropage', 'v6.2'), ...on('pin-zeropage', 'v6.5', 'v7.0')],
  ),
  notShown(
    'C5-backport',
    'v6.1.130 gives -ENOMEM for a pin of the zero page',
    'of stable kernels this one is not modelled: a function gave 0 where its caller took true for success',
  ),
  shown(
    'C6',
    'Dirty COW: a forced write is retried as a read (CVE-2016-5195, 19be0eaffa3a, v4.9)',
    'ForcedWriteOwn',
    on('mem_write+dontneed', 'v4.8'),
    on('mem_write+dontneed', 'v5.7', 'v7.0'),
  ),
  notShown(
    'C7',
    'Huge Dirty COW: a touch makes a huge pmd dirty (CVE-2017-1000405)',
    'pmds have no dirty bit in the model, and the facts have not looked it up: it is C6 with a pmd for the entry',
  ),
  shown(
    'C8',
    'UFFDIO_CONTINUE makes a dirty entry, which FOLL_COW takes for a copy (CVE-2022-2590, 5535be309971, v6.0)',
    'ForcedWriteOwn',
    on('mem_write+dontneed-uffd_continue', 'v5.18', 'v5.19'),
    on('mem_write+dontneed-uffd_continue', 'v5.13', 'v6.0'),
  ),
  shown(
    'C9',
    'PageAnonExclusive() cleared while GUP-fast reads it (088b8aa537c2); without barriers, here without the question',
    'PinnedIsExclusive',
    on('pin_fast+ksm', 'v6.2 without gup_fast_pte_range.gup_must_unshare'),
    on('pin_fast+ksm', 'v6.2', 'v7.0'),
  ),
  shown(
    'C10',
    'GUP-fast pins a page of a table that khugepaged has taken out (70cbc3cc78a9, v6.0)',
    'FastPinFresh',
    on('pin_fast+khugepaged', 'v5.13', 'v5.19'),
    on('pin_fast+khugepaged', 'v6.0', 'v7.0'),
  ),
  shown(
    'C11',
    'khugepaged frees a table that GUP-fast walks (2ba99c5e0881, v6.1)',
    'NoUseAfterFree',
    on('pin_fast+khugepaged', 'v6.0'),
    on('pin_fast+khugepaged', 'v6.1', 'v7.0'),
  ),
  shown(
    'C14',
    'a write that has lost a race is retried as a read: the root of C6 (4ceb5db9757a, 2005)',
    'ForcedWriteOwn',
    on('mem_write+dontneed', 'v4.8'),
    on('mem_write+dontneed', 'v5.7'),
  ),
  shown(
    'C15',
    'fork shares pages that RDMA has pinned (70e806e4e645, v5.9)',
    'PinnedIsExclusive',
    on('pin-fork', 'v5.7', 'v5.8'),
    on('pin-fork', 'v5.9', 'v7.0'),
  ),
  shown(
    'C16',
    'mprotect() makes a page writable without a look at PageAnonExclusive() (caught in review, April 2025)',
    'CowIsolated',
    on('fork-mprotect-write', 'v6.2 without change_pte_range.page_anon_exclusive'),
    on('fork-mprotect-write', 'v6.2', 'v7.0'),
  ),
  notShown(
    'C17',
    'entries of one kind taken for those of another: poisoned, swap and device-private ones (c2cb0dcce9dd and others)',
    'an entry of the model has a kind, and what is read of it goes by that',
  ),
  shown(
    'C19',
    'truncation leaves private copies in swap (before v5.18)',
    'NothingBeyondEnd',
    on('write-reclaim-truncate', 'v5.13'),
    on('write-reclaim-truncate', 'v5.18', 'v7.0'),
  ),
  shown(
    'C20',
    'hugetlb keeps a page whoever holds a reference: vmsplice() leaks, by design, to this day',
    'CowIsolated',
    on('selftest-cow-vmsplice_child-hugetlb', 'v6.2', 'v7.0'),
    [],
  ),
]
