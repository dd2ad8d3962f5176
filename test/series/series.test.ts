/** Series: what the cover letters and changelogs say of each version, point by point. */
import { beforeAll, describe, expect, test } from 'vitest'
import { newProber } from '../../counterexamples/series/check.ts'
import {
  allPoints,
  checkSeries,
  redPoints,
  type SeriesResult,
  type SeriesTable,
} from '../../counterexamples/series/table.ts'
import { findKernel, KERNELS } from '../../model/kernels/kernels.ts'
import { findSeries, SERIES, type Series } from '../../model/kernels/series.ts'
import { scenarioOn } from '../support/scenarios.ts'

function seriesOf(name: string): Series {
  const found = findSeries(name)
  if (found === undefined) throw new Error(`no series ${name}`)
  return found
}
const FILES = ['install+collapse', 'install-collapse-read', 'install+madvise_collapse-huge', 'write-readonly']
const files = FILES.map((f) => scenarioOn(f, 'v7.0').file)

/** How many scenarios break a property at a point. */
const at = (t: SeriesTable, property: string, id: string): number =>
  t.rows.find((r) => r.property === property)?.cells[t.points.findIndex((p) => p.id === id)]?.broken.size ?? -1

describe('the data', () => {
  test.each(SERIES)('$name: every point is a kernel that a litmus file can name', (series) => {
    for (const { kernel } of allPoints(series)) {
      const found = findKernel(kernel.name)
      expect([...(found?.patches ?? [])].sort()).toEqual([...kernel.patches].sort())
    }
  })
  test.each(SERIES)('$name: no patch is needed by an earlier one, and none removes what is not there', (series) => {
    for (const { patches } of series.postings) {
      const seen: string[] = []
      const now = new Set<string>(series.base.patches)
      for (const p of patches) {
        expect(seen).toEqual(expect.arrayContaining([...p.needs]))
        for (const r of p.removes) expect(now.delete(r)).toBe(true)
        for (const a of p.adds) {
          expect(now.has(a)).toBe(false)
          now.add(a)
        }
        seen.push(p.id)
      }
    }
  })
  test('the whole of v1, v2 and v3 are the kernels of that name', () => {
    for (const [id, name] of [
      ['vm-maybe-guard-v1+3', 'maybe-guard-v1'],
      ['vm-maybe-guard-v2+5', 'maybe-guard-v2'],
      ['vm-maybe-guard-v3+8', 'maybe-guard-v3'],
      ['vm-maybe-guard-v4+0', 'v6.18'],
      ['file-backed-guards-v1+4', 'v6.15'],
    ] as const)
      expect(findKernel(id)?.patches).toEqual(KERNELS.find((k) => k.name === name)?.patches)
  })
  test.each(['vm-maybe-guard-v4+6d', 'vm-maybe-guard-v9+1', 'vm-maybe-guard-v4', 'vm-maybe-guard-v4+but.x'])(
    '%s is none',
    (name) => {
      expect(findKernel(name)).toBeUndefined()
    },
  )
})

describe('vm-maybe-guard', () => {
  let result: SeriesResult
  beforeAll(async () => {
    result = await checkSeries(seriesOf('vm-maybe-guard'), files, newProber({}))
  })

  test('v1 and v2 are red, v3 and what came after it as good as the base (v3 changelog, 7 Nov 2025)', () => {
    expect(redPoints(result.versions)).toEqual(['v1', 'v2'])
    for (const v of ['v1', 'v2']) expect(at(result.versions, 'NoAccess', v)).toBe(1)
    for (const v of ['base', 'v3', 'v4', 'merged']) expect(at(result.versions, 'NoAccess', v)).toBe(0)
  })

  test('the finding is there before the series and after it', () => {
    for (const v of ['base', 'v2', 'v3', 'v4']) {
      const cell = result.versions.rows.find((r) => r.property === 'GuardStays')?.cells[
        result.versions.points.findIndex((p) => p.id === v)
      ]
      expect(cell?.broken.has('install+madvise_collapse-huge')).toBe(true)
    }
  })

  const posting = (version: string): SeriesResult['postings'][number] => {
    const found = result.postings.find((p) => p.posting.version === version)
    if (found === undefined) throw new Error(`no ${version}`)
    return found
  }

  test('v4 is bisectable: only between the hunks of one patch is anything broken', () => {
    expect(redPoints(posting('v4').table)).toEqual(['6b'])
  })
  test('v2 is red from its second patch on', () => {
    expect(redPoints(posting('v2').table)).toEqual(['2b', '3', '4', '5'])
    expect(posting('v2').table.changes.map((c) => c.at)).toEqual(expect.arrayContaining(['2b']))
    expect(new Set(posting('v2').table.changes.map((c) => c.at)).size).toBe(1)
  })
  test('of v4, the flag and the test of it are needed; who gets an anon_vma is not', () => {
    const broken = Object.fromEntries(
      posting('v4').needs.map((n) => [n.patch.id, [...new Set(n.breaks.map((b) => b.property))]]),
    )
    expect(broken['6a']).toContain('GuardStays')
    expect(broken['6c']).toContain('GuardStays')
    expect(broken['6b']).toEqual([])
    expect(posting('v4').needs.find((n) => n.patch.id === '2')?.neededBy).toEqual(['6a', '6c'])
  })
})

test('file-backed-guards: its first patch opens the finding; scenarios that it does not change are left out', async () => {
  const anonymous = scenarioOn('install+dontneed', 'v7.0').file
  const result = await checkSeries(seriesOf('file-backed-guards'), [...files, anonymous], newProber({}))
  expect(result.scenarios).not.toContain('install+dontneed')
  const table = result.postings[0]?.table
  if (table === undefined) throw new Error('no posting')
  expect(table.changes.map((c) => [c.property, c.at, [...c.breaks.keys()]])).toEqual([
    ['GuardStays', '1', ['install+madvise_collapse-huge']],
    ['GuardsRefine', '1', ['install+madvise_collapse-huge']],
    ['EmptyUnlink', '1', ['install+madvise_collapse-huge']],
  ])
})
