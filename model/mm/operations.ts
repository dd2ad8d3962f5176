/** The operations that a scenario's threads perform, by the names that litmus files use. */
import { ACCESS_OPERATIONS } from './operations/access.ts'
import { COLLAPSE_OPERATIONS } from './operations/collapse.ts'
import { FILE_OPERATIONS } from './operations/file.ts'
import { FORK_OPERATIONS } from './operations/fork.ts'
import { MADVISE_OPERATIONS } from './operations/madvise.ts'
import { LRU_OPERATIONS } from './operations/lru.ts'
import { OBSERVERS } from './operations/observe.ts'
import { PIN_OPERATIONS } from './operations/pin.ts'
import { UFFD_OPERATIONS } from './operations/userfaultfd.ts'
import { VMA_OPERATIONS } from './operations/vma.ts'
import type { Operation } from './operations/operation.ts'

export type { Operand, OperandKind, Operation } from './operations/operation.ts'

/** In the order of `mmcheck list --operations`. */
export const OPERATIONS: readonly Operation[] = [
  ...MADVISE_OPERATIONS,
  ...LRU_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...COLLAPSE_OPERATIONS,
  ...UFFD_OPERATIONS,
  ...OBSERVERS,
  ...FILE_OPERATIONS,
  ...FORK_OPERATIONS,
  ...PIN_OPERATIONS,
  ...VMA_OPERATIONS,
]

export const findOperation = (name: string): Operation | undefined => OPERATIONS.find((o) => o.name === name)
