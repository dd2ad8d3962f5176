/** What the running kernel can do, found by trying: stable kernels carry backports, so numbers do not tell. */
import { release } from 'node:os'
import { MAP, PAGE_IS, UFFD } from './constants.ts'
import {
  mapBacking,
  madvise,
  mmap,
  op,
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
  'uffd-keeps-guards': 'UFFDIO_COPY refuses to replace a guard (v6.19)',
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
  const [anonGuards, fileGuards, flags, map, scanned, kept, collapse, uffd, hugetlb] = await Promise.all([
    probe.run({ ops: [...anon, install, read(0)] }),
    probe.run({ ops: [...memfd, install, read(0)] }),
    probe.run({ ops: [...anon, install, vmas(0, 4)] }),
    probe.run({ ops: [...anon, install, pagemap(0, 1)] }),
    probe.run({ ops: [...anon, install, scan(0, 4, PAGE_IS.guard)] }),
    probe.run({
      ops: [...anon, uffdOpen(), op('uffd_register', 0, 4, UFFD.register.missing), install, op('uffd_copy', 0, 1, 0)],
    }),
    probe.run({ ops: [...huge, write(0, 1), madvise(0, HUGE_PAGES, 'collapse')] }),
    probe.run({ ops: [uffdOpen()] }),
    probe.run({ ops: [...mapBacking('hugetlb', 0, HUGE_PAGES), write(0, 1)] }),
  ])
  const guards = (o: Observed): boolean => worked(at(o, -2)) && faulted(last(o))
  const refused = (r: OpResult | undefined): boolean => r?.kind === 'error' && r.errno === 'EEXIST'
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
    ['uffd-keeps-guards', worked(at(kept, -2)) && refused(last(kept))],
    ['shmem-collapse', worked(last(collapse))],
    ['userfaultfd', worked(last(uffd))],
    ['hugetlb', worked(last(hugetlb)) && worked(at(hugetlb, -2))],
  ]
  return { release: release(), features: new Set(found.filter(([, has]) => has).map(([f]) => f)) }
}
