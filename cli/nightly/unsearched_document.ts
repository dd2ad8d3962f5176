/** The document of a cell of which no search has told anything. */
import type { CellDocument, SearchDocument } from '../document.ts'

/** What a cell is called in a document. */
type Called = Pick<CellDocument, 'scenario' | 'kernel' | 'without' | 'engine'>

/** All that a document of a cell holds, with nothing found; what a search did tell is put over it. */
export function unsearchedDocument(called: Called, search: SearchDocument): CellDocument {
  return {
    ...called,
    verdict: 'timeout',
    properties: [],
    search,
    outcomes: [],
    condition: null,
    coverage: { labels: 0, reached: 0, unreached: [] },
    scope: [],
    assumptions: [],
    counterexamples: [],
    notAsExpected: [],
  }
}
