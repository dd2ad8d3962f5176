/** The kernels that a scenario can name: released ones, and patch series as they were posted. */
import { GUP_KERNELS_AFTER, GUP_KERNELS_BEFORE } from './gup.ts'
import { kernel, V6_13, V6_15, V6_17_RC, V6_18, type Kernel } from './kernel.ts'
import { nosigbusKernels } from './nosigbus.ts'
import type { Patch } from './patches.ts'
import { seriesKernel } from './series.ts'

export type { Kernel } from './kernel.ts'

/** v1 and v2 of the guard pages differ in nothing that is modelled. */
const GUARD_V2 = ['guard-skips-huge', 'guard-unbounded', 'guard-freed'] as const
const SERIES: readonly Patch[] = [
  ...V6_18.filter((p) => p !== 'guard-any-anon-vma'),
  'sticky-flags',
  'fork-copies-maybe-guard',
]
const SERIES_V2: readonly Patch[] = [...SERIES, 'maybe-guard-atomic', 'guard-anon-vma-if-anonymous']
const SERIES_V3: readonly Patch[] = [...SERIES_V2, 'retract-tests-guard', 'fork-copy-on-fork']
const SERIES_V4: readonly Patch[] = [...SERIES_V3, 'modify-flags-pointer']
/** With the fixes of its day. */
const V6_18_37: readonly Patch[] = [
  ...SERIES_V4.filter((p) => p !== 'expand-forgets-anon-vma'),
  'fork-copy-on-fork-dst',
]
const V7_0: readonly Patch[] = [...V6_18_37, 'uffd-own-markers', 'guard-vma-lock']

/** Every kernel, oldest first. */
export const KERNELS: readonly Kernel[] = [
  ...GUP_KERNELS_BEFORE,
  ...nosigbusKernels(V7_0),
  ...GUP_KERNELS_AFTER,
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
  kernel(
    'v6.17-rc',
    'Linux v6.17-rc: MADV_DONTNEED under the per-VMA lock (a6fde7add78d), collapse not yet after it (366a4532d96f)',
    V6_17_RC,
  ),
  kernel('v6.18', 'Linux v6.18', V6_18),
  // [PATCH 1/3] of 29 Oct 2025 prepares the anon_vma of anonymous VMAs before it sets the flag, and ignores failure;
  // here the flag comes first, which the mmap write lock hides from everybody, and failure is -ENOMEM.
  kernel('maybe-guard-v1', 'VM_MAYBE_GUARD series v1 (29 Oct 2025)', [
    ...SERIES,
    'maybe-guard-plain',
    'guard-anon-vma-if-anonymous',
  ]),
  kernel('maybe-guard-v2', 'VM_MAYBE_GUARD series v2 (6 Nov 2025)', SERIES_V2),
  kernel('maybe-guard-v3', 'VM_MAYBE_GUARD series v3 (7 Nov 2025)', SERIES_V3),
  kernel('maybe-guard-v3-fixup', 'VM_MAYBE_GUARD series v3 with its fix-up of 17 Nov 2025', [
    ...SERIES_V3,
    'modify-or-flags',
  ]),
  kernel('maybe-guard-v4', 'VM_MAYBE_GUARD series v4 (18 Nov 2025)', SERIES_V4),
  kernel('v6.18.37', 'Linux v6.18.37 (25 June 2026), with the series, guard install under the mmap lock', V6_18_37),
  kernel('v6.19', 'Linux v6.19, with the series, guard install under the per-VMA lock (2ab7f1bbafc9)', V7_0),
  // The newest released kernel stands last: it is what commands mean where none is named.
  kernel('v7.0-keep-guards', 'Linux v7.0 with unmap_mapping_folio() keeping guards: our proposal, in no kernel', [
    ...V7_0,
    'unmap-folio-keeps-guards',
  ]),
  kernel('v7.0', 'Linux v7.0 (read at v7.0-rc6)', V7_0),
]

/** A kernel by name; also `vm-maybe-guard-v4+5`, which is a posted series up to its fifth patch. */
export const findKernel = (name: string): Kernel | undefined =>
  KERNELS.find((k) => k.name === name) ?? seriesKernel(name)
