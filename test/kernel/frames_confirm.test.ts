/** Counterexamples with page frames on this kernel: one that it has, and one that it was mended of. */
import { expect, test } from 'vitest'
import { confirmFrames } from '../../kernel/frames/confirm.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { have, running } from './support.ts'

test('a store leaks through a pipe from a huge page of hugetlbfs, as cow.c expects', async (context) => {
  const { model, running: of } = await running(context)
  if (model.name !== 'v6.18.37') context.skip(`this kernel is like ${model.name}`)
  if (!of.features.has('hugetlb')) context.skip('this machine lacks reserved huge pages')
  const scenario = scenarioOn('selftest-cow-vmsplice_after-hugetlb', model.name)
  const seen = have(await confirmFrames(scenario, 'CowIsolated'), context)
  expect(seen.hits).toBeGreaterThan(0)
  expect(seen.hits).toBeLessThan(seen.orders)
  expect(seen.outcome?.registers).toContainEqual({ name: 'P0:r3', value: '2' })
})

test('a store to a page of anonymous memory has not leaked since v5.8', async (context) => {
  const { model } = await running(context)
  const scenario = scenarioOn('selftest-cow-vmsplice_child-base', 'v5.7')
  const { model: old } = lowerScenario(scenario)
  const broken = searchExplicit(old).violations.map((v) => old.properties[v.property]?.name)
  expect(broken).toContain('CowIsolated')
  const seen = have(await confirmFrames(scenario, 'CowIsolated'), context)
  expect(seen.orders).toBeGreaterThan(1)
  expect(`${model.name}: ${seen.hits} ${seen.outcome === undefined}`).toBe(`${model.name}: 0 true`)
})
