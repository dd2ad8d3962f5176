/** The sweep as a part of a run: its rows end honestly, are held against the record, and make up their worlds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSweepRecord, type KernelRecord } from '../../cli/matrix/record.ts'
import { runDocument, type CellDocument } from '../../cli/document.ts'
import type { CellRecord, SearchRequest } from '../../cli/nightly/record.ts'
import { judgedRow, sweepFound, withWorlds } from '../../cli/nightly/sweep_judge.ts'
import { cellsOfRow, rowName, rowsOf, sweepRows, sweepWorlds, type SweepRow } from '../../cli/nightly/sweep_rows.ts'
import { runSweepRow, unsweptRow } from '../../cli/nightly/sweep_run.ts'
import { cellName, pairs } from '../../model/scenarios/sweep/cells.ts'
import { findWorld, SWEEP_KERNELS } from '../../model/scenarios/sweep/worlds.ts'
import { said, there } from './in_process.ts'
import { timelessFile } from './support.ts'

const SEARCH: SearchRequest = { engine: 'explicit', depth: 30, reductions: [], strict: false, liveness: false }
const WORLD = 'shmem'
const KERNEL = 'v7.0'
const record = readSweepRecord()
const recorded = record[WORLD]?.[KERNEL]
if (recorded === undefined) throw new Error(`nothing is recorded of ${WORLD}`)

const rowsOfWorld: readonly SweepRow[] = rowsOf(WORLD, 2).map((row) => ({
  world: WORLD,
  order: 2,
  row,
  kernels: [KERNEL],
}))

/** What the record says of a row, as a worker would: of states, the first row has all. */
function asRecorded(
  row: SweepRow,
  of: KernelRecord = recorded ?? { cells: 0, states: 0, violated: {}, unknown: [] },
): CellRecord {
  const [bare] = unsweptRow(row, 'time')
  if (bare === undefined) throw new Error('no kernel')
  const mine = cellsOfRow(row).map(cellName)
  const violated = Object.fromEntries(
    Object.entries(of.violated)
      .filter(([cell]) => mine.includes(cell))
      .map(([cell, v]) => [cell, v.map((x) => ({ ...x }))]),
  )
  const states = row.row === rowsOf(WORLD, 2)[0] ? of.states : 0
  const { stopped: _, ...search } = { ...bare.document.search, complete: true, states }
  const sweep = { world: row.world, order: row.order, row: row.row, cells: mine.length, violated, unknown: [] }
  const verdict = Object.keys(violated).length > 0 ? 'violated' : 'holds'
  return { ...bare, document: { ...bare.document, verdict, search, sweep } }
}

const changed = (r: CellRecord, sweep: Partial<NonNullable<CellDocument['sweep']>>): CellRecord => {
  if (r.document.sweep === undefined) throw new Error('no row')
  return { ...r, document: { ...r.document, sweep: { ...r.document.sweep, ...sweep } } }
}

test('has every cell in one row', () => {
  const world = findWorld(WORLD)
  if (world === undefined) throw new Error('no world')
  const names = rowsOfWorld.flatMap((r) => cellsOfRow(r).map(cellName))
  expect(names).toEqual(pairs(world).map(cellName))
  const all = sweepRows([...sweepWorlds(2), ...sweepWorlds(3)], record)
  expect(new Set(all.map(({ row }) => rowName(row))).size).toBe(all.length)
  for (const { row, cost } of all) {
    expect(row.kernels).toEqual(SWEEP_KERNELS)
    expect(cost).toBeGreaterThan(0)
  }
})

describe('a row', () => {
  const red = rowsOfWorld.find((r) => asRecorded(r).document.verdict === 'violated')
  if (red === undefined) throw new Error('nothing is violated')
  const judge = (r: CellRecord): CellDocument => judgedRow(r, record, false)

  test('is as it should be where it is as recorded, violations included', () => {
    for (const row of rowsOfWorld)
      expect(judge(asRecorded(row))).toMatchObject({ judged: true, notAsExpected: [], outcome: 'ok' })
  })

  test('is red where a violation is gone, new, another one, or explained by nobody', () => {
    const [cell = '', of = []] = Object.entries(asRecorded(red).document.sweep?.violated ?? {})[0] ?? []
    const gone = judge(changed(asRecorded(red), { violated: {} }))
    expect(gone.outcome).toBe('violated')
    expect(gone.notAsExpected.join()).toContain(`${cell}: expected`)
    const longer = judge(
      changed(asRecorded(red), { violated: { [cell]: of.map((v) => ({ ...v, steps: v.steps + 1 })) } }),
    )
    expect(longer.outcome).toBe('violated')
    const strange = [{ property: 'GuardStays', steps: 3, at: 'nowhere.step' }]
    const last = rowsOfWorld.at(-1) ?? red
    const [name = ''] = cellsOfRow(last).map(cellName)
    const unknown = changed(asRecorded(last), { violated: { [name]: strange } })
    expect(judge(unknown).notAsExpected.join()).toContain('nothing explains GuardStays at nowhere.step')
    // Not even recording makes that green.
    expect(judgedRow(unknown, record, true).outcome).toBe('violated')
    expect(judgedRow(unknown, {}, false).outcome).toBe('violated')
  })

  test('of which nothing is recorded is not held against anything', () => {
    expect(judgedRow(asRecorded(red), {}, false)).toMatchObject({ judged: false, outcome: 'ok' })
  })

  test('whose time is over counts nothing, and holds nothing', () => {
    const row = { ...red, kernels: [...SWEEP_KERNELS] }
    const ran = runSweepRow({ row, search: SEARCH, maxMs: 1, onCell: () => undefined })
    if (ran.kind !== 'records') throw new Error('no records')
    expect(ran.records).toHaveLength(SWEEP_KERNELS.length)
    for (const r of ran.records) {
      expect(r.document).toMatchObject({ verdict: 'timeout', search: { states: 0, complete: false, stopped: 'time' } })
      expect(judge(r)).toMatchObject({ judged: false, outcome: 'incomplete' })
    }
  })
})

describe('a world', () => {
  const rows = (of: KernelRecord): readonly CellDocument[] =>
    rowsOfWorld.map((r, place) => ({ ...judgedRow(asRecorded(r, of), record, false), place }))

  test('is made of all of its rows, and held against its counts', () => {
    const cells = withWorlds(rows(recorded))
    expect(cells).toHaveLength(rowsOfWorld.length + 1)
    expect(cells.at(-1)).toMatchObject({
      scenario: `sweep.${WORLD}`,
      verdict: 'violated',
      outcome: 'ok',
      search: { states: recorded.states },
      sweep: { row: null, cells: recorded.cells },
    })
    // Of what is made already, nothing is made twice.
    expect(withWorlds(cells)).toEqual(cells)
    expect(sweepFound(cells)).toEqual({ [WORLD]: { [KERNEL]: recorded } })
    const more = withWorlds(rows({ ...recorded, states: recorded.states + 1 }))
    expect(more.at(-1)?.outcome).toBe('violated')
    expect(more.at(-1)?.notAsExpected).toEqual([`states: expected ${recorded.states}, got ${recorded.states + 1}`])
  })

  test('is not made of some of them', () => {
    const some = rows(recorded).slice(1)
    expect(withWorlds(some)).toEqual(some)
    expect(sweepFound(some)).toEqual({})
    const [late] = unsweptRow({ world: WORLD, order: 2, row: rowsOf(WORLD, 2)[0] ?? '', kernels: [KERNEL] }, 'budget')
    if (late === undefined) throw new Error('no row')
    expect(withWorlds([judgedRow(late, record, false), ...some])).toHaveLength(rowsOfWorld.length)
  })
})

test('rows go on where the budget of a run ended, and end as in a run that nothing disturbed', async () => {
  await there(async (cwd) => {
    const args = ['nightly', 'install+read', '--sweep', 'shmem.madvise_sequential,anon.madvise_normal', '--no-cache']
    const run = (more: readonly string[], out: string): ReturnType<typeof said> =>
      said([...args, '--jobs', '1', '--run-dir', 'run', ...more, '--reporter', `json=${out}`])
    expect(await run([], 'whole.json')).toMatchObject({ code: 0, stderr: '' })
    expect(await run(['--budget', '1ms'], 'short.json')).toMatchObject({ code: 20, stderr: '' })
    const { cells } = runDocument.parse(JSON.parse(readFileSync(join(cwd, 'short.json'), 'utf8')))
    for (const c of cells) expect(c).toMatchObject({ verdict: 'timeout', search: { stopped: 'budget', states: 0 } })
    expect(cells.filter((c) => c.sweep !== undefined)).toHaveLength(2 * SWEEP_KERNELS.length)
    expect(await run(['--resume'], 'resumed.json')).toMatchObject({ code: 0, stderr: '' })
    expect(timelessFile(join(cwd, 'resumed.json'))).toBe(timelessFile(join(cwd, 'whole.json')))
    const refused = await said(['nightly', '--sweep', 'shmen'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain("did you mean 'shmem'?")
  })
})
