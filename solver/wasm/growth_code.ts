/** WebAssembly that moves what an old table of states holds into the larger one that takes its place: see growth.ts. */
import { line } from './buckets.ts'
import { control, controlAddress, takeNext } from './crew_plan.ts'
import type { Local, Node } from './encoder/code.ts'
import {
  add,
  branchIf,
  call,
  forEver,
  get,
  getGlobal,
  giveBack,
  i32,
  op,
  set,
  shl,
  store,
  sub,
  when,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Plan } from './plan.ts'
import { BUCKET_BYTES, GLOBALS } from './plan.ts'
import { eachEntry } from './rebuild.ts'
import type { Growing } from './table.ts'
import { findOrEnter, GROWING, whileGrowing } from './table.ts'

const bucketsOf = (logarithm: Node): Node => op('i32.shl', i32(1), logarithm)

/** Code that zeroes those buckets of the new table which are those from..to-1 of the old one, with any further bits. */
function zeroImages(from: Local, to: Local, image: Local): readonly Node[] {
  return [
    set(image, get(from)),
    whileLoop(op('i32.lt_u', get(image), bucketsOf(getGlobal(GLOBALS.buckets))), [
      op('memory.fill', line(get(image)), i32(0), shl(sub(get(to), get(from)), Math.log2(BUCKET_BYTES))),
      set(image, add(get(image), bucketsOf(getGlobal(GLOBALS.oldBuckets)))),
    ]),
  ]
}

/**
 * `move{44,88,84}(from, to)`: puts what is in buckets from..to-1 of the old table, sections all of them, into the new
 * one; gives 0 where that cannot hold it. A bucket has further bits in a table that is larger, at the upper end: what
 * was in order stays so in each of the places that it moves to, and the memory is read and written in order. As these
 * are zeroed just before, the memory may be of any content; and if it is new, it is written first: see touch.ts.
 */
function moveFunction({ name, width, old }: Growing): Func {
  return func(`move${name}`, ['i32', 'i32'], ['i32'], ([bucket, end], local) => {
    const state = local('i64')
    const image = local('i32')
    const figures = [GLOBALS.old, GLOBALS.oldBuckets, GLOBALS.oldWithin, GLOBALS.oldRemainder]
    const [from, buckets, within, remainder] = [local('i32'), local('i32'), local('i32'), local('i32')]
    const enter = findOrEnter({ width }, state, local, { entered: [], overflow: () => [giveBack(i32(0))] })
    return [
      ...zeroImages(bucket, end, image),
      ...[from, buckets, within, remainder].map((held, i) => set(held, getGlobal(figures[i] ?? GLOBALS.old))),
      ...eachEntry({ width: old, from, buckets, within, remainder, bucket, end }, state, local, enter),
      i32(1),
    ]
  })
}

/** `move(from, to)`: the one of these that is for the tables that there are. */
const moveAny: Func = func('move', ['i32', 'i32'], ['i32'], ([from, to]) => [whileGrowing('move', get(from), get(to))])

/**
 * `moveAll(worker)`: moves so many buckets at a time until all that are to be moved are taken, and says where there was
 * no room. What different sections hold comes into different sections, so that no two workers write to the same place.
 */
export function moveAllFunction(plan: Plan): Func {
  return func('moveAll', ['i32'], [], (_, local) => {
    const bucket = local('i32')
    const step = control(plan, 'moveStep')
    return [
      forEver((done) => [
        set(bucket, add(control(plan, 'moveFrom'), op('i32.mul', takeNext(plan), step))),
        branchIf(done, op('i32.ge_u', get(bucket), control(plan, 'moveTo'))),
        when(op('i32.eqz', call('move', get(bucket), add(get(bucket), step))), [
          store('i32.atomic.store', i32(controlAddress(plan, 'overflow')), i32(1)),
          giveBack(),
        ]),
      ]),
    ]
  })
}

/** The functions that the driver calls when the table grows. */
export const growthFunctions: readonly Func[] = [...GROWING.map(moveFunction), moveAny]
