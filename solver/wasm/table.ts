/**
 * WebAssembly of the set of states. It is exact, with no state ever lost to a hash, after John G. Cleary,
 * "Compact hash tables using bidirectional linear probing" (1984): the bits of a state are mixed by a
 * bijection; the low ones of the result choose a bucket and need not be stored, an entry holds the
 * rest, how far it lies behind its bucket, and one bit for being there. A bucket is one line of the
 * cache: 8 entries of 64 bits, or 16 of 32 where the rest is small enough.
 */
import { stateAddress } from './arena.ts'
import { bucketOf, hasMoved, line, nextBucket, OLD_TABLE, TABLE, type Table } from './buckets.ts'
import type { Label, Local, Node } from './encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  call,
  choose,
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
  tee,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { ValueType } from './encoder/opcodes.ts'
import { fetchFunctions } from './fetch.ts'
import { GOLDEN, inverse } from './mixing.ts'
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
  /** The entry one bucket further behind, where so many bits of it are the rest. */
  readonly oneFurther: (entry: Node, remainder: Node) => Node
}

const NARROW: Width = {
  bytes: 4,
  type: 'i32',
  eq: 'i32x4.eq',
  splat: 'i32x4.splat',
  bitmask: 'i32x4.bitmask',
  entry: (rest) => op('i32.or', wrap(rest), i32(2 ** 31)),
  isTaken: (entry) => op('i32.lt_s', entry, i32(0)),
  oneFurther: (entry, remainder) => add(entry, op('i32.shl', i32(1), remainder)),
}

const WIDE: Width = {
  bytes: 8,
  type: 'i64',
  eq: 'i64x2.eq',
  splat: 'i64x2.splat',
  bitmask: 'i64x2.bitmask',
  entry: (rest) => op('i64.or', rest, i64(1n << 63n)),
  isTaken: (entry) => op('i64.lt_s', entry, i64(0n)),
  oneFurther: (entry, remainder) => op('i64.add', entry, op('i64.shl', i64(1n), extend(remainder))),
}

export const WIDTHS: readonly Width[] = [NARROW, WIDE]

/** How wide the entries of the table are and, where it grows, those of the old one. Functions are named after it. */
export interface Way {
  readonly name: string
  readonly width: Width
  readonly old?: Width
}
export type Growing = Required<Way>

/** A table that grows has as wide entries as before or narrower ones, as more bits are told by the bucket. */
export const GROWING: readonly Growing[] = [
  { name: '44', old: NARROW, width: NARROW },
  { name: '88', old: WIDE, width: WIDE },
  { name: '84', old: WIDE, width: NARROW },
]
export const STEADY: readonly Way[] = WIDTHS.map((width) => ({ name: `${width.bytes}`, width }))
export const WAYS: readonly Way[] = [...STEADY, ...GROWING]

/** Code that calls the function `NAME44`, `NAME88` or `NAME84` for the tables that there are. */
export const whileGrowing = (name: string, ...args: readonly Node[]): Node =>
  choose(
    'i32',
    getGlobal(GLOBALS.oldNarrow),
    call(`${name}44`, ...args),
    choose('i32', getGlobal(GLOBALS.narrow), call(`${name}84`, ...args), call(`${name}88`, ...args)),
  )

/** The same, or `NAME4` or `NAME8` where the table does not grow. */
export const inEachWay = (name: string, ...args: readonly Node[]): Node =>
  choose(
    'i32',
    getGlobal(GLOBALS.old),
    whileGrowing(name, ...args),
    choose('i32', getGlobal(GLOBALS.narrow), call(`${name}4`, ...args), call(`${name}8`, ...args)),
  )

/** Code that mixes the bits of states: a bijection on the numbers of `bits` bits. */
export interface Mixer {
  /** To be run first. */
  readonly prepare: readonly Node[]
  /** Mixes the bits of what a local holds, and undoes that. */
  readonly mix: (state: Local) => readonly Node[]
  readonly unmix: (state: Local) => readonly Node[]
}

export function newMixer(local: NewLocal): Mixer {
  const mask = local('i64')
  const half = local('i64')
  const bits = extend(getGlobal(GLOBALS.bits))
  const fold = (state: Local): Node => set(state, op('i64.xor', get(state), op('i64.shr_u', get(state), get(half))))
  return {
    prepare: [
      set(mask, op('i64.shr_u', i64(-1n), op('i64.sub', i64(64n), bits))),
      set(half, op('i64.shr_u', op('i64.add', bits, i64(1n)), i64(1n))),
    ],
    mix: (state) =>
      FACTORS.flatMap((factor) => [
        set(state, op('i64.and', op('i64.mul', get(state), i64(factor)), get(mask))),
        fold(state),
      ]),
    // What folds half of the bits onto the others undoes itself.
    unmix: (state) =>
      [...FACTORS]
        .reverse()
        .flatMap((factor) => [
          fold(state),
          set(state, op('i64.and', op('i64.mul', get(state), i64(inverse(factor))), get(mask))),
        ]),
  }
}

/** `mix(from, to)`: mixes the successors from..to, addresses in `out`, into the array `mixed`, and fetches their buckets. */
function mixFunction(plan: Plan): Func {
  const { out, mixed: into } = plan.addresses
  return func('mix', ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const state = local('i64')
    const at = local('i32')
    const mixer = newMixer(local)
    return [
      ...mixer.prepare,
      set(at, get(from)),
      whileLoop(op('i32.lt_u', get(at), get(to)), [
        set(state, load('i64.load', get(at))),
        ...mixer.mix(state),
        store('i64.store', get(at), get(state), into - out),
        increment(at, STATE_BYTES),
      ]),
      call('fetch', add(get(from), i32(into - out)), add(get(to), i32(into - out))),
    ]
  })
}

/** What becomes of a state that is looked for. */
interface Found {
  /** What to do once it has been entered. */
  readonly entered: readonly Node[]
  /** Where there is no room for the state, which is not there. It must leave the search, or the loop around it. */
  readonly overflow: (searched: Label) => readonly Node[]
}

/** Code that finds a mixed state in the table, or else enters it there; in the old one where the state has not moved. */
export function findOrEnter(
  { width, old }: Omit<Way, 'name'>,
  state: Local,
  local: NewLocal,
  found: Found,
): readonly Node[] {
  const inTable = findOrEnterIn(TABLE, width, state, local, found)
  if (old === undefined) return inTable
  return [when(hasMoved(get(state)), inTable, findOrEnterIn(OLD_TABLE, old, state, local, found))]
}

function findOrEnterIn(
  table: Table,
  width: Width,
  state: Local,
  local: NewLocal,
  { entered, overflow }: Found,
): readonly Node[] {
  const name = width.type === 'i32' ? 'i32.store' : 'i64.store'
  return probe(table, width, state, local, {
    free: (place, key) => [store(name, place, get(key)), ...entered],
    overflow,
  })
}

/** Code that runs `absent` where a mixed state is not in the table. */
export const lookUp = (
  { width }: { readonly width: Width },
  state: Local,
  local: NewLocal,
  absent: readonly Node[],
): readonly Node[] =>
  probe(TABLE, width, state, local, { free: () => absent, overflow: (done) => [...absent, branch(done)] })

/** What to do where a mixed state is not in the table: its entry, and the first free place for one; or where there is none. */
interface Absent {
  readonly free: (place: Node, key: Local) => readonly Node[]
  readonly overflow: (searched: Label) => readonly Node[]
}

/** Code that looks for a mixed state. */
function probe(table: Table, width: Width, state: Local, local: NewLocal, { free, overflow }: Absent): readonly Node[] {
  const key = local(width.type)
  const bucket = local('i32')
  const wanted = local('v128')
  const lanes = LANES.map(() => local('v128'))
  const taken = local('i32')
  const at = local('i32')
  const equal = lanes.map((lane) => op(width.eq, get(lane), get(wanted))).reduce((a, b) => op('v128.or', a, b))
  // Entries fill a bucket from its start, so their number is the place of the first free one.
  const count = lanes.map((lane) => op('i32.popcnt', op(width.bitmask, get(lane)))).reduce(add)
  const search = forEver((done) => [
    set(at, line(get(bucket), table)),
    set(wanted, op(width.splat, get(key))),
    ...lanes.map((lane, i) => set(lane, load('v128.load', get(at), LANES[i]))),
    branchIf(done, op('v128.any_true', equal)),
    when(op('i32.lt_u', tee(taken, count), i32(BUCKET_BYTES / width.bytes)), [
      ...free(add(get(at), shl(get(taken), Math.log2(width.bytes))), key),
      branch(done),
    ]),
    set(bucket, nextBucket(bucket)),
    set(key, width.oneFurther(get(key), getGlobal(table.remainder))),
    // The displacement has outgrown its bits, or all of the section is full.
    when(
      op('i32.or', op('i32.eqz', width.isTaken(get(key))), op('i32.eq', get(bucket), bucketOf(get(state), table))),
      overflow(done),
    ),
  ])
  return [
    set(bucket, bucketOf(get(state), table)),
    set(key, width.entry(op('i64.shr_u', get(state), extend(getGlobal(table.buckets))))),
    search,
  ]
}

/**
 * `insert{4,8,44,88,84}(from, to)`: appends to the arena those of the successors from..to, addresses in `out`,
 * that are not in the table, in order, and gives where it stopped: before `to` where the table must
 * grow first.
 */
function insertFunction(plan: Plan, way: Way): Func {
  const { out, mixed: into } = plan.addresses
  return func(`insert${way.name}`, ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const state = local('i64')
    const tail = local('i32')
    const append = [store('i64.store', stateAddress(plan, tail), load('i64.load', get(from))), increment(tail, 1)]
    return [
      set(tail, getGlobal(GLOBALS.tail)),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        set(state, load('i64.load', get(from), into - out)),
        ...findOrEnter(way, state, local, { entered: append, overflow: () => [branch(done)] }),
        increment(from, STATE_BYTES),
      ]),
      setGlobal(GLOBALS.tail, get(tail)),
      get(from),
    ]
  })
}

/** The functions of the set of states. */
export const tableFunctions = (plan: Plan): readonly Func[] => [
  ...fetchFunctions('fetch', STATE_BYTES),
  mixFunction(plan),
  ...WAYS.map((way) => insertFunction(plan, way)),
]
