/** What the tests of the WebAssembly engine compare. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchOptions, SearchResult } from '../../solver/engine.ts'
import { searchWasm } from '../../solver/wasm/search.ts'

/** The engine's result. Throws where it refuses the model. */
export function wasm(model: LoweredModel, options: SearchOptions = {}): SearchResult {
  const answer = searchWasm(model, options)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.result
}

/** Lets the test runner be heard from in the middle of a long test. */
export const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })
