/**
 * WebAssembly that decides whether one thread is enough in the state at hand: solver/reduce/ample.ts says what that
 * means and why it is right. Sets of conditions are 64 bits, sets of atoms a few words. Sets of several threads that
 * are enough together are not looked for: they save hardly a state in a hundred, and cost a third of the time.
 */
import type { Label, Local, Node } from '../encoder/code.ts'
import {
  add,
  branchIf,
  call,
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
  when,
  whileLoop,
  wrap,
} from '../encoder/code.ts'
import type { Func } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { GOLDEN } from '../mixing.ts'
import { FUTURES } from './marks.ts'
import type { ReductionAddresses, ReductionPlan } from './tables.ts'
import { DESK, HAND, NODE } from './tables.ts'

export interface Reducing {
  readonly plan: ReductionPlan
  readonly addresses: ReductionAddresses
  readonly threads: number
}

const FACTOR = 0xbf58476d1ce4e5b9n

const without = (a: Node, b: Node): Node => op('i64.and', a, op('i64.xor', b, i64(-1n)))
const or = (a: Node, b: Node): Node => op('i64.or', a, b)
const none = (a: Node): Node => op('i64.eqz', a)
/** The conditions that are false in the state at hand. */
const shutNow = ({ addresses }: Reducing): Node => load('i64.load', i32(addresses.hand), HAND.shut)
const deskOf = ({ addresses }: Reducing, thread: Node): Node =>
  add(i32(addresses.desk), op('i32.mul', thread, i32(DESK.bytes)))

/** Runs `body` for each thread: its number, and its desk. */
function eachThread(reducing: Reducing, thread: Local, desk: Local, body: readonly Node[]): readonly Node[] {
  return [
    set(thread, i32(0)),
    set(desk, deskOf(reducing, get(thread))),
    whileLoop(op('i32.lt_u', get(thread), i32(reducing.threads)), [
      ...body,
      increment(thread, 1),
      increment(desk, DESK.bytes),
    ]),
  ]
}

/** Code that looks a node's future up from `at` on: runs `found` where it is there, and goes on where it is not. */
function lookUp(node: Local, matter: Local, at: Local, found: (entry: Local) => Node, entry: Local): readonly Node[] {
  const { table, mask } = FUTURES
  const hash = op('i64.mul', op('i64.xor', get(matter), op('i64.mul', extend(get(node)), i64(FACTOR))), i64(GOLDEN))
  const next = add(getGlobal(table), op('i32.and', op('i32.sub', add(get(at), i32(16)), getGlobal(table)), wrapMask()))
  return [
    set(at, add(getGlobal(table), shl(op('i32.and', wrap(op('i64.shr_u', hash, i64(32n))), getGlobal(mask)), 4))),
    forEver((free) => [
      branchIf(free, op('i32.eqz', tee(entry, load('i32.load', get(at), 12)))),
      when(op('i64.eq', load('i64.load', get(at)), get(matter)), [
        when(op('i32.eq', load('i32.load', get(at), 8), get(node)), [found(entry)]),
      ]),
      set(at, next),
    ]),
  ]
}

/** The bytes of the table of futures less those of its last entry's rest. */
const wrapMask = (): Node => op('i32.or', shl(getGlobal(FUTURES.mask), 4), i32(15))

/**
 * `future(node, shut)`: the address of what a thread at a node may yet do while the conditions `shut` stay false.
 * What is not known yet is asked of the analysis, by the import `foresee`.
 */
function futureFunction({ addresses }: Reducing): Func {
  return func('future', ['i32', 'i64'], ['i32'], ([node, shut], local) => {
    const matter = local('i64')
    const at = local('i32')
    const entry = local('i32')
    const halves = [wrap(get(matter)), wrap(op('i64.shr_u', get(matter), i64(32n)))]
    return [
      set(matter, op('i64.and', get(shut), load('i64.load', get(node), NODE.relevant))),
      ...lookUp(node, matter, at, (found) => giveBack(get(found)), entry),
      when(op('i32.eqz', tee(entry, call('foresee', get(node), ...halves))), [giveBack(i32(addresses.anything))]),
      call('remember', get(node), get(matter), get(entry)),
      get(entry),
    ]
  })
}

/** `remember(node, matter, future)`: enters a future in the table, which has room. */
const rememberFunction: Func = func('remember', ['i32', 'i64', 'i32'], [], ([node, matter, future], local) => {
  const at = local('i32')
  const entry = local('i32')
  return [
    ...lookUp(node, matter, at, () => giveBack(), entry),
    store('i64.store', get(at), get(matter)),
    store('i32.store', get(at), get(node), 8),
    store('i32.store', get(at), get(future), 12),
  ]
})

/** `recall(from, to)`: enters the futures of an old table in the new one. */
const recallFunction: Func = func('recall', ['i32', 'i32'], [], ([from, to]) => [
  whileLoop(op('i32.lt_u', get(from), get(to)), [
    when(load('i32.load', get(from), 12), [
      call('remember', load('i32.load', get(from), 8), load('i64.load', get(from)), load('i32.load', get(from), 12)),
    ]),
    increment(from, 16),
  ]),
])

/**
 * `clash(node, shut, future)`: whether some way on from a node, but those that wait for a condition in `shut`,
 * does not commute with all of a future.
 */
function clashFunction({ plan }: Reducing): Func {
  const { words, wayBytes, sabotage } = plan
  return func('clash', ['i32', 'i64', 'i32'], ['i32'], ([node, shut, future], local) => {
    const way = local('i32')
    const end = local('i32')
    // Of a way: needs, writes, reads. Of a future: conditions stirred, writes, reads and writes together.
    const meets = Array.from({ length: words }, (_, w) => {
      const at = 8 * (1 + w)
      const far = at + 8 * words
      const write = op('i64.and', load('i64.load', get(way), at), load('i64.load', get(future), far))
      const read = op('i64.and', load('i64.load', get(way), far), load('i64.load', get(future), at))
      return sabotage === 'ignore-writes' ? read : sabotage === 'ignore-reads' ? write : or(write, read)
    })
    return [
      set(way, load('i32.load', get(node), NODE.from)),
      set(end, load('i32.load', get(node), NODE.to)),
      whileLoop(op('i32.lt_u', get(way), get(end)), [
        when(none(op('i64.and', load('i64.load', get(way)), get(shut))), [
          when(op('i32.eqz', none(meets.reduce(or, i64(0n)))), [giveBack(i32(1))]),
        ]),
        increment(way, wayBytes),
      ]),
      i32(0),
    ]
  })
}

/** Code of the future of the thread whose desk it is, under the conditions that are false in the state at hand. */
const ownFuture = (reducing: Reducing, desk: Local, future: Local): readonly Node[] => [
  when(op('i32.eqz', tee(future, load('i32.load', get(desk), DESK.future))), [
    set(future, call('future', load('i32.load', get(desk), DESK.node), shutNow(reducing))),
    store('i32.store', get(desk), get(future), DESK.future),
  ]),
]

/** `alone(thread)`: whether a thread is enough alone. */
function aloneFunction(reducing: Reducing): Func {
  return func('alone', ['i32'], ['i32'], ([thread], local) => {
    const node = local('i32')
    const other = local('i32')
    const desk = local('i32')
    const future = local('i32')
    const shut = local('i64')
    const kept = local('i64')
    const others = (find: readonly Node[]): readonly Node[] =>
      eachThread(reducing, other, desk, [
        when(op('i32.ne', get(other), get(thread)), [
          ...find,
          when(call('clash', get(node), get(shut), get(future)), [giveBack(i32(0))]),
          set(kept, without(get(kept), load('i64.load', get(future)))),
        ]),
      ])
    const stays = (done: Label): Node => branchIf(done, op('i64.eq', get(kept), get(shut)))
    return [
      set(node, load('i32.load', deskOf(reducing, get(thread)), DESK.node)),
      when(load('i32.load', get(node), NODE.cuts), [giveBack(i32(0))]),
      set(shut, shutNow(reducing)),
      set(kept, get(shut)),
      // What fewer shut conditions allow is only more: a conflict found now is one at the end too.
      ...others(ownFuture(reducing, desk, future)),
      ...(reducing.plan.sabotage === 'trust-shut'
        ? []
        : [
            forEver((done) => [
              stays(done),
              set(shut, get(kept)),
              ...others([set(future, call('future', load('i32.load', get(desk), DESK.node), get(shut)))]),
            ]),
          ]),
      i32(1),
    ]
  })
}

export const decisionFunctions = (reducing: Reducing): readonly Func[] => [
  futureFunction(reducing),
  rememberFunction,
  recallFunction,
  clashFunction(reducing),
  aloneFunction(reducing),
]
