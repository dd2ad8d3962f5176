/** What the mails say, as runs: each statement beside the mail or changelog that makes it. */
import { describe, expect, test } from 'vitest'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'

interface Ran {
  readonly result: SearchResult
  readonly violated: readonly string[]
  /** Labels of the steps of the shortest trace that breaks a property, with the thread in front. */
  readonly trace: (property: string) => readonly string[]
  readonly reached: ReadonlySet<string>
  readonly outcomes: readonly (readonly number[])[]
}

function run(name: string, kernel: string, without: readonly string[] = []): Ran {
  const { model } = lowerScenario(scenarioOn(name, kernel, without))
  const result = searchExplicit(model)
  const step = new Map(model.steps.map((s) => [s.id, s]))
  return {
    result,
    violated: result.violations.map((v) => model.properties[v.property]?.name ?? ''),
    trace: (property) =>
      (result.violations.find((v) => model.properties[v.property]?.name === property)?.moves ?? []).map((m) => {
        const s = step.get(m.step)
        return `${s?.thread ?? ''} ${s?.routine ?? ''}.${s?.local ?? ''}`
      }),
    reached: new Set(result.reachedSteps.map((id) => `${step.get(id)?.routine ?? ''}.${step.get(id)?.local ?? ''}`)),
    outcomes: result.outcomes.map((o) => o.registers),
  }
}

const before = (trace: readonly string[], a: string, b: string): boolean => {
  const i = trace.indexOf(a)
  const j = trace.indexOf(b)
  return i >= 0 && j >= 0 && i < j
}

describe('Jann Horn, 14 Oct 2024: retract_page_tables() between the walk and anon_vma_prepare()', () => {
  test('the file-backed RFC loses the guard exactly so', () => {
    const { violated, trace } = run('install+collapse', 'rfc-file')
    expect(violated).toContain('GuardStays')
    const t = trace('GuardStays')
    expect(before(t, '0 walk_pte_range.pte_entry', '1 retract_page_tables.pmdp_collapse_flush')).toBe(true)
    expect(before(t, '1 retract_page_tables.locked_anon_vma', '0 anon_vma_prepare.publish')).toBe(true)
  })
  test.each(['v6.15', 'v6.18'])('with anon_vma first, as merged, %s does not', (kernel) => {
    expect(run('install+collapse', kernel).violated).toEqual([])
  })
  test('what it needs is a file: the RFC as posted, for anonymous memory, has no such race', () => {
    const { violated, result } = run('install+collapse', 'rfc')
    expect(violated).toEqual([])
    expect(result.outcomes).toHaveLength(1)
  })
})

describe('VM_MAYBE_GUARD v3, 7 Nov 2025, changelog: MADV_COLLAPSE and retract_page_tables()', () => {
  test.each(['maybe-guard-v1', 'maybe-guard-v2'])('%s: one thread destroys its guard by MADV_COLLAPSE', (kernel) => {
    const { violated, trace } = run('install-collapse-read', kernel)
    expect(violated).toEqual(expect.arrayContaining(['GuardStays', 'NoAccess', 'EmptyUnlink']))
    expect(trace('GuardStays').at(-1)).toBe('0 retract_page_tables.pmdp_collapse_flush')
  })
  test.each(['maybe-guard-v3', 'v7.0', 'v6.15', 'v6.18'])('%s does not', (kernel) => {
    expect(run('install-collapse-read', kernel).violated).toEqual([])
    expect(run('install+collapse', kernel).violated).toEqual([])
  })
})

describe('the two checks of retract_page_tables(), argued in prose in the patch', () => {
  test('without the one under ptl the guard is lost', () => {
    expect(run('install+collapse', 'v7.0', ['retract_page_tables.recheck']).violated).toContain('GuardStays')
  })
  test('without the early one nothing is', () => {
    expect(run('install+collapse', 'v7.0', ['retract_page_tables.early_check']).violated).toEqual([])
  })
  test('without both, one thread suffices', () => {
    const both = ['retract_page_tables.recheck', 'retract_page_tables.early_check']
    expect(run('install-collapse-read', 'v7.0', both).violated).toContain('GuardStays')
    expect(run('install-collapse-read', 'v7.0', ['retract_page_tables.recheck']).violated).toEqual([])
  })
})

describe('the retry loop (RFC thread, 14 Oct 2024; v4 changelog, 28 Oct 2024)', () => {
  const EAGAIN = 4
  test('-EAGAIN is reached under the mmap read lock, and not under the write lock', () => {
    const installs = (kernel: string): readonly (number | undefined)[] =>
      run('install+read', kernel).outcomes.map((o) => o[0])
    expect(installs('rfc-file-read')).toContain(EAGAIN)
    expect(installs('rfc-file')).not.toContain(EAGAIN)
  })
  test('an access that keeps faulting reaches restart_syscall(); without a fault nothing does', () => {
    expect(run('install+read', 'v7.0').reached).toContain('madvise_guard_install.restart')
    expect(run('install+install', 'v7.0').reached).not.toContain('madvise_guard_install.restart')
  })
  test('user space sees 0 all the same', () => {
    const OK = 1
    expect(new Set(run('install+read', 'v7.0').outcomes.map((o) => o[0]))).toEqual(new Set([OK]))
  })
})

describe('the finding: try_collapse_pte_mapped_thp() against guard install', () => {
  test.each(['v6.15', 'v6.18', 'maybe-guard-v3', 'v7.0'])(
    '%s: the marker is written between steps 2 and 4',
    (kernel) => {
      const { violated, trace } = run('install+madvise_collapse-huge', kernel)
      expect(violated).toContain('GuardStays')
      const t = trace('GuardStays')
      expect(before(t, '1 try_collapse_pte_mapped_thp.step2_clear_ptes', '0 walk_pte_range.pte_entry')).toBe(true)
      expect(before(t, '0 walk_pte_range.pte_entry', '1 try_collapse_pte_mapped_thp.step4_pmdp_collapse_flush')).toBe(
        true,
      )
    },
  )
})
