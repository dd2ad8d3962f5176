/** WebAssembly that fills a new table of states, that reads a table, and that widens states. */
import { stateAddress, stored } from './arena.ts'
import { bucketOf, line } from './buckets.ts'
import type { Local, Node } from './encoder/code.ts'
import {
  add,
  branchIf,
  extend,
  forEver,
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
  tee,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Plan } from './plan.ts'
import { BUCKET_BYTES, componentGlobals, GLOBALS, STATE_BYTES } from './plan.ts'
import type { NewLocal, Width } from './table.ts'
import { findOrEnter, newMixer, WIDTHS } from './table.ts'

/** States that are mixed, and their buckets touched, before the first of them is entered. */
const BLOCK = 64

/** `enterAll{4,8}()`: puts all states of the arena into an empty table; gives 0 where it cannot hold them. */
function enterAllFunction(plan: Plan, width: Width): Func {
  return func(`enterAll${width.bytes}`, [], ['i32'], (_, local) => {
    const state = local('i64')
    const id = local('i32')
    const at = local('i32')
    const end = local('i32')
    const sink = local('i32')
    const mixer = newMixer(local)
    // Successors that wait for this table are mixed anew, so their place is free.
    const { mixed } = plan.addresses
    const someLeft = op('i32.lt_u', get(id), getGlobal(GLOBALS.tail))
    return [
      ...mixer.prepare,
      whileLoop(someLeft, [
        set(end, i32(mixed)),
        whileLoop(op('i32.and', someLeft, op('i32.lt_u', get(end), i32(mixed + BLOCK * STATE_BYTES))), [
          set(state, stored(plan, id)),
          ...mixer.mix(state),
          store('i64.store', get(end), get(state)),
          set(sink, add(get(sink), load('i32.load', line(bucketOf(get(state)))))),
          increment(id, 1),
          increment(end, STATE_BYTES),
        ]),
        set(at, i32(mixed)),
        whileLoop(op('i32.lt_u', get(at), get(end)), [
          set(state, load('i64.load', get(at))),
          ...findOrEnter({ width }, state, local, { entered: [], overflow: () => [giveBack(i32(0))] }),
          increment(at, STATE_BYTES),
        ]),
      ]),
      // The sum of what was touched, so that no compiler leaves the touching out; never 0.
      op('i32.or', get(sink), i32(1)),
    ]
  })
}

const lowBits = (bits: Node): Node => op('i64.sub', op('i64.shl', i64(1n), bits), i64(1n))

/** Code that works out a mixed state from its entry in a bucket of a table of other figures. */
function decode(
  entry: Local,
  bucket: Local,
  buckets: Local,
  within: Local,
  remainder: Local,
  state: Local,
  home: Local,
): readonly Node[] {
  const isWide = entry.type === 'i64'
  const distance = op('i64.shr_u', get(state), extend(get(remainder)))
  const rest = op('i64.and', get(state), lowBits(extend(get(remainder))))
  return [
    set(state, op('i64.xor', isWide ? get(entry) : extend(get(entry)), i64(1n << (isWide ? 63n : 31n)))),
    set(
      home,
      op(
        'i64.or',
        op('i64.and', op('i64.sub', extend(get(bucket)), distance), extend(get(within))),
        extend(op('i32.and', get(bucket), op('i32.xor', get(within), i32(-1)))),
      ),
    ),
    set(state, op('i64.or', op('i64.shl', rest, extend(get(buckets))), get(home))),
  ]
}

/** Buckets bucket..end-1 of a table that is at `from`. */
interface Walk {
  readonly width: Width
  readonly from: Local
  readonly buckets: Local
  readonly within: Local
  readonly remainder: Local
  readonly bucket: Local
  readonly end: Local
}

/** Code that runs `body` for each mixed state in some buckets of a table, in order. */
export function eachEntry(walk: Walk, state: Local, local: NewLocal, body: readonly Node[]): readonly Node[] {
  const { width, from, buckets, within, remainder, bucket, end } = walk
  const place = local('i32')
  const entry = local(width.type)
  const home = local('i64')
  const address = add(
    add(get(from), shl(get(bucket), Math.log2(BUCKET_BYTES))),
    shl(get(place), Math.log2(width.bytes)),
  )
  return [
    whileLoop(op('i32.lt_u', get(bucket), get(end)), [
      set(place, i32(0)),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(place), i32(BUCKET_BYTES / width.bytes))),
        set(entry, load(width.type === 'i32' ? 'i32.load' : 'i64.load', address)),
        branchIf(done, op('i32.eqz', width.isTaken(get(entry)))),
        ...decode(entry, bucket, buckets, within, remainder, state, home),
        ...body,
        increment(place, 1),
      ]),
      increment(bucket, 1),
    ]),
  ]
}

/**
 * `unload{4,8}(from, buckets, within, remainder, bucket, end, to)`: writes to the address `to` the mixed states that are
 * in such buckets of a table, after `finish`, and gives where they end.
 */
export function unloadFunction(width: Width, finish: (state: Local) => readonly Node[]): Func {
  return func(
    `unload${width.bytes}`,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    ['i32'],
    ([from, buckets, within, remainder, bucket, end, to], local) => {
      const state = local('i64')
      const keep = [...finish(state), store('i64.store', get(to), get(state)), increment(to, STATE_BYTES)]
      return [...eachEntry({ width, from, buckets, within, remainder, bucket, end }, state, local, keep), get(to)]
    },
  )
}

/** `layOut(id, end)`: moves the number of each component to its new place, in the states id..end-1. */
function layOutFunction(plan: Plan): Func {
  return func('layOut', ['i32', 'i32'], [], ([id, end], local) => {
    const state = local('i64')
    const address = local('i32')
    const moved = plan.composition.components.map(({ index }) => {
      const { shift, fieldMask } = componentGlobals(index)
      const number = op('i64.and', op('i64.shr_u', get(state), extend(getGlobal(shift))), extend(getGlobal(fieldMask)))
      return op('i64.shl', number, extend(load('i32.load', i32(plan.addresses.shifts + 4 * index))))
    })
    return [
      whileLoop(op('i32.lt_u', get(id), get(end)), [
        set(state, load('i64.load', tee(address, stateAddress(plan, id)))),
        store(
          'i64.store',
          get(address),
          moved.reduce((a, b) => op('i64.or', a, b)),
        ),
        increment(id, 1),
      ]),
    ]
  })
}

/** The functions that the driver calls when states become wider. */
export const rebuildFunctions = (plan: Plan): readonly Func[] => [
  ...WIDTHS.map((width) => enterAllFunction(plan, width)),
  layOutFunction(plan),
]
