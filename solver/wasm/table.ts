/**
 * WebAssembly of the set of states. It is exact, with no state ever lost to a hash, after John G. Cleary,
 * "Compact hash tables using bidirectional linear probing" (1984): the bits of a state are mixed by a
 * bijection; the low ones of the result choose a bucket and need not be stored, an entry holds the
 * rest, how far it lies behind its bucket, and one bit for being there. A bucket is one line of the
 * cache: 8 entries of 64 bits, or 16 of 32 where the rest is small enough.
 */
import { stateAddress } from './arena.ts'
import type { Label, Local, Node } from './encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  extend,
  forEver,
  get,
  getGlobal,
  i32,
  i64,
  increment,
  load,
  op,
  set,
  setGlobal,
  shl,
  store,
  sub,
  tee,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { ValueType } from './encoder/opcodes.ts'
import { GOLDEN } from './mixing.ts'
import type { Plan } from './plan.ts'
import { BUCKET_BYTES, GLOBALS, STATE_BYTES } from './plan.ts'

/** Odd, so that multiplication modulo any power of two can be undone. */
const FACTORS = [GOLDEN, 0xd6e8feb86659fd93n]

const LANES = [0, 16, 32, 48]

export type NewLocal = (type: ValueType) => Local

/** Entries of 4 or of 8 bytes: what differs between the two. */
export interface Width {
  readonly bytes: 4 | 8
  readonly type: 'i32' | 'i64'
  readonly eq: 'i32x4.eq' | 'i64x2.eq'
  readonly splat: 'i32x4.splat' | 'i64x2.splat'
  readonly bitmask: 'i32x4.bitmask' | 'i64x2.bitmask'
  /** From the 64 bits of the rest of a state to an entry without displacement. */
  readonly entry: (rest: Node) => Node
  readonly isTaken: (entry: Node) => Node
  readonly oneFurther: (entry: Node) => Node
}

const NARROW: Width = {
  bytes: 4,
  type: 'i32',
  eq: 'i32x4.eq',
  splat: 'i32x4.splat',
  bitmask: 'i32x4.bitmask',
  entry: (rest) => op('i32.or', wrap(rest), i32(2 ** 31)),
  isTaken: (entry) => op('i32.lt_s', entry, i32(0)),
  oneFurther: (entry) => add(entry, op('i32.shl', i32(1), getGlobal(GLOBALS.remainder))),
}

const WIDE: Width = {
  bytes: 8,
  type: 'i64',
  eq: 'i64x2.eq',
  splat: 'i64x2.splat',
  bitmask: 'i64x2.bitmask',
  entry: (rest) => op('i64.or', rest, i64(1n << 63n)),
  isTaken: (entry) => op('i64.lt_s', entry, i64(0n)),
  oneFurther: (entry) => op('i64.add', entry, op('i64.shl', i64(1n), extend(getGlobal(GLOBALS.remainder)))),
}

/** The number of buckets less one. */
const bucketMask: Node = sub(op('i32.shl', i32(1), getGlobal(GLOBALS.buckets)), i32(1))
/** The bucket after one in its part of the table, whose last bucket the first one follows. */
const nextBucket = (bucket: Local): Node => {
  const part = op('i32.and', get(bucket), op('i32.xor', getGlobal(GLOBALS.within), i32(-1)))
  return op('i32.or', part, op('i32.and', add(get(bucket), i32(1)), getGlobal(GLOBALS.within)))
}
export const bucketOf = (mixed: Node): Node => op('i32.and', wrap(mixed), bucketMask)
/** The address of a bucket. */
export const line = (bucket: Node): Node => add(getGlobal(GLOBALS.table), shl(bucket, Math.log2(BUCKET_BYTES)))

export const WIDTHS: readonly Width[] = [NARROW, WIDE]

/** Code that mixes the bits of states: a bijection on the numbers of `bits` bits. */
export interface Mixer {
  /** To be run first. */
  readonly prepare: readonly Node[]
  /** Mixes the bits of what a local holds. */
  readonly mix: (state: Local) => readonly Node[]
}

export function newMixer(local: NewLocal): Mixer {
  const mask = local('i64')
  const half = local('i64')
  const bits = extend(getGlobal(GLOBALS.bits))
  return {
    prepare: [
      set(mask, op('i64.shr_u', i64(-1n), op('i64.sub', i64(64n), bits))),
      set(half, op('i64.shr_u', op('i64.add', bits, i64(1n)), i64(1n))),
    ],
    mix: (state) =>
      FACTORS.flatMap((factor) => [
        set(state, op('i64.and', op('i64.mul', get(state), i64(factor)), get(mask))),
        set(state, op('i64.xor', get(state), op('i64.shr_u', get(state), get(half)))),
      ]),
  }
}

/**
 * `mix(from, to)`: mixes the successors from..to, addresses in `out`, into the array `mixed`, and asks
 * the memory for the buckets of all of them, so that it fetches many at once.
 */
function mixFunction(plan: Plan): Func {
  const { out, mixed: into } = plan.addresses
  return func('mix', ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const state = local('i64')
    const mixer = newMixer(local)
    const sink = local('i32')
    return [
      ...mixer.prepare,
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        set(state, load('i64.load', get(from))),
        ...mixer.mix(state),
        store('i64.store', get(from), get(state), into - out),
        set(sink, op('i32.xor', get(sink), load('i32.load', line(bucketOf(get(state)))))),
        increment(from, STATE_BYTES),
      ]),
      get(sink),
    ]
  })
}

/** What becomes of a state that is looked for. */
interface Found {
  /** What to do once it has been entered. */
  readonly entered: readonly Node[]
  /** Where the displacement has outgrown its bits, so that the state is not there. It must leave the search, or the loop around it. */
  readonly overflow: (searched: Label) => readonly Node[]
}

/** Code that finds a mixed state in the table, or else enters it there. */
export function findOrEnter(
  width: Width,
  state: Local,
  local: NewLocal,
  { entered, overflow }: Found,
): readonly Node[] {
  const key = local(width.type)
  const bucket = local('i32')
  const wanted = local('v128')
  const lanes = LANES.map(() => local('v128'))
  const taken = local('i32')
  const at = local('i32')
  const equal = lanes.map((lane) => op(width.eq, get(lane), get(wanted))).reduce((a, b) => op('v128.or', a, b))
  // Entries fill a bucket from its start, so their number is the place of the first free one.
  const count = lanes.map((lane) => op('i32.popcnt', op(width.bitmask, get(lane)))).reduce(add)
  const probe = forEver((done) => [
    set(at, line(get(bucket))),
    set(wanted, op(width.splat, get(key))),
    ...lanes.map((lane, i) => set(lane, load('v128.load', get(at), LANES[i]))),
    branchIf(done, op('v128.any_true', equal)),
    when(op('i32.lt_u', tee(taken, count), i32(BUCKET_BYTES / width.bytes)), [
      store(
        width.type === 'i32' ? 'i32.store' : 'i64.store',
        add(get(at), shl(get(taken), Math.log2(width.bytes))),
        get(key),
      ),
      ...entered,
      branch(done),
    ]),
    set(bucket, nextBucket(bucket)),
    set(key, width.oneFurther(get(key))),
    // The displacement has outgrown its bits.
    when(op('i32.eqz', width.isTaken(get(key))), overflow(done)),
  ])
  return [
    set(bucket, bucketOf(get(state))),
    set(key, width.entry(op('i64.shr_u', get(state), extend(getGlobal(GLOBALS.buckets))))),
    probe,
  ]
}

/**
 * `insert{4,8}(from, to)`: appends to the arena those of the successors from..to, addresses in `out`,
 * that are not in the table, in order, and gives where it stopped: before `to` where the table must
 * grow first.
 */
function insertFunction(plan: Plan, width: Width): Func {
  const { out, mixed: into } = plan.addresses
  return func(`insert${width.bytes}`, ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const state = local('i64')
    const tail = local('i32')
    const append = [store('i64.store', stateAddress(plan, tail), load('i64.load', get(from))), increment(tail, 1)]
    return [
      set(tail, getGlobal(GLOBALS.tail)),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        set(state, load('i64.load', get(from), into - out)),
        ...findOrEnter(width, state, local, { entered: append, overflow: () => [branch(done)] }),
        increment(from, STATE_BYTES),
      ]),
      setGlobal(GLOBALS.tail, get(tail)),
      get(from),
    ]
  })
}

/** The functions of the set of states. */
export const tableFunctions = (plan: Plan): readonly Func[] => [
  mixFunction(plan),
  ...WIDTHS.map((width) => insertFunction(plan, width)),
]
