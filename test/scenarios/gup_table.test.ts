/** The verdict matrix of pins and copy-on-write: what is recorded of every cell is what the facts say of it. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { catalogue, catalogueFile } from '../../cli/input.ts'
import { agrees, isFor, type CellResult } from '../../counterexamples/gup_table/run.ts'
import { gupTableText } from '../../cli/report_gup_table.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { GUP_ROWS, ROW_PROPERTY, scenarioOfRow } from '../../model/scenarios/gup_rows.ts'
import { COLUMNS, NOTES, ROWS, type Row } from '../../model/scenarios/gup_table.ts'

const baseline = readBaseline()
const recorded = (row: Row): readonly CellResult[] =>
  COLUMNS.map((column, i) => ({
    column,
    said: row.cells[i] ?? { words: '', fails: [] },
    kernels: column.kernels.flatMap((kernel): CellResult['kernels'] => {
      const asked = row.scenarios.filter((s) => isFor(catalogueFile(s), kernel))
      const cells = asked.map((s) => baseline[s]?.[kernel])
      if (cells.some((c) => c === undefined || c.vacuous.includes(row.property)))
        return [{ kernel, verdict: 'unknown' as const }]
      const fails = cells.some((c) => c?.violations[row.property] !== undefined)
      return asked.length === 0 ? [] : [{ kernel, verdict: fails ? ('FAIL' as const) : ('ok' as const) }]
    }),
  }))
const key = (row: string, column: string): string => `${row} at ${column}`

test('ten rows of seven columns, every scenario of the table in it, every kernel known', () => {
  expect(ROWS).toHaveLength(10)
  expect(COLUMNS).toHaveLength(7)
  for (const row of ROWS) expect(row.cells).toHaveLength(7)
  expect([...new Set(ROWS.flatMap((r) => r.scenarios))].sort()).toEqual(
    catalogue().filter((name) => name.startsWith('table-i-')),
  )
  for (const { kernels } of COLUMNS) for (const k of kernels) expect(findKernel(k)?.name).toBe(k)
})

const told = new Set(NOTES.filter((n) => n.kind === 'differs').flatMap((n) => n.columns.map((c) => key(n.row, c))))

describe.each(ROWS)('$id: $text', (row) => {
  test.each(recorded(row))('$column.head: $said.words', (cell) => {
    expect(cell.kernels.length).toBeGreaterThan(0)
    for (const k of cell.said.fails) expect(cell.column.kernels).toContain(k)
    // A difference is told in a note, and a note tells a difference.
    expect(agrees(cell)).toBe(!told.has(key(row.id, cell.column.head)))
  })
})

test('a note is about a cell of the table, with its evidence; what the facts doubted is settled', () => {
  for (const n of NOTES) {
    expect(ROWS.map((r) => r.id)).toContain(n.row)
    for (const c of n.columns) expect(COLUMNS.map((x) => x.head)).toContain(c)
    expect(n.evidence).not.toBe('')
  }
  const doubted = ROWS.flatMap((r) =>
    r.cells.flatMap((c, i) => (c.words.includes('?') ? [key(r.id, COLUMNS[i]?.head ?? '')] : [])),
  )
  const settled = NOTES.filter((n) => n.kind !== 'narrows').flatMap((n) => n.columns.map((c) => key(n.row, c)))
  expect(settled.sort()).toEqual(doubted.sort())
})

test('the report marks a cell that is not as the facts say', () => {
  const [first] = ROWS
  if (first === undefined) throw new Error('there are rows')
  const cells = recorded(first)
  expect(gupTableText([{ row: first, cells }])).toContain('7 cells, 16 runs; all as the facts say.')
  const wrong = cells.map((c, i) => (i === 1 ? { ...c, kernels: [{ kernel: 'v5.8', verdict: 'FAIL' as const }] } : c))
  const text = gupTableText([{ row: first, cells: wrong }])
  expect(text).toContain('FAIL !')
  expect(text).toContain("5.8: FAIL on v5.8; the facts: 'ok'")
  expect(text).toContain('1 not as the facts say.')
})

test.each(GUP_ROWS)('test $number, $run: not ok on v6.1, ok on v6.2', (row) => {
  const name = scenarioOfRow(row, catalogue())
  const cells = baseline[name ?? '']
  expect(Object.keys(cells?.['v6.1']?.violations ?? {})).toContain(ROW_PROPERTY)
  expect(cells?.['v6.2']?.verdict).toBe('holds')
  expect(cells?.['v6.2']?.observation).toMatch(/^Always [1-9]\d* 0$/)
})
