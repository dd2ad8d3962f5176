/** WebAssembly that asks the memory for buckets of the table before anybody looks at them. */
import { bucketOf, hasMoved, line, OLD_TABLE } from './buckets.ts'
import type { Node } from './encoder/code.ts'
import {
  add,
  call,
  get,
  getGlobal,
  giveBack,
  i32,
  increment,
  load,
  op,
  set,
  shl,
  sub,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import { BUCKET_BYTES, GLOBALS } from './plan.ts'

/** States at a time: one less may lie behind the end of a list, whatever they are, and are fetched in vain. */
const AT_ONCE = 4

/**
 * `NAME(from, to)`: fetches the buckets of the mixed states from..to, addresses, of which each lies so many bytes
 * behind the one before it, and gives what nobody needs, so that
 * no compiler leaves the fetching out. A processor has as many fetches under way as it comes upon within the next few
 * hundred instructions: so there is as little as can be between one fetch and the next.
 */
const fetchFunction = (name: string, stride: number): Func =>
  func(name, ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const table = local('i32')
    const mask = local('i32')
    const sink = local('i32')
    const bucket = (nth: number): Node => op('i32.and', wrap(load('i64.load', get(from), stride * nth)), get(mask))
    const fetched = Array.from({ length: AT_ONCE }, (_, nth) =>
      load('i32.load', add(get(table), shl(bucket(nth), Math.log2(BUCKET_BYTES)))),
    ).reduce((a, b) => op('i32.xor', a, b))
    return [
      when(getGlobal(GLOBALS.old), [giveBack(call(`${name}Growing`, get(from), get(to)))]),
      set(table, getGlobal(GLOBALS.table)),
      set(mask, sub(op('i32.shl', i32(1), getGlobal(GLOBALS.buckets)), i32(1))),
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        set(sink, op('i32.xor', get(sink), fetched)),
        increment(from, stride * AT_ONCE),
      ]),
      get(sink),
    ]
  })

/** `NAMEGrowing(from, to)`: the same while the table grows, one at a time. */
const fetchWhileGrowing = (name: string, stride: number): Func =>
  func(`${name}Growing`, ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const state = local('i64')
    const sink = local('i32')
    const mixed = get(state)
    const address = op('select', line(bucketOf(mixed)), line(bucketOf(mixed, OLD_TABLE), OLD_TABLE), hasMoved(mixed))
    return [
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        set(state, load('i64.load', get(from))),
        set(sink, op('i32.xor', get(sink), load('i32.load', address))),
        increment(from, stride),
      ]),
      get(sink),
    ]
  })

export const fetchFunctions = (name: string, stride: number): readonly Func[] => [
  fetchFunction(name, stride),
  fetchWhileGrowing(name, stride),
]
