/** Cells of the catalogue: what is recorded of them (`mmcheck check` asks it of all), and the reference interpreter's word. */
import { describe, expect, test } from 'vitest'
import { readBaseline } from '../../cli/baseline.ts'
import { catalogue } from '../../cli/input.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { cellNames, share } from '../support/scenarios.ts'

describe.each(share(8))('$name on $kernel', ({ lowered: { model }, expected }) => {
  test('states, transitions, depth and violations are those recorded', () => {
    const explicit = searchExplicit(model)
    expect(explicit.incomplete).toBeUndefined()
    expect(expected).toBeDefined()
    expect({ states: explicit.states, transitions: explicit.transitions, depth: explicit.depth }).toEqual({
      states: expected?.states,
      transitions: expected?.transitions,
      depth: expected?.depth,
    })
    const lengths = explicit.violations.map((v) => [model.properties[v.property]?.name, v.moves.length] as const)
    const recorded = Object.entries(expected?.violations ?? {}).map(([name, v]) => [name, v.steps] as const)
    expect(new Map(lengths)).toEqual(new Map(recorded))
  })
})

describe.each(share(16))('$name on $kernel', ({ lowered: { model } }) => {
  test('the reference interpreter sees the same', () => {
    const explicit = searchExplicit(model)
    const reference = searchReference(model)
    const { engine: _e, bytes: _b, ...fromExplicit } = explicit
    const { engine: _f, bytes: _c, ...fromReference } = reference
    expect(fromExplicit).toEqual(fromReference)
    for (const v of explicit.violations) {
      const ran = replay(model, v.moves)
      expect(ran.kind === 'ran' ? ran.violated : []).toContain(v.property)
    }
  })
})

test('nothing is recorded for cells that are not there', () => {
  const there = new Set(cellNames())
  const recorded = Object.entries(readBaseline()).flatMap(([name, kernels]) =>
    Object.keys(kernels).map((kernel) => `${name} on ${kernel}`),
  )
  expect(recorded.filter((r) => !there.has(r))).toEqual([])
  expect(catalogue().length).toBeGreaterThan(15)
})
