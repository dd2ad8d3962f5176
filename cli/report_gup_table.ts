/** What `series gup-kernels` prints: property x kernel, as runs give it, beside what the facts say. */
import { agrees, type CellResult, type KernelResult, type RowResult } from '../counterexamples/gup_table/run.ts'
import { toAscii } from '../counterexamples/text.ts'
import { COLUMNS as HEADS, NOTES } from '../model/scenarios/gup_table.ts'
import type { Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

const INDENT = '    '
const CELL_COLUMNS = 10

const shown = (c: CellResult): string => {
  const verdicts = [...new Set(c.kernels.map((k) => (k.verdict === 'unknown' ? '?' : k.verdict)))]
  return `${verdicts.join('/')}${agrees(c) ? '' : ' !'}`
}

const line = (cells: readonly string[]): string =>
  `${INDENT}${cells.map((c) => c.padEnd(CELL_COLUMNS)).join('')}`.trimEnd()

/** `v6.0, v6.1`, or `v5.11 to v5.18` of more than two. */
const several = (kernels: readonly string[]): string =>
  kernels.length > 2 ? `${kernels[0] ?? ''} to ${kernels.at(-1) ?? ''}` : kernels.join(', ')

const named = (all: readonly KernelResult[], verdict: KernelResult['verdict']): readonly string[] => {
  const kernels = all.filter((k) => k.verdict === verdict).map((k) => k.kernel)
  return kernels.length === 0 ? [] : [`${verdict} on ${several(kernels)}`]
}

/** Cells that say more than one word, or other words than the facts. */
const details = ({ cells }: RowResult): readonly string[] =>
  cells.flatMap((c) => {
    const mixed = new Set(c.kernels.map((k) => k.verdict)).size > 1
    if (!mixed && agrees(c)) return []
    const ran = [...named(c.kernels, 'FAIL'), ...named(c.kernels, 'ok'), ...named(c.kernels, 'unknown')].join(', ')
    return [wrapped(toAscii(`${c.column.head}: ${ran}; the facts: '${c.said.words}'`), INDENT, 2)]
  })

/** The first counterexample of each column. */
function ids({ cells }: RowResult): readonly string[] {
  const found = cells.flatMap((c) => {
    const first = c.kernels.find((k) => k.broken?.found !== undefined)
    return first?.broken?.found === undefined ? [] : [`${first.kernel} ${first.broken.found.counterexample.id}`]
  })
  return found.length === 0 ? [] : [wrapped(`cex ${found.join(', ')}`, INDENT, 4)]
}

const rowLines = (r: RowResult): readonly string[] => [
  wrapped(toAscii(`${r.row.id}: ${r.row.text}`), '', 4),
  line(r.cells.map(shown)),
  wrapped(`${r.row.property} in ${r.row.scenarios.join(', ')}`, INDENT, 2),
  ...details(r),
  ...ids(r),
]

const KINDS = { differs: 'differs from the facts', settles: 'settled by the run', narrows: 'asked in part' } as const

/** The whole report, ending in a newline. */
export function gupTableText(rows: readonly RowResult[]): string {
  const all = rows.flatMap((r) => r.cells)
  const wrong = all.filter((c) => !agrees(c)).length
  const lines = [
    'Pins and copy-on-write: what each kernel keeps',
    wrapped(
      "Each cell is a run of its scenarios on every kernel of its column: FAIL where the property breaks, 'ok' where " +
        "nothing that the search can reach breaks it, '?' where a search ended at a limit; '!' where the facts " +
        '(gup-cow-nosigbus, section I) say otherwise.',
      '',
    ),
    '',
    line(HEADS.map((c) => c.head)),
    ...rows.flatMap(rowLines),
    '',
    `${all.length} cells, ${all.reduce((n, c) => n + c.kernels.length, 0)} runs; ${wrong === 0 ? 'all as the facts say' : `${wrong} not as the facts say`}.`,
    ...NOTES.flatMap((n) => [
      '',
      wrapped(toAscii(`${n.row}, ${n.columns.join(' and ')}, ${KINDS[n.kind]}: ${n.text}.`), '', 2),
      wrapped(toAscii(`Evidence: ${n.evidence}.`), '  ', 2),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

export const gupTableJson = (rows: readonly RowResult[]): Json =>
  rows.map((r): Json => ({
    id: r.row.id,
    text: r.row.text,
    property: r.row.property,
    scenarios: r.row.scenarios,
    cells: r.cells.map((c): Json => ({
      column: c.column.head,
      said: c.said.words,
      agrees: agrees(c),
      kernels: c.kernels.map((k): Json => ({
        kernel: k.kernel,
        verdict: k.verdict,
        ...(k.broken === undefined
          ? {}
          : { scenario: k.broken.scenario, counterexample: k.broken.found?.counterexample.id ?? null }),
      })),
    })),
    notes: NOTES.filter((n) => n.row === r.row.id).map((n): Json => ({ ...n })),
  }))
