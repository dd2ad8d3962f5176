/** WebAssembly that reaches the stored states, which lie in chunks. */
import type { Local, Node } from './encoder/code.ts'
import { add, get, i32, load, op, shl } from './encoder/code.ts'
import type { Plan } from './plan.ts'
import { CHUNK_STATES } from './plan.ts'

/** Code of the address of a state, whose number the local holds. */
export function stateAddress({ addresses }: Plan, id: Local): Node {
  const chunk = op('i32.shr_u', get(id), i32(Math.log2(CHUNK_STATES)))
  const within = op('i32.and', get(id), i32(CHUNK_STATES - 1))
  return add(load('i32.load', shl(chunk, 2), addresses.chunks), shl(within, 3))
}

/** Code of the 64 bits of a state. */
export const stored = (plan: Plan, id: Local): Node => load('i64.load', stateAddress(plan, id))
