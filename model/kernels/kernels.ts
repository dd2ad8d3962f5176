/** The kernels that a scenario can name: released ones, and patch series as they were posted. */
import type { Patch } from './patches.ts'

export interface Kernel {
  readonly name: string
  /** What it is, for people, with its date or source. */
  readonly title: string
  readonly patches: ReadonlySet<Patch>
  readonly has: (patch: Patch) => boolean
}

function kernel(name: string, title: string, patches: readonly Patch[]): Kernel {
  const all = new Set(patches)
  return { name, title, patches: all, has: (p) => all.has(p) }
}

const V6_13 = ['guard-any-anon-vma'] as const
const V6_14 = ['retract-rechecks-pmd', 'pt-reclaim'] as const
const V6_15 = [...V6_13, ...V6_14, 'guard-file-backed', 'vma-refcnt'] as const
const SERIES = [...V6_14, 'guard-file-backed', 'vma-refcnt', 'dontneed-vma-lock', 'map-within-i_size'] as const
const SERIES_V2 = [...SERIES, 'maybe-guard-atomic', 'guard-anon-vma-if-anonymous'] as const
const SERIES_V3 = [...SERIES_V2, 'retract-tests-guard'] as const

/** Every kernel, oldest first. */
export const KERNELS: readonly Kernel[] = [
  kernel('rfc', 'lightweight guard pages, RFC of 27 Sep 2024, on v6.12 (anonymous memory only)', ['guard-rfc']),
  kernel('rfc-file', 'the RFC as it would be for file-backed memory, which its review discusses (14 Oct 2024)', [
    'guard-rfc',
    'guard-file-backed',
  ]),
  kernel('rfc-file-read', 'the same, under the mmap read lock as the thread weighs it (14 Oct 2024)', [
    'guard-rfc',
    'guard-rfc-read-lock',
    'guard-file-backed',
  ]),
  kernel('v6.13', 'Linux v6.13: guard regions in anonymous memory', V6_13),
  kernel('v6.15', 'Linux v6.15: guard regions in file-backed memory', V6_15),
  kernel('v6.18', 'Linux v6.18', [...V6_15, 'dontneed-vma-lock', 'map-within-i_size']),
  kernel('maybe-guard-v1', 'VM_MAYBE_GUARD series v1 (29 Oct 2025)', [...SERIES, 'maybe-guard-plain']),
  kernel('maybe-guard-v2', 'VM_MAYBE_GUARD series v2 (6 Nov 2025)', SERIES_V2),
  kernel('maybe-guard-v3', 'VM_MAYBE_GUARD series v3 (7 Nov 2025)', SERIES_V3),
  // The newest released kernel stands last: it is what commands mean where none is named.
  kernel('v7.0-keep-guards', 'Linux v7.0 with unmap_mapping_folio() keeping guards: our proposal, in no kernel', [
    ...SERIES_V3,
    'guard-vma-lock',
    'unmap-folio-keeps-guards',
  ]),
  kernel('v7.0', 'Linux v7.0 (read at v7.0-rc6)', [...SERIES_V3, 'guard-vma-lock']),
]

export const findKernel = (name: string): Kernel | undefined => KERNELS.find((k) => k.name === name)
