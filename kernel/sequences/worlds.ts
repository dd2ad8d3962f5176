/** The worlds of `conform --random`: every kind of memory, and every family of operations that one thread can show. */
import type { Feature } from '../probe/features.ts'
import type { Backing } from '../probe/operations.ts'
import {
  behind,
  moves,
  onPages,
  onRanges,
  onWhole,
  silent,
  statements,
  type Place,
  type SequenceOp,
} from './operations.ts'
import { HUGETLB } from './hugetlb.ts'
import type { SequenceWorld } from './world.ts'

const GUARDS = ['guard_install', 'guard_remove'] as const
const ACCESS = ['read', 'write'] as const
const FLAGS = [
  'madvise_dontfork',
  'madvise_dofork',
  'madvise_nohugepage',
  'madvise_sequential',
  'madvise_normal',
] as const
const WATCH = ['smaps_gu', 'vm_readv'] as const

const place = (name: string, pages: number, mm?: string): Place =>
  mm === undefined ? { name, pages } : { name, pages, mm }

/** A kind of memory in the words of a litmus file. */
interface Kind {
  readonly backing: Backing
  /** The declaration of its file with so many pages; empty for anonymous memory. */
  readonly file: (pages: number) => string
  readonly source: 'anon' | 'f'
  readonly sharing: 'shared' | 'private'
  readonly access: 'rw' | 'r'
  readonly needs: Feature
}

const kind = (
  backing: Backing,
  type: 'anon' | 'shmem' | 'file',
  sharing: Kind['sharing'],
  access: Kind['access'] = 'rw',
): Kind => ({
  backing,
  file: (pages) => (type === 'anon' ? '' : `${type} f[${pages}]; `),
  source: type === 'anon' ? 'anon' : 'f',
  sharing,
  access,
  needs: type === 'anon' && access === 'rw' ? 'anon-guards' : 'file-guards',
})

const ANON = kind('anon-private', 'anon', 'private')
const ANON_SHARED = kind('anon-shared', 'shmem', 'shared')
const MEMFD_SHARED = kind('memfd-shared', 'shmem', 'shared')
const MEMFD_PRIVATE = kind('memfd-private', 'shmem', 'private')
const FILE_SHARED = kind('file-shared', 'file', 'shared')
const FILE_PRIVATE = kind('file-private', 'file', 'private')
const FILE_READONLY = kind('file-readonly', 'file', 'shared', 'r')
/** Each is drawn with the three families below; what else there is of it comes after them. */
const KINDS: readonly Kind[] = [
  ANON,
  ANON_SHARED,
  MEMFD_SHARED,
  MEMFD_PRIVATE,
  FILE_SHARED,
  FILE_PRIVATE,
  FILE_READONLY,
]

const map = (k: Kind, name: string, pages: number, more = ''): string =>
  `map ${name} = ${k.source}[0..${pages - 1}] ${k.sharing} ${k.access}${more};`

const world = (
  k: Kind,
  name: string,
  declarations: string,
  vocabulary: readonly SequenceOp[],
  more: Partial<SequenceWorld> = {},
): SequenceWorld => ({
  name,
  backing: k.backing,
  declarations,
  vocabulary,
  needs: [k.needs, ...(vocabulary.some((o) => o.text.startsWith('smaps_gu')) ? (['maybe-guard'] as const) : [])],
  ...(k === ANON_SHARED ? { anonymous: true } : {}),
  ...more,
})

/** What is done to a file as such; shared anonymous memory has none that can be named, and a read-only one refuses. */
const fileOps = (k: Kind): readonly SequenceOp[] => {
  if (k.source === 'anon' || k.access === 'r') return []
  const a = place('a', 3)
  const remove = k.sharing === 'shared' ? onPages(a, ['madvise_remove']) : []
  if (k === ANON_SHARED) return remove
  const file = ['punch_hole(f[0])', 'punch_hole(f[1..2])', 'ftruncate(f, 1)', 'ftruncate(f, 2)', 'ftruncate(f, 3)']
  return [...remove, ...statements(file)]
}

/** Readahead brings in pages beside the one that is asked for, which fault-around maps: the model knows neither which nor when. */
const isPlain = (k: Kind): boolean => k.backing.startsWith('file')

/** Contents: faults, what takes pages away, what brings them back, and guards among them. */
const contents = (k: Kind): SequenceWorld => {
  const a = place('a', 3)
  const plain = isPlain(k)
  const lru = k.source === 'anon' ? ['dontneed', 'free', 'cold'] : ['dontneed', 'cold']
  return world(k, k.backing, `${k.file(3)}${map(k, 'a', 3)} ptes 3; tables 4;`, [
    ...onRanges(a, [...GUARDS, ...lru, 'populate_read', 'populate_write']),
    ...onPages(a, [...ACCESS, 'vm_readv', ...(plain ? [] : ['pagemap', 'mincore'])]),
    ...onRanges(a, ['pagemap_scan']),
    ...statements([
      'process_guard_install(a[0], a[2])',
      'process_guard_install(a[1..2], a[0])',
      'process_guard_remove(a[2], a[0])',
    ]),
    ...fileOps(k),
  ])
}

/** VMAs: splits, merges, flags, and what is mapped at all. */
const areas = (k: Kind): SequenceWorld => {
  const a = place('a', 3)
  const remap = k === ANON_SHARED ? ['munmap'] : ['munmap', 'mmap']
  const prot = k.access === 'r' ? ['mprotect none', 'mprotect r'] : ['mprotect none', 'mprotect r', 'mprotect rw']
  return world(k, `${k.backing}-vmas`, `${k.file(3)}${map(k, 'a', 3)} ptes 3; vmas 6; tables 6;`, [
    ...onRanges(a, [...GUARDS, ...prot, ...remap, 'mlock', 'munlock', 'madvise_dontfork', 'madvise_dofork']),
    ...onPages(a, [...ACCESS, ...WATCH, ...(isPlain(k) ? [] : ['mincore']), ...FLAGS.slice(2), 'pageout']),
    ...onRanges(a, ['dontneed', 'populate_read']),
  ])
}

/** Moves: what mremap() takes along. */
const moved = (k: Kind): SequenceWorld => {
  const [a, b] = [place('a', 2), place('b', 2)]
  const declarations = `${k.file(2)}${map(k, 'a', 2)} ${map(k, 'b', 2, ' unmapped')} ptes 2; vmas 5; tables 8;`
  const again = k === ANON_SHARED ? [] : onRanges(a, ['mmap'])
  return world(k, `${k.backing}-mremap`, declarations, [
    ...onRanges(a, [...GUARDS]),
    ...onRanges(b, [...GUARDS]),
    ...onPages(a, ACCESS),
    ...onPages(b, ACCESS),
    ...moves(a, b, k.source === 'anon' || k === ANON_SHARED ? ['mremap', 'mremap_dontunmap'] : ['mremap']),
    ...behind(a, ['mremap_shrink', 'mremap_grow']),
    ...behind(b, ['mremap_shrink', 'mremap_grow']),
    ...again,
    ...onWhole(b, ['munmap', 'mprotect r']),
  ])
}

/** Two processes. */
const forked = (k: Kind): SequenceWorld => {
  const [a, b] = [place('a', 2, 'A'), place('b', 2, 'B')]
  const declarations = `mm A; mm B; ${k.file(2)}${map(k, 'a', 2, ' in A')} child b of a in B; ptes 2; vmas 4; tables 8;`
  const wipes = k.source === 'anon' ? ['madvise_wipeonfork', 'madvise_keeponfork'] : []
  const drops = k.source === 'anon' ? ['dontneed', 'free'] : ['dontneed']
  return world(
    k,
    `${k.backing}-fork`,
    declarations,
    [
      ...onRanges(a, [...GUARDS, 'madvise_dontfork', 'madvise_dofork', ...wipes]),
      ...onPages(a, [...ACCESS, ...drops]),
      ...onWhole(a, ['mprotect r', 'mlock', ...(k.access === 'r' ? [] : ['mprotect rw'])]),
      ...statements(['fork(B)', 'fork(B)'], 'A'),
      ...onRanges(b, [...GUARDS]),
      ...onPages(b, [...ACCESS, ...drops, 'munmap', ...(isPlain(k) ? [] : ['pagemap'])]),
      silent('exit(B)', 'B'),
    ],
    { child: 'B' },
  )
}

/** userfaultfd, as one thread can meet it: faults that it would resolve are SIGBUS. */
const armed = (k: Kind, mode: 'missing' | 'wp'): SequenceWorld => {
  const a = place('a', 2)
  const protect = ['uffd_protect', 'uffd_unprotect']
  // An install among markers of write protection never returns in a file (protect-install): not here.
  const guards = mode === 'missing' || k.source === 'anon' ? onRanges(a, [...GUARDS]) : []
  return world(
    k,
    `${k.backing}-uffd-${mode}`,
    `${k.file(2)}${map(k, 'a', 2)} ptes 2; vmas 4; tables 4;`,
    [
      ...guards,
      ...onWhole(a, [`uffd_register ${mode}`, 'uffd_unregister']),
      ...onPages(a, [...ACCESS, 'dontneed', 'populate_read', 'uffd_copy', 'uffd_zeropage', 'pagemap']),
      ...(mode === 'wp' ? onRanges(a, protect) : onPages(a, ['uffd_poison'])),
    ],
    { uffd: true, needs: [k.needs, 'userfaultfd'] },
  )
}

const HUGE_OPS = [...GUARDS, 'dontneed'] as const
const huge = (name: string, k: Kind, maps: readonly Place[], declarations: string): SequenceWorld =>
  world(
    k,
    name,
    `shmem f[2]; ${declarations} ptes 2; tables ${maps.length * 2 + 2};`,
    [
      ...maps.flatMap((m) => [...onRanges(m, HUGE_OPS), ...onPages(m, ACCESS), ...onWhole(m, ['madvise_collapse'])]),
      silent('collapse(f)'),
    ],
    { collapses: true, needs: ['file-guards', 'shmem-collapse'] },
  )

const [a2, b2] = [place('a', 2), place('b', 2)]
const a3 = place('a', 3)
const b3 = place('b', 3)

/** Every world. A sequence is drawn from each of them with the same chance. */
export const WORLDS: readonly SequenceWorld[] = [
  ...KINDS.map(contents),
  ...KINDS.map(areas),
  ...[ANON, ANON_SHARED, MEMFD_SHARED, MEMFD_PRIVATE, FILE_SHARED, FILE_PRIVATE].map(moved),
  ...KINDS.map(forked),
  ...[ANON, MEMFD_SHARED].map((k) => armed(k, 'missing')),
  ...[ANON, MEMFD_SHARED].map((k) => armed(k, 'wp')),
  world(
    kind('anon-private', 'anon', 'private', 'r'),
    'anon-readonly',
    'map a = anon[0..2] private r; ptes 3; tables 4;',
    [...onRanges(a3, [...GUARDS, 'dontneed', 'populate_read']), ...onPages(a3, ACCESS)],
  ),
  world(
    MEMFD_SHARED,
    'memfd-twice',
    'shmem f[3]; map a = f[0..2] shared rw; map b = f[0..2] private rw; ptes 3; tables 6;',
    [
      ...[a3, b3].flatMap((m) => [...onRanges(m, [...GUARDS, 'dontneed']), ...onPages(m, ACCESS)]),
      ...statements(['punch_hole(f[1])', 'ftruncate(f, 1)', 'ftruncate(f, 3)']),
    ],
  ),
  huge('memfd-huge', MEMFD_SHARED, [a2], map(MEMFD_SHARED, 'a', 2)),
  huge('memfd-huge-private', MEMFD_PRIVATE, [a2], map(MEMFD_PRIVATE, 'a', 2)),
  huge('memfd-huge-twice', MEMFD_SHARED, [a2, b2], `${map(MEMFD_SHARED, 'a', 2)} ${map(MEMFD_SHARED, 'b', 2)}`),
  world(
    ANON,
    'anon-huge',
    'map a = anon[0..1] private rw; ptes 2; tables 4;',
    [...onRanges(a2, [...HUGE_OPS]), ...onPages(a2, ACCESS), ...onWhole(a2, ['madvise_collapse'])],
    { collapses: true, needs: ['anon-guards', 'shmem-collapse'] },
  ),
  HUGETLB,
]
