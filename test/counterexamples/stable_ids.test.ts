/** An id is the race's own: the same from every engine, in every run, and from another trace of the same length. */
import { describe, expect, test } from 'vitest'
import { buildCounterexample } from '../../counterexamples/build.ts'
import { findProperty } from '../../properties/all.ts'
import type { Violation } from '../../solver/engine.ts'
import { fewestSwitches } from '../../solver/explicit/fewest_switches.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { share, lowerScenario, scenarioOn, type TestCell } from '../support/scenarios.ts'
import { corpusIds, recorded } from '../support/corpus.ts'
import { rerun } from '../../cli/commands/replay.ts'

const idsOf = (name: string, kernel: string, search: typeof searchExplicit): readonly string[] => {
  const scenario = scenarioOn(name, kernel)
  const { model } = lowerScenario(scenario)
  return search(model).violations.map((v) => {
    const built = buildCounterexample(scenario, model, v)
    if (!built.ok) throw new Error(built.error)
    return built.value.counterexample.id
  })
}

/** Violations of properties of states: what never ends is no search's to find. */
const ofStates = (c: Pick<TestCell, 'expected'>): readonly string[] =>
  Object.entries(c.expected?.violations ?? {}).flatMap(([name, { id }]) =>
    findProperty(name)?.liveness === true ? [] : [id],
  )

const violated = share(8, (c) => c.scenario.without.length === 0 && ofStates(c).length > 0)
const some = violated.filter((_, i) => i % 4 === 0)

describe.each(some.map((c) => [c.name, c.kernel] as const))('%s on %s', (name, kernel) => {
  const cell = violated.find((c) => c.name === name && c.kernel === kernel)
  const expected = cell === undefined ? [] : ofStates(cell)

  test('two engines, two runs and the record have the same ids', () => {
    const explicit = idsOf(name, kernel, searchExplicit)
    expect(explicit.length).toBeGreaterThan(0)
    expect(idsOf(name, kernel, searchExplicit)).toEqual(explicit)
    expect(idsOf(name, kernel, searchReference)).toEqual(explicit)
    expect([...explicit].sort()).toEqual([...expected].sort())
  })
})

test('the id depends on the length of the trace that an engine found, not on the trace', () => {
  const scenario = scenarioOn('install+madvise_collapse-huge', 'v6.15')
  const { model } = lowerScenario(scenario)
  const [violation] = searchExplicit(model).violations
  if (violation === undefined) throw new Error('nothing is violated')
  // What another engine may find: another trace of the same length.
  const { moves } = fewestSwitches(model, violation)
  expect(moves).not.toEqual(violation.moves)
  const other: Violation = { ...violation, moves }
  const [a, b] = [violation, other].map((v) => buildCounterexample(scenario, model, v))
  expect(a?.ok === true && b?.ok === true && a.value.counterexample.id === b.value.counterexample.id).toBe(true)
})

describe('a recorded trace that no longer runs', () => {
  const [id = ''] = corpusIds()
  const c = recorded(id)

  test('names the step that cannot run', () => {
    const at = c.trace.length - 2
    const [second] = c.trace.slice(at + 1)
    const cut = { ...c, trace: [...c.trace.slice(0, at), ...(second === undefined ? [] : [second])] }
    const again = rerun(cut)
    expect(again.ok).toBe(false)
    if (!again.ok) {
      expect(again.error).toContain(`move ${at + 1} cannot be replayed`)
      expect(again.error).toContain(`'${second?.label ?? ''}'`)
    }
  })
  test('names the step that the model no longer has', () => {
    const renamed = { ...c, trace: c.trace.map((s, i) => (i === 3 ? { ...s, label: `${s.label}_old` } : s)) }
    const again = rerun(renamed)
    expect(again.ok ? '' : again.error).toContain(`step 4, '${c.trace[3]?.label ?? ''}_old'`)
  })
})
