/**
 * WebAssembly of outlooks: what a thread's next step touches, and what it may touch later, where it stands and while
 * some conditions stay false. An outlook is found by a walk through the thread's graph that follows the ways which
 * are open. It notes the conditions on which its course depends, and holds wherever these are as they were: a thread
 * that waits for one lock has one outlook, whatever else is false beyond that. So few walks are made.
 */
import type { Local, Node } from '../encoder/code.ts'
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
  setGlobal,
  shl,
  store,
  tee,
  when,
  whileLoop,
  wrap,
} from '../encoder/code.ts'
import type { Func } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { value } from '../expressions.ts'
import { GOLDEN } from '../mixing.ts'
import { ownFrame } from '../frames.ts'
import type { Plan, Reduction } from '../plan.ts'
import { markBytes, marks, OUTLOOKS } from './marks.ts'
import { CONDITION_BITS, NODE, OUTLOOK, REMEMBERED, WAY } from './tables.ts'

const FACTOR = 0xbf58476d1ce4e5b9n
/** Among the conditions that are false: they have been looked at. */
const LOOKED = 1n << BigInt(CONDITION_BITS)

const markOf = (component: number, number: Node): Node =>
  add(getGlobal(marks(component)), shl(number, Math.log2(markBytes({ index: component }))))

/** `observe(shared)`: notes which conditions are false where the shared component has a value, and gives them. */
function observeFunction(plan: Plan, { analysis }: Reduction): Func {
  const { now } = plan.addresses
  return func('observe', ['i32'], ['i64'], ([shared], local) => {
    const shut = local('i64')
    const scope = { ranges: plan.composition.ranges, now, before: now, frame: ownFrame(plan), local }
    return [
      call('unpack0', get(shared)),
      set(shut, i64(LOOKED)),
      ...analysis.literals
        .slice(0, CONDITION_BITS)
        .map((literal, i) =>
          when(op('i32.eqz', value(literal, scope)), [set(shut, op('i64.or', get(shut), i64(1n << BigInt(i))))]),
        ),
      store('i64.store', markOf(0, get(shared)), get(shut)),
      get(shut),
    ]
  })
}

/** `shutIn(shared)`: the conditions that are false where the shared component has a value. */
const shutInFunction: Func = func('shutIn', ['i32'], ['i64'], ([shared], local) => {
  const shut = local('i64')
  return [
    when(op('i64.eqz', tee(shut, load('i64.load', markOf(0, get(shared))))), [set(shut, call('observe', get(shared)))]),
    op('i64.and', get(shut), i64(LOOKED - 1n)),
  ]
})

/** `outlook{t}(shared, own)`: the address of the outlook of thread t where its component and the shared one have these values. */
function outlookFunction(thread: number): Func {
  return func(`outlook${thread}`, ['i32', 'i32'], ['i32'], ([shared, own], local) => {
    const node = local('i32')
    return [
      when(op('i32.eqz', tee(node, load('i32.load', markOf(thread + 1, get(own))))), [
        set(node, call('stand', i32(thread), get(own))),
      ]),
      call('outlook', get(node), call('shutIn', get(shared))),
    ]
  })
}

/** Where the outlook of a node is remembered for some conditions, all of which matter to it. */
function placeOf({ addresses }: Reduction, node: Local, matter: Local): Node {
  const hash = op('i64.mul', op('i64.xor', get(matter), op('i64.mul', extend(get(node)), i64(FACTOR))), i64(GOLDEN))
  const number = op('i32.and', wrap(op('i64.shr_u', hash, i64(32n))), i32(REMEMBERED.entries - 1))
  return add(i32(addresses.remembered), op('i32.mul', number, i32(REMEMBERED.bytes)))
}

/**
 * `outlook(node, shut)`: the address of the outlook of a thread at a node while the conditions `shut` stay false.
 * Where there is no room for another one, the thread may do anything, as far as the search knows.
 *
 * Most are remembered by what of `shut` matters to any outlook of the node that was met so far. What is remembered
 * stays right when more comes to matter to the node, since that makes no difference to the outlook itself.
 */
function outlookOfFunction(reduction: Reduction): Func {
  return func('outlook', ['i32', 'i64'], ['i32'], ([node, shut], local) => {
    const matter = local('i64')
    const at = local('i32')
    const found = local('i32')
    const look = [
      set(matter, op('i64.and', get(shut), load('i64.load', get(node), NODE.matters))),
      set(at, placeOf(reduction, node, matter)),
    ]
    return [
      // The outlook of which nothing is known is that of no node.
      when(op('i32.eqz', get(node)), [giveBack(i32(reduction.addresses.anything))]),
      ...look,
      when(op('i32.eq', load('i32.load', get(at), REMEMBERED.node), get(node)), [
        when(op('i64.eq', load('i64.load', get(at), REMEMBERED.matter), get(matter)), [
          giveBack(load('i32.load', get(at), REMEMBERED.outlook)),
        ]),
      ]),
      set(found, call('find', get(node), get(shut))),
      ...look,
      store('i32.store', get(at), get(node), REMEMBERED.node),
      store('i64.store', get(at), get(matter), REMEMBERED.matter),
      store('i32.store', get(at), get(found), REMEMBERED.outlook),
      get(found),
    ]
  })
}

/** Whether an outlook holds while `shut` stay false: whether it agrees with that in all that matters to it. */
const holds = (outlook: Local, shut: Local): Node =>
  op(
    'i64.eq',
    op('i64.and', get(shut), load('i64.load', get(outlook), OUTLOOK.matters)),
    load('i64.load', get(outlook), OUTLOOK.shut),
  )

/**
 * `lookAgain(outlook, shut)`: the outlook of the same node while other conditions stay false than those it was made
 * for. Mostly it is the one that was the answer the last time.
 */
const lookAgainFunction: Func = func('lookAgain', ['i32', 'i64'], ['i32'], ([outlook, shut], local) => {
  const guess = local('i32')
  return [
    when(tee(guess, load('i32.load', get(outlook), OUTLOOK.guess)), [when(holds(guess, shut), [giveBack(get(guess))])]),
    set(guess, call('outlook', load('i32.load', get(outlook), OUTLOOK.node), get(shut))),
    store('i32.store', get(outlook), get(guess), OUTLOOK.guess),
    get(guess),
  ]
})

/** `find(node, shut)`: the same as `outlook`, looked for among all outlooks of the node, or made. */
function findFunction({ addresses }: Reduction): Func {
  return func('find', ['i32', 'i64'], ['i32'], ([node, shut], local) => {
    const at = local('i32')
    const before = local('i32')
    const agrees = holds(at, shut)
    const putFirst = [
      store('i32.store', get(at), load('i32.load', get(node), NODE.first), OUTLOOK.next),
      store('i32.store', get(node), get(at), NODE.first),
    ]
    return [
      set(at, load('i32.load', get(node), NODE.first)),
      forEver((none) => [
        branchIf(none, op('i32.eqz', get(at))),
        when(agrees, [
          // It comes to the front, as it is likely to be asked for again.
          when(get(before), [
            store('i32.store', get(before), load('i32.load', get(at), OUTLOOK.next), OUTLOOK.next),
            ...putFirst,
          ]),
          giveBack(get(at)),
        ]),
        set(before, get(at)),
        set(at, load('i32.load', get(at), OUTLOOK.next)),
      ]),
      when(op('i32.eqz', tee(at, call('foresee', get(node), get(shut)))), [giveBack(i32(addresses.anything))]),
      ...putFirst,
      store(
        'i64.store',
        get(node),
        op('i64.or', load('i64.load', get(node), NODE.matters), load('i64.load', get(at), OUTLOOK.matters)),
        NODE.matters,
      ),
      get(at),
    ]
  })
}

/** The lowest of some bits. */
const lowest = (bits: Local): Node => op('i64.and', get(bits), op('i64.sub', i64(0n), get(bits)))

/** Code that adds some of a way's sets, each pair of words as one. */
const joinSets = (into: readonly Local[], way: Local, offset: number): readonly Node[] =>
  into.map((sets, i) => set(sets, op('v128.or', get(sets), load('v128.load', get(way), offset + 16 * i))))

const putSets = (at: Local, from: readonly Local[], offset: number): readonly Node[] =>
  from.map((sets, i) => store('v128.store', get(at), get(sets), offset + 16 * i))

interface Ways {
  readonly node: Local
  readonly shut: Local
  /** The way at hand, and the conditions that it needs. */
  readonly way: Local
  readonly needs: Local
  /** What is done with a way that needs nothing of `shut`, and with another one. */
  readonly open: readonly Node[]
  readonly closed: readonly Node[]
}

/** Goes through the ways of a node. */
function eachWay({ wayBytes }: Reduction, { node, shut, way, needs, open, closed }: Ways): readonly Node[] {
  return [
    set(way, load('i32.load', get(node), NODE.from)),
    whileLoop(op('i32.lt_u', get(way), load('i32.load', get(node), NODE.to)), [
      set(needs, load('i64.load', get(way), WAY.needs)),
      when(op('i64.eqz', op('i64.and', get(needs), get(shut))), open, closed),
      increment(way, wayBytes),
    ]),
  ]
}

/** `foresee(node, shut)`: makes the outlook of a thread at a node; gives 0 where there is no room for it. */
function foreseeFunction(reduction: Reduction): Func {
  const { words, outlookBytes, addresses } = reduction
  const { next, end, walks } = OUTLOOKS
  return func('foresee', ['i32', 'i64'], ['i32'], ([node, shut], local) => {
    const [at, walk] = [local('i32'), local('i32')]
    const [head, tail, here] = [local('i32'), local('i32'), local('i32')]
    const [way, to] = [local('i32'), local('i32')]
    const [needs, stirs, matters] = [local('i64'), local('i64'), local('i64')]
    const later = Array.from({ length: words }, () => local('v128'))
    const soon = Array.from({ length: words }, () => local('v128'))
    const enqueue = (one: Local): readonly Node[] => [
      store('i32.store', get(one), get(walk), NODE.seen),
      store('i32.store', get(tail), get(one)),
      increment(tail, 4),
    ]
    const follow = [
      set(matters, op('i64.or', get(matters), get(needs))),
      set(stirs, op('i64.or', get(stirs), load('i64.load', get(way), WAY.stirs))),
      ...joinSets(later, way, WAY.sets),
      set(to, load('i32.load', get(way), WAY.to)),
      when(op('i32.ne', load('i32.load', get(to), NODE.seen), get(walk)), enqueue(to)),
    ]
    // While one of the conditions stays false the way stays shut, whatever becomes of the others.
    const pass = [
      set(needs, op('i64.and', get(needs), get(shut))),
      when(op('i64.eqz', op('i64.and', get(needs), get(matters))), [
        set(matters, op('i64.or', get(matters), lowest(needs))),
      ]),
    ]
    const step = joinSets(soon, way, WAY.sets + 16 * words)
    return [
      when(op('i32.gt_u', add(getGlobal(next), i32(outlookBytes)), getGlobal(end)), [
        when(op('i32.eqz', call('makeRoom')), [giveBack(i32(0))]),
      ]),
      set(at, getGlobal(next)),
      setGlobal(next, add(get(at), i32(outlookBytes))),
      set(walk, add(getGlobal(walks), i32(1))),
      setGlobal(walks, get(walk)),
      set(head, i32(addresses.queue)),
      set(tail, i32(addresses.queue)),
      ...enqueue(node),
      whileLoop(op('i32.lt_u', get(head), get(tail)), [
        set(here, load('i32.load', get(head))),
        ...eachWay(reduction, { node: here, shut, way, needs, open: follow, closed: pass }),
        increment(head, 4),
      ]),
      ...eachWay(reduction, { node, shut, way, needs, open: step, closed: [] }),
      store('i64.store', get(at), get(stirs), OUTLOOK.stirs),
      store('i64.store', get(at), get(matters), OUTLOOK.matters),
      store('i64.store', get(at), op('i64.and', get(matters), get(shut)), OUTLOOK.shut),
      store('i32.store', get(at), get(node), OUTLOOK.node),
      ...putSets(at, later, OUTLOOK.sets),
      ...putSets(at, soon, OUTLOOK.sets + 16 * words),
      get(at),
    ]
  })
}

/** The functions of outlooks. */
export const outlookFunctions = (plan: Plan, reduction: Reduction): readonly Func[] => [
  observeFunction(plan, reduction),
  shutInFunction,
  outlookOfFunction(reduction),
  lookAgainFunction,
  findFunction(reduction),
  foreseeFunction(reduction),
  ...plan.model.threads.map((_, t) => outlookFunction(t)),
]
