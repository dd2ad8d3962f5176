/** Figures that every worker may change, in memory: how many values and pairs are known, and that there is no more room. */
import type { Local, Node } from './encoder/code.ts'
import {
  atomic,
  block,
  branchIf,
  forEver,
  get,
  i32,
  i64,
  increment,
  load,
  newLabel,
  op,
  store,
  when,
} from './encoder/code.ts'
import type { Plan } from './plan.ts'
import { CELL_BYTES } from './plan.ts'

const cell = ({ addresses }: Plan, index: number): number => addresses.cells + CELL_BYTES * index

/** Not 0 where the driver must make room before another state is expanded. */
export const fullCell = (plan: Plan): number => cell(plan, 0)
/** How many values of a component there are. */
export const valuesCell = (plan: Plan, component: number): number => cell(plan, 1 + component)
/** How many pairs of a thread are known. */
export const pairsCell = (plan: Plan, thread: number): number =>
  cell(plan, 1 + plan.composition.components.length + thread)

/** Code of what a cell holds. */
export const held = (address: number): Node => load('i32.load', i32(address))

export const setFull = (plan: Plan): Node => store('i32.store', i32(fullCell(plan)), i32(1))

/** Where the lock of a cell is. */
const LOCK = 4
/** How often a worker looks again at once where a lock is taken: it is held for some ten instructions. */
const TRIES = 200
/** After that it looks again when so many nanoseconds have gone by: the holder may not be running. */
const PATIENCE = 50_000n

/** Code that runs while no other worker is in code of the same cell. It must not return. */
export function alone(
  plan: Plan,
  address: number,
  local: (type: 'i32') => Local,
  body: readonly Node[],
): readonly Node[] {
  if (plan.workers === 1) return [block(newLabel('alone'), body)]
  const lock = i32(address + LOCK)
  const tries = local('i32')
  return [
    forEver((taken) => [
      branchIf(taken, op('i32.eqz', atomic('i32.atomic.rmw.cmpxchg', lock, i32(0), i32(1)))),
      increment(tries, 1),
      when(op('i32.gt_u', get(tries), i32(TRIES)), [
        op('drop', atomic('memory.atomic.wait32', lock, i32(1), i64(PATIENCE))),
      ]),
    ]),
    ...body,
    store('i32.atomic.store', lock, i32(0)),
  ]
}
