/** The 20-patch series of reliable long-term pins: what seeds/001 says that its ninth patch does. */
import { beforeAll, describe, expect, test } from 'vitest'
import { catalogueFile } from '../../cli/input.ts'
import { seriesText } from '../../cli/report_series.ts'
import { newProber } from '../../counterexamples/series/check.ts'
import { checkSeries, redPoints, type PostingResult, type SeriesResult } from '../../counterexamples/series/table.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import { findSeries } from '../../model/kernels/series.ts'
import { catalogue } from '../../cli/input.ts'
import { GUP_ROWS, scenarioOfRow } from '../../model/scenarios/gup_rows.ts'

const NUMBERS = [151, 155, 158]
const files = GUP_ROWS.filter((r) => NUMBERS.includes(r.number)).map((r) =>
  catalogueFile(scenarioOfRow(r, catalogue()) ?? ''),
)

describe('gup-longterm', () => {
  let result: SeriesResult
  let posting: PostingResult
  beforeAll(async () => {
    const series = findSeries('gup-longterm')
    if (series === undefined) throw new Error('no such series')
    result = await checkSeries(series, files, newProber({}))
    const [only] = result.postings
    if (only === undefined) throw new Error('no posting')
    posting = only
  })

  test('the base is v6.1, and the whole is v6.2', () => {
    expect(findKernel('gup-longterm-v1+0')?.patches).toEqual(findKernel('v6.1')?.patches)
    expect(findKernel('gup-longterm-v1+20')?.patches).toEqual(findKernel('v6.2')?.patches)
    expect(posting.posting.patches).toHaveLength(20)
  })
  test('the tests fail up to patch 8, and pass from patch 9 on', () => {
    expect(posting.rows?.rows.map((r) => r.number)).toEqual(NUMBERS)
    expect(posting.rows?.groups.map((g) => [g.first.id, g.last.id, ...g.cells.map((c) => c.verdict)])).toEqual([
      ['0', '8', 'not ok', 'not ok', 'not ok'],
      ['9', '20', 'ok', 'ok', 'ok'],
    ])
    expect(redPoints(posting.table)).toEqual([])
  })
  test('without patch 8 nothing is unshared, without patch 9 nothing asks for it; of no other is anything modelled', () => {
    const needs = posting.needs.map((n) => [n.patch.id, [...new Set(n.breaks.map((b) => b.property))]] as const)
    expect(needs.filter(([, properties]) => properties.length > 0)).toEqual([
      ['8', ['UnshareMakesExclusive']],
      ['9', ['PinReliable', 'LongtermTakesNoZero', 'ZeroPageUnpinned', 'LongtermPinGoesSlow']],
    ])
    for (const { patch } of posting.needs) expect(patch.modelled === undefined).toBe(patch.why !== undefined)
  })
  test('a changelog can quote it', () => {
    const lines = seriesText(result, 'v1').split('\n')
    const at = lines.indexOf('  not ok 151 Longterm R/O pin is reliable')
    expect(lines[at - 1]).toBe('  # [RUN] R/O longterm GUP pin ... with shared zeropage')
    expect(lines).toContain('  ok 158 Longterm R/O pin is reliable')
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(75)
  })
})
