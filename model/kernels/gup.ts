/**
 * The kernels that pins and copy-on-write are told of (facts gup-cow-nosigbus, 0.4 and I): v5.7 to v6.5, by what
 * each of them does not do yet. What v6.11 and later have is what is there without any of these patches.
 *
 * In which release a commit first was is from memory of the commits where the facts mark it UNVERIFIED:
 * 17839856fd58 (v5.8), 09854ba94c6a and 70e806e4e645 (v5.9), 57efa1fe5957 and feb889fb40fa (v5.11), 6c287605fd56
 * (v5.19), 5535be309971, 64fe24a3e05e and 70cbc3cc78a9 (v6.0), 2ba99c5e0881 (v6.1), c8070b787519 (v6.5).
 *
 * Of all else these kernels are as the model's oldest, v6.12 and v5.13, of which the mmap lock (`faults-mmap-lock`),
 * munmap() and the VMA tree alone could matter here.
 */
import { kernel, type Kernel } from './kernel.ts'
import { V4_8, V5_11, V5_16, V5_18, V5_19, V5_7, V5_8, V5_9, V6_0, V6_1, V6_2, V6_4, V6_5 } from './gup_patches.ts'

/** Older than v5.13. */
export const GUP_KERNELS_BEFORE: readonly Kernel[] = [
  kernel('v4.8', 'Linux v4.8, as far as FOLL_FORCE goes: CVE-2016-5195 (before 19be0eaffa3a)', V4_8),
  kernel('v5.7', 'Linux v5.7, as far as pins and copy-on-write go: a page is whose mapping alone is left', V5_7),
  kernel('v5.8', 'Linux v5.8: GUP breaks copy-on-write first, even to read (17839856fd58)', V5_8),
  kernel('v5.9', 'Linux v5.9: reuse by page_count(), fork copies pinned pages (09854ba94c6a, 70e806e4e645)', V5_9),
  kernel('v5.10', 'Linux v5.10, as v5.9 here', V5_9),
  kernel('v5.11', 'Linux v5.11: write_protect_seq, no pinned page goes to swap (57efa1fe5957, feb889fb40fa)', V5_11),
]

/** From v5.13 to the first kernel with guard regions. */
export const GUP_KERNELS_AFTER: readonly Kernel[] = [
  kernel('v5.16', 'Linux v5.16: UFFDIO_CONTINUE makes dirty entries (9ae0f87d009c)', V5_16),
  kernel('v5.18', 'Linux v5.18, as far as pins and copy-on-write go', V5_18),
  kernel('v5.19', 'Linux v5.19: PageAnonExclusive(), FAULT_FLAG_UNSHARE (6c287605fd56, c89357e27f20)', V5_19),
  kernel('v6.0', 'Linux v6.0: FOLL_COW gone, GUP-fast looks at the pmd again (5535be309971, 70cbc3cc78a9)', V6_0),
  kernel('v6.1', 'Linux v6.1: khugepaged sends an IPI before it frees a table (2ba99c5e0881)', V6_1),
  kernel('v6.2', 'Linux v6.2: reliable R/O long-term pinning in COW mappings (84209e87c696)', V6_2),
  kernel('v6.4', 'Linux v6.4: per-VMA locks; otherwise as v6.2 here', V6_4),
  kernel('v6.5', 'Linux v6.5: pins of the zero page are not counted (c8070b787519)', V6_5),
]
