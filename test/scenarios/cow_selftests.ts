/**
 * The anonymous rows of tools/testing/selftests/mm/cow.c (read at 49850bd02658, 2025): its fourteen tests in eleven
 * configurations, and its four of collapsed huge pages, each with its litmus file in the catalogue or with the reason
 * why there is none. In the selftest one process waits for the other; here nobody does, so that every order is tried.
 */

export const TESTS = {
  basic: 'Basic COW after fork()',
  basic_mprotect: 'Basic COW after fork() with mprotect() optimization',
  vmsplice_child: 'vmsplice() + unmap in child',
  vmsplice_child_mprotect: 'vmsplice() + unmap in child with mprotect() optimization',
  vmsplice_before: 'vmsplice() before fork(), unmap in parent after fork()',
  vmsplice_after: 'vmsplice() + unmap in parent after fork()',
  iouring_ro: 'R/O-mapping a page registered as iouring fixed buffer',
  iouring_fork: 'fork() with an iouring fixed buffer',
  ro_pin_shared: 'R/O GUP pin on R/O-mapped shared page',
  ro_fast_pin_shared: 'R/O GUP-fast pin on R/O-mapped shared page',
  ro_pin_previously: 'R/O GUP pin on R/O-mapped previously-shared page',
  ro_fast_pin_previously: 'R/O GUP-fast pin on R/O-mapped previously-shared page',
  ro_pin_exclusive: 'R/O GUP pin on R/O-mapped exclusive page',
  ro_fast_pin_exclusive: 'R/O GUP-fast pin on R/O-mapped exclusive page',
} as const

/** `with ...`, and the short name where there are litmus files. */
export const CONFIGURATIONS = {
  'base page': 'base',
  'swapped out base page': 'swap',
  THP: 'thp',
  hugetlb: 'hugetlb',
} as const

const LARGE = 'a folio of several pages is not modelled: each page would be a folio of its own, as in base'
/** Configurations without litmus files. */
export const WITHOUT: Readonly<Record<string, string>> = {
  'swapped-out THP': 'reclaim of the model swaps no huge page out',
  'PTE-mapped THP': LARGE,
  'swapped-out, PTE-mapped THP': LARGE,
  'single PTE of THP': LARGE,
  'single PTE of swapped-out THP': LARGE,
  "partially mremap()'ed THP": LARGE,
  'partially shared THP': LARGE,
}

/** Tests of anonymous THP alone. */
export const COLLAPSE = {
  'Basic COW after fork() when collapsing before fork()': 'selftest-cow-collapse_unshared',
  'Basic COW after fork() when collapsing after fork() (fully shared)': 'selftest-cow-collapse_fully_shared',
} as const
export const COLLAPSE_WITHOUT: Readonly<Record<string, string>> = {
  'Basic COW after fork() when collapsing after fork() (lower shared)': 'with page frames a PMD covers one page',
  'Basic COW after fork() when collapsing after fork() (upper shared)': 'with page frames a PMD covers one page',
}

export interface CowCell {
  readonly name: string
  readonly description: string
  readonly configuration: string
  /** The selftest prints XFAIL: it is known that hugetlb leaks to who has spliced. */
  readonly expectedToFail: boolean
}

export const CELLS: readonly CowCell[] = Object.entries(TESTS).flatMap(([test, description]) =>
  Object.entries(CONFIGURATIONS).map(([configuration, short]) => ({
    name: `selftest-cow-${test}-${short}`,
    description,
    configuration,
    expectedToFail: short === 'hugetlb' && test.startsWith('vmsplice'),
  })),
)
