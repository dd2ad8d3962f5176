/** The causal past: what is left of a trace still runs and still breaks the property. */
import { describe, expect, test } from 'vitest'
import { outsidePast } from '../../counterexamples/explain/past.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { Move } from '../../solver/engine.ts'
import { initialState, successors } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { corpusIds, movesOf, replayed } from '../support/corpus.ts'
import { scenariosOf } from '../support/scenarios.ts'
import { withProperties } from '../../properties/all.ts'

describe.each(corpusIds())('%s', (id) => {
  test('nothing is outside the past of a shortest trace', () => {
    const r = replayed(id)
    // A step that could be left out would make a shorter one.
    expect([...outsidePast(r.lowered.model, r.property, movesOf(r))]).toEqual([])
  })
})

/** The race of two threads, with a third that works on a mapping of its own. */
const THREE = `MM three
kernel maybe-guard-v2
{ shmem f[2]; mm A; mm B; map a = f[0..1] shared rw in A; map b = anon[0] private rw in B; fill a[1]; }
P0 in A { r0 = guard_install(a[0]); }
P1 { collapse(f); }
P2 in B { r0 = write(b[0]); }
`

test('what a bystander does is outside, wherever it stands in the trace', () => {
  const [scenario] = scenariosOf(THREE)
  if (scenario === undefined) throw new Error('no scenario')
  const { model } = lower(withProperties(scenario))
  const property = model.properties.findIndex((p) => p.name === 'GuardStays')
  // P0 runs to its end, then P1 to the violation; P2 makes a step after each of theirs.
  const moves: Move[] = []
  const bystander: number[] = []
  let state = initialState(model)
  const step = (thread: number): boolean => {
    const next = successors(model, state).find((s) => model.steps.find((x) => x.id === s.move.step)?.thread === thread)
    if (next === undefined) return false
    if (thread === 2) bystander.push(moves.length)
    moves.push(next.move)
    state = next.state
    return true
  }
  const broken = (): boolean => {
    const run = replay(model, moves)
    return run.kind === 'ran' && run.violated.includes(property)
  }
  while (!broken() && (step(0) || step(1))) if (!broken()) step(2)
  expect(broken()).toBe(true)
  expect(bystander.length).toBeGreaterThan(5)
  const outside = outsidePast(model, property, moves)
  expect([...outside]).toEqual(expect.arrayContaining(bystander))
  const left = replay(
    model,
    moves.filter((_, i) => !outside.has(i)),
  )
  expect(left.kind === 'ran' && left.violated.includes(property)).toBe(true)
})
