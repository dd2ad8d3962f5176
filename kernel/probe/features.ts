/** What the running kernel can do, found by trying: stable kernels carry backports, so numbers do not tell. */
import { release } from 'node:os'
import { findKernel, type Kernel } from '../../model/kernels/kernels.ts'
import { MAP, PAGE_IS } from './constants.ts'
import {
  mapBacking,
  madvise,
  mmap,
  open,
  pagemap,
  PAGEMAP_BIT,
  read,
  scan,
  uffdOpen,
  vmas,
  write,
} from './operations.ts'
import type { Probe } from './probe.ts'
import type { Observed, OpResult } from './protocol.ts'

/** Each feature, and the release that brought it as far as is known (from memory; backports exist). */
export const FEATURES = {
  'anon-guards': 'MADV_GUARD_INSTALL on anonymous memory (v6.13)',
  'file-guards': 'MADV_GUARD_INSTALL on shmem and files (v6.15)',
  'maybe-guard': "VM_MAYBE_GUARD, 'gu' in smaps (v6.19, and backports)",
  'pagemap-guard': 'guard bit in /proc/PID/pagemap (v6.15)',
  'pagemap-scan-guard': 'PAGE_IS_GUARD of PAGEMAP_SCAN (v6.16)',
  'shmem-collapse': 'MADV_COLLAPSE of memfd memory (v6.1)',
  userfaultfd: 'userfaultfd for faults of user mode',
  hugetlb: 'reserved huge pages',
} as const
export type Feature = keyof typeof FEATURES

export interface RunningKernel {
  readonly release: string
  readonly features: ReadonlySet<Feature>
}

const HUGE_PAGES = 512

const last = (o: Observed): OpResult | undefined => o.ops.at(-1)
const at = (o: Observed, i: number): OpResult | undefined => o.ops.at(i)
const worked = (r: OpResult | undefined): boolean => r?.kind === 'ok'
const faulted = (r: OpResult | undefined): boolean => r?.kind === 'signal' && r.signal === 'SIGSEGV'

export async function probeFeatures(probe: Probe): Promise<RunningKernel> {
  const anon = mapBacking('anon-private', 0, 4)
  const memfd = mapBacking('memfd-shared', 0, 4)
  const huge = [open(0, 'memfd', HUGE_PAGES), mmap(0, HUGE_PAGES, 'rw', MAP.shared, 0)]
  const install = madvise(0, 1, 'guard_install')
  const [anonGuards, fileGuards, flags, map, scanned, collapse, uffd, hugetlb] = await Promise.all([
    probe.run({ ops: [...anon, install, read(0)] }),
    probe.run({ ops: [...memfd, install, read(0)] }),
    probe.run({ ops: [...anon, install, vmas(0, 4)] }),
    probe.run({ ops: [...anon, install, pagemap(0, 1)] }),
    probe.run({ ops: [...anon, install, scan(0, 4, PAGE_IS.guard)] }),
    probe.run({ ops: [...huge, write(0, 1), madvise(0, HUGE_PAGES, 'collapse')] }),
    probe.run({ ops: [uffdOpen()] }),
    probe.run({ ops: [...mapBacking('hugetlb', 0, HUGE_PAGES), write(0, 1)] }),
  ])
  const guards = (o: Observed): boolean => worked(at(o, -2)) && faulted(last(o))
  const data = (o: Observed): string => {
    const r = last(o)
    return r?.kind === 'ok' ? JSON.stringify(r.data ?? null) : ''
  }
  const found: readonly (readonly [Feature, boolean])[] = [
    ['anon-guards', guards(anonGuards)],
    ['file-guards', guards(fileGuards)],
    ['maybe-guard', /\bgu\b/.test(data(flags))],
    ['pagemap-guard', (Number(/^\[(\d+)\]$/.exec(data(map))?.[1] ?? 0) & PAGEMAP_BIT.guard) !== 0],
    ['pagemap-scan-guard', data(scanned) === `[[0,1,${PAGE_IS.guard}]]`],
    ['shmem-collapse', worked(last(collapse))],
    ['userfaultfd', worked(last(uffd))],
    ['hugetlb', worked(last(hugetlb)) && worked(at(hugetlb, -2))],
  ]
  return { release: release(), features: new Set(found.filter(([, has]) => has).map(([f]) => f)) }
}

/** Major and minor number of a release; 0.0 of what has none. */
function version(text: string): readonly [number, number] {
  const m = /^(\d+)\.(\d+)/.exec(text)
  return [Number(m?.[1] ?? 0), Number(m?.[2] ?? 0)]
}

/**
 * The model that a running kernel is held against: by what it does first, and by its number only where
 * two models cannot be told apart from outside. Undefined for a kernel without guard regions.
 */
export function modelFor({ release: text, features }: RunningKernel): Kernel | undefined {
  const [major, minor] = version(text)
  const since = (a: number, b: number): boolean => major > a || (major === a && minor >= b)
  if (!features.has('anon-guards')) return undefined
  if (!features.has('file-guards')) return findKernel('v6.13')
  // A backport to an older stable kernel is of the series as it was merged, without what came after it.
  if (features.has('maybe-guard')) return findKernel(since(6, 19) ? 'v7.0' : 'maybe-guard-v3')
  // MADV_DONTNEED takes the per-VMA lock since v6.17.
  return findKernel(since(6, 17) ? 'v6.18' : 'v6.15')
}
