/** WebAssembly of the end of a round: new states come into the arena, in the order of their rooms and within these of the candidates. */
import { stateAddress } from './arena.ts'
import { control, takeNext } from './crew_plan.ts'
import type { Node } from './encoder/code.ts'
import {
  add,
  branchIf,
  call,
  forEver,
  get,
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
import type { Plan } from './plan.ts'
import { CANDIDATES, MARK_BYTES, MARKS, ROOM, ROOM_BYTES } from './rooms.ts'
import { newMixer } from './table.ts'

/** `place(room, id)`: appends the new states of a room to the arena, from number `id` on, and gives the number after the last. */
function placeFunction(plan: Plan): Func {
  return func('place', ['i32', 'i32'], ['i32'], ([room, id], local) => {
    const first = local('i32')
    const marked = local('i64')
    const state = local('i64')
    const mixer = newMixer(local)
    const marks = Array.from({ length: plan.workers }, (_, worker) =>
      load('i64.load', add(get(room), op('i32.shr_u', get(first), i32(3))), MARKS + MARK_BYTES * worker),
    )
    const index = add(get(first), wrap(op('i64.ctz', get(marked))))
    return [
      ...mixer.prepare,
      whileLoop(op('i32.lt_u', get(first), load('i32.load', get(room), ROOM.candidates)), [
        set(
          marked,
          marks.reduce((a, b) => op('i64.or', a, b)),
        ),
        whileLoop(op('i64.ne', get(marked), i64(0n)), [
          set(state, load('i64.load', add(get(room), shl(index, 3)), CANDIDATES)),
          ...mixer.unmix(state),
          store('i64.store', stateAddress(plan, id), get(state)),
          increment(id, 1),
          // All but the lowest bit that is set.
          set(marked, op('i64.and', get(marked), op('i64.sub', get(marked), i64(1n)))),
        ]),
        increment(first, 64),
      ]),
      get(id),
    ]
  })
}

/** Code that looks for what conditions seek among states from..to-1, unless it was found before these. */
const seekAmong = (plan: Plan, from: Node, to: Node): readonly Node[] =>
  plan.conditions.flatMap(({ thread }, i) => {
    const found = load('i32.load', i32(plan.addresses.found + 4 * i))
    // Nothing found is 0, which less one is the greatest number.
    return thread === undefined ? [when(op('i32.ge_u', sub(found, i32(1)), from), [call(`seek${i}`, from, to)])] : []
  })

/** `placeAll(worker)`: does so room after room, each from its own number on, until all are taken. */
function placeAllFunction(plan: Plan): Func {
  return func('placeAll', ['i32'], [], (_, local) => {
    const chunk = local('i32')
    const room = local('i32')
    const from = local('i32')
    const to = local('i32')
    return [
      forEver((done) => [
        set(chunk, takeNext(plan)),
        branchIf(done, op('i32.ge_u', get(chunk), control(plan, 'chunks'))),
        set(room, add(control(plan, 'rooms'), op('i32.mul', get(chunk), i32(ROOM_BYTES)))),
        set(from, load('i32.load', get(room), ROOM.tail)),
        set(to, call('place', get(room), get(from))),
        ...seekAmong(plan, get(from), get(to)),
      ]),
    ]
  })
}

export const placeFunctions = (plan: Plan): readonly Func[] => [placeFunction(plan), placeAllFunction(plan)]
