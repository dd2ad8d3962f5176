/** Which model a running kernel is held against, and why: what it does comes first, its number after that. */
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import type { RunningKernel } from './features.ts'

export interface Choice {
  readonly model: Kernel
  /** What of the kernel decided, in a few words; what it does, then its number where that was needed. */
  readonly why: string
}

/** Major, minor and stable number of a release; 0 for each that it does not have. */
function version(text: string): readonly [number, number, number] {
  const m = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)
  return [Number(m?.[1] ?? 0), Number(m?.[2] ?? 0), Number(m?.[3] ?? 0)]
}

/**
 * The model that a running kernel is held against. Stable kernels carry backports, so that its number counts
 * only where two models cannot be told apart by what one thread sees. Undefined for a kernel without guard regions.
 */
export function chooseModel({ release, features }: RunningKernel): Choice | undefined {
  const [major, minor] = version(release)
  const since = (a: number, b: number): boolean => major > a || (major === a && minor >= b)
  const choice = (name: string, ...why: readonly string[]): Choice | undefined => {
    const model = findKernel(name)
    return model === undefined ? undefined : { model, why: why.join('; ') }
  }
  if (!features.has('anon-guards')) return undefined
  if (!features.has('file-guards')) return choice('v6.13', 'guards in anonymous memory alone')
  if (!features.has('maybe-guard')) {
    const seen = "guards in files, no 'gu' in smaps"
    // MADV_DONTNEED takes the per-VMA lock since v6.17, which one thread cannot see.
    return since(6, 17)
      ? choice('v6.18', seen, 'v6.17 or later by its number')
      : choice('v6.15', seen, 'before v6.17 by its number')
  }
  const seen = "'gu' in smaps, so it has the VM_MAYBE_GUARD series"
  // uffd-own-markers came with v6.19 and is in no stable kernel that we have read: a backport is like v6.18.37.
  const later = features.has('userfaultfd') ? features.has('uffd-keeps-guards') : since(6, 19)
  const marked = !features.has('userfaultfd')
    ? `${later ? 'v6.19 or later' : 'before v6.19'} by its number`
    : `UFFDIO_COPY ${later ? 'refuses to replace' : 'replaces'} a guard, as ${later ? 'since' : 'before'} v6.19`
  if (!later) return choice('v6.18.37', seen, marked)
  return choice(
    since(7, 0) ? 'v7.0' : 'v6.19',
    seen,
    marked,
    `${since(7, 0) ? 'v7.0 or later' : 'before v7.0'} by its number`,
  )
}
