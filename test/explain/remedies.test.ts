/** What would have kept a scenario whole, held against what the mails and the kernel did about it. */
import { describe, expect, test } from 'vitest'
import { candidates } from '../../counterexamples/explain/candidates.ts'
import { stillBreaks } from '../../counterexamples/explain/guided.ts'
import { remedies, type Remedies } from '../../counterexamples/explain/remedies.ts'
import { searchBase } from '../../counterexamples/necessity/judge.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { withProperties } from '../../properties/all.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import type { Replayed } from '../../cli/commands/replay.ts'
import { find } from '../support/corpus.ts'

const NOTHING: ReadonlySet<number> = new Set()

function tried(r: Replayed): Promise<Remedies> {
  const { scenario, lowered, found } = r
  const property = found.counterexample.property.name
  return remedies({ scenario, lowered, trace: found.trace, property }, NOTHING, searchBase(scenario, {}).broken, {})
}
const good = ({ found }: Remedies): readonly string[] =>
  found.filter((r) => r.instead.length === 0).map((r) => `${r.kind}: ${r.name}`)

test('Jann Horn, 14 Oct 2024: anon_vma before the walk', async () => {
  const names = good(await tried(find('install+collapse', 'rfc-file', 'GuardStays')))
  expect(names).toContain('order: madvise_guard_poison.anon_vma: do before walk')
})

test('VM_MAYBE_GUARD v3, 7 Nov 2025: retract_page_tables() tests the flag, and nothing else helps', async () => {
  const names = good(await tried(find('install-collapse-read', 'maybe-guard-v2', 'GuardStays')))
  expect(names).toEqual(['patch: retract-tests-guard'])
})

test('without the check under ptl: that check, or the early one made again there', async () => {
  const names = good(await tried(find('install+collapse', 'v7.0 without retract_page_tables.recheck', 'GuardStays')))
  expect(names).toContain('put back: retract_page_tables.recheck')
  expect(names).toContain('check: retract_page_tables.early_check: repeat after ptl_lock')
  expect(names).not.toContain('check: retract_page_tables.early_check: repeat after pmd_lock')
})

test('the finding: ptl held from step 2 to step 4, as a98460494b16 does for userfaultfd, or the entries looked at again', async () => {
  const names = good(await tried(find('install+madvise_collapse-huge', 'v7.0', 'GuardStays')))
  expect(names).toContain('lock: try_collapse_pte_mapped_thp.step2_unlock: hold until step4_ptl_lock')
  expect(names).toContain('check: try_collapse_pte_mapped_thp.step2_clear_ptes: repeat after step4_ptl_lock')
  // The pmd lock alone, without ptl, keeps no install out of a table that is there.
  expect(names.filter((n) => n.includes('step4_pmd_lock: take before'))).toEqual([])
})

describe('going the way of the trace', () => {
  const r = find('install+collapse', 'v7.0 without retract_page_tables.recheck', 'GuardStays')
  const labels = new Set(r.lowered.model.steps.map((s) => s.label))
  const all = candidates(r.scenario, r.lowered, r.found.trace, NOTHING)

  test('is only said of models that a search finds broken, too', () => {
    let yes = 0
    for (const c of all) {
      const { model } = lower(withProperties(c.scenario))
      if (!stillBreaks(model, r.found.trace.steps, 'GuardStays', (l) => labels.has(l))) continue
      yes++
      const broken = searchExplicit(model).violations.map((v) => model.properties[v.property]?.name)
      expect(broken, c.name).toContain('GuardStays')
    }
    expect(yes).toBeGreaterThan(5)
  })
})
