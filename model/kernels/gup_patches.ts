/** What kernels from v5.7 to v6.5 do not do yet, of pins and copy-on-write; gup.ts has the kernels. */
import type { Patch } from './patches.ts'

export const V6_5: readonly Patch[] = ['zero-page-normal', 'no-large-reuse']
export const V6_4: readonly Patch[] = [...V6_5, 'zero-page-pinned']
export const V6_2: readonly Patch[] = [...V6_4, 'faults-mmap-lock']
/** What the twenty patches of November 2022 change (A.1). */
export const V6_1: readonly Patch[] = [...V6_2, 'unshare-anon-only', 'pin-non-anon-shared']
export const V6_0: readonly Patch[] = [...V6_1, 'collapse-no-ipi']
export const V5_19: readonly Patch[] = [...V6_0, 'fast-pin-ignores-pmd', 'force-by-foll-cow', 'mprotect-never-upgrades']
export const V5_18: readonly Patch[] = [...V5_19, 'no-anon-exclusive']
export const V5_16: readonly Patch[] = [...V5_18, 'zap-check-mapping']
/** What v5.13 has of them besides. */
export const V5_11: readonly Patch[] = [...V5_16, 'continue-clean']
export const V5_9: readonly Patch[] = [...V5_11, 'fast-pin-ignores-fork', 'reclaim-takes-pinned']
export const V5_7: readonly Patch[] = [...V5_9, 'fork-shares-pinned', 'reuse-sole-mapper']
/** As v5.7 here but for this. */
export const V4_8: readonly Patch[] = [...V5_7, 'gup-forgets-write']
export const V5_8: readonly Patch[] = [...V5_7, 'gup-breaks-cow']
