/** Every shortest trace with the fewest switches, and the search that ends at a violation, against trying all. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move, Violation } from '../../solver/engine.ts'
import { allFewestSwitches, countSwitches, fewestSwitches } from '../../solver/explicit/fewest_switches.ts'
import { findViolation } from '../../solver/explicit/search.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import { initialState, successors } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { arbitraryModel } from './random_lowered.ts'

/** All traces of the length of a violation that end in one of the same property; undefined where there are too many. */
function bruteForce(m: LoweredModel, { property, moves }: Violation): readonly (readonly Move[])[] | undefined {
  const found: (readonly Move[])[] = []
  let tried = 0
  const extend = (state: State, trace: readonly Move[]): void => {
    if (++tried > 20_000) return
    if (trace.length < moves.length) for (const next of successors(m, state)) extend(next.state, [...trace, next.move])
    else {
      const ran = replay(m, trace)
      if (ran.kind === 'ran' && ran.violated.includes(property)) found.push(trace)
    }
  }
  extend(initialState(m), [])
  return tried > 20_000 ? undefined : found
}

describe('allFewestSwitches', () => {
  test('gives all of them, each once, of random models', () => {
    let several = 0
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        for (const violation of searchReference(m, { maxStates: 300 }).violations) {
          const all = bruteForce(m, violation)
          if (all === undefined || all.length > 500) continue
          const least = Math.min(...all.map((moves) => countSwitches(m, moves)))
          const expected = all
            .filter((moves) => countSwitches(m, moves) === least)
            .map((moves) => JSON.stringify(moves))
          const given = [...allFewestSwitches(m, violation)].map(({ moves }) => JSON.stringify(moves))
          expect(new Set(given)).toEqual(new Set(expected))
          expect(given).toHaveLength(expected.length)
          expect(given[0]).toBe(JSON.stringify(fewestSwitches(m, violation).moves))
          if (given.length > 1) several++
        }
      }),
      { numRuns: 150, seed: 7 },
    )
    expect(several).toBeGreaterThan(10)
  })
})

describe('findViolation', () => {
  test('finds what the reference finds, at the same length, in random models', () => {
    let found = 0
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const reference = searchReference(m, { maxStates: 500 })
        fc.pre(reference.incomplete === undefined)
        m.properties.forEach((_, property) => {
          const expected = reference.violations.find((v) => v.property === property)
          const finding = findViolation(m, property)
          expect(finding.kind).toBe(expected === undefined ? 'none' : 'found')
          if (finding.kind !== 'found') return
          found++
          expect(finding.violation.moves).toHaveLength(expected?.moves.length ?? -1)
          expect(finding.met).toContain(property)
          const ran = replay(m, finding.violation.moves)
          expect(ran.kind === 'ran' && ran.violated).toContain(property)
        })
      }),
      { numRuns: 150, seed: 8 },
    )
    expect(found).toBeGreaterThan(50)
  })

  test('says so where a limit ends it', () => {
    const { model: cell } = lowerScenario(scenarioOn('install+collapse', 'v7.0'))
    expect(findViolation(cell, 0, { maxStates: 20 }).kind).toBe('open')
    expect(findViolation(cell, 0).kind).toBe('none')
  })
})
