import type { LockOp } from './actions.ts'

/** What the linter and the fairness of runs want to know of a step beyond what engines need. */
export interface StepInfo {
  readonly lockOps: readonly LockOp[]
  readonly sleeps: boolean
  /** User space decides whether it goes on from here. */
  readonly unfair: boolean
}
