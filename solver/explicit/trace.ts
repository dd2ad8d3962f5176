import type { State } from '../reference/interpreter.ts'
import type { Exploration } from './explore.ts'
import { unpack } from './layout.ts'

/** A stored state, by slot. */
export function stateOf({ layout, store }: Exploration, id: number): State {
  return unpack(layout, store.arena, id * layout.words)
}
