/**
 * The bugs and the non-bugs that the mails tell of (facts/guard-regions.md, 11.1, 11.3, 11.4 and 11.5), and
 * where the catalogue shows each: as it was, and as it is after its fix. What is not shown has its reason.
 * Those of pins and copy-on-write are in known_bugs_gup.ts. `mmcheck list --bugs` prints them; the recorded
 * results of the cells must agree (test/scenarios/known_bugs).
 */

import type { BugCell, KnownBug, NoBug, NotShown, ShownBug, Symptom } from './known_bug.ts'
import { GUP_BUGS } from './known_bugs_gup.ts'

const on = (scenario: string, ...kernels: readonly string[]): readonly BugCell[] =>
  kernels.map((kernel) => ({ scenario, kernel }))

const shown = (
  id: string,
  title: string,
  symptom: Symptom,
  before: readonly BugCell[],
  after: readonly BugCell[],
): ShownBug => ({ kind: 'shown', id, title, symptom, before, after })
const noBug = (id: string, title: string, holds: readonly BugCell[]): NoBug => ({ kind: 'no bug', id, title, holds })
const notShown = (id: string, title: string, why: string): NotShown => ({ kind: 'not shown', id, title, why })

export const KNOWN_BUGS: readonly KnownBug[] = [
  shown(
    'B01',
    'anon_vma published after the markers are written (RFC, Jann Horn, 14 Oct 2024)',
    { property: 'GuardStays' },
    on('install+collapse', 'rfc-file'),
    on('install+collapse', 'v6.15'),
  ),
  shown(
    'B02',
    'huge entries skipped by guard install (guard pages v1 and v2)',
    { property: 'NoAccess' },
    on('guard-fault-huge', 'guard-v1', 'guard-v2'),
    on('guard-fault-huge', 'guard-v3', 'v6.13'),
  ),
  shown(
    'B03',
    'guard install retries in the kernel without end (guard pages v1 and v2)',
    { property: 'InstallEnds' },
    on('install+keep_reading', 'guard-v2'),
    on('install+keep_reading', 'v6.13', 'v7.0'),
  ),
  shown(
    'B04',
    'MADV_FREE clears guards (guard pages v1 and v2)',
    { property: 'GuardStays' },
    on('install-free-read', 'guard-v1', 'guard-v2'),
    on('install-free-read', 'guard-v3', 'v6.13'),
  ),
  shown(
    'B05',
    '-ERESTARTNOINTR without TIF_SIGPENDING reaches user space (guard pages v3)',
    { property: 'ReturnsDocumented' },
    on('install+write-restart', 'guard-v3'),
    on('install+write-restart', 'v6.13'),
  ),
  shown(
    'B06',
    'MADV_COLLAPSE destroys guards (VM_MAYBE_GUARD series v1 and v2)',
    { property: 'GuardStays' },
    on('install-collapse-read', 'maybe-guard-v1', 'maybe-guard-v2'),
    on('install-collapse-read', 'maybe-guard-v3', 'v7.0'),
  ),
  shown(
    'B07',
    'flags that the caller wanted cleared are kept by a merge (series v3 with its fix-up)',
    { property: 'FlagsAsRequested' },
    on('mprotect-merge-guards', 'maybe-guard-v3-fixup'),
    on('mprotect-merge-guards', 'maybe-guard-v4', 'v7.0'),
  ),
  shown(
    'B08',
    'vma_needs_copy() asks the parent where it has to ask the child (35e247032606)',
    { condition: { before: 'Never', after: 'Always' } },
    on('protect-fork', 'maybe-guard-v3', 'maybe-guard-v4'),
    on('protect-fork', 'v6.18.37', 'v7.0'),
  ),
  shown(
    'B09',
    'mincore() reports guards as resident (softleaf series v2)',
    { condition: { before: 'Never', after: 'Always' } },
    on('install-observers', 'v7.0 without mincore.pte_none_mostly'),
    on('install-observers', 'v6.18.37', 'v7.0'),
  ),
  shown(
    'B16',
    'retract_page_tables() looks for an anon_vma once, before its locks (023f47a8250c)',
    { property: 'EmptyUnlink' },
    on('write-cow+collapse', 'v7.0 without retract_page_tables.early_check, retract_page_tables.recheck'),
    on('write-cow+collapse', 'v6.15', 'v7.0', 'v7.0 without retract_page_tables.recheck'),
  ),
  notShown(
    'B17',
    'retraction without i_mmap_rwsem (8d3c106e19e8)',
    'kernels before v6.1; since v6.6 a table is freed after a grace period, so that a walk of rmap may go on in it',
  ),
  shown(
    'B18',
    'retraction against userfaultfd registration, without the second look under ptl',
    { property: 'EmptyUnlink' },
    on('register-protect+collapse', 'v7.0 without retract_page_tables.recheck'),
    on('register-protect+collapse', 'v6.15', 'v7.0'),
  ),
  shown(
    'B19',
    'retraction without a second look at the pmd (Qi Zheng, Dec 2024)',
    { property: 'NoNilDereference' },
    on('dontneed+collapse', 'v6.15 without retract_page_tables.pmd_state_check'),
    on('dontneed+collapse', 'v6.15', 'v7.0'),
  ),
  shown(
    'B21',
    'collapse_pte_mapped_thp() against UFFDIO_COPY (a98460494b16)',
    { property: 'EmptyUnlink' },
    on('uffd_copy+madvise_collapse-private', 'v7.0 without try_collapse_pte_mapped_thp.uffd_private'),
    on('uffd_copy+madvise_collapse-private', 'v6.15', 'v7.0'),
  ),
  shown(
    'B22',
    'userfaultfd takes it that a page table stays (v6.11, CVE-2024-46787)',
    { property: 'NoNilDereference' },
    on('uffd_copy+madvise_collapse-private', 'v7.0 without mfill_atomic_install_pte.no_table'),
    on('uffd_copy+madvise_collapse-private', 'v6.15', 'v7.0'),
  ),
  shown(
    'B24',
    'collapse_huge_page() looks at the pmd before it locks the VMA (366a4532d96f)',
    { property: 'NoNilDereference' },
    on('dontneed+madvise_collapse-anon', 'v6.17-rc'),
    on('dontneed+madvise_collapse-anon', 'v6.15', 'v6.18', 'v7.0'),
  ),
  notShown(
    'B25',
    'a page walk splits a huge PUD that a refault makes again (3b89863c3fa4)',
    'the model has no PUD level: only DAX and hugetlb have huge entries there',
  ),
  notShown(
    'B27',
    'lock_vma_under_rcu() looks at anon_vma before it has the lock (657b5146955e)',
    'kernels before v6.5; what came of it, an anon_vma shared with a neighbour, is below what one bit of anon_vma shows',
  ),
  shown(
    'B28',
    'fork does not lock the VMAs of the parent (fb49c455323f, 2b4f3b4987b5)',
    { property: 'CowIsolation' },
    on('fork+write', 'v6.13 without vma_start_write.set_seq', 'v7.0 without vma_start_write.set_seq'),
    on('fork+write', 'v6.13', 'v7.0'),
  ),
  shown(
    'B29',
    'a VMA that is now of another process wakes a writer of a freed mm (9bbffee67ffd)',
    { property: 'NoFreedMm' },
    on('munmap-reuse+read', 'v6.15', 'v7.0 without lock_vma_under_rcu.hold_mm'),
    on('munmap-reuse+read', 'v6.18', 'v7.0'),
  ),
  notShown(
    'B30',
    'mm_drop_all_locks() drops the VMA locks too early (v6.6)',
    'only mmu_notifier_register() takes all locks, and there are no notifiers in the model',
  ),
  shown(
    'B31',
    'mremap() merges a copy with a VMA that has no anon_vma, and gives it none (61f67c230a5e)',
    { property: 'FlagSound' },
    on('mremap-unfaulted', 'v6.18'),
    on('mremap-unfaulted', 'v6.18.37'),
  ),
  shown(
    'B32',
    "userfaultfd's protection is moved where nobody has registered (0cef0bb836e3)",
    { condition: { before: 'Never', after: 'Always' } },
    on('protect-mremap', 'rfc-file'),
    on('protect-mremap', 'v6.15'),
  ),
  notShown(
    'NB1',
    'a set_pte() for "*ptep = make_pte_marker()" (Ryan Roberts)',
    'ptep is a variable of the walker there, and no entry of a table',
  ),
  noBug(
    'NB2',
    'a fault that saw the guard before its removal still raises SIGSEGV',
    on('install-remove-read+read', 'v6.15', 'v7.0'),
  ),
  noBug('NB3', 'guard install that runs out of memory has done a part', on('install-oom', 'v6.13', 'v6.18', 'v7.0')),
  noBug('NB4', 'VM_MAYBE_GUARD without any guard', on('install-oom', 'v7.0')),
  noBug('NB5', 'MADV_COLLAPSE fails, and has changed the page cache', on('selftest-collapse-shmem', 'v7.0')),
  noBug('NB6', 'no guards in the child of MADV_WIPEONFORK', on('install-wipeonfork-fork', 'v6.13', 'v7.0')),
  ...GUP_BUGS,
]
