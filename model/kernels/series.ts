/**
 * Patch series as they were posted: ordered patches on a base kernel. Every prefix is a kernel of its
 * own, `NAME-VERSION+N`, so that each point between two patches can be checked.
 *
 * What of a patch is not modelled changes nothing here: tests, documentation, smaps.
 */
import { GUP_LONGTERM } from './gup_series.ts'
import { kernel, V6_15, V6_18, type Kernel } from './kernel.ts'
import type { Patch } from './patches.ts'
import type { Posting, Series, SeriesPatch } from './series_types.ts'

export type { Posting, Series, SeriesPatch } from './series_types.ts'

const unmodelled = (id: string, subject: string): SeriesPatch => ({ id, subject, adds: [], removes: [], needs: [] })
const change = (
  id: string,
  subject: string,
  modelled: string,
  effect: { readonly adds?: readonly Patch[]; readonly removes?: readonly Patch[]; readonly needs?: readonly string[] },
): SeriesPatch => ({
  id,
  subject,
  modelled,
  adds: effect.adds ?? [],
  removes: effect.removes ?? [],
  needs: effect.needs ?? [],
})

const INTRODUCE = 'mm: introduce VM_MAYBE_GUARD and make visible in /proc/$pid/smaps'
const SET_FLAG = 'mm: set the VM_MAYBE_GUARD flag on guard region install'
const SMAPS_TEST = 'tools/testing/selftests/mm: add smaps visibility guard region test'
const COLLAPSE_TEST = 'tools/testing/selftests/mm: add MADV_COLLAPSE test case'
const VMA_TESTS = 'tools/testing/vma: add VMA sticky userland tests'

const anonVma = (id: string, subject: string): SeriesPatch =>
  change(id, subject, 'mm/madvise.c: anon_vma_prepare() for anonymous VMAs only', {
    adds: ['guard-anon-vma-if-anonymous'],
    removes: ['guard-any-anon-vma'],
  })
const setAtomically = (id: string, subject: string, needs: readonly string[]): SeriesPatch =>
  change(id, subject, 'mm/madvise.c: the flag is set atomically before the walk', {
    adds: ['maybe-guard-atomic'],
    needs,
  })

const forkCopies = (id: string, subject: string, needs: readonly string[]): SeriesPatch =>
  change(id, subject, 'mm/vma.c: sticky flags; mm/memory.c: vma_needs_copy() asks for VM_MAYBE_GUARD', {
    adds: ['sticky-flags', 'fork-copies-maybe-guard'],
    needs,
  })
const sticky = (id: string, subject: string, needs: readonly string[]): SeriesPatch =>
  change(id, subject, 'mm/vma.c: sticky flags', { adds: ['sticky-flags'], needs })
const copyOnFork = (id: string, needs: readonly string[]): SeriesPatch =>
  change(id, 'mm: introduce copy-on-fork VMAs and make VM_MAYBE_GUARD one', 'mm/memory.c: VM_COPY_ON_FORK', {
    adds: ['fork-copies-maybe-guard', 'fork-copy-on-fork'],
    needs,
  })

/** The patch that v3 and v4 have in one commit (49e14dabed7a), by its hunks. */
const setAndTest = (n: number): readonly SeriesPatch[] => [
  setAtomically(`${n}a`, SET_FLAG, ['1', '2']),
  anonVma(`${n}b`, SET_FLAG),
  change(`${n}c`, SET_FLAG, 'mm/khugepaged.c: retract_page_tables() tests the flag, twice', {
    adds: ['retract-tests-guard'],
    needs: ['1', '2'],
  }),
]

const V4: readonly SeriesPatch[] = [
  unmodelled('1', INTRODUCE),
  unmodelled('2', 'mm: add atomic VMA flags and set VM_MAYBE_GUARD as such'),
  change('3', 'mm: update vma_modify_flags() to handle residual flags, document', 'mm/vma.c: vma_modify_flags()', {
    adds: ['modify-flags-pointer'],
  }),
  sticky('4', 'mm: implement sticky VMA flags', ['1']),
  copyOnFork('5', ['1']),
  ...setAndTest(6),
  unmodelled('7', VMA_TESTS),
  unmodelled('8', COLLAPSE_TEST),
  unmodelled('9', SMAPS_TEST),
]

/**
 * The subjects of v1 and v2 are those of their mails of 29 Oct and 6 Nov 2025, the hunks those of
 * [PATCH 1/3] and [PATCH v2 2/5]; v1 3/3 and v2 5/5 were not read (UNVERIFIED: smaps tests, by the
 * cover letters). v3 is listed in the cover letter of 7 Nov 2025 (seeds/002), v4 in that of 18 Nov 2025.
 */
const VM_MAYBE_GUARD: Series = {
  name: 'vm-maybe-guard',
  title: 'introduce VM_MAYBE_GUARD and make it sticky (Lorenzo Stoakes, Oct to Nov 2025)',
  base: { name: 'v6.18', patches: V6_18 },
  postings: [
    {
      version: 'v1',
      title: '29 Oct 2025',
      patches: [
        change(
          '1a',
          'mm: introduce VM_MAYBE_GUARD and make visible for guard regions',
          'mm/madvise.c: vm_flags_set() under the mmap write lock, before the walk',
          { adds: ['maybe-guard-plain'] },
        ),
        anonVma('1b', 'mm: introduce VM_MAYBE_GUARD and make visible for guard regions'),
        forkCopies('2', 'mm: implement sticky, copy on fork VMA flags', ['1a']),
        unmodelled('3', SMAPS_TEST),
      ],
    },
    {
      version: 'v2',
      title: '6 Nov 2025',
      patches: [
        unmodelled('1', INTRODUCE),
        setAtomically('2a', 'mm: add atomic VMA flags, use VM_MAYBE_GUARD as such', ['1']),
        anonVma('2b', 'mm: add atomic VMA flags, use VM_MAYBE_GUARD as such'),
        forkCopies('3', 'mm: implement sticky, copy on fork VMA flags', ['1']),
        unmodelled('4', VMA_TESTS),
        unmodelled('5', SMAPS_TEST),
      ],
    },
    {
      version: 'v3',
      title: '7 Nov 2025',
      patches: [
        unmodelled('1', INTRODUCE),
        unmodelled('2', 'mm: add atomic VMA flags and set VM_MAYBE_GUARD as such'),
        sticky('3', 'mm: implement sticky VMA flags', ['1']),
        copyOnFork('4', ['1']),
        ...setAndTest(5),
        unmodelled('6', VMA_TESTS),
        unmodelled('7', COLLAPSE_TEST),
        unmodelled('8', SMAPS_TEST),
      ],
    },
    { version: 'v4', title: '18 Nov 2025', patches: V4 },
    {
      version: 'merged',
      title: 'v4, and as 10 its fix of Jan 2026 (35e247032606, v6.19)',
      patches: [
        ...V4,
        change(
          '10',
          'mm: do not copy page tables unnecessarily for VM_UFFD_WP',
          "mm/memory.c: vma_needs_copy() asks the child's flags",
          { adds: ['fork-copy-on-fork-dst'], needs: ['5'] },
        ),
      ],
    },
  ],
}

/** By its cover letter of 13 Feb 2025; patches 2 to 4 touch selftests alone. */
const FILE_BACKED: Series = {
  name: 'file-backed-guards',
  title: 'mm: permit guard regions for file-backed/shmem mappings (Lorenzo Stoakes, Feb 2025)',
  // With what v6.15 has besides, so that the series alone makes the difference.
  base: { name: 'v6.15 without the series', patches: V6_15.filter((p) => p !== 'guard-file-backed') },
  postings: [
    {
      version: 'v1',
      title: '13 Feb 2025; merged for v6.15',
      patches: [
        change(
          '1',
          'mm: allow guard regions in file-backed and read-only mappings',
          'mm/madvise.c: is_valid_guard_vma() takes any mapping that is not special (f807123d578d)',
          { adds: ['guard-file-backed'] },
        ),
        unmodelled('2', 'selftests/mm: rename guard-pages to guard-regions'),
        unmodelled('3', 'tools/selftests: expand all guard region tests to file-backed'),
        unmodelled('4', 'tools/selftests: add file/shmem-backed mapping guard region tests'),
      ],
    },
  ],
}

export const SERIES: readonly Series[] = [GUP_LONGTERM, FILE_BACKED, VM_MAYBE_GUARD]

export const findSeries = (name: string): Series | undefined => SERIES.find((s) => s.name === name)

function apply(base: readonly Patch[], patches: readonly SeriesPatch[]): ReadonlySet<Patch> {
  const now = new Set(base)
  for (const p of patches) {
    p.adds.forEach((a) => now.add(a))
    p.removes.forEach((r) => now.delete(r))
  }
  return now
}

/** The base with the patches of a posting up to the one with that id; '0' is the base. */
export function prefixKernel(series: Series, posting: Posting, id: string): Kernel | undefined {
  const last = id === '0' ? -1 : posting.patches.findIndex((p) => p.id === id)
  if (last < 0 && id !== '0') return undefined
  const applied = posting.patches.slice(0, last + 1)
  const name = `${series.name}-${posting.version}+${id}`
  const title =
    id === '0' ? `${series.base.name}, before any patch of the series` : `up to patch ${id}, ${posting.title}`
  return kernel(name, title, apply(series.base.patches, applied))
}

/** All of a posting but one patch; undefined where it has none of that id. */
export function withoutPatch(series: Series, posting: Posting, id: string): Kernel | undefined {
  if (!posting.patches.some((p) => p.id === id)) return undefined
  const rest = posting.patches.filter((p) => p.id !== id)
  return kernel(
    `${series.name}-${posting.version}+but.${id}`,
    `all of ${posting.version} but patch ${id}`,
    apply(series.base.patches, rest),
  )
}

/** A kernel that is named after a point of a series: `vm-maybe-guard-v4+6a`, `vm-maybe-guard-v4+but.6c`. */
export function seriesKernel(name: string): Kernel | undefined {
  for (const series of SERIES)
    for (const posting of series.postings) {
      const head = `${series.name}-${posting.version}+`
      if (!name.startsWith(head)) continue
      const id = name.slice(head.length)
      return id.startsWith('but.') ? withoutPatch(series, posting, id.slice(4)) : prefixKernel(series, posting, id)
    }
  return undefined
}
