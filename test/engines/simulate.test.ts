import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newRandom } from '../../solver/random.ts'
import { simulate, type SimulateOptions } from '../../solver/explicit/simulate.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { counters, peterson, philosophers } from './hand_models.ts'
import { arbitraryModel } from './random_lowered.ts'

const OPTIONS: SimulateOptions = { seed: 1, runs: 500, depth: 200, stay: 0 }

describe('simulate', () => {
  test('shows only what the reference has, and not what it does not have', () => {
    let found = 0
    fc.assert(
      fc.property(arbitraryModel, fc.nat(), fc.constantFrom(0, 50, 100), (m, seed, stay) => {
        const reference = searchReference(m, { maxStates: 500 })
        fc.pre(reference.incomplete === undefined)
        const { violation } = simulate(m, { ...OPTIONS, seed, stay, runs: 20 })
        if (violation === undefined) return
        found++
        const ran = replay(m, violation.moves)
        expect(ran.kind === 'ran' && ran.violated).toContain(violation.property)
        const shortest = reference.violations.find((v) => v.property === violation.property)
        expect(shortest?.moves.length).toBeLessThanOrEqual(violation.moves.length)
      }),
      { numRuns: 200, seed: 9 },
    )
    expect(found).toBeGreaterThan(50)
  })

  test('gives the same walks for the same seed, and others for another', () => {
    const { model } = lowerScenario(scenarioOn('install+collapse', 'maybe-guard-v2'))
    const walk = (seed: number): string => JSON.stringify(simulate(model, { ...OPTIONS, seed, stay: 80 }))
    expect(walk(1)).toBe(walk(1))
    expect(new Set([1, 2, 3, 4, 5].map(walk)).size).toBeGreaterThan(1)
  })

  test('finds a deadlock, a broken invariant, and nothing where there is nothing', () => {
    expect(simulate(philosophers(3), { ...OPTIONS, depth: 1000 }).violation?.property).toBeDefined()
    expect(simulate(peterson(true), OPTIONS).violation?.property).toBe(0)
    const quiet = simulate(peterson(), OPTIONS)
    expect(quiet).toMatchObject({ runs: 500, steps: 500 * 200, longest: 200, ended: 0, late: false })
    expect(quiet.violation).toBeUndefined()
  })

  test('ends each walk where nothing is left to do', () => {
    const walked = simulate(counters([2, 3]), { ...OPTIONS, runs: 10 })
    expect(walked.ended).toBe(10)
    expect(walked.violation).toBeUndefined()
    expect(walked.steps).toBe(10 * walked.longest)
  })

  test('stays with one thread where it is told to', () => {
    const { model } = lowerScenario(scenarioOn('install+collapse', 'maybe-guard-v2'))
    const switches = (stay: number): number => {
      let total = 0
      for (let seed = 0; seed < 30; seed++) {
        const { violation } = simulate(model, { ...OPTIONS, seed, stay, runs: 1 })
        const threads = violation?.moves.map((m) => model.steps.find((s) => s.id === m.step)?.thread) ?? []
        total += threads.filter((t, i) => i > 0 && t !== threads[i - 1]).length / Math.max(1, threads.length)
      }
      return total
    }
    expect(switches(90)).toBeLessThan(switches(0))
  })
})

describe('newRandom', () => {
  test('spreads evenly enough, and differs between seeds', () => {
    const counts = Array.from({ length: 10 }, () => 0)
    const random = newRandom(1, 2)
    for (let i = 0; i < 20_000; i++) {
      const n = random.below(10)
      counts[n] = (counts[n] ?? 0) + 1
    }
    // Six standard deviations of a binomial distribution.
    for (const n of counts) expect(Math.abs(n - 2000)).toBeLessThan(6 * Math.sqrt(2000 * 0.9))
    const first = (...seeds: number[]): number => newRandom(...seeds).below(2 ** 32)
    expect(new Set(Array.from({ length: 1000 }, (_, i) => first(1, i))).size).toBe(1000)
    expect(first(1, 2)).not.toBe(first(2, 1))
    expect(first(2 ** 40)).not.toBe(first(0))
  })
})
