/** What explicit states said of a proof, size by size: as it is written, and in words. */

/** One size, as it is written. */
export interface SizeDocument {
  threads: number
  pages: number
  /** Those that no later step and no lemma tells apart are one. */
  states: number
  /** Of the longest of the shortest paths, in steps. */
  depth: number
  /** False where a limit came first, or a lemma failed. */
  whole: boolean
  /** A lemma that fails in a state that is reached, and the steps of a shortest run to it. */
  broken?: { lemma: string; run: string[] } | undefined
}

const threads = (n: number): string => `${n} thread${n === 1 ? '' : 's'}`
const pages = (n: number): string => `${n} page${n === 1 ? '' : 's'}`
export const sizeName = (s: Pick<SizeDocument, 'threads' | 'pages'>): string =>
  `${threads(s.threads)} and ${pages(s.pages)}`

/** One line: `1 thread and 1 page: all 130 states; 2 threads and 1 page: cut at 20000000 states`. */
export const statesText = (sizes: readonly SizeDocument[]): string =>
  sizes
    .map((s) => {
      if (s.broken !== undefined) return `${sizeName(s)}: a lemma fails in a state that is reached`
      return `${sizeName(s)}: ${s.whole ? 'all' : 'cut at'} ${s.states} states`
    })
    .join('; ')

/** Which lemma fails, at which size and after which run; undefined where none does. */
export function failing(sizes: readonly SizeDocument[]): string | undefined {
  const found = sizes.find((s) => s.broken !== undefined)
  if (found?.broken === undefined) return undefined
  const { lemma, run } = found.broken
  return `a lemma that fails with ${sizeName(found)}: ${lemma}, after ${run.join(', ')}`
}

/** The same of lemmas that the solver has shown: then one of the two is wrong. */
export function contradiction(sizes: readonly SizeDocument[]): string | undefined {
  const found = failing(sizes)
  return found === undefined ? undefined : `the solver shows ${found}`
}
