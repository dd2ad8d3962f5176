/** The WebAssembly engine held against the JavaScript one and the reference interpreter. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { replay } from '../../solver/reference/replay.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { searchWasm } from '../../solver/wasm/search.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { model, slot } from '../engines/build.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'
import { arbitraryModel } from '../engines/random_lowered.ts'
import { cells } from '../support/scenarios.ts'

/** What every engine has to say in the same words. */
function verdict(result: SearchResult): Omit<SearchResult, 'engine' | 'bytes'> {
  const { engine: _, bytes: __, ...rest } = result
  return rest
}

function wasm(m: LoweredModel, options: SearchOptions = {}): SearchResult {
  const answer = searchWasm(m, options)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.result
}

describe('wasm = reference', () => {
  test.each([
    ['counters', counters([4, 5, 6])],
    ['Peterson', peterson()],
    ['broken Peterson', peterson(true)],
    ['philosophers', philosophers(5)],
    ['token ring', tokenRing(4, 3)],
    ['no thread at all', model([slot('x', 0, 1)], [])],
  ])('%s', (_, m) => {
    expect(verdict(wasm(m))).toEqual(verdict(searchReference(m)))
  })

  test('random models, and replay confirms every trace', () => {
    fc.assert(
      fc.property(arbitraryModel, (m) => {
        const result = wasm(m, { maxStates: 2000 })
        expect(verdict(result)).toEqual(verdict(searchReference(m, { maxStates: 2000 })))
        for (const { property, moves } of result.violations) {
          const ran = replay(m, moves)
          expect(ran.kind === 'ran' && ran.violated).toContain(property)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe.each(cells())('$name on $kernel', ({ lowered: { model: m } }) => {
  test('wasm = explicit', () => {
    expect(verdict(wasm(m))).toEqual(verdict(searchExplicit(m)))
  })
})
