/**
 * "mm/gup: remove FOLL_FORCE usage from drivers (reliable R/O long-term pinning)", patch by patch: the series that
 * seeds/001 is the ninth mail of. Titles and order are those of its cover letter of 16 Nov 2022; what each does is
 * told in the facts gup-cow-nosigbus, A.1.
 *
 * Patches 8 and 9 alone change what runs here do.
 */
import { V6_1 } from './gup_patches.ts'
import type { Patch } from './patches.ts'
import type { Series, SeriesPatch } from './series_types.ts'

interface Effect {
  readonly removes?: readonly Patch[]
  /** What is modelled of it. */
  readonly modelled?: string
  /** Why nothing of it is. */
  readonly why?: string
}

const patch = (id: string, subject: string, { removes = [], modelled, why }: Effect): SeriesPatch => ({
  id,
  subject,
  ...(modelled === undefined ? {} : { modelled }),
  ...(why === undefined ? {} : { why }),
  adds: [],
  removes,
  needs: [],
})

const TESTS = 'selftests; what they assert is in the rows above'
const DRIVER = 'a driver that asks for no forced write any more; patch 9 makes its pin reliable'
const driver = (id: string, subject: string): SeriesPatch =>
  patch(id, `${subject}: remove FOLL_FORCE usage`, { why: DRIVER })

const PATCHES: readonly SeriesPatch[] = [
  patch('1', 'selftests/vm: anon_cow: prepare for non-anonymous COW tests', { why: TESTS }),
  patch('2', 'selftests/vm: cow: basic COW tests for non-anonymous pages', { why: TESTS }),
  patch('3', 'selftests/vm: cow: R/O long-term pinning reliability tests for non-anon pages', { why: TESTS }),
  patch('4', 'mm: add early FAULT_FLAG_UNSHARE consistency checks', {
    why: 'it refuses flags that nobody here asks a fault for: GUP unshares in private mappings alone',
  }),
  patch('5', 'mm: add early FAULT_FLAG_WRITE consistency checks', {
    why: 'it refuses writes that access_error() and check_vma_flags() have refused before',
  }),
  patch('6', 'mm: rework handling in do_wp_page() based on private vs. shared mappings', {
    why: 'the same questions in another order; a shared mapping has no anonymous page here',
  }),
  patch('7', "mm: don't call vm_ops->huge_fault() in wp_huge_pmd()/wp_huge_pud() for private mappings", {
    why: 'no file system here has ->huge_fault for private mappings',
  }),
  patch('8', 'mm: extend FAULT_FLAG_UNSHARE support to anything in a COW mapping', {
    removes: ['unshare-anon-only'],
    modelled: 'mm/memory.c: do_wp_page() copies the zero page and pages of files for FAULT_FLAG_UNSHARE (8d6a0ac09a16)',
  }),
  patch('9', 'mm/gup: reliable R/O long-term pinning in COW mappings', {
    removes: ['pin-non-anon-shared'],
    modelled:
      'mm/gup.c: gup_must_unshare() of what is not anonymous; GUP-fast leaves it to the slow walk (84209e87c696)',
  }),
  driver('10', 'RDMA/umem'),
  driver('11', 'RDMA/usnic'),
  driver('12', 'RDMA/siw'),
  driver('13', 'media: videobuf-dma-sg'),
  driver('14', 'drm/etnaviv'),
  driver('15', 'media: pci/ivtv'),
  driver('16', 'mm/frame-vector'),
  driver('17', 'drm/exynos'),
  driver('18', 'RDMA/hw/qib/qib_user_pages'),
  driver('19', 'habanalabs'),
  patch('20', 'mm: rename FOLL_FORCE to FOLL_PTRACE', { why: 'a name, and not merged' }),
]

export const GUP_LONGTERM: Series = {
  name: 'gup-longterm',
  title: 'remove FOLL_FORCE usage from drivers, reliable R/O long-term pinning (David Hildenbrand, Nov 2022)',
  base: { name: 'v6.1', patches: V6_1 },
  frames: true,
  postings: [{ version: 'v1', title: '16 Nov 2022; merged for v6.2 but for patch 20', patches: PATCHES }],
}
