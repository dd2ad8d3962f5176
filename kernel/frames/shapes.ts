/**
 * Shapes of memory, by the names that tools/testing/selftests/mm/cow.c (v6.18) prints after `... with`: how a
 * process comes by each (do_run_with_base_page(), do_run_with_thp(), run_with_hugetlb()), and what it looks at to
 * see that it has it. What it has not is a skip, with the words of the selftest.
 */
import { MAP, MREMAP, PROT } from '../probe/constants.ts'
import { by, fork, madvise, mprotect, mremap, op, pagemap, PAGEMAP_BIT, type ProbeOp } from '../probe/operations.ts'
import type { OpResult } from '../probe/protocol.ts'

/** An operation that is none of the test's own; the reason why the test cannot be run where it does not do. */
export interface Step {
  readonly op: ProbeOp
  readonly missing: (r: OpResult) => string | undefined
}

export interface Shape {
  /** Real pages that stand for the one page of the model. */
  readonly pages: number
  /** Brings it about at a real page, filled with a byte; nothing is mapped there before. */
  readonly setUp: (page: number, byte: number) => readonly Step[]
}

/** Pages of 4 KiB below one PMD. */
export const HUGE = 512
/** Where half of a huge page is moved to: mappings lie 16 of them apart. */
const ASIDE = 4 * HUGE
/** A child of the set-up alone. */
const HELPER = 3

const refused = (what: string) => (r: OpResult) => (r.kind === 'ok' ? undefined : what)
export const step = (o: ProbeOp, what = `this kernel refuses '${o.name}'`): Step => ({ op: o, missing: refused(what) })
const steps = (...ops: readonly ProbeOp[]): readonly Step[] => ops.map((o) => step(o))

const bitsOf = (r: OpResult): readonly unknown[] => (r.kind === 'ok' && Array.isArray(r.data) ? r.data : [])
const all = (r: OpResult, bit: number): boolean => {
  const bits = bitsOf(r)
  return bits.length > 0 && bits.every((b) => typeof b === 'number' && (b & bit) !== 0)
}

/** MADV_PAGEOUT, and whether it did anything: without swap it does not. */
export const pageOut = (page: number, n: number): readonly Step[] => [
  step(madvise(page, n, 'pageout')),
  {
    op: pagemap(page, n),
    missing: (r) => (all(r, PAGEMAP_BIT.swapped) ? undefined : 'MADV_PAGEOUT did not work: no swap'),
  },
]

const mapped = (page: number, n: number, flags = 0): ProbeOp =>
  op('mmap', page, n, PROT.rw, MAP.private | MAP.anonymous | flags, -1, 0)

const base: Shape['setUp'] = (page, byte) => [
  step(mapped(page, 1)),
  // EINVAL where the kernel has no huge pages.
  { op: madvise(page, 1, 'nohugepage'), missing: () => undefined },
  step(op('store', page, 1, byte)),
]

/** The last page is there once the first was touched. */
export const populated = (page: number): Step => ({
  op: pagemap(page, 1),
  missing: (r) => (all(r, PAGEMAP_BIT.present) ? undefined : 'did not get a THP populated'),
})

const thp: Shape['setUp'] = (page, byte) => [
  step(mapped(page, HUGE)),
  step(madvise(page, HUGE, 'hugepage'), 'this kernel has no transparent huge pages'),
  step(op('store', page, 1, byte)),
  populated(page + HUGE - 1),
  step(op('store', page, HUGE, byte)),
]

/** Changing one page for a moment puts a table of PTEs in the place of the PMD. */
const pteMapped = (page: number): readonly Step[] => steps(mprotect(page + 1, 1, 'r'), mprotect(page + 1, 1, 'rw'))

const then =
  (first: Shape['setUp'], more: (page: number) => readonly Step[]): Shape['setUp'] =>
  (page, byte) => [...first(page, byte), ...more(page)]

const pteThp = then(thp, pteMapped)
const singlePte = then(thp, (page) => steps(madvise(page + 1, HUGE - 1, 'dontneed')))

export const NO_HUGE = 'needs more free huge pages: see /proc/sys/vm/nr_hugepages'
const hugetlb: Shape['setUp'] = (page, byte) => [
  step(mapped(page, HUGE, MAP.hugetlb), NO_HUGE),
  step(op('store', page, HUGE, byte), NO_HUGE),
  // A second one is for the copy.
  step(mapped(page + ASIDE, HUGE, MAP.hugetlb), NO_HUGE),
  step(op('munmap', page + ASIDE, HUGE)),
]

const swapped = (of: Shape): Shape => ({ ...of, setUp: then(of.setUp, (page) => pageOut(page, of.pages)) })

const BASE: Shape = { pages: 1, setUp: base }
const THP: Shape = { pages: HUGE, setUp: thp }
const PTE_THP: Shape = { pages: HUGE, setUp: pteThp }
const SINGLE_PTE: Shape = { pages: 1, setUp: singlePte }

/** By the names of cow.c, without the size in kB that it adds. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  'base page': BASE,
  'swapped out base page': swapped(BASE),
  THP,
  'swapped-out THP': swapped(THP),
  'PTE-mapped THP': PTE_THP,
  'swapped-out, PTE-mapped THP': swapped(PTE_THP),
  'single PTE of THP': SINGLE_PTE,
  'single PTE of swapped-out THP': swapped(SINGLE_PTE),
  "partially mremap()'ed THP": {
    pages: HUGE / 2,
    setUp: then(thp, (page) =>
      steps(mremap(page + HUGE / 2, HUGE / 2, HUGE / 2, MREMAP.maymove | MREMAP.fixed, page + ASIDE)),
    ),
  },
  'partially shared THP': {
    pages: HUGE,
    setUp: then(thp, (page) =>
      steps(
        madvise(page + 1, HUGE - 1, 'dontfork'),
        fork(HELPER),
        by(HELPER, op('exit')),
        op('wait', HELPER),
        madvise(page + 1, HUGE - 1, 'dofork'),
      ),
    ),
  },
  hugetlb: { pages: HUGE, setUp: hugetlb },
}
