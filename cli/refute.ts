/** Claims of the core list that do not hold: the scenario of the catalogue that shows it is run, and what it finds replayed. */
import type { Found } from '../counterexamples/build.ts'
import type { Kernel } from '../model/kernels/kernels.ts'
import { kernelLine } from '../model/litmus/kernel_line.ts'
import { checkCell } from './cell.ts'
import { load, parse } from './input.ts'

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
    core: 'files on shmem',
    claim: 'unmap_mapping_folio()',
    scenarios: ['install-punch+read-two'],
    shown: 'GuardStays',
  },
  {
    property: 'ZapKeepsGuards',
    core: 'files on plain',
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
    scenarios: ['nohugepage-fork+install'],
    shown: 'ForkKept',
  },
]

/**
 * The flag that a guard install has set is stored over by madvise(), as in dontfork+install of the catalogue;
 * fork() then sees nothing that tells it to copy the page table of a shared mapping.
 */
const FORK_AFTER_STORE = `MM nohugepage-fork+install
kernel v7.0
{
  shmem f[1];
  mm A;
  mm B;
  map a = f[0] shared rw in A;
  child b of a in B;
  vmas 1;
}
P0 in A { r0 = guard_install(a[0]); }
P1 in A { r0 = madvise_nohugepage(a[0]); r1 = fork(B); }
forall (P0:r0 = 0 /\\ P1:r0 = 0 /\\ P1:r1 = 0)
`
const TEXTS: ReadonlyMap<string, string> = new Map([['nohugepage-fork+install', FORK_AFTER_STORE]])

const LIMIT_MS = 60_000

/** Looks for a counterexample on a kernel; undefined where none of the scenarios has one there. */
export async function refute(
  property: string,
  core: string,
  claim: string,
  kernel: Kernel,
): Promise<Refutation | undefined> {
  for (const w of WITNESSES)
    for (const name of w.property === property && w.core === core && w.claim === claim ? w.scenarios : []) {
      const kernels = [kernelLine([kernel.name], [])]
      const text = TEXTS.get(name)
      const loaded = text === undefined ? load(name, kernels) : parse({ name, text }, false, kernels)
      for (const scenario of loaded.ok ? loaded.scenarios : []) {
        const result = await checkCell(scenario, { engine: 'auto', depth: 0, lint: false, maxMs: LIMIT_MS })
        const found = result.ok ? result.cell.found.get(w.shown) : undefined
        if (found !== undefined) return { scenario: name, property: w.shown, id: found.counterexample.id, found }
      }
    }
  return undefined
}
