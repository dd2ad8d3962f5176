/** What `series nosigbus` prints: demand x proposal, and whether the zero page stays. */
import type { DemandCell, ProposalTable } from '../counterexamples/proposals/table.ts'
import { toAscii } from '../counterexamples/text.ts'
import type { Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

/** One table of proposals: what it stands on, and the heads of its columns. */
export interface ProposalReport {
  readonly base: string
  readonly heads: readonly string[]
  readonly table: ProposalTable
}

const ID_COLUMNS = 5
/** An id is twelve digits. */
const CELL_COLUMNS = 14
const EVENT_COLUMNS = 25
const STAYS_COLUMNS = 9

const shown = (c: DemandCell): string => {
  switch (c.kind) {
    case 'violated':
      return c.found.counterexample.id
    case 'holds':
      return 'ok'
    case 'refused':
      return 'refused'
    case 'untested':
      return '.'
    case 'unknown':
      return '?'
  }
}

const line = (first: string, width: number, cells: readonly string[], each: number): string =>
  `${first.padEnd(width)}${cells.map((c) => c.padEnd(each)).join('')}`.trimEnd()

function demandLines({ heads, table }: ProposalReport): readonly string[] {
  return [
    line('', ID_COLUMNS, heads, CELL_COLUMNS),
    ...table.demands.flatMap(({ demand, cells }) => [
      line(demand.id, ID_COLUMNS, cells.map(shown), CELL_COLUMNS),
      wrapped(toAscii(`${demand.property}. ${demand.who}: ${demand.said}`), ' '.repeat(ID_COLUMNS)),
    ]),
  ]
}

const eventLines = ({ heads, table }: ProposalReport): readonly string[] => [
  line('', EVENT_COLUMNS, heads, STAYS_COLUMNS),
  ...table.events.map(({ event, cells }) =>
    line(
      event.text,
      EVENT_COLUMNS,
      cells.map((c) => (c === 'untested' ? '.' : c === 'unknown' ? '?' : c)),
      STAYS_COLUMNS,
    ),
  ),
]

const WHY = [
  'So truncation takes the zero pages with it in every proposal, and by both rules, as soon as it takes a page ' +
    'off the file; a hole punch leaves them where vm_insert_page() has made ordinary entries of them (v1, v1.5 on ' +
    'v5.13), since their page is not of the file.',
  'A quick test may see otherwise in three ways. ftruncate() that makes the file longer unmaps nothing at all, nor ' +
    'does one that ends within the last page, or at the same size: shmem unmaps only where oldsize > ' +
    'round_up(newsize, PAGE_SIZE). And where it does unmap, the next load maps the zero page again: the contents are ' +
    'zeroes before and after, and only /proc/PID/pagemap tells.',
] as const

/** The whole report, ending in a newline. */
export function proposalsText(reports: readonly ProposalReport[]): string {
  const lines = [
    'MAP_NOSIGBUS: what its thread of 2021 asked for, in each proposal',
    wrapped(
      "In a failing cell the id of its shortest counterexample ('mmcheck replay ID'); 'refused' where mmap() takes no " +
        "such mapping, '.' where the proposal has no such scenario, '?' where a search ended at a limit. N9 and N10 stand with " +
        'N5a and N4; N8, that linux-api must agree and vm_flags had no bit left, is no matter of runs.',
      '',
    ),
    ...reports.flatMap((r) => ['', `${r.base}:`, ...demandLines(r)]),
    '',
    wrapped(
      'Does the zero page stay mapped? (nosigbus-truncate-page, -truncate-within, -truncate-grow, nosigbus-punch)',
      '',
      2,
    ),
    ...reports.flatMap((r) => ['', `${r.base}:`, ...eventLines(r)]),
    '',
    ...WHY.map((text) => wrapped(text, '')),
  ]
  return `${lines.join('\n')}\n`
}

const cellJson = (c: DemandCell): Json =>
  c.kind === 'violated'
    ? { verdict: 'violated', scenario: c.scenario, counterexample: c.found.counterexample.id }
    : { verdict: c.kind }

export const proposalsJson = (reports: readonly ProposalReport[]): Json =>
  reports.map((r): Json => ({
    base: r.base,
    proposals: r.table.kernels.map((k) => k.name),
    demands: r.table.demands.map(({ demand, cells }): Json => ({
      id: demand.id,
      property: demand.property,
      who: demand.who,
      said: demand.said,
      scenarios: demand.scenarios,
      cells: cells.map(cellJson),
    })),
    zeroPage: r.table.events.map(({ event, cells }): Json => ({ event: event.text, scenario: event.scenario, cells })),
  }))
