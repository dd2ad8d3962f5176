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
/** v1 and v2 differ in nothing that is modelled. */
const GUARD_V2 = ['guard-skips-huge', 'guard-unbounded', 'guard-freed'] as const
const V6_14 = ['retract-rechecks-pmd', 'pt-reclaim'] as const
const V6_15 = [...V6_13, ...V6_14, 'guard-file-backed', 'vma-refcnt', 'process-madvise-one-lock'] as const
const V6_18_BASE = [
  ...V6_14,
  'guard-file-backed',
  'vma-refcnt',
  'process-madvise-one-lock',
  'dontneed-vma-lock',
  'mremap-several',
] as const
const SERIES = [...V6_18_BASE, 'sticky-flags'] as const
const SERIES_V2 = [...SERIES, 'maybe-guard-atomic', 'guard-anon-vma-if-anonymous'] as const
const SERIES_V3 = [...SERIES_V2, 'retract-tests-guard'] as const
const SERIES_V4 = [...SERIES_V3, 'modify-flags-pointer'] as const

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
  kernel('guard-v1', 'lightweight guard pages v1 (17 Oct 2024)', [...V6_13, ...GUARD_V2]),
  kernel('guard-v2', 'lightweight guard pages v2 (20 Oct 2024)', [...V6_13, ...GUARD_V2]),
  kernel('guard-v3', 'lightweight guard pages v3 (23 Oct 2024)', [...V6_13, 'guard-raw-restart']),
  kernel('v6.13', 'Linux v6.13: guard regions in anonymous memory (guard pages v4, 28 Oct 2024)', V6_13),
  kernel('v6.15', 'Linux v6.15: guard regions in file-backed memory', V6_15),
  kernel('v6.18', 'Linux v6.18', [...V6_15, 'dontneed-vma-lock', 'mremap-several']),
  kernel('maybe-guard-v1', 'VM_MAYBE_GUARD series v1 (29 Oct 2025)', [...SERIES, 'maybe-guard-plain']),
  kernel('maybe-guard-v2', 'VM_MAYBE_GUARD series v2 (6 Nov 2025)', SERIES_V2),
  kernel('maybe-guard-v3', 'VM_MAYBE_GUARD series v3 (7 Nov 2025)', SERIES_V3),
  kernel('maybe-guard-v3-fixup', 'VM_MAYBE_GUARD series v3 with its fix-up of 17 Nov 2025', [
    ...SERIES_V3,
    'modify-or-flags',
  ]),
  kernel('maybe-guard-v4', 'VM_MAYBE_GUARD series v4 (18 Nov 2025)', SERIES_V4),
  kernel('v6.18.37', 'Linux v6.18.37 (25 June 2026), with the series, guard install under the mmap lock', SERIES_V4),
  kernel('v6.19', 'Linux v6.19, with the series, guard install under the per-VMA lock (2ab7f1bbafc9)', [
    ...SERIES_V4,
    'guard-vma-lock',
  ]),
  kernel('v7.0', 'Linux v7.0 (read at v7.0-rc6)', [...SERIES_V4, 'guard-vma-lock']),
]

export const findKernel = (name: string): Kernel | undefined => KERNELS.find((k) => k.name === name)
