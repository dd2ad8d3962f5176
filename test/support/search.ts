/** The fastest search that a model allows, in this thread and at once. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'
import { searchWasm } from '../../solver/wasm/search.ts'

export function searchAll(model: LoweredModel): SearchResult {
  const answer = searchWasm(model)
  return answer.ok ? answer.result : searchExplicit(model)
}
