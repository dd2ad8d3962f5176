/**
 * Tests 151 to 162 of cow.c, as seeds/001 prints them: a long-term pin to read, on six backings, slow and fast. The
 * scenario of each is the one of the catalogue whose name begins with `gup-row` and its number.
 */
export interface SelftestRow {
  readonly number: number
  readonly how: string
  readonly backing: string
  /** As ksft prints it after `# [RUN]`. */
  readonly run: string
  readonly name: string
}

const BACKINGS = [
  'shared zeropage',
  'memfd',
  'tmpfile',
  'huge zeropage',
  'memfd hugetlb (2048 kB)',
  'memfd hugetlb (1048576 kB)',
] as const
const FIRST = 151

export const GUP_ROWS: readonly SelftestRow[] = (['GUP', 'GUP-fast'] as const).flatMap((how, i) =>
  BACKINGS.map((backing, n): SelftestRow => ({
    number: FIRST + i * BACKINGS.length + n,
    how,
    backing,
    run: `R/O longterm ${how} pin ... with ${backing}`,
    name: 'Longterm R/O pin is reliable',
  })),
)

/** The scenario of a row among names of scenarios. */
export const scenarioOfRow = (row: SelftestRow, names: readonly string[]): string | undefined =>
  names.find((n) => n.startsWith(`gup-row${row.number}-`))

/** What a row asserts: "the page seen by the pin is the page that the process wrote". */
export const ROW_PROPERTY = 'PinReliable'
