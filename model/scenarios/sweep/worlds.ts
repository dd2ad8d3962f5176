/** The worlds of the pairwise sweep: one mapping of two pages in one page table, and what stands in it. */
import type { Operation } from '../../mm/operations.ts'

export interface SweepWorld {
  readonly name: string
  readonly title: string
  /** What is behind the mapping; `plain` is a file of a file system that has blocks, as ext4. */
  readonly file: 'none' | NonNullable<Operation['files']>
  readonly backing: string
  readonly map: string
  readonly fill: string
  /** Settings, and what else stands before the mapping. */
  readonly settings: string
  /** Guards are promised from the start. */
  readonly guarded: boolean
}

const shmem = { file: 'shmem', backing: 'shmem f[2];', map: 'f[0..1] shared rw', settings: '' } as const
const plain = { ...shmem, file: 'plain', backing: 'file f[2];' } as const

/** Backings with a guard on the first page and data on the second, and the same without a guard. */
export const SWEEP_WORLDS: readonly SweepWorld[] = [
  {
    name: 'anon-guarded',
    title: 'anonymous memory: a guard, and a page that was written',
    file: 'none',
    backing: '',
    map: 'anon[0..1] private rw',
    fill: 'fill a[0] guard; fill a[1] write;',
    settings: '',
    guarded: true,
  },
  {
    name: 'shmem-guarded',
    title: 'a shared mapping of shmem: a guard, and a page of the page cache',
    ...shmem,
    fill: 'fill a[0] guard; fill a[1];',
    guarded: true,
  },
  {
    name: 'private-guarded',
    title: 'a private mapping of shmem: a guard, and a page that was copied on write',
    ...shmem,
    map: 'f[0..1] private rw',
    fill: 'fill a[0] guard; fill a[1] write;',
    guarded: true,
  },
  {
    name: 'plain-guarded',
    title: 'a shared mapping of a plain file: a guard, and a page of the page cache',
    ...plain,
    fill: 'fill a[0] guard; fill a[1];',
    guarded: true,
  },
  {
    name: 'anon',
    title: 'anonymous memory: two pages that were written',
    file: 'none',
    backing: '',
    map: 'anon[0..1] private rw',
    fill: 'fill a[0..1] write;',
    settings: '',
    guarded: false,
  },
  {
    name: 'shmem',
    title: 'a shared mapping of shmem: two pages of the page cache',
    ...shmem,
    fill: 'fill a[0..1];',
    guarded: false,
  },
  {
    name: 'shmem-huge',
    title: 'a shared mapping of shmem: two entries that map parts of one huge folio',
    ...shmem,
    settings: 'huge;',
    fill: 'fill a[0..1];',
    guarded: false,
  },
  {
    name: 'plain',
    title: 'a shared mapping of a plain file: two pages of the page cache',
    ...plain,
    fill: 'fill a[0..1];',
    guarded: false,
  },
]

export const findWorld = (name: string): SweepWorld | undefined => SWEEP_WORLDS.find((w) => w.name === name)

/** The kernels that the sweep asks unless told otherwise: the last five that differ in what guards go through. */
export const SWEEP_KERNELS: readonly string[] = ['v6.15', 'v6.18', 'v6.18.37', 'v6.19', 'v7.0']

/** The worlds that the triples run in: those where page tables are taken away and put back. */
export const TRIPLE_WORLDS: readonly SweepWorld[] = SWEEP_WORLDS.filter((w) =>
  ['anon', 'shmem', 'shmem-huge'].includes(w.name),
)
