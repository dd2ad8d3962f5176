/**
 * WebAssembly of a part of the table of states, as a rule with a memory of its own. The low bits of a mixed state say which
 * part it belongs to, and the part's table knows it by the others. All parts run the same module.
 */
import { bucketOf, line } from '../buckets.ts'
import type { Global, Local, Node } from '../encoder/code.ts'
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
  setGlobal,
  shl,
  store,
  when,
  whileLoop,
} from '../encoder/code.ts'
import type { Func } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { encode, type Module } from '../encoder/module.ts'
import { GLOBALS, PAGE_BYTES } from '../plan.ts'
import { unloadFunction } from '../rebuild.ts'
import { findOrEnter, lookUp, WIDTHS, type Width } from '../table.ts'

/** Where things lie in a part's memory. */
export interface PartLayout {
  /** Mixed states that come in or go out, 64 bits each, and how many at most. */
  readonly box: number
  readonly most: number
  /** A byte for each: whether it is new. */
  readonly flags: number
  readonly table: number
}

/** The same in a memory that is a part's own. */
export function partLayout(most: number): PartLayout {
  const box = 64
  const flags = box + 8 * most
  const table = PAGE_BYTES * Math.ceil((flags + most) / PAGE_BYTES)
  return { box, most, flags, table }
}

const global = (name: string): Global => ({ name, type: 'i32' })

export const PART_GLOBALS: Readonly<
  Record<'table' | 'buckets' | 'within' | 'remainder' | 'depth' | 'number' | 'limit' | 'states' | 'sink', Global>
> = {
  table: GLOBALS.table,
  buckets: GLOBALS.buckets,
  within: GLOBALS.within,
  remainder: GLOBALS.remainder,
  /** The low bits of the part's states that are the same in all of them: how many, and what they are. */
  depth: global('depth'),
  number: global('number'),
  /** The states that it may hold, and holds. */
  limit: global('limit'),
  states: global('states'),
  /** What nobody reads. */
  sink: global('sink'),
}

const { depth, number, limit, states, sink: sinkCell } = PART_GLOBALS

/** States whose buckets are touched before the first of them is looked up. */
const BLOCK = 128

/** What the table tells of a mixed state that belongs to the part, in place of all its bits. */
const ownBits = (item: Node): Node => op('i64.shr_u', item, extend(getGlobal(depth)))

/** Code that asks the memory for the bucket of a state. */
const touched = (state: Local, sink: Local): Node =>
  set(sink, op('i32.xor', get(sink), load('i32.load', line(bucketOf(get(state))))))

/** Code that goes over n states in blocks: it runs `before` for each of a block, as `ahead`, and then `each`, as `nth`. */
function inBlocks(
  n: Local,
  { nth, end, ahead }: { readonly nth: Local; readonly end: Local; readonly ahead: Local },
  before: readonly Node[],
  each: readonly Node[],
): readonly Node[] {
  return [
    forEver((done) => [
      branchIf(done, op('i32.ge_u', get(nth), get(n))),
      set(ahead, get(nth)),
      set(end, add(get(nth), i32(BLOCK))),
      when(op('i32.gt_u', get(end), get(n)), [set(end, get(n))]),
      whileLoop(op('i32.lt_u', get(ahead), get(end)), [...before, increment(ahead, 1)]),
      whileLoop(op('i32.lt_u', get(nth), get(end)), [...each, increment(nth, 1)]),
    ]),
  ]
}

/**
 * `claim{4,8}(n)`: enters the first n states of the box and marks those that are new, and gives n; or before which one
 * it stopped, as there was no room. `adopt{4,8}(n)` does so with those that belong to this part; the others are not new.
 */
function claimFunction({ box, flags }: PartLayout, width: Width, name: 'claim' | 'adopt'): Func {
  return func(`${name}${width.bytes}`, ['i32'], ['i32'], ([n], local) => {
    const nth = local('i32')
    const end = local('i32')
    const ahead = local('i32')
    const state = local('i64')
    const held = local('i32')
    const sink = local('i32')
    const item = (of: Local): Node => load('i64.load', shl(get(of), 3), box)
    const own = (of: Local): Node => set(state, ownBits(item(of)))
    const touch = [own(ahead), touched(state, sink)]
    const leave = [setGlobal(states, get(held)), setGlobal(sinkCell, get(sink)), giveBack(get(nth))]
    const enter = findOrEnter({ width }, state, local, {
      entered: [store('i32.store8', get(nth), i32(1), flags), increment(held, 1)],
      overflow: () => leave,
    })
    const low = op('i64.sub', op('i64.shl', i64(1n), extend(getGlobal(depth))), i64(1n))
    const belongs = (of: Local): Node => op('i64.eq', op('i64.and', item(of), low), extend(getGlobal(number)))
    return [
      set(held, getGlobal(states)),
      ...inBlocks(n, { nth, end, ahead }, name === 'claim' ? touch : [when(belongs(ahead), touch)], [
        when(op('i32.ge_u', get(held), getGlobal(limit)), leave),
        store('i32.store8', get(nth), i32(0), flags),
        own(nth),
        ...(name === 'claim' ? enter : [when(belongs(nth), enter)]),
      ]),
      ...leave,
    ]
  })
}

/** `forget{4,8}(n)`: takes the mark from those of the first n states of the box that are in the table. */
function forgetFunction({ box, flags }: PartLayout, width: Width): Func {
  return func(`forget${width.bytes}`, ['i32'], [], ([n], local) => {
    const nth = local('i32')
    const end = local('i32')
    const ahead = local('i32')
    const state = local('i64')
    const sink = local('i32')
    const own = (of: Local): Node => set(state, ownBits(load('i64.load', shl(get(of), 3), box)))
    const isMarked = (of: Local): Node => load('i32.load8_u', get(of), flags)
    return [
      ...inBlocks(
        n,
        { nth, end, ahead },
        [when(isMarked(ahead), [own(ahead), touched(state, sink)])],
        [
          when(isMarked(nth), [
            own(nth),
            store('i32.store8', get(nth), i32(0), flags),
            ...lookUp({ width }, state, local, [store('i32.store8', get(nth), i32(1), flags)]),
          ]),
        ],
      ),
      setGlobal(sinkCell, get(sink)),
    ]
  })
}

/** The bytes of the module, for a memory of so many pages. */
export function partModule(layout: PartLayout, memory: Module['memory']): Uint8Array<ArrayBuffer> {
  // From what the table tells of a state to all its bits.
  const whole = (state: Local): readonly Node[] => [
    set(state, op('i64.or', op('i64.shl', get(state), extend(getGlobal(depth))), extend(getGlobal(number)))),
  ]
  return encode({
    imports: [],
    functions: WIDTHS.flatMap((width) => [
      claimFunction(layout, width, 'claim'),
      claimFunction(layout, width, 'adopt'),
      forgetFunction(layout, width),
      unloadFunction(width, whole),
    ]),
    globals: Object.values<Global>(PART_GLOBALS),
    memory,
  })
}
