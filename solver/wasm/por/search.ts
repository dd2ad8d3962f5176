/** A reduced search by generated WebAssembly, and the ways of its chains. */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import type { SearchOptions } from '../../engine.ts'
import type { Sabotage } from '../../reduce/sabotage.ts'
import type { State } from '../../reference/interpreter.ts'
import { fullCell } from '../cells.ts'
import { compose } from '../components.ts'
import { explore, type Exploration, type ExploreOptions } from '../explore.ts'
import { allocate, type Heap } from '../heap.ts'
import type { Limits } from '../limits.ts'
import { buildMachine, type Machine } from '../machine.ts'
import { emptyMemos } from '../memos.ts'
import { planFor } from '../plan.ts'
import { reader } from '../read_back.ts'
import { refusal } from '../refusal.ts'
import { bringNear } from '../states.ts'
import { newForesight } from './memory.ts'
import { CHAIN_MAX, HAND, planReduction, RECORD } from './tables.ts'

/** By stored state, the states that each move out of it passes, up to the end of its chain. */
export type Legs = (id: number) => readonly (readonly State[])[]

export type ReducedExploration =
  | { readonly ok: true; readonly value: Exploration; readonly legs: Legs }
  /** Why this engine does not take the model; another one may reduce its search all the same. */
  | { readonly ok: false; readonly reason: string }

/** Tries to go a way again before the search is taken to be broken: the memos are emptied in between. */
const TRIES = 3

/** Goes the ways out of a stored state again, and reads what was recorded of them. */
function legsOf({ machine, rooms }: Exploration, first: State): Legs {
  const { plan, memory } = machine
  const hand = plan.reduction?.addresses.hand ?? 0
  const bytes = RECORD.bytes * (CHAIN_MAX + 2) * plan.successorsMax
  let buffer: number | undefined
  const go = (id: number, tries: number): number => {
    buffer ??= allocate(rooms.heap, bytes)
    if (buffer === undefined) throw new Error('there is no memory for the states of a trace')
    machine.poke(fullCell(plan), 0)
    machine.poke(hand + HAND.record, buffer)
    bringNear(rooms.states, id)
    const done = machine.run('successors', id, plan.addresses.out) !== 0
    const end = machine.peek(hand + HAND.record)
    machine.poke(hand + HAND.record, 0)
    if (done) return end
    if (tries === 0) throw new Error('the WebAssembly engine does not find the way out of a state again')
    emptyMemos(rooms.memos)
    return go(id, tries - 1)
  }
  return (id) => {
    const end = go(id, TRIES)
    const view = new DataView(memory.buffer)
    const read = reader(machine, (at) => view.getBigUint64(at + RECORD.state, true), first)
    const legs: State[][] = []
    for (let at = buffer ?? 0; at < end; at += RECORD.bytes) {
      if (view.getUint32(at + RECORD.first, true) === 1) legs.push([])
      legs.at(-1)?.push(read(at))
    }
    return legs
  }
}

/** A machine that reduces its search. */
interface Reducer {
  readonly machine: Machine
  readonly open: (heap: Heap) => void
}

function reducerFor(model: LoweredModel, limits: Limits | undefined, sabotage: Sabotage | undefined): Reducer | string {
  const refused = refusal(model)
  if (refused !== undefined) return refused
  const reduction = planReduction(model, compose(model), sabotage)
  if (!reduction.ok) return reduction.reason
  const plan = planFor(model, 1, reduction.value, limits)
  if (plan.reduction === undefined) throw new Error('the plan has lost its reduction')
  const foresight = newForesight(plan.reduction, plan.reduction.addresses)
  try {
    return { machine: buildMachine(plan, foresight.imports), open: foresight.open }
  } catch (error) {
    // What the engine throws where there is no address space for a memory.
    if (error instanceof RangeError) return 'the machine does not give the memory'
    throw error
  }
}

/**
 * Explores a (specialised) model with partial-order reduction, breadth first from one stored state to the next.
 * Throws where a slot leaves its range.
 */
export function exploreReduced(
  model: LoweredModel,
  first: State,
  options: SearchOptions & Pick<ExploreOptions, 'limits'>,
  sabotage?: Sabotage,
): ReducedExploration {
  const reducer = reducerFor(model, options.limits, sabotage)
  if (typeof reducer === 'string') return { ok: false, reason: reducer }
  const explored = explore(reducer.machine, first, { ...options, onOpen: reducer.open })
  if (!explored.ok) return explored
  return { ok: true, value: explored.value, legs: legsOf(explored.value, first) }
}
