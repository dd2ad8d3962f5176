/** What a property is: one file each, with its statement, its source, and what must break it. */
import type { ProgramProperty } from '../model/language/routine.ts'
import { findOperation } from '../model/mm/operations.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'

/** A change to the model that the property must notice: a scenario, a kernel, and what is left out of it. */
export interface Mutant {
  /** A file of model/scenarios, without its ending. */
  readonly scenario: string
  readonly kernel: string
  /** Labels of steps or checks that are left out, as `routine.label`. */
  readonly without: readonly string[]
}

export interface Property {
  /** PascalCase noun phrase, as it stands in every report. */
  readonly name: string
  /** One sentence. */
  readonly statement: string
  /** Mails, comments, man pages, selftests that it rests on. */
  readonly sources: readonly string[]
  /** What its violation is called at the last step of a trace. */
  readonly bang: string
  /** What its violation is called in the title of a counterexample. */
  readonly title: string
  /** Kernels that are known to break it, with the reason. */
  readonly failsOn: readonly { readonly kernels: readonly string[]; readonly why: string }[]
  readonly mutants: readonly Mutant[]
  /** Labels, as `routine.label`, that the catalogue must reach, or the property was never put to the test. */
  readonly reaches: readonly string[]
  /** A violation means that the model, not the kernel, is at fault: the verdict is `error`. */
  readonly ofModel?: true
  /**
   * About runs that never end, so that cycles of the graph of states have to be looked at. Asked of scenarios
   * in which a thread goes on for ever, and of others by `check --liveness`.
   */
  readonly liveness?: true
  /** The property in the terms of a scenario; undefined where the scenario has nothing to do with it. */
  readonly build: (scenario: Scenario) => Omit<ProgramProperty, 'name'> | undefined
}

/** Whether some thread of a scenario performs an operation. */
export const performs = (scenario: Scenario, ...operations: readonly string[]): boolean =>
  scenario.file.threads.some((t) => t.stmts.some((s) => operations.includes(s.op.text)))

/** Whether some thread performs an operation on a mapping of a file. */
const performsOnFile = (scenario: Scenario, operation: string): boolean =>
  scenario.file.threads.some((t) =>
    t.stmts.some(
      (s) =>
        s.op.text === operation &&
        s.args.some(
          (a) =>
            a.kind !== 'number' && scenario.world.mappings.some((m) => m.name === a.name.text && m.file !== undefined),
        ),
    ),
  )

/** Whether some thread of a scenario need not end. */
export const goesOnForEver = (scenario: Scenario): boolean =>
  scenario.file.threads.some((t) => t.stmts.some((s) => findOperation(s.op.text)?.endless === true))

/** Operations that free the page tables of what they unmap. */
const UNMAPPING = ['munmap', 'mmap', 'mremap', 'mremap_dontunmap', 'mremap_shrink'] as const

/** Whether some operation of a scenario can take a page table away on its kernel, or deposit it under a huge page. */
export const unlinksTables = (scenario: Scenario): boolean =>
  performs(scenario, ...UNMAPPING, 'madvise_collapse', 'khugepaged', 'exit') ||
  reclaimsTables(scenario) ||
  surelyUnlinksTables(scenario)

/** The same without those that do so only where nothing is left of what a table maps. */
export const surelyUnlinksTables = (scenario: Scenario): boolean =>
  performs(scenario, 'collapse') ||
  // Where huge pages of several frames are, there need not be a table, or it is not all of it that is zapped.
  (!hasNoTable(scenario) && reclaimsTables(scenario)) ||
  ((scenario.world.frames?.large ?? []).length === 0 && performs(scenario, 'exit')) ||
  performsOnFile(scenario, 'madvise_collapse')

const reclaimsTables = (scenario: Scenario): boolean =>
  performs(scenario, 'dontneed') && scenario.kernel.has('pt-reclaim')

/** Some mapping has no table to lose: of hugetlbfs, or huge from the start. */
const hasNoTable = (scenario: Scenario): boolean =>
  scenario.file.decls.some((d) => d.kind === 'fill' && d.access === 'pmd' && scenario.world.frames !== undefined) ||
  scenario.world.backings.some((b) => b.hugetlb === true)

/** Whether a scenario has guards that are promised to stay: installed by it, or there from the start. */
export const promisesGuards = (scenario: Scenario): boolean =>
  performs(scenario, 'guard_install', 'process_guard_install') ||
  scenario.file.decls.some((d) => d.kind === 'fill' && (d.access === 'guard' || d.access === 'marker'))
