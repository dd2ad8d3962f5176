/**
 * The proposals of MAP_NOSIGBUS, April to June 2021, each as a kernel: on v5.13, which they were written for,
 * and on v7.0, whose zaps and zero pages are not the same. None was merged.
 *
 * Ming Lin's tree before v1, which let the file grow, was never shown.
 */
import { kernel, V5_13, type Kernel } from './kernel.ts'
import type { Patch } from './patches.ts'

export interface Proposal {
  /** `nosigbus-v2`. */
  readonly name: string
  /** Column of a table. */
  readonly short: string
  readonly title: string
  readonly patches: readonly Patch[]
}

export const PROPOSALS: readonly Proposal[] = [
  {
    name: 'nosigbus-sketch',
    short: 'sketch',
    title: "MAP_NOSIGBUS, Linus Torvalds' sketch (27 April 2021)",
    patches: ['nosigbus', 'nosigbus-in-pte-fault'],
  },
  {
    name: 'nosigbus-v1',
    short: 'v1',
    title: 'MAP_NOSIGBUS v1 (Ming Lin, 1 June 2021)',
    patches: ['nosigbus', 'nosigbus-mmap-shmem-read', 'nosigbus-in-shmem', 'nosigbus-insert-page'],
  },
  {
    name: 'nosigbus-v1.5',
    short: 'v1.5',
    title: 'MAP_NOSIGBUS as Ming Lin showed it on 2 June 2021 (seeds/004)',
    patches: ['nosigbus', 'nosigbus-mmap-private', 'nosigbus-in-do-fault', 'nosigbus-insert-page'],
  },
  {
    name: 'nosigbus-linus',
    short: 'linus',
    title: 'MAP_NOSIGBUS, for shared mappings too (Linus Torvalds, 3 June 2021)',
    patches: ['nosigbus', 'nosigbus-in-pte-fault', 'nosigbus-anon-shared'],
  },
  {
    name: 'nosigbus-v2',
    short: 'v2',
    title: 'MAP_NOSIGBUS v2 (Ming Lin, 4 June 2021)',
    patches: ['nosigbus', 'nosigbus-mmap-private', 'nosigbus-in-do-fault'],
  },
]

/** What Hugh Dickins would have a shared MAP_NOSIGBUS do, and has not been posted. */
const COHERENT: Proposal = {
  name: 'nosigbus-coherent',
  short: 'coherent',
  title: 'MAP_NOSIGBUS for shared mappings, whose zero pages go when the file grows: asked for, never posted',
  patches: ['nosigbus', 'nosigbus-in-pte-fault', 'nosigbus-anon-shared', 'nosigbus-grow-unmaps'],
}

/** v2 as Kirill Shutemov's objection of 4 June 2021 would have it: I/O errors stay SIGBUS. */
const EOF_ONLY: Proposal = {
  name: 'nosigbus-v2-eof',
  short: 'v2-eof',
  title: 'MAP_NOSIGBUS v2 for what lies beyond i_size alone: asked for, never posted',
  patches: ['nosigbus', 'nosigbus-mmap-private', 'nosigbus-in-do-fault', 'nosigbus-eof-only'],
}

/** What the thread asks for and nobody posted. */
export const ASKED_FOR: readonly Proposal[] = [COHERENT, EOF_ONLY]

/** `nosigbus-v2-on-v7.0`: the same change made to v7.0. */
export const onToday = (p: Proposal): string => `${p.name}-on-v7.0`

/** Kernels before v6.11, and what was proposed on one, which no question about guard regions is asked of. */
export const isProposal = (k: Kernel): boolean => k.has('nosigbus') || k.has('zero-page-normal')

/** v5.13 and the proposals on it, then the proposals on v7.0, whose patches are `today`. */
export const nosigbusKernels = (today: readonly Patch[]): readonly Kernel[] => [
  kernel('v5.13', 'Linux v5.13 (read in the v5.14 merge window), as far as MAP_NOSIGBUS needs it', V5_13),
  ...[...PROPOSALS, ...ASKED_FOR].map((p) => kernel(p.name, `${p.title}, on v5.13`, [...V5_13, ...p.patches])),
  ...PROPOSALS.map((p) => kernel(onToday(p), `${p.title}, on v7.0`, [...today, ...p.patches])),
]
