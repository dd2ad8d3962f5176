/**
 * The anonymous rows of tools/testing/selftests/mm/cow.c (read at 49850bd02658, 2025): its fourteen tests in eleven
 * configurations, and its four of collapsed huge pages, each with its litmus file in the catalogue. In the selftest one process waits for the other; here nobody does, so that every order is tried.
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
  'swapped-out THP': 'thp_swap',
  'PTE-mapped THP': 'pte_thp',
  'swapped-out, PTE-mapped THP': 'pte_thp_swap',
  'single PTE of THP': 'single_pte',
  'single PTE of swapped-out THP': 'single_pte_swap',
  "partially mremap()'ed THP": 'mremap',
  'partially shared THP': 'partly_shared',
  hugetlb: 'hugetlb',
} as const

/** Tests of anonymous THP alone. */
export const COLLAPSE = {
  'Basic COW after fork() when collapsing before fork()': 'selftest-cow-collapse_unshared',
  'Basic COW after fork() when collapsing after fork() (fully shared)': 'selftest-cow-collapse_fully_shared',
  'Basic COW after fork() when collapsing after fork() (lower shared)': 'selftest-cow-collapse_lower_shared',
  'Basic COW after fork() when collapsing after fork() (upper shared)': 'selftest-cow-collapse_upper_shared',
} as const

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
