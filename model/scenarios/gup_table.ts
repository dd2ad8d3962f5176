/**
 * The verdict matrix of pins and copy-on-write (facts gup-cow-nosigbus, section I): what the facts say that each
 * kernel keeps, cell by cell, and the scenarios of the catalogue that ask it. The facts derived it from sources and
 * mails; `mmcheck series gup-kernels` runs it, and test/scenarios/gup_table.test.ts holds the recorded results of every
 * cell against it.
 */

/** A column of the matrix, and the kernels that stand for it. */
export interface Column {
  readonly head: string
  readonly kernels: readonly string[]
}

export const COLUMNS: readonly Column[] = [
  { head: '<=5.7', kernels: ['v4.8', 'v5.7'] },
  { head: '5.8', kernels: ['v5.8'] },
  { head: '5.9-5.10', kernels: ['v5.9', 'v5.10'] },
  { head: '5.11-5.18', kernels: ['v5.11', 'v5.13', 'v5.16', 'v5.18'] },
  { head: '5.19-6.1', kernels: ['v5.19', 'v6.0', 'v6.1'] },
  { head: '6.2-6.4', kernels: ['v6.2', 'v6.4'] },
  { head: '>=6.5', kernels: ['v6.5', 'v6.15', 'v7.0'] },
]

export interface Cell {
  /** As the facts have it. */
  readonly words: string
  /** The kernels of the column that fail by these words. */
  readonly fails: readonly string[]
}

export interface Row {
  /** `F3 fast`: the number of the property in section F, and what tells this row from others of it. */
  readonly id: string
  readonly text: string
  readonly property: string
  /** Of model/scenarios, without their ending. A kernel fails where one of them breaks the property. */
  readonly scenarios: readonly string[]
  /** One for each column. */
  readonly cells: readonly Cell[]
}

/** `differs`: the runs say otherwise. `settles`: the facts were not sure. `narrows`: what the run does not ask. */
export interface Note {
  readonly row: string
  /** Heads of columns. */
  readonly columns: readonly string[]
  readonly kind: 'differs' | 'settles' | 'narrows'
  readonly text: string
  readonly evidence: string
}

/** The words of a whole row; 'FAIL' and 'ok' stand for every kernel of their column, others say which fail. */
const cells = (...words: readonly (string | readonly [string, readonly string[]])[]): readonly Cell[] =>
  COLUMNS.map(({ kernels }, i): Cell => {
    const said = words[i] ?? 'ok'
    if (typeof said !== 'string') return { words: said[0], fails: said[1] }
    return { words: said, fails: said.startsWith('FAIL') ? kernels : [] }
  })

export const ROWS: readonly Row[] = [
  {
    id: 'F1 anon',
    text: 'ISO, small anonymous page, FOLL_GET (C1)',
    property: 'CowIsolated',
    scenarios: ['table-i-vmsplice-anon'],
    cells: cells('FAIL', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'),
  },
  {
    id: 'F1 hugetlb',
    text: 'ISO, hugetlb, FOLL_GET',
    property: 'CowIsolated',
    scenarios: ['table-i-vmsplice-hugetlb'],
    cells: cells('FAIL', 'ok? UNVERIFIED', 'FAIL', 'FAIL', 'FAIL', 'FAIL', 'FAIL (XFAIL rows)'),
  },
  {
    id: 'F3 slow',
    text: 'PINEX across fork, slow',
    property: 'PinnedIsExclusive',
    scenarios: ['table-i-pin-fork'],
    cells: cells('FAIL', 'FAIL', 'ok', 'ok', 'ok', 'ok', 'ok'),
  },
  {
    id: 'F3 fast',
    text: 'PINEX across fork, fast (C4)',
    property: 'PinnedIsExclusive',
    scenarios: ['table-i-pin_fast+fork'],
    cells: cells('FAIL', 'FAIL', 'FAIL', 'ok', 'ok', 'ok', 'ok'),
  },
  {
    id: 'F5',
    text: 'NOLOST without fork (C3a)',
    property: 'PinReliable',
    scenarios: ['table-i-pin-store+clear_refs'],
    cells: cells('ok', 'ok', 'FAIL', 'FAIL', 'ok', 'ok', 'ok'),
  },
  {
    id: 'F4 anon',
    text: 'RELIABLE, R/O LT, shared anonymous page',
    property: 'PinReliable',
    scenarios: ['table-i-fork-pin'],
    cells: cells('FAIL', 'ok (forced write)', 'FAIL', 'FAIL', 'ok', 'ok', 'ok'),
  },
  {
    id: 'F4 other',
    text: 'RELIABLE, R/O LT, ZERO/FILE (rows 151-162)',
    property: 'PinReliable',
    scenarios: ['table-i-pin-zero', 'table-i-pin-file'],
    cells: cells('FAIL', 'ok (forced write)', 'FAIL', 'FAIL', 'FAIL', 'ok', 'ok'),
  },
  {
    id: 'F6',
    text: 'FRESH against THP collapse (architectures without IPI)',
    property: 'FastPinFresh',
    scenarios: ['table-i-pin_fast+khugepaged'],
    cells: cells('FAIL', 'FAIL', 'FAIL', 'FAIL', ['FAIL until 70cbc3cc78a9', ['v5.19']], 'ok', 'ok'),
  },
  {
    id: 'F7',
    text: 'FWRITE',
    property: 'ForcedWriteOwn',
    scenarios: ['table-i-mem_write+dontneed', 'table-i-mem_write+dontneed-continue'],
    cells: cells(
      ['FAIL before 4.9 fix', ['v4.8']],
      'ok',
      'ok',
      ['ok (FAIL 5.16-5.18 with UFFDIO_CONTINUE)', ['v5.16', 'v5.18']],
      ['FAIL until 5535be309971', ['v5.19']],
      'ok',
      'ok',
    ),
  },
  {
    id: 'F13',
    text: 'ref(ZERO) bounded under LT pins',
    property: 'ZeroPageUnpinned',
    scenarios: ['table-i-pin-zero'],
    cells: cells('FAIL', 'ok?', 'FAIL', 'FAIL', 'FAIL', 'ok for COW vmas', 'ok'),
  },
]

const FORCED =
  "mm/gup.c of v5.8: should_force_cow_break() is is_cow_mapping(vma->vm_flags) && (flags & (FOLL_GET | FOLL_PIN)), and __get_user_pages() asks it for hugetlb VMAs as well (context of Peter Xu's patches of Aug 2020, FOLL_BREAK_COW and a308c71bf1e6)"

export const NOTES: readonly Note[] = [
  {
    row: 'F1 hugetlb',
    columns: ['5.8'],
    kind: 'settles',
    text: 'it holds: the forced write gives the splice a page of its own before anybody can write to a shared one',
    evidence: FORCED,
  },
  {
    row: 'F13',
    columns: ['5.8'],
    kind: 'settles',
    text: 'it holds, by the same forced write: what is pinned is anonymous by then',
    evidence: FORCED,
  },
  {
    row: 'F13',
    columns: ['6.2-6.4', '>=6.5'],
    kind: 'narrows',
    text: 'asked of private mappings alone: in shared ones the zero page stands for holes of DAX, which is not modelled; nosigbus-pin-shared has it by MAP_NOSIGBUS',
    evidence: 'facts gup-cow-nosigbus, B4 and X1',
  },
  {
    row: 'F6',
    columns: ['5.19-6.1'],
    kind: 'narrows',
    text: 'v6.0 keeps it, and still walks a table that is freed under it (NoUseAfterFree breaks in the same scenario), until 2ba99c5e0881 in v6.1',
    evidence: 'table-i-pin_fast+khugepaged on v6.0; C11 of the facts',
  },
  {
    row: 'F7',
    columns: ['<=5.7'],
    kind: 'narrows',
    text: 'v4.8 is v5.7 but for the write that is forgotten; no other row is asked of it',
    evidence: 'model/kernels/gup_patches.ts',
  },
  {
    row: 'F3 slow',
    columns: ['<=5.7', '5.8'],
    kind: 'narrows',
    text: 'before v5.19 asked of pins to write alone: only these were promised not to be shared',
    evidence: 'properties/anon_exclusive.ts; 70e806e4e645',
  },
  {
    row: 'F4 other',
    columns: ['>=6.5'],
    kind: 'narrows',
    text: "folios of several pages (v6.15) are asked in cow.c's rows; huge_pmd_unshare() (1013af4f585f, v6.16) is not: page tables that two processes share are not modelled, and the facts give it no configuration",
    evidence: 'facts gup-cow-nosigbus, 0.4; selftest-cow-*-pte_thp',
  },
  {
    row: 'F5',
    columns: ['5.11-5.18'],
    kind: 'narrows',
    text: 'clear_refs of the model asks for no pins, as before v5.11; from then on it passes by what may be pinned, and a page that is held by FOLL_GET, as direct I/O held it, or that GUP-fast pins meanwhile, is lost all the same',
    evidence:
      "mm: don't play games with pinned pages in clear_page_refs (v5.11-rc, and in v5.10 stable releases); David Hildenbrand, [PATCH v1 00/15] mm: COW fixes part 2: reliable GUP pins of anonymous pages, 8 Mar 2022",
  },
]
