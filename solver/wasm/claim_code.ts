/** WebAssembly of the second half of a round: each worker enters what belongs to its own parts of the table. */
import { control, controlAddress } from './crew_plan.ts'
import type { Node } from './encoder/code.ts'
import {
  add,
  call,
  choose,
  get,
  getGlobal,
  giveBack,
  i32,
  i64,
  increment,
  load,
  op,
  set,
  shl,
  store,
  sub,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import { fetchFunctions } from './fetch.ts'
import { inFrame, ownFrame } from './frames.ts'
import type { Plan } from './plan.ts'
import { GLOBALS } from './plan.ts'
import { BLOCK, CANDIDATES, MARK_BYTES, MARKS, partBits, PICKED, ROOM, ROOM_BYTES } from './rooms.ts'
import type { Way } from './table.ts'
import { findOrEnter, inEachWay, WAYS } from './table.ts'

/** Candidates that `pick` looks at in one turn of its loop, which costs as much as two of them. */
const PICKED_AT_ONCE = 4

/**
 * `pick(room, from, to, first, parts)`: copies those of the candidates from..to-1 of a room that lie in `parts` parts of
 * the table from the part `first` on, and their numbers, to this worker's frame; gives where they end. Each is written
 * behind those that are there, and the next one over it unless it belongs there: whether it does, no processor can foretell.
 */
function pickFunction(plan: Plan): Func {
  return func('pick', ['i32', 'i32', 'i32', 'i32', 'i32'], ['i32'], ([room, from, to, first, parts], local) => {
    const into = local('i32')
    const at = local('i32')
    const up = local('i32')
    const state = local('i64')
    const growing = getGlobal(GLOBALS.old)
    // The bits that tell the bucket, and so the part, moved to the upper end of 32. While the table grows, those of the
    // old one: a state is in the same part, whether it has moved or not.
    const isMine = op('i32.lt_u', sub(op('i32.shl', wrap(get(state)), get(up)), get(first)), get(parts))
    const take = (nth: number): readonly Node[] => [
      set(state, load('i64.load', get(at), CANDIDATES + 8 * nth)),
      store('i64.store', get(into), get(state)),
      store('i32.store', get(into), add(get(from), i32(nth)), PICKED.number),
      set(into, add(get(into), shl(isMine, Math.log2(PICKED.bytes)))),
    ]
    const several = (count: number, last: Node): Node =>
      whileLoop(op('i32.le_u', add(get(from), i32(count)), last), [
        ...Array.from({ length: count }, (_, nth) => take(nth)).flat(),
        increment(at, 8 * count),
        increment(from, count),
      ])
    return [
      set(into, inFrame(ownFrame(plan), i32(plan.addresses.mine))),
      set(at, add(get(room), shl(get(from), 3))),
      set(up, sub(i32(32), choose('i32', growing, getGlobal(GLOBALS.oldBuckets), getGlobal(GLOBALS.buckets)))),
      set(first, shl(get(first), 32 - partBits(plan))),
      set(parts, shl(get(parts), 32 - partBits(plan))),
      several(PICKED_AT_ONCE, get(to)),
      several(1, get(to)),
      get(into),
    ]
  })
}

/**
 * `enterPicked{4,8,44,88,84}(end, marks)`: enters the states that were picked, which end there, into the table, sets the bits at `marks` of
 * those that are new, and gives how many these are; -1 where there was no room for one.
 */
function enterFunction(plan: Plan, way: Way): Func {
  return func(`enterPicked${way.name}`, ['i32', 'i32'], ['i32'], ([end, marks], local) => {
    const at = local('i32')
    const number = local('i32')
    const state = local('i64')
    const fresh = local('i32')
    const mark = add(get(marks), op('i32.shr_u', get(number), i32(3)))
    const bit = op('i32.shl', i32(1), op('i32.and', get(number), i32(7)))
    const entered = [
      set(number, load('i32.load', get(at), PICKED.number)),
      store('i32.store8', mark, op('i32.or', load('i32.load8_u', mark), bit)),
      increment(fresh, 1),
    ]
    return [
      set(at, inFrame(ownFrame(plan), i32(plan.addresses.mine))),
      whileLoop(op('i32.lt_u', get(at), get(end)), [
        set(state, load('i64.load', get(at))),
        ...findOrEnter(way, state, local, { entered, overflow: () => [giveBack(i32(-1))] }),
        increment(at, PICKED.bytes),
      ]),
      get(fresh),
    ]
  })
}

/** `claim(room, worker)`: enters the candidates of a room that belong to a worker, block by block; gives the same. */
function claimFunction(plan: Plan): Func {
  const partsBefore = (worker: Node): Node => op('i32.div_u', shl(worker, partBits(plan)), i32(plan.workers))
  return func('claim', ['i32', 'i32'], ['i32'], ([room, worker], local) => {
    const candidates = local('i32')
    const from = local('i32')
    const to = local('i32')
    const first = local('i32')
    const parts = local('i32')
    const marks = local('i32')
    const end = local('i32')
    const entered = local('i32')
    const fresh = local('i32')
    const some = [get(end), get(marks)]
    return [
      set(candidates, load('i32.load', get(room), ROOM.candidates)),
      set(first, partsBefore(get(worker))),
      set(parts, sub(partsBefore(add(get(worker), i32(1))), get(first))),
      set(marks, add(get(room), add(op('i32.mul', get(worker), i32(MARK_BYTES)), i32(MARKS)))),
      whileLoop(op('i32.lt_u', get(from), get(candidates)), [
        store('i64.store', add(get(marks), op('i32.shr_u', get(from), i32(3))), i64(0n)),
        increment(from, 64),
      ]),
      set(from, i32(0)),
      whileLoop(op('i32.lt_u', get(from), get(candidates)), [
        set(to, add(get(from), i32(BLOCK))),
        when(op('i32.gt_u', get(to), get(candidates)), [set(to, get(candidates))]),
        set(end, call('pick', get(room), get(from), get(to), get(first), get(parts))),
        op('drop', call('fetchPicked', inFrame(ownFrame(plan), i32(plan.addresses.mine)), get(end))),
        set(entered, inEachWay('enterPicked', ...some)),
        when(op('i32.lt_s', get(entered), i32(0)), [giveBack(i32(-1))]),
        set(fresh, add(get(fresh), get(entered))),
        set(from, get(to)),
      ]),
      get(fresh),
    ]
  })
}

/** `claimAll(worker)`: does so in all rooms, in order, and says where there was no room for a state. */
function claimAllFunction(plan: Plan): Func {
  return func('claimAll', ['i32'], [], ([worker], local) => {
    const room = local('i32')
    const end = local('i32')
    const fresh = local('i32')
    return [
      set(room, control(plan, 'rooms')),
      set(end, add(get(room), op('i32.mul', control(plan, 'chunks'), i32(ROOM_BYTES)))),
      whileLoop(op('i32.lt_u', get(room), get(end)), [
        set(fresh, call('claim', get(room), get(worker))),
        store('i32.store', add(get(room), shl(get(worker), 2)), get(fresh), ROOM.fresh),
        when(op('i32.lt_s', get(fresh), i32(0)), [
          store('i32.atomic.store', i32(controlAddress(plan, 'overflow')), i32(1)),
          giveBack(),
        ]),
        increment(room, ROOM_BYTES),
      ]),
    ]
  })
}

export const claimFunctions = (plan: Plan): readonly Func[] => [
  pickFunction(plan),
  ...fetchFunctions('fetchPicked', PICKED.bytes),
  ...WAYS.map((way) => enterFunction(plan, way)),
  claimFunction(plan),
  claimAllFunction(plan),
]
