/** What a kernel is: a named set of patches. */
import { V5_11 } from './gup_patches.ts'
import type { Patch } from './patches.ts'

export interface Kernel {
  readonly name: string
  /** What it is, for people, with its date or source. */
  readonly title: string
  readonly patches: ReadonlySet<Patch>
  readonly has: (patch: Patch) => boolean
}

export function kernel(name: string, title: string, patches: Iterable<Patch>): Kernel {
  const all = new Set(patches)
  return { name, title, patches: all, has: (p) => all.has(p) }
}

/** What v5.13 has that later kernels have not: what MAP_NOSIGBUS was written for. */
export const V5_13: readonly Patch[] = V5_11

/** Sets of patches that several kernels begin with. */
export const V6_13: readonly Patch[] = ['guard-any-anon-vma', 'mremap-clears-uffd-wp']
export const V6_14: readonly Patch[] = ['retract-rechecks-pmd', 'pt-reclaim']
export const V6_15: readonly Patch[] = [
  ...V6_13,
  ...V6_14,
  'guard-file-backed',
  'vma-refcnt',
  'process-madvise-one-lock',
]
/** v6.17 before 366a4532d96f. */
export const V6_17_RC: readonly Patch[] = [
  ...V6_15,
  'dontneed-vma-lock',
  'mremap-several',
  'expand-forgets-anon-vma',
  'reused-vma-grabs-mm',
]
export const V6_18: readonly Patch[] = [
  ...V6_17_RC,
  'map-within-i_size',
  'collapse-locks-vma-first',
  'collapse-read-only',
]
