/** The memory that random sequences work on: once as the head of a litmus file, once as calls of the probe. */
import { MAP } from '../probe/constants.ts'
import { by, fork, mmap, open, op, type ProbeOp } from '../probe/operations.ts'

export interface SequenceMapping {
  readonly name: string
  /** In pages of the model. */
  readonly pages: number
  readonly sharing: 'shared' | 'private'
  readonly access: 'r' | 'rw'
}

export interface SequenceWorld {
  readonly name: string
  readonly backing: 'anon' | 'shmem'
  /** Pages of the file, of each mapping of it, and entries of a page table: one number, for every table is whole. */
  readonly pages: number
  readonly mappings: readonly SequenceMapping[]
  /** The file can be collapsed: a page of the model is a block of real ones, and mappings are of PMD size. */
  readonly collapses: boolean
}

const REAL_PTES = 512

const a = (sharing: 'shared' | 'private', access: 'r' | 'rw' = 'rw', pages = 3): SequenceMapping => ({
  name: 'a',
  pages,
  sharing,
  access,
})

export const WORLDS: readonly SequenceWorld[] = [
  { name: 'anon', backing: 'anon', pages: 3, mappings: [a('private')], collapses: false },
  { name: 'anon-readonly', backing: 'anon', pages: 3, mappings: [a('private', 'r')], collapses: false },
  { name: 'shmem-shared', backing: 'shmem', pages: 3, mappings: [a('shared')], collapses: false },
  { name: 'shmem-private', backing: 'shmem', pages: 3, mappings: [a('private')], collapses: false },
  { name: 'shmem-readonly', backing: 'shmem', pages: 3, mappings: [a('shared', 'r')], collapses: false },
  {
    name: 'shmem-twice',
    backing: 'shmem',
    pages: 3,
    mappings: [a('shared'), { ...a('private'), name: 'b' }],
    collapses: false,
  },
  { name: 'shmem-huge', backing: 'shmem', pages: 2, mappings: [a('shared', 'rw', 2)], collapses: true },
  { name: 'shmem-huge-private', backing: 'shmem', pages: 2, mappings: [a('private', 'rw', 2)], collapses: true },
  {
    name: 'shmem-huge-twice',
    backing: 'shmem',
    pages: 2,
    mappings: [a('shared', 'rw', 2), { ...a('shared', 'rw', 2), name: 'b' }],
    collapses: true,
  },
]

/**
 * Page tables that the model may need: one for each mapping, and those that wait for their grace period,
 * of which a sequence leaves none from one operation to the next.
 */
const tablesFor = (w: SequenceWorld): number => w.mappings.length * 2 + 2

/** The declarations of a litmus file. */
export function declarations(w: SequenceWorld): string {
  const source = w.backing === 'anon' ? 'anon' : 'f'
  const lines = [
    ...(w.backing === 'shmem' ? [`shmem f[${w.pages}];`] : []),
    ...w.mappings.map((m) => `map ${m.name} = ${source}[0..${m.pages - 1}] ${m.sharing} ${m.access};`),
    `ptes ${w.pages};`,
    `tables ${tablesFor(w)};`,
  ]
  return `{\n${lines.map((l) => `  ${l}\n`).join('')}}`
}

/** Real pages that stand for one page of the model. */
export const blockPages = (w: SequenceWorld): number => (w.collapses ? REAL_PTES / w.pages : 1)

/** Far enough apart that no two mappings merge, and each begins where a page table does. */
const APART = 4 * REAL_PTES

export const pageOf = (w: SequenceWorld, mapping: number, page: number): number =>
  mapping * APART + page * blockPages(w)

/** Where the process that stands for khugepaged maps the file. */
const ELSEWHERE = 64 * APART

/** Process 1, which maps the file as well, collapses it: what khugepaged would do for it. */
export const collapseElsewhere = (advice: number): ProbeOp => by(1, op('madvise', ELSEWHERE, REAL_PTES, advice))

/** Brings the world about. */
export function setUp(w: SequenceWorld): readonly ProbeOp[] {
  const n = w.pages * blockPages(w)
  const slot = w.backing === 'anon' ? -1 : 0
  return [
    ...(w.backing === 'shmem' ? [open(0, 'memfd', n)] : []),
    ...(w.collapses ? [fork(1), by(1, mmap(ELSEWHERE, n, 'rw', MAP.shared, 0))] : []),
    ...w.mappings.map((m, i) => {
      const flags = (m.sharing === 'shared' ? MAP.shared : MAP.private) | (slot < 0 ? MAP.anonymous : 0)
      return mmap(pageOf(w, i, 0), m.pages * blockPages(w), m.access, flags, slot)
    }),
  ]
}
