/** The control-flow graph of one thread, its calls inlined. */
import type { Frame, LChoice, LExpr, LStmt } from '../lowered.ts'
import type { LockOp } from './actions.ts'

/** A step, still without a program counter value. */
export interface StepNode {
  readonly kind: 'step'
  readonly label: string
  readonly routine: string
  readonly local: string
  readonly text: string
  readonly frames: readonly Frame[]
  readonly choices: readonly LChoice[]
  readonly guard: LExpr
  readonly body: readonly LStmt[]
  readonly atomic: string | undefined
  readonly sleeps: boolean
  readonly unfair: boolean
  readonly lockOps: readonly LockOp[]
  readonly next: Node
}

/** What lies between two steps: branches on locals and assignments to locals. */
export type Node =
  | StepNode
  | { readonly kind: 'branch'; readonly where: string; readonly cond: LExpr; readonly then: Node; readonly else: Node }
  | { readonly kind: 'let'; readonly slot: number; readonly value: LExpr; readonly next: Node }
  /** The end of a counted loop's body: out at `last`, or one more turn with the counter one higher. */
  | { readonly kind: 'repeat'; readonly slot: number; readonly last: LExpr; readonly head: Node; readonly exit: Node }
  /** A place to jump back to; `target` is filled in once the loop's body has been built. */
  | { readonly kind: 'join'; readonly where: string; target: Node | undefined }
  | { readonly kind: 'end' }

/** The steps of a graph in program order, depth first. */
export function stepsOf(entry: Node): readonly StepNode[] {
  const seen = new Set<Node>()
  const out: StepNode[] = []
  const visit = (node: Node): void => {
    if (seen.has(node)) return
    seen.add(node)
    switch (node.kind) {
      case 'step':
        out.push(node)
        visit(node.next)
        return
      case 'branch':
        visit(node.then)
        visit(node.else)
        return
      case 'let':
        visit(node.next)
        return
      case 'repeat':
        visit(node.head)
        visit(node.exit)
        return
      case 'join':
        if (node.target !== undefined) visit(node.target)
        return
      case 'end':
        return
    }
  }
  visit(entry)
  return out
}
