/**
 * WebAssembly beside that of the model, on the same memory: it gathers successors for the parts of the table, which
 * lie in memories of their own, and appends those that turn out to be new. Made only where a search goes that far.
 */
import { fullCell, held } from '../cells.ts'
import { stateAddress, stored } from '../arena.ts'
import type { Global, Local, Node } from '../encoder/code.ts'
import {
  add,
  branch,
  branchIf,
  forEver,
  get,
  getGlobal,
  i32,
  increment,
  load,
  op,
  set,
  setGlobal,
  shl,
  store,
  sub,
  tee,
  whileLoop,
  wrap,
} from '../encoder/code.ts'
import type { Func } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { encode } from '../encoder/module.ts'
import type { Plan } from '../plan.ts'
import { GLOBALS, STATE_BYTES } from '../plan.ts'
import { expandState } from '../state_code.ts'
import { newMixer } from '../table.ts'
import { ofFirstMemory, type BatchAddresses } from './sizes.ts'

const global = (name: string): Global => ({ name, type: 'i32' })

export const BATCH_GLOBALS: Readonly<Record<'bits' | 'tail' | 'reached' | 'deadlock' | 'partMask', Global>> = {
  /** As in the module of the model: set before each use. */
  bits: GLOBALS.bits,
  tail: GLOBALS.tail,
  /** The first state that was not expanded. */
  reached: global('reached'),
  /** The first deadlock, plus one. */
  deadlock: global('deadlock'),
  /** The bits of a mixed state by which the parts are told apart. */
  partMask: global('partMask'),
}

const { tail, reached, deadlock, partMask } = BATCH_GLOBALS

/** Functions of the model's module. */
const OF_MODEL = [
  { name: 'successors', params: ['i32', 'i32'], results: ['i32'] },
  { name: 'isFinal', params: ['i64'], results: ['i32'] },
] as const

/** The `nth` of an array of 32-bit numbers, and of 64-bit ones: where it is. */
const word = (array: number, nth: Node): Node => add(i32(array), shl(nth, 2))
const long = (array: number, nth: Local): Node => add(i32(array), shl(get(nth), 3))

/** `gather(from, to, enough)`: expands states until their successors reach the address `enough`; gives how many there are. */
function gatherFunction(plan: Plan, { states }: BatchAddresses): Func {
  return func('gather', ['i32', 'i32', 'i32'], ['i32'], ([from, to, enough], local) => {
    const at = local('i32')
    const before = local('i32')
    const deadlockCell = { noted: getGlobal(deadlock), note: (id: Node) => setGlobal(deadlock, id) }
    return [
      set(at, i32(states)),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        branchIf(done, held(fullCell(plan))),
        ...expandState(plan, { id: from, at, before }, deadlockCell, [branch(done)]),
        increment(from, 1),
        branchIf(done, op('i32.ge_u', get(at), get(enough))),
      ]),
      setGlobal(reached, get(from)),
      op('i32.shr_u', sub(get(at), i32(states)), i32(Math.log2(STATE_BYTES))),
    ]
  })
}

/** `fetch(from, to)`: takes stored states into the batch, as if they had been gathered. */
function fetchFunction(plan: Plan, { states }: BatchAddresses): Func {
  return func('fetch', ['i32', 'i32'], [], ([from, to], local) => {
    const nth = local('i32')
    return [
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        store('i64.store', long(states, nth), stored(plan, from)),
        increment(nth, 1),
        increment(from, 1),
      ]),
    ]
  })
}

/** `mix(n)`: mixes the bits of n states. */
function mixFunction({ states, mixed }: BatchAddresses): Func {
  return func('mix', ['i32'], [], ([n], local) => {
    const nth = local('i32')
    const state = local('i64')
    const mixer = newMixer(local)
    return [
      ...mixer.prepare,
      whileLoop(op('i32.lt_u', get(nth), get(n)), [
        set(state, load('i64.load', long(states, nth))),
        ...mixer.mix(state),
        store('i64.store', long(mixed, nth), get(state)),
        increment(nth, 1),
      ]),
    ]
  })
}

/** The cell of `counts` for the part of a mixed state. */
const countOf = (counts: number, mixed: Node): Node => word(counts, op('i32.and', wrap(mixed), getGlobal(partMask)))

/** `count(n)`: adds to `counts` how many of n mixed states belong to each part. */
function countFunction({ mixed, counts }: BatchAddresses): Func {
  return func('count', ['i32'], [], ([n], local) => {
    const nth = local('i32')
    const cell = local('i32')
    return [
      whileLoop(op('i32.lt_u', get(nth), get(n)), [
        set(cell, countOf(counts, load('i64.load', long(mixed, nth)))),
        store('i32.store', get(cell), add(load('i32.load', get(cell)), i32(1))),
        increment(nth, 1),
      ]),
    ]
  })
}

/** `sort(n)`: puts those of a part side by side, in order. `counts` holds where the first of each goes, then the next. */
function sortFunction({ mixed, counts, sorted, places }: BatchAddresses): Func {
  return func('sort', ['i32'], [], ([n], local) => {
    const nth = local('i32')
    const cell = local('i32')
    const place = local('i32')
    const state = local('i64')
    return [
      whileLoop(op('i32.lt_u', get(nth), get(n)), [
        set(state, load('i64.load', long(mixed, nth))),
        set(place, load('i32.load', tee(cell, countOf(counts, get(state))))),
        store('i64.store', long(sorted, place), get(state)),
        store('i32.store', word(places, get(nth)), get(place)),
        store('i32.store', get(cell), add(get(place), i32(1))),
        increment(nth, 1),
      ]),
    ]
  })
}

/**
 * `place(n)`: appends the new ones of n successors to the arena, in order. Each is written behind those that are there,
 * and the next one over it unless it is new: whether it is, no processor can foretell.
 */
function placeFunction(plan: Plan, { states, places, flags }: BatchAddresses): Func {
  return func('place', ['i32'], [], ([n], local) => {
    const nth = local('i32')
    const end = local('i32')
    const isNew = load('i32.load8_u', load('i32.load', word(places, get(nth))), flags)
    return [
      set(end, getGlobal(tail)),
      whileLoop(op('i32.lt_u', get(nth), get(n)), [
        store('i64.store', stateAddress(plan, end), load('i64.load', long(states, nth))),
        set(end, add(get(end), isNew)),
        increment(nth, 1),
      ]),
      setGlobal(tail, get(end)),
    ]
  })
}

/** The bytes of the module, for a batch that has its place. */
export function batchModule(plan: Plan, at: BatchAddresses): Uint8Array<ArrayBuffer> {
  return encode({
    imports: OF_MODEL,
    functions: [
      gatherFunction(plan, at),
      fetchFunction(plan, at),
      mixFunction(at),
      countFunction(at),
      sortFunction(at),
      placeFunction(plan, at),
    ],
    globals: Object.values<Global>(BATCH_GLOBALS),
    memory: ofFirstMemory(plan),
  })
}
