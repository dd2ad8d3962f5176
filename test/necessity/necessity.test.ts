/** Necessity: each verdict, and what the kernel's own comments and mails say is needed. */
import { describe, expect, test } from 'vitest'
import { judge, searchBase, type Judgement } from '../../counterexamples/necessity/judge.ts'
import { necessity } from '../../counterexamples/necessity/table.ts'
import { mutationWord } from '../../model/language/mutate/name.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { rerun } from '../../cli/commands/replay.ts'
import { scenarioOn, scenariosOf } from '../support/scenarios.ts'

const judged = (s: Scenario, name: string, maxStates?: number): Judgement =>
  judge(s, [mutationWord(name)], searchBase(s, {}), maxStates === undefined ? {} : { maxStates })

describe('install+collapse on v7.0', async () => {
  const scenario = scenarioOn('install+collapse', 'v7.0')
  const { rows } = await necessity(scenario, {})
  const kind = (name: string): string | undefined => rows.find((r) => r.mutation.name === name)?.judgement.kind

  // VM_MAYBE_GUARD v3, 49e14dabed7a: what its changelog argues for.
  test.each([
    ['madvise_guard_install.set_flag: swap with walk', 'needed'],
    ['retract_page_tables.recheck: drop check', 'needed'],
    ['retract_page_tables.early_check: drop check', 'not needed'],
    ['retract_page_tables.ptl_lock: drop lock', 'needed'],
    ['retract_page_tables.pmdp_collapse_flush: swap with ptl_unlock', 'needed'],
    ['walk_pte_range.map: drop lock', 'needed'],
    // mm/pgtable-generic.c: why pte_offset_map_lock() compares the pmd again, and why it runs under RCU.
    ['pte_offset_map_lock.pmd_same: drop check', 'needed'],
    ['pte_offset_map_lock.map: drop read section', 'needed'],
    ['rcu_do_batch.grace_period: drop wait', 'needed'],
    // Without its way out, the loop of attempts has no end.
    ['madvise_guard_install.walk: drop check 2', 'endless'],
  ])('%s: %s', (name, expected) => {
    expect(kind(name)).toBe(expected)
  })

  test('nothing is passed over: every row has an answer, in the order of routines', () => {
    expect(rows.length).toBeGreaterThan(50)
    const routines = rows.map((r) => r.mutation.routine)
    expect(routines).toEqual([...routines].sort())
  })

  test('each counterexample replays from its own text, to the same id', () => {
    const found = rows.flatMap((r) => (r.judgement.kind === 'needed' ? [r.judgement.found.counterexample] : []))
    expect(found.length).toBeGreaterThan(10)
    for (const c of found) {
      const again = rerun(c)
      expect(again.ok && again.value.found.counterexample.id).toBe(c.id)
    }
  })
})

test('a property that is broken as it is judges nothing', async () => {
  const { base, rows } = await necessity(scenarioOn('install+collapse', 'maybe-guard-v2'), {})
  expect([...base.broken]).toEqual(expect.arrayContaining(['GuardStays', 'EmptyUnlink']))
  for (const r of rows) if (r.judgement.kind === 'needed') expect(base.broken.has(r.judgement.property)).toBe(false)
})

test('a limit ends in unknown', () => {
  const s = scenarioOn('install+collapse', 'v7.0')
  expect(judged(s, 'retract_page_tables.early_check: drop check', 50).kind).toBe('unknown')
})

test('a world that is too small for the mutant ends in unknown', () => {
  const [s] = scenariosOf(`MM small
kernel v7.0
{ shmem f[2]; map a = f[0..1] shared rw; fill a[1]; tables 1; }
P0 { r0 = guard_install(a[0]); }
`)
  if (s === undefined) throw new Error('no scenario')
  expect(judged(s, 'walk_pmd_range.pmd_none: drop check').kind).toBe('unknown')
})

test('what the lowering refuses is malformed, with its reason', () => {
  const s = scenarioOn('install+collapse', 'v7.0')
  const refused = judged(s, 'retract_page_tables.recheck: drop lock')
  expect(refused.kind === 'malformed' ? refused.reason : '').toContain('nothing to leave out')
})
