/**
 * The paths on which userfaultfd is asked: each scenario meets its condition (which the kernel meets too, see
 * test/kernel/selftests.test.ts), and none does once the question is left out.
 */
import { describe, expect, test } from 'vitest'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

/** Whether a scenario's condition holds on every path that ends. */
function always(name: string, kernel: string, without: readonly string[]): boolean {
  const { outcomes } = searchExplicit(lowerScenario(scenarioOn(name, kernel, without)).model)
  return outcomes.length > 0 && outcomes.every((o) => o.satisfying === o.states)
}

describe.each([
  ['missing-anon', 'v7.0', 'do_anonymous_page.userfaultfd_missing_check'],
  ['missing-private', 'v6.15', 'shmem_fault.missing'],
  ['protect-pageout', 'v7.0', 'do_wp_page.userfaultfd_wp_check'],
  ['register-collapse', 'v7.0', 'collapse_file.missing_holes'],
  ['register-collapse', 'v7.0', 'try_collapse_pte_mapped_thp.userfaultfd_wp'],
])('%s on %s', (name, kernel, check) => {
  test(`needs ${check}`, () => {
    expect(always(name, kernel, [])).toBe(true)
    expect(always(name, kernel, [check])).toBe(false)
  })
})

test('mremap() takes the protection along until v6.13 (B32)', () => {
  expect(always('protect-mremap', 'rfc-file', [])).toBe(false)
  expect(always('protect-mremap', 'v6.15', [])).toBe(true)
})

test('what userfaultfd copies over: its own markers, and until v6.19 guards', () => {
  const last = (name: string, kernel: string): readonly (readonly string[])[] => {
    const { model } = lowerScenario(scenarioOn(name, kernel))
    return searchExplicit(model).violations.map((v) => [model.properties[v.property]?.name ?? ''])
  }
  expect(last('install-uffd_copy', 'v6.18.37').flat()).toContain('GuardStays')
  expect(last('install-uffd_copy', 'v6.19').flat()).toEqual([])
  // Poison is one of its own.
  expect(always('poison-copy', 'v7.0', [])).toBe(true)
  expect(always('poison-copy', 'v6.13', [])).toBe(true)
})

test('a fault that waits on a guard (until v6.19), and one that looks again', () => {
  const deadlocks = (kernel: string): boolean => {
    const { model } = lowerScenario(scenarioOn('read+register-install', kernel))
    return searchExplicit(model).violations.some((v) => model.properties[v.property]?.name === 'NoDeadlock')
  }
  expect(deadlocks('v6.15')).toBe(true)
  expect(deadlocks('v6.19')).toBe(false)
})
