/** WebAssembly that reaches the stored states, which lie in chunks. */
import type { Local, Node } from './encoder/code.ts'
import { add, get, i32, load, op, shl } from './encoder/code.ts'
import type { Plan } from './plan.ts'

/** Code of the address of a state, whose number the local holds. Its chunk must be within reach: see `pieces`. */
export function stateAddress({ addresses, limits }: Plan, id: Local): Node {
  const chunk = op('i32.and', op('i32.shr_u', get(id), i32(limits.chunk - 2)), i32(4 * (2 ** limits.ring - 1)))
  const within = op('i32.and', get(id), i32(2 ** limits.chunk - 1))
  return add(load('i32.load', chunk, addresses.chunks), shl(within, 3))
}

/** Code of the 64 bits of a state. */
export const stored = (plan: Plan, id: Local): Node => load('i64.load', stateAddress(plan, id))
