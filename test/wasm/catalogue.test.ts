/** Cells of the catalogue, word for word: the JavaScript engine, and for small cells the reference interpreter. */
import { describe, expect, test } from 'vitest'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { words } from '../engines/budgets.ts'
import { share } from '../support/scenarios.ts'
import { wasm } from './words.ts'

/** Larger cells would take most of the time; test/catalogue holds the JavaScript engine against the reference there. */
const REFERENCE_STATES = 500

describe.each(share(12))('$name on $kernel', ({ lowered: { model } }) => {
  test('wasm = explicit = reference', () => {
    const result = words(wasm(model))
    expect(result).toEqual(words(searchExplicit(model)))
    if (result.states <= REFERENCE_STATES) expect(result).toEqual(words(searchReference(model)))
  })
})
