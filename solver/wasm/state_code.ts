/** WebAssembly that takes the 64 bits of a state apart, and that expands a state. */
import type { Local, Node } from './encoder/code.ts'
import { add, call, extend, get, getGlobal, i32, op, set, when, wrap } from './encoder/code.ts'
import { stored } from './arena.ts'
import type { Plan } from './plan.ts'
import { componentGlobals } from './plan.ts'

/** Code of the number of a component in a state. */
export function numberIn(component: number, state: Local): Node {
  const { shift, fieldMask } = componentGlobals(component)
  return op('i32.and', wrap(op('i64.shr_u', get(state), extend(getGlobal(shift)))), getGlobal(fieldMask))
}

/** The same of the shared component, which has the lowest bits. */
export const sharedIn = (state: Local): Node =>
  op('i32.and', wrap(get(state)), getGlobal(componentGlobals(0).fieldMask))

/** Where the first deadlock is noted, plus one: 0 until there is one. */
export interface DeadlockCell {
  readonly noted: Node
  readonly note: (idPlusOne: Node) => Node
}

/** Code for where `successors` gives 0 instead of an end: a reduced one does so where there is no more room. */
export const stopIfGivenUp = ({ reduction }: Plan, end: Local, stop: readonly Node[]): readonly Node[] =>
  reduction === undefined ? [] : [when(op('i32.eqz', get(end)), stop)]

/**
 * Code that expands the state `id`: its successors are written to the address `at`, which is moved behind them; a
 * deadlock is noted if none was. Where the state cannot be expanded, `at` stays, and `stop` must leave this code.
 */
export function expandState(
  plan: Plan,
  { id, at, before }: { readonly id: Local; readonly at: Local; readonly before: Local },
  { noted, note }: DeadlockCell,
  stop: readonly Node[],
): readonly Node[] {
  return [
    set(before, get(at)),
    set(at, call('successors', get(id), get(at))),
    ...stopIfGivenUp(plan, at, [set(at, get(before)), ...stop]),
    when(op('i32.eqz', op('i32.or', op('i32.ne', get(at), get(before)), noted)), [
      when(op('i32.eqz', call('isFinal', stored(plan, id))), [note(add(get(id), i32(1)))]),
    ]),
  ]
}
