/** What every engine that stores states does at its limits, as tests. */
import { describe, expect, test } from 'vitest'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { counters, tokenRing } from './hand_models.ts'

/** What every engine has to say in the same words. */
export function words(result: SearchResult): Omit<SearchResult, 'engine' | 'bytes'> {
  const { engine: _, bytes: __, ...rest } = result
  return rest
}

/** `enoughBytes` is room for some thousand states, and not for 125000. */
export function testBudgets(
  search: (model: LoweredModel, options: SearchOptions) => SearchResult,
  enoughBytes: number,
): void {
  const m = counters([49, 49, 49])

  describe('budgets', () => {
    test('states, as the reference counts them', () => {
      for (const maxStates of [1, 2, 299, 300, 999]) {
        const few = counters([9, 9, 9])
        const result = search(few, { maxStates })
        expect(result.incomplete).toEqual({ kind: 'states', limit: maxStates })
        expect(words(result)).toEqual(words(searchReference(few, { maxStates })))
      }
      expect(search(counters([9, 9, 9]), { maxStates: 1000 }).incomplete).toBeUndefined()
    })

    test('memory', () => {
      const { incomplete, bytes, states } = search(m, { maxBytes: enoughBytes })
      expect(incomplete).toEqual({ kind: 'memory', limitBytes: enoughBytes })
      expect(bytes).toBeLessThanOrEqual(enoughBytes)
      expect(states).toBeGreaterThan(4096)
      expect(search(m, { maxBytes: 100 })).toMatchObject({ states: 1, transitions: 0, incomplete: { kind: 'memory' } })
    })

    test('time', () => {
      expect(search(m, { maxMs: -1 })).toMatchObject({ states: 1, incomplete: { kind: 'time', limitMs: -1 } })
    })

    test('a violation found before the end is reported, with a trace', () => {
      const ring = tokenRing(4, 3)
      const cut = search(ring, { maxStates: 300 })
      expect(cut.incomplete).toBeDefined()
      expect(cut.violations).toHaveLength(1)
      expect(words(cut)).toEqual(words(searchReference(ring, { maxStates: 300 })))
    })
  })
}
