/** What a sequence for the probe is made of. Pages count from a fixed far address; `n` counts pages. */
import { ADVICE, MAP, PROT, UFFD, type Advice, type Prot } from './constants.ts'

export interface ProbeOp {
  /** 0 is the first process; others are made by `fork`. */
  readonly proc: number
  readonly name: string
  readonly args: readonly number[]
}

export interface Sequence {
  readonly ops: readonly ProbeOp[]
  /** After this time the process group is killed, in milliseconds. */
  readonly timeoutMs?: number
}

/** Kinds of memory; the numbers are those of the helper's file kinds. */
export type Backing =
  | 'anon-private'
  | 'anon-shared'
  | 'memfd-shared'
  | 'memfd-private'
  | 'file-shared'
  | 'file-private'
  | 'file-readonly'
  | 'hugetlb'

export const BACKINGS: readonly Backing[] = [
  'anon-private',
  'anon-shared',
  'memfd-shared',
  'memfd-private',
  'file-shared',
  'file-private',
  'file-readonly',
  'hugetlb',
]

const FILE_KIND = { memfd: 0, file: 1, hugetlb: 2 } as const
export type FileKind = keyof typeof FILE_KIND
const O_RDONLY = 0

export const op = (name: string, ...args: readonly number[]): ProbeOp => ({ proc: 0, name, args })
/** The same operation by another process. */
export const by = (proc: number, o: ProbeOp): ProbeOp => ({ ...o, proc })

export const open = (slot: number, kind: FileKind, pages: number): ProbeOp => op('open', slot, FILE_KIND[kind], pages)
export const fill = (slot: number, pages: number): ProbeOp => op('fill', slot, pages)
export const mmap = (page: number, n: number, prot: Prot, flags: number, slot = -1, offset = 0): ProbeOp =>
  op('mmap', page, n, PROT[prot], flags, slot, offset)
export const munmap = (page: number, n: number): ProbeOp => op('munmap', page, n)
export const mprotect = (page: number, n: number, prot: Prot): ProbeOp => op('mprotect', page, n, PROT[prot])
export const madvise = (page: number, n: number, advice: Advice): ProbeOp => op('madvise', page, n, ADVICE[advice])
export const processMadvise = (
  pidfd: number,
  advice: Advice,
  ranges: readonly (readonly [page: number, n: number])[],
): ProbeOp => op('process_madvise', pidfd, ADVICE[advice], ...ranges.flat())
export const mremap = (page: number, n: number, newN: number, flags: number, newPage: number): ProbeOp =>
  op('mremap', page, n, newN, flags, newPage)
export const read = (page: number): ProbeOp => op('read', page)
export const write = (page: number, value: number): ProbeOp => op('write', page, value)
export const fork = (proc: number): ProbeOp => op('fork', proc)
/** userfaultfd for faults of user mode only, which needs no privilege. */
export const uffdOpen = (features = 0): ProbeOp => op('uffd_open', UFFD.user_mode_only, features)

/** Which pages are guarded, present and so on: bits as PAGEMAP_BIT says. `stride` skips pages between. */
export const pagemap = (page: number, n: number, stride = 1): ProbeOp => op('pagemap', page, n, stride)
export const scan = (page: number, n: number, categories: number): ProbeOp => op('scan', page, n, categories)
export const vmas = (page: number, n: number): ProbeOp => op('vmas', page, n)
export const mincore = (page: number, n: number): ProbeOp => op('mincore', page, n)

export const PAGEMAP_BIT = { guard: 1, present: 2, swapped: 4, file: 8, exclusive: 16, uffd_wp: 32 } as const

/** The operations that map `n` pages of a kind of memory at `page`, with file `slot` where it has one. */
export function mapBacking(backing: Backing, page: number, n: number, slot = 0): readonly ProbeOp[] {
  const { shared, private: priv, anonymous } = MAP
  switch (backing) {
    case 'anon-private':
      return [mmap(page, n, 'rw', priv | anonymous)]
    case 'anon-shared':
      return [mmap(page, n, 'rw', shared | anonymous)]
    case 'memfd-shared':
      return [open(slot, 'memfd', n), mmap(page, n, 'rw', shared, slot)]
    case 'memfd-private':
      return [open(slot, 'memfd', n), mmap(page, n, 'rw', priv, slot)]
    case 'file-shared':
      return [open(slot, 'file', n), fill(slot, n), mmap(page, n, 'rw', shared, slot)]
    case 'file-private':
      return [open(slot, 'file', n), fill(slot, n), mmap(page, n, 'rw', priv, slot)]
    case 'file-readonly':
      return [
        open(slot, 'file', n),
        fill(slot, n),
        op('reopen', slot, slot, O_RDONLY),
        mmap(page, n, 'r', shared, slot),
      ]
    case 'hugetlb':
      return [open(slot, 'hugetlb', n), mmap(page, n, 'rw', shared, slot)]
  }
}
