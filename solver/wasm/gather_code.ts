/** WebAssembly of the first half of a round: states are expanded, chunk by chunk, and their successors gathered. */
import { lookAheadFrom } from './ahead.ts'
import { fullCell, held } from './cells.ts'
import { control, takeNext } from './crew_plan.ts'
import type { Node } from './encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  call,
  choose,
  forEver,
  get,
  i32,
  increment,
  load,
  op,
  set,
  shl,
  store,
  when,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import { inFrame, ownFrame } from './frames.ts'
import type { Plan } from './plan.ts'
import { STATE_BYTES } from './plan.ts'
import { CANDIDATES, ROOM, ROOM_BYTES } from './rooms.ts'
import { expandState } from './state_code.ts'
import { newMixer } from './table.ts'

/** `gather(from, to, room)`: expands states from..to-1, at least one of them, unless there is no more room. */
function gatherFunction(plan: Plan): Func {
  return func('gather', ['i32', 'i32', 'i32'], [], ([from, to, room], local) => {
    const out = local('i32')
    const enough = local('i32')
    const at = local('i32')
    const before = local('i32')
    const count = local('i32')
    const deadlock = local('i32')
    const next = local('i32')
    const state = local('i64')
    const mixer = newMixer(local)
    const deadlockCell = { noted: get(deadlock), note: (id: Node) => set(deadlock, id) }
    const full = held(fullCell(plan))
    const keep = [
      set(next, get(out)),
      whileLoop(op('i32.lt_u', get(next), get(at)), [
        set(state, load('i64.load', get(next))),
        ...mixer.mix(state),
        store('i64.store', add(get(room), shl(get(count), 3)), get(state), CANDIDATES),
        increment(count, 1),
        increment(next, STATE_BYTES),
      ]),
    ]
    return [
      ...mixer.prepare,
      set(out, inFrame(ownFrame(plan), i32(plan.addresses.out))),
      set(enough, add(get(out), i32(STATE_BYTES * plan.batch))),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        set(at, get(out)),
        forEver((gathered) => [
          ...lookAheadFrom(from, to, local),
          ...expandState(plan, { id: from, at, before }, deadlockCell, [branch(gathered)]),
          increment(from, 1),
          branchIf(gathered, op('i32.ge_u', get(from), get(to))),
          branchIf(gathered, op('i32.ge_u', get(at), get(enough))),
          branchIf(gathered, full),
        ]),
        ...keep,
        branchIf(done, full),
      ]),
      store('i32.store', get(room), get(from), ROOM.reached),
      store('i32.store', get(room), get(count), ROOM.candidates),
      store('i32.store', get(room), get(deadlock), ROOM.deadlock),
    ]
  })
}

/**
 * `gatherAll(worker)`: expands chunk after chunk until all are taken or there is no more room. The first chunk is
 * begun in any case, so that each round gets on.
 */
function gatherAllFunction(plan: Plan): Func {
  return func('gatherAll', ['i32'], [], (_, local) => {
    const chunk = local('i32')
    const from = local('i32')
    const to = local('i32')
    const room = add(control(plan, 'rooms'), op('i32.mul', get(chunk), i32(ROOM_BYTES)))
    return [
      forEver((done) => [
        set(chunk, takeNext(plan)),
        branchIf(done, op('i32.ge_u', get(chunk), control(plan, 'chunks'))),
        branchIf(done, choose('i32', get(chunk), held(fullCell(plan)), i32(0))),
        set(from, add(control(plan, 'from'), op('i32.mul', get(chunk), control(plan, 'chunkStates')))),
        set(to, add(get(from), control(plan, 'chunkStates'))),
        when(op('i32.gt_u', get(to), control(plan, 'to')), [set(to, control(plan, 'to'))]),
        call('gather', get(from), get(to), room),
      ]),
    ]
  })
}

export const gatherFunctions = (plan: Plan): readonly Func[] => [gatherFunction(plan), gatherAllFunction(plan)]
