/**
 * tools/testing/selftests/mm/guard-regions.c of v7.0-rc6: its thirty tests and their three backings, each
 * with its litmus file in the catalogue, or with the reason why there is none. Contents are not modelled:
 * where a selftest compares bytes, its litmus file asks which page an entry maps.
 */

export const BACKINGS = ['anon', 'shmem', 'plain'] as const
export type Backing = (typeof BACKINGS)[number]

/** In the order of the C file. */
export const SELFTESTS = [
  'basic',
  'multi_vma',
  'process_madvise',
  'munmap',
  'mprotect',
  'split_merge',
  'dontneed',
  'mlock',
  'mremap_move',
  'mremap_expand',
  'mremap_shrink',
  'fork',
  'fork_cow',
  'fork_wipeonfork',
  'lazyfree',
  'populate',
  'cold_pageout',
  'uffd',
  'madvise_sequential',
  'map_private',
  'readonly_file',
  'fault_around',
  'truncation',
  'hole_punch',
  'memfd_write_seal',
  'anon_zeropage',
  'pagemap',
  'pagemap_scan',
  'collapse',
  'smaps',
] as const
export type Selftest = (typeof SELFTESTS)[number]

/** The selftest skips itself there. */
const SKIPS = {
  anonOnly: 'the selftest is of anonymous memory alone',
  fileOnly: 'the selftest is of files alone',
  plainOnly: 'the selftest is of local files alone',
  memfdOnly: 'the selftest makes a memfd of its own',
  notPlain: 'the selftest needs memory without a file system behind it: anonymous or shmem',
} as const

const anonOnly = { shmem: SKIPS.anonOnly, plain: SKIPS.anonOnly }
const fileOnly = { anon: SKIPS.fileOnly }
const notPlain = { plain: SKIPS.notPlain }

/** Why there is no litmus file, by selftest and backing. */
export const WITHOUT: Readonly<Partial<Record<Selftest, Partial<Record<Backing, string>>>>> = {
  fork_cow: anonOnly,
  fork_wipeonfork: anonOnly,
  lazyfree: anonOnly,
  uffd: notPlain,
  madvise_sequential: fileOnly,
  map_private: fileOnly,
  readonly_file: { anon: SKIPS.plainOnly, shmem: SKIPS.plainOnly },
  fault_around: fileOnly,
  truncation: fileOnly,
  hole_punch: fileOnly,
  memfd_write_seal: { anon: SKIPS.memfdOnly, plain: SKIPS.memfdOnly },
  anon_zeropage: notPlain,
  collapse: {
    anon: 'no operation of the model collapses anonymous memory',
    plain: 'collapsing a plain file needs CONFIG_READ_ONLY_THP_FOR_FS, which is not modelled',
  },
}

/** The name of the litmus file, where there is one. */
export const litmusOf = (test: Selftest, backing: Backing): string => `selftest-${test}-${backing}`

export interface SelftestCell {
  readonly test: Selftest
  readonly backing: Backing
  readonly name: string
  /** Why there is no litmus file. */
  readonly without?: string
}

/** All ninety. */
export const CELLS: readonly SelftestCell[] = SELFTESTS.flatMap((test) =>
  BACKINGS.map((backing): SelftestCell => {
    const without = WITHOUT[test]?.[backing]
    return { test, backing, name: litmusOf(test, backing), ...(without === undefined ? {} : { without }) }
  }),
)
