/** What the linter is told of a model, as data, and what it tells of one. */
import type { LockMode } from '../lock.ts'

/** One lock that must be held. */
export interface LockDemand {
  /** The class: `table.ptl`. */
  readonly lock: string
  /** `read` is met by the write mode as well. */
  readonly mode: LockMode
  /** `same`: the lock of the object that is the first index of the field. `any`: of whatever object. */
  readonly index: 'same' | 'any'
}

/** One way to be allowed an access: all of these locks are held. */
export interface Permission {
  readonly locks: readonly LockDemand[]
  /** Only for steps whose C text begins so. */
  readonly text?: string
}

/** The locks of one shared variable; any one permission of a list is enough. */
export interface FieldRule {
  readonly write: readonly Permission[]
  /** In place of `write`, for a store of 0: nil, none, false. */
  readonly clear?: readonly Permission[]
  /** What makes a read stable; `write` unless given. A read without it is an unprotected access, no fault. */
  readonly read?: readonly Permission[]
  /**
   * Locks under which a value other than 0, once read, stays: `vma->anon_vma` is never taken away
   * from a VMA that somebody has locked. Without it, every read may give anything.
   */
  readonly sticky?: readonly Permission[]
}

/**
 * A variable that says whether the running thread itself holds a lock, as long as it holds another:
 * under the mmap write lock, vm_lock_seq says whether this thread write-locked the VMA.
 */
export interface Mirror {
  readonly field: string
  readonly says: { readonly lock: string; readonly mode: LockMode }
  readonly under: { readonly lock: string; readonly mode: LockMode }
}

/** Two locks of one class that one thread may hold at once, though nothing says which comes first. */
export interface Nesting {
  readonly lock: string
  /** Only for steps whose C text begins so. */
  readonly text?: string
  /** A lock that is held meanwhile, in write mode, and keeps any other thread from nesting the two the other way. */
  readonly under: string
  readonly reason: string
}

/** Accesses of one step that need no lock and are not counted. */
export interface Exemption {
  readonly routine: string
  readonly label: string
  readonly fields: readonly string[]
  readonly reason: string
}

export interface LintRules {
  /** By name of the variable. One without a rule may be touched without a lock, but counts as unprotected. */
  readonly fields: Readonly<Record<string, FieldRule>>
  /** Variables that one machine word holds: touching several of one object is one access. */
  readonly words: readonly (readonly string[])[]
  readonly mirrors: readonly Mirror[]
  readonly exempt: readonly Exemption[]
  readonly nests?: readonly Nesting[]
  /** Variables that no step of any thread writes keep what the scenario gave them; otherwise they may hold anything. */
  readonly constants?: true
  /** Variables (`vma.flags`) and locals (`routine.local`) that may be written and never read, with the reason. */
  readonly unread?: Readonly<Record<string, string>>
  /** Abstract states per thread before the linter gives up; 20 000 unless given. */
  readonly statesMax?: number
}

export const FINDINGS = {
  ML001: 'take the lock on every path that leads here, or release it on the paths that took it alone',
  ML002: 'release the lock on every path out',
  ML003: 'take the locks in the documented order, or use a trylock and a way out',
  ML004: 'move what sleeps out of the section, or drop the spinlock before it',
  ML005: 'take the lock that the table of rules demands, or add the rule with its source',
  ML006: 'make each access a step of its own, hold the lock, or give the step an `atomic` reason',
  ML007: 'rename one of them: labels name steps in traces, mutants and --without',
  ML008: 'remove the step, or the condition that shuts it off',
  ML009: 'remove the variable, or the code that should read it is missing',
  ML010: 'raise `statesMax`, or look for a lock that is taken in every turn of a loop',
} as const
export type FindingCode = keyof typeof FINDINGS

export interface Finding {
  readonly code: FindingCode
  readonly message: string
  /** Name of the thread, and full label of the step, that it was found at. */
  readonly thread: string
  readonly label: string
  readonly help: string
}
