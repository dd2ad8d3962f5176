/** What the model says of one operation of a sequence. */
import type { SequenceOp } from './operations.ts'

/** What an operation may come to: its result (absent for khugepaged), and what can be seen afterwards. */
export interface Expected {
  readonly result?: string
  readonly guards: readonly boolean[]
  /** The VMAs of each mapping, in words. */
  readonly areas: readonly string[]
}

export interface Taken {
  readonly agrees: boolean
  readonly allowed: readonly Expected[]
  /** What a load is to give, where that is known. */
  readonly read?: number
}

export interface ModelRun {
  /**
   * Feeds one operation what the kernel made of it, and the byte that it would store; the outcomes that the
   * model allows, and whether this is one.
   */
  readonly take: (o: SequenceOp, seen: Expected, value: number) => Taken
}
