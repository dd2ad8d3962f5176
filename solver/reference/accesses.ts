/** What one step touches in one state: the slots themselves, where solver-independent read sets know only arrays. */
import type { BinaryOp, LExpr, LoweredModel, LStmt, LTarget, Step } from '../../model/language/lowered.ts'
import { evaluate, type State } from './interpreter.ts'

export interface StepAccesses {
  readonly reads: ReadonlySet<number>
  readonly writes: ReadonlySet<number>
}

/** The slot that an access means, or undefined where an index is out of range; what the indices read is noted. */
function slotOf(model: LoweredModel, access: LTarget, state: State, reads: Set<number>): number | undefined {
  if (access.kind === 'slot') return access.slot
  let slot = access.base
  for (const { expr, first, count, stride } of access.index) {
    readsOf(model, expr, state, reads)
    const offset = evaluate(model, expr, state, state) - first
    if (offset < 0 || offset >= count) return undefined
    slot += offset * stride
  }
  return slot
}

/** Whether the left side of an operator settles its value whatever the right side is. */
const decides = (op: BinaryOp, left: number): boolean => (op === 'and' && left === 0) || (op === 'or' && left !== 0)

/** Adds the slots that the value of an expression hangs on in a state: of a choice, only the side that is taken. */
export function readsOf(model: LoweredModel, e: LExpr, state: State, reads: Set<number>): void {
  switch (e.kind) {
    case 'const':
      return
    case 'slot':
      reads.add(e.slot)
      return
    case 'select': {
      const slot = slotOf(model, e, state, reads)
      if (slot !== undefined) reads.add(slot)
      return
    }
    case 'not':
    case 'old':
      readsOf(model, e.arg, state, reads)
      return
    case 'binary':
      readsOf(model, e.left, state, reads)
      if (!decides(e.op, evaluate(model, e.left, state, state))) readsOf(model, e.right, state, reads)
      return
    case 'ite':
      readsOf(model, e.cond, state, reads)
      readsOf(model, evaluate(model, e.cond, state, state) !== 0 ? e.then : e.else, state, reads)
      return
  }
}

function run(
  model: LoweredModel,
  body: readonly LStmt[],
  state: number[],
  old: State,
  into: { readonly reads: Set<number>; readonly writes: Set<number>; readonly asserted: number | undefined },
): void {
  for (const s of body) {
    switch (s.kind) {
      case 'set': {
        const slot = slotOf(model, s.target, state, into.reads)
        readsOf(model, s.value, state, into.reads)
        if (slot === undefined) break
        into.writes.add(slot)
        state[slot] = evaluate(model, s.value, state)
        break
      }
      case 'if':
        readsOf(model, s.cond, state, into.reads)
        run(model, evaluate(model, s.cond, state) !== 0 ? s.then : s.else, state, old, into)
        break
      case 'assert':
        // A property may look back: what it reads of the state before is read as well.
        if (s.property !== into.asserted) break
        readsOf(model, s.cond, state, into.reads)
        readsOf(model, s.cond, old, into.reads)
        break
    }
  }
}

/**
 * The slots that a step reads and writes when it runs in `state` with these choices. Of its assertions
 * only those of property `asserted` count, if one is given: the others change nothing.
 */
export function accessesIn(
  model: LoweredModel,
  step: Step,
  choices: readonly number[],
  state: State,
  asserted?: number,
): StepAccesses {
  const reads = new Set<number>()
  const writes = new Set<number>(step.choices.map((c) => c.slot))
  const next = [...state]
  step.choices.forEach(({ slot }, i) => {
    next[slot] = choices[i] ?? 0
  })
  readsOf(model, step.guard, next, reads)
  run(model, step.body, next, state, { reads, writes, asserted })
  return { reads, writes }
}
