/** The memory that random sequences work on, and what is done to it: the head of a litmus file and its statements. */
import type { Backing } from '../probe/operations.ts'
import type { Feature } from '../probe/features.ts'
import type { SequenceOp } from './operations.ts'

export interface SequenceWorld {
  readonly name: string
  /** The kind of memory that it stands for, for the count. */
  readonly backing: Backing
  /** Declarations of a litmus file, without the braces. */
  readonly declarations: string
  readonly vocabulary: readonly SequenceOp[]
  /**
   * A process of its own, which is made by `fork(B)`: sequences have that once, what its mappings are asked for
   * comes after it, and nothing of it after its `exit(B)`.
   */
  readonly child?: string
  /** What the running kernel has to have. */
  readonly needs: readonly Feature[]
  /** The file is not one: shared anonymous memory. */
  readonly anonymous?: true
  /** The model is to have the paths of userfaultfd, and the kernel one that is open. */
  readonly uffd?: true
  /** The file can be collapsed: a page of the model is a block of real ones, and mappings are of PMD size. */
  readonly collapses?: true
}

/** What of a drawn sequence can be run: the first fork, and of the child what comes while it lives. */
export function inOrder(w: SequenceWorld, ops: readonly SequenceOp[]): readonly SequenceOp[] {
  if (w.child === undefined) return ops
  const out: SequenceOp[] = []
  let child: 'none' | 'runs' | 'gone' = 'none'
  for (const o of ops) {
    const isFork = o.text.startsWith('fork(')
    if (isFork ? child !== 'none' : o.mm === w.child && child !== 'runs') continue
    out.push(o)
    if (isFork) child = 'runs'
    else if (o.text.startsWith('exit(')) child = 'gone'
  }
  return out
}
