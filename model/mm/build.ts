/** What a routine may ask while it is built. */
import type { Patch } from '../kernels/patches.ts'
import type { Expr } from '../language/expr.ts'
import type { Stmt } from '../language/stmt.ts'

/** Object numbers of frames. */
export interface LargeFolio {
  /** The first one counts for all. */
  readonly pages: readonly number[]
  /** What each page is once it has been swapped out and is read again: a folio of order 0. */
  readonly later: readonly number[]
}

export interface Build {
  /** Whether the kernel carries a patch; the `#ifdef` of the model. */
  readonly has: (patch: Patch) => boolean
  /** Whether allocations may fail in this scenario. */
  readonly oom: boolean
  /** Whether anonymous memory is given huge pages at its first touch: transparent_hugepage/enabled is `always`. */
  readonly thp?: boolean
  /**
   * What becomes of a fault that userfaultfd has to resolve: SIGBUS (UFFD_FEATURE_SIGBUS), or it waits.
   * Absent where nothing of the scenario is ever registered: the code for it would not be reached.
   */
  readonly uffd?: 'sigbus' | 'waits'
  /** Whether a VMA that is freed may become another process's, since some operation of the scenario takes one. */
  readonly reuse?: true
  /** Whether ->fault may fail to read a page, or to find a block for it. */
  readonly io?: true
  /** Whether entries map page frames, which have contents and are counted: frame_types.ts. */
  readonly frames?: true
  /** Folios of anonymous memory that have several frames, as many as a PMD covers: frame_types.ts. */
  readonly large?: readonly LargeFolio[]
}

/** What a scenario adds at the two ends of an operation: its ghosts, and where the result goes. */
export interface Syscall {
  readonly enter: readonly Stmt[]
  readonly leave: (result: Expr) => readonly Stmt[]
}
