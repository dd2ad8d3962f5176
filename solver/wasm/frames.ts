/**
 * Each worker has a frame for itself in the memory that all share; the frames lie one after the other. The code is the
 * same for all workers, so that it is compiled once: it finds what is in the frame from a global that says how far the
 * frame lies behind the first one's, whose addresses are those of the plan. A worker alone needs no such global.
 */
import type { Global, Local, Node } from './encoder/code.ts'
import { add, getGlobal, i32, load, set, store } from './encoder/code.ts'
import type { Plan } from './plan.ts'

/** How far the frame of the worker whose instance it is lies behind the first one's, in bytes. */
export const FRAME: Global = { name: 'frame', type: 'i32' }

type Workers = Pick<Plan, 'workers'>

export const frameGlobals = ({ workers }: Workers): readonly Global[] => (workers === 1 ? [] : [FRAME])

/** Code of how far this worker's frame lies behind the first one's. */
export const ownFrame = ({ workers }: Workers): Node => (workers === 1 ? i32(0) : getGlobal(FRAME))

/** The same for functions that look often: a local, and code that sets it first. */
export function frameIn(
  { workers }: Workers,
  local: (type: 'i32') => Local,
): { readonly frame: Node; readonly first: readonly Node[] } {
  if (workers === 1) return { frame: i32(0), first: [] }
  const held = local('i32')
  return { frame: { kind: 'get', local: held }, first: [set(held, getGlobal(FRAME))] }
}

/** Code of an address that lies so far behind the start of a frame's counterpart in the first frame. */
export const inFrame = (frame: Node, offset: Node): Node =>
  frame.kind === 'i32' && frame.value === 0 ? offset : add(frame, offset)

/** A 32-bit word of this worker's frame, by its address in the first one. */
export const frameWord = (plan: Workers, address: number): Node => load('i32.load', ownFrame(plan), address)
export const setFrameWord = (plan: Workers, address: number, value: Node): Node =>
  store('i32.store', ownFrame(plan), value, address)
