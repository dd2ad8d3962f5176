/** Claims of the core list that do not hold: the scenario of the catalogue that shows it is run, and what it finds replayed. */
import type { Found } from '../counterexamples/build.ts'
import type { Kernel } from '../model/kernels/kernels.ts'
import { kernelLine } from '../model/litmus/kernel_line.ts'
import { checkCell } from './cell.ts'
import { load } from './input.ts'

/** Scenarios in which a claim may be seen to fail, and the property that says so. */
export interface Witnesses {
  readonly property: string
  readonly core: string
  readonly claim: string
  readonly scenarios: readonly string[]
  /** The property of `check` that is broken there. */
  readonly shown: string
}

/** What a search found: never read from a table, but run each time. */
export interface Refutation {
  readonly scenario: string
  readonly property: string
  readonly id: string
  readonly found: Found
}

export const WITNESSES: readonly Witnesses[] = [
  {
    property: 'ZapKeepsGuards',
    core: 'shmem and faults',
    claim: 'unmap_mapping_folio()',
    scenarios: ['install-punch+read-two'],
    shown: 'GuardStays',
  },
  {
    property: 'ZapKeepsGuards',
    core: 'plain and faults',
    claim: 'unmap_mapping_folio()',
    scenarios: ['install-punch+read-two-plain'],
    shown: 'GuardStays',
  },
  {
    property: 'FlagSound',
    core: 'flags stored',
    claim: 'VM_MAYBE_GUARD',
    scenarios: ['dontfork+install', 'mlock+install', 'mprotect+install'],
    shown: 'FlagSound',
  },
  {
    property: 'RetractionKeepsGuards',
    core: 'VMAs merged',
    claim: 'retract_page_tables()',
    scenarios: ['merge-guards+collapse'],
    shown: 'GuardStays',
  },
  {
    property: 'RetractionKeepsGuards',
    core: 'MADV_COLLAPSE',
    claim: 'try_collapse_pte_mapped_thp()',
    scenarios: ['install+madvise_collapse-huge'],
    shown: 'GuardStays',
  },
  {
    property: 'ForkKept',
    core: 'fork',
    claim: "the child has its parent's guards",
    // mlock() stores a word of flags that was read before, as the madvise() calls of the model do.
    scenarios: ['mlock-fork+install', 'install-fork+collapse'],
    shown: 'ForkKept',
  },
]

/** A search that saw no counterexample. */
export interface NotSeen {
  /** The scenario, or the size of a model: `2 threads, 1 page`. */
  readonly where: string
  readonly states: number
  /** Of the longest of the shortest paths, in steps. */
  readonly depth: number
  /** False where a limit ended it: then it has seen what is `depth` steps away, and not all of that. */
  readonly complete: boolean
  /** What is claimed was never put to the test: no state is of the kind that it speaks of. */
  readonly vacuous: boolean
}

export type Witnessed =
  | { readonly kind: 'violated'; readonly refutation: Refutation }
  | { readonly kind: 'not seen'; readonly searches: readonly NotSeen[] }

const LIMIT_MS = 60_000

/** Looks for a counterexample on a kernel in the scenarios that may have one; those that cannot be run there are left out. */
export async function refute(property: string, core: string, claim: string, kernel: Kernel): Promise<Witnessed> {
  const searches: NotSeen[] = []
  for (const w of WITNESSES)
    for (const name of w.property === property && w.core === core && w.claim === claim ? w.scenarios : []) {
      const kernels = [kernelLine([kernel.name], [])]
      const loaded = load(name, kernels)
      for (const scenario of loaded.ok ? loaded.scenarios : []) {
        const result = await checkCell(scenario, { engine: 'auto', depth: 0, lint: false, maxMs: LIMIT_MS })
        if (!result.ok) continue
        const { found: all, result: search } = result.cell
        const found = all.get(w.shown)
        if (found !== undefined) {
          const refutation = { scenario: name, property: w.shown, id: found.counterexample.id, found }
          return { kind: 'violated', refutation }
        }
        const { states, depth, incomplete } = search
        const vacuous = result.cell.properties.some((p) => p.property === w.shown && p.verdict === 'vacuous')
        searches.push({ where: name, states, depth, complete: incomplete === undefined, vacuous })
      }
    }
  return { kind: 'not seen', searches }
}
