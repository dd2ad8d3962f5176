/** Where a violation became inevitable, held against a plain search forward by the interpreter. */
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { inevitable } from '../../solver/explicit/inevitable.ts'
import {
  brokenInvariants,
  deadlockProperty,
  isFinal,
  successors,
  type State,
} from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { corpusIds, find, movesOf, replayed } from '../support/corpus.ts'

/** Whether some run from a state ends, at a final state or stuck, without breaking the property. */
function canEndWell(model: LoweredModel, from: State, property: number): boolean {
  const seen = new Set<string>()
  const todo = [from]
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    if (seen.has(state.join()) || brokenInvariants(model, state).includes(property)) continue
    seen.add(state.join())
    const next = successors(model, state)
    if (isFinal(model, state) || (next.length === 0 && property !== deadlockProperty(model))) return true
    for (const s of next) if (!s.failed.includes(property)) todo.push(s.state)
  }
  return false
}

describe.each(corpusIds())('%s', (id) => {
  const r = replayed(id)
  const { model } = r.lowered
  const moves = movesOf(r)
  const run = replay(model, moves)
  if (run.kind === 'stuck') throw new Error(run.reason)
  const found = inevitable(model, r.property, moves)

  test('there is no way out after the move, and there was one before it', () => {
    if (found.kind === 'unknown') throw new Error('the search was complete')
    const after = found.kind === 'start' ? 0 : found.at + 1
    // After the last move the violation is there already, if by an assertion alone.
    if (after < moves.length) expect(canEndWell(model, run.states[after] ?? [], r.property)).toBe(false)
    if (found.kind === 'move') expect(canEndWell(model, run.states[found.at] ?? [], r.property)).toBe(true)
  })

  test('each alternative is one', () => {
    if (found.kind !== 'move') return
    expect(found.alternatives.length).toBeGreaterThan(0)
    const here = successors(model, run.states[found.at] ?? [])
    for (const a of found.alternatives) {
      const s = here.find((x) => JSON.stringify(x.move) === JSON.stringify(a))
      expect(s !== undefined && canEndWell(model, s.state, r.property)).toBe(true)
    }
  })
})

test('the finding is decided when the install holds ptl, while the collapse could still take the pmd lock', () => {
  const r = find('install+madvise_collapse-huge', 'v7.0', 'GuardStays')
  const found = inevitable(r.lowered.model, r.property, movesOf(r))
  if (found.kind !== 'move') throw new Error(found.kind)
  expect(r.found.trace.steps[found.at]?.step.label).toBe('guard_install.do.walk.ptes.map.lock')
  expect(found.alternatives.map((m) => r.lowered.model.steps.find((s) => s.id === m.step)?.local)).toEqual([
    'step4_pmd_lock',
  ])
})

test('one thread that does it to itself has no way out from the start', () => {
  const r = find('install-collapse-read', 'maybe-guard-v2', 'GuardStays')
  expect(inevitable(r.lowered.model, r.property, movesOf(r))).toEqual({ kind: 'start' })
})

test('a search that is cut short says nothing', () => {
  const r = find('install+collapse', 'maybe-guard-v2', 'GuardStays')
  expect(inevitable(r.lowered.model, r.property, movesOf(r), { maxStates: 100 })).toEqual({ kind: 'unknown' })
})

test('a trace that breaks nothing is refused', () => {
  const r = find('install+collapse', 'maybe-guard-v2', 'GuardStays')
  expect(() => inevitable(r.lowered.model, r.property, movesOf(r).slice(0, 3))).toThrow('does not end')
})
