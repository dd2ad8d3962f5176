/**
 * The merge tests of tools/testing/vma/tests/merge.c (v7.0-rc6) by way of system calls: for every choice
 * of VMAs with a guard in them, the VMA that they merge into has the flag if and only if one of them had.
 */
import { describe, expect, test } from 'vitest'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenariosOf } from '../support/scenarios.ts'

const combinations = Array.from({ length: 8 }, (_, n) => [0, 1, 2].filter((page) => ((n >> page) & 1) === 1))

function holds(kernel: string, body: readonly string[], condition: string): boolean {
  const text = `MM sticky
kernel ${kernel}
{ shmem f[4]; map a = f[0..2] shared rw; vmas 3; }
P0 { ${body.join(' ')} }
${condition}
`
  const [scenario] = scenariosOf(text)
  if (scenario === undefined) throw new Error('no scenario')
  return searchExplicit(lowerScenario(scenario).model).violations.length === 0
}

const install = (pages: readonly number[]): readonly string[] => pages.map((page) => `guard_install(a[${page}]);`)
const flag = (pages: readonly number[]): number => (pages.length === 0 ? 0 : 1)
const gu = (want: number): string => `forall (P0:r0 = ${want} /\\ P0:r1 = ${want} /\\ P0:r2 = ${want})`
const look = ['r0 = smaps_gu(a[0]);', 'r1 = smaps_gu(a[1]);', 'r2 = smaps_gu(a[2]);']

describe.each(combinations)('guards in %j, %j, %j', (...pages) => {
  const guarded = pages.filter((page) => page !== undefined)
  test('prev, middle and next merge when the middle is as they are again', () => {
    const body = ['mprotect(a[1], r);', ...install(guarded), 'mprotect(a[1], rw);', ...look]
    expect(holds('v7.0', body, gu(flag(guarded)))).toBe(true)
    expect(holds('v6.18.37', body, gu(flag(guarded)))).toBe(true)
  })
  test('what is mapped into a hole merges with both sides', () => {
    const sides = guarded.filter((page) => page !== 1)
    const body = ['munmap(a[1]);', ...install(sides), 'mmap(a[1]);', ...look]
    expect(holds('v7.0', body, gu(flag(sides)))).toBe(true)
  })
})

test('before series v4 the flag of a neighbour is lost by mprotect()', () => {
  const body = ['mprotect(a[1], r);', ...install([2]), 'mprotect(a[1], rw);', ...look]
  expect(holds('maybe-guard-v3', body, gu(1))).toBe(false)
  expect(holds('maybe-guard-v3', body, gu(0))).toBe(false)
})
