/** What is recorded of each counterexample's minimality, held against the scenarios that it names. */
import { describe, expect, test } from 'vitest'
import { MEASURES, measuresOf } from '../../counterexamples/minimise/size.ts'
import { findViolation } from '../../solver/explicit/search.ts'
import { lower } from '../../model/language/lower/lower.ts'
import { PROPERTIES, withProperties } from '../../properties/all.ts'
import { responsesOf, searchLiveness } from '../../solver/liveness/search.ts'
import { corpusIds, lassoIds, recorded, replayed } from '../support/corpus.ts'
import { lowerScenario, scenariosOf } from '../support/scenarios.ts'

/** Of a search for what is recorded; a larger scenario is left to MMCHECK_CELLS=all. */
const STATES_MAX = process.env['MMCHECK_CELLS'] === 'all' ? 2_000_000 : 15_000

describe.each(corpusIds())('%s', (id) => {
  const c = recorded(id)
  const given = replayed(id).scenario

  test('has gone through minimise, which took nothing away that it did not say', () => {
    const { minimised } = c
    if (minimised === undefined) throw new Error("no 'minimised'; 'mmcheck minimise --all --update' records it")
    const after = minimised.measures.map((m) => m.after)
    const before = minimised.measures.map((m) => m.before)
    expect(minimised.measures.map((m) => m.name).slice(0, MEASURES.length)).toEqual(MEASURES)
    expect(before.slice(0, MEASURES.length)).toEqual(measuresOf(given))
    expect(before[MEASURES.length + 1]).toBe(c.trace.length)
    const [scenario, more] = scenariosOf(minimised.litmus)
    if (scenario === undefined || more !== undefined) throw new Error('not one scenario')
    expect(scenario.kernel.name).toBe(given.kernel.name)
    expect(measuresOf(scenario)).toEqual(after.slice(0, MEASURES.length))
    // In the order of the measures it has not grown.
    const first = after.findIndex((n, i) => n !== before[i])
    if (first >= 0) expect(after[first]).toBeLessThan(before[first] ?? 0)
    if (minimised.ended === 'done') expect(minimised.exhausted.done).toBeGreaterThan(0)
    else expect(minimised.measures.some((m) => m.standing !== 'minimum')).toBe(true)
  })

  test('still breaks its property in the scenario that is left, in as many steps and no fewer', (context) => {
    const { minimised } = c
    const [scenario] = scenariosOf(minimised?.litmus ?? '')
    if (minimised === undefined || scenario === undefined) throw new Error('not recorded')
    const { model } = lowerScenario(scenario)
    const property = model.properties.findIndex((p) => p.name === c.property.name)
    const finding = findViolation(model, property, { maxStates: STATES_MAX })
    if (finding.kind === 'open') context.skip(`more than ${STATES_MAX} states`)
    expect(finding.kind).toBe('found')
    const steps = minimised.measures[MEASURES.length + 1]
    expect(steps?.name).toBe('steps')
    if (finding.kind === 'found' && steps?.standing !== 'open')
      expect(finding.violation.moves).toHaveLength(steps?.after ?? 0)
  })
})

/** The largest of them has some thousand states. */
describe.each(lassoIds())('%s, which never ends', (id) => {
  const c = recorded(id)

  test('has gone through minimise, and what is left of it never ends either', () => {
    const { minimised } = c
    if (minimised === undefined) throw new Error("no 'minimised'; 'mmcheck minimise --all --update' records it")
    const sizes = minimised.measures.slice(0, MEASURES.length)
    expect(sizes.map((m) => m.name)).toEqual(MEASURES)
    expect(sizes.map((m) => m.before)).toEqual(measuresOf(replayed(id).scenario))
    const [scenario, more] = scenariosOf(minimised.litmus)
    if (scenario === undefined || more !== undefined) throw new Error('not one scenario')
    expect(measuresOf(scenario)).toEqual(sizes.map((m) => m.after))
    const { model } = lower(withProperties(scenario, PROPERTIES, { liveness: true }))
    const asked = responsesOf(model).map((r) => r.property)
    const { answers } = searchLiveness(model)
    expect(answers.some((a, i) => a.kind === 'violated' && asked[i] === c.property.name)).toBe(true)
  })
})
