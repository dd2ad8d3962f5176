/**
 * WebAssembly of a reduced search: from a stored state the moves of enough threads are taken, and after each of them
 * the chain of single steps of which one alone is enough. Only the ends of chains are stored.
 *
 * No thread may be put off for ever in a circle. So each circle of a thread's graph has a node from which the thread
 * is moved only where all threads are: every circle of states then has a state that is expanded in full. This is
 * the static proviso of Kurshan, Levin, Minea, Peled and Yenigun, "Static partial order reduction" (TACAS 1998).
 * What is left out of a state thus depends on that state alone, whatever the order of the search.
 */
import type { Condition, Plan, Reduction } from '../plan.ts'
import { componentGlobals, GLOBALS, STATE_BYTES } from '../plan.ts'
import { stored } from '../arena.ts'
import { fullCell, held } from '../cells.ts'
import type { Global, Local, Node } from '../encoder/code.ts'
import {
  add,
  block,
  branch,
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
  newLabel,
  op,
  set,
  setGlobal,
  shl,
  store,
  switchOn,
  tee,
  when,
  wrap,
} from '../encoder/code.ts'
import type { Func, FunctionType } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { value } from '../expressions.ts'
import { valueIn } from '../loop.ts'
import type { Mover } from '../successors.ts'
import { eachSuccessor, isNothing, isSingle, newMover } from '../successors.ts'
import { decisionFunctions, type Reducing } from './decide.ts'
import { markBytes, marks } from './marks.ts'
import { CHAIN_MAX, CONDITION_BITS, DESK, HAND, RECORD } from './tables.ts'

/** What the generated code asks of its driver: see memory.ts. */
export const QUESTIONS: readonly (FunctionType & { readonly name: string })[] = [
  { name: 'foresee', params: ['i32', 'i32', 'i32'], results: ['i32'] },
  { name: 'stand', params: ['i32', 'i32'], results: ['i32'] },
]

const LOOKED = 1n << BigInt(CONDITION_BITS)

type NewLocal = Parameters<Parameters<typeof func>[3]>[1]

const handOf = ({ addresses }: Reduction): Node => i32(addresses.hand)
const stateAtHand = (reduction: Reduction): Node => load('i64.load', handOf(reduction), HAND.state)
const sharedIn = (state: Local): Node => op('i32.and', wrap(get(state)), getGlobal(componentGlobals(0).fieldMask))
const numberIn = (state: Local, component: number): Node => {
  const { shift, fieldMask } = componentGlobals(component)
  return op('i32.and', wrap(op('i64.shr_u', get(state), extend(getGlobal(shift)))), getGlobal(fieldMask))
}
const markOf = (component: number, number: Node): Node => {
  const bytes = markBytes({ index: component })
  return add(getGlobal(marks(component)), shl(number, Math.log2(bytes)))
}

/** `observe(shared)`: notes which conditions are false where the shared component has a value, and gives them. */
function observeFunction(plan: Plan, { analysis }: Reduction): Func {
  const { now } = plan.addresses
  return func('observe', ['i32'], ['i64'], ([shared], local) => {
    const shut = local('i64')
    const scope = { ranges: plan.composition.ranges, now, before: now, local }
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

/** `enter()`: makes the state at hand the one that is decided about; what holds as before is kept. */
function enterFunction(plan: Plan, reduction: Reduction): Func {
  const { desk } = reduction.addresses
  return func('enter', [], [], (_, local) => {
    const state = local('i64')
    const shut = local('i64')
    const node = local('i32')
    const own = local('i32')
    const threads = plan.model.threads.map((__, t) => desk + t * DESK.bytes)
    const forget = (at: number): Node => store('i32.store', i32(at), i32(0), DESK.future)
    return [
      set(state, stateAtHand(reduction)),
      when(op('i64.eqz', tee(shut, load('i64.load', markOf(0, sharedIn(state))))), [
        set(shut, call('observe', sharedIn(state))),
      ]),
      set(shut, op('i64.and', get(shut), i64(LOOKED - 1n))),
      when(op('i64.ne', get(shut), load('i64.load', handOf(reduction), HAND.shut)), [
        store('i64.store', handOf(reduction), get(shut), HAND.shut),
        ...threads.map(forget),
      ]),
      ...threads.flatMap((at, t) => [
        set(own, numberIn(state, t + 1)),
        when(op('i32.eqz', tee(node, load('i32.load', markOf(t + 1, get(own))))), [
          set(node, call('stand', i32(t), get(own))),
        ]),
        when(op('i32.ne', get(node), load('i32.load', i32(at), DESK.node)), [
          store('i32.store', i32(at), get(node), DESK.node),
          forget(at),
        ]),
      ]),
    ]
  })
}

/** Code that looks at a condition which no single thread's component and the shared one decide. */
function lookAt(plan: Plan, condition: Condition, index: number, state: Local, local: NewLocal): readonly Node[] {
  if (condition.thread !== undefined) return []
  const at = i32(plan.addresses.found + 4 * index)
  const { first, value: met } = valueIn(plan, condition.expr, state, local)
  return [
    when(op('i32.eqz', load('i32.load', at)), [
      ...first,
      when(condition.holds ? met : op('i32.eqz', met), [
        store('i32.store', at, add(getGlobal(GLOBALS.current), i32(1))),
      ]),
    ]),
  ]
}

/** `see()`: looks at the conditions in the state at hand: those of a pair are looked at where the pair is met. */
function seeFunction(plan: Plan, reduction: Reduction): Func {
  return func('see', [], [], (_, local) => {
    const state = local('i64')
    const shared = local('i32')
    const threads = plan.model.threads.flatMap((__, t) => (plan.conditions.some((c) => c.thread === t) ? [t] : []))
    return [
      set(state, stateAtHand(reduction)),
      set(shared, sharedIn(state)),
      ...threads.flatMap((t) => newMover(t, state, shared, local).prepare),
      ...plan.conditions.flatMap((condition, i) => lookAt(plan, condition, i, state, local)),
    ]
  })
}

/** `advance{t}()`: moves thread t in the state at hand, where that is enough and there is one way. Gives whether it did. */
function advanceFunction(thread: number, reduction: Reduction): Func {
  return func(`advance${thread}`, [], ['i32'], (_, local) => {
    const state = local('i64')
    const shared = local('i32')
    const mover = newMover(thread, state, shared, local)
    return [
      set(state, stateAtHand(reduction)),
      set(shared, sharedIn(state)),
      ...mover.prepare,
      when(op('i32.eqz', isSingle(mover.follows)), [giveBack(i32(0))]),
      when(op('i32.eqz', call('alone', i32(thread))), [giveBack(i32(0))]),
      store('i64.store', handOf(reduction), mover.after(mover.follows), HAND.state),
      i32(1),
    ]
  })
}

/** Code that records the state at hand, where a way is recorded. */
function record(reduction: Reduction, at: Local, isFirst: Node): Node {
  const place = load('i32.load', handOf(reduction), HAND.record)
  return when(tee(at, place), [
    store('i64.store', get(at), stateAtHand(reduction), RECORD.state),
    store('i64.store', get(at), extend(isFirst), RECORD.first),
    store('i32.store', handOf(reduction), add(get(at), i32(RECORD.bytes)), HAND.record),
  ])
}

/**
 * `chain(last)`: goes on from the state at hand, in it, while one thread's single next step is enough; gives how many
 * steps that were, -1 where there was no more room on the way. `last` moved last, and is asked first.
 */
function chainFunction(plan: Plan, reduction: Reduction): Func {
  const { length } = plan.model.threads
  return func('chain', ['i32'], ['i32'], ([last], local) => {
    const steps = local('i32')
    const tries = local('i32')
    const moved = local('i32')
    const at = local('i32')
    return [
      forEver((done) => [
        record(reduction, at, op('i32.eqz', get(steps))),
        call('see'),
        when(held(fullCell(plan)), [giveBack(i32(-1))]),
        branchIf(done, op('i32.ge_u', get(steps), i32(CHAIN_MAX))),
        // A final state is an outcome, to be counted: so it is never passed by.
        branchIf(done, call('isFinal', stateAtHand(reduction))),
        call('enter'),
        set(tries, i32(length)),
        set(moved, i32(0)),
        forEver((found) => [
          switchOn(
            get(last),
            plan.model.threads.map((_, t) => [set(moved, call(`advance${t}`))]),
          ),
          branchIf(found, get(moved)),
          increment(tries, -1),
          branchIf(done, op('i32.eqz', get(tries))),
          increment(last, 1),
          when(op('i32.eq', get(last), i32(length)), [set(last, i32(0))]),
        ]),
        increment(steps, 1),
      ]),
      get(steps),
    ]
  })
}

/**
 * `successors(id, out)`: writes the ends of the chains that enough moves from a stored state lead to, and gives
 * where they end; 0 where there is no more room, so that it must be done again.
 */
function successorsFunction(plan: Plan, reduction: Reduction): Func {
  const { length } = plan.model.threads
  const taken: Global = GLOBALS.taken
  return func('successors', ['i32', 'i32'], ['i32'], ([id, out], local) => {
    const state = local('i64')
    const shared = local('i32')
    const able = local('i32')
    const steps = local('i32')
    const inChain = local('i32')
    const chosen = newLabel('chosen')
    const movers = plan.model.threads.map((_, t): Mover => newMover(t, state, shared, local))
    const follow = (mover: Mover, t: number): Node =>
      when(op('i32.and', get(able), i32(1 << t)), [
        eachSuccessor(mover, local, [
          store('i64.store', handOf(reduction), mover.after(mover.follows), HAND.state),
          when(op('i32.lt_s', tee(inChain, call('chain', i32(t))), i32(0)), [giveBack(i32(0))]),
          set(steps, add(get(steps), get(inChain))),
          store('i64.store', get(out), stateAtHand(reduction)),
          increment(out, STATE_BYTES),
        ]),
      ])
    return [
      setGlobal(GLOBALS.current, get(id)),
      set(state, stored(plan, id)),
      set(shared, sharedIn(state)),
      store('i64.store', handOf(reduction), get(state), HAND.state),
      call('see'),
      ...movers.flatMap((mover, t) => [
        ...mover.prepare,
        when(op('i32.eqz', isNothing(mover.follows)), [set(able, op('i32.or', get(able), i32(1 << t)))]),
      ]),
      call('enter'),
      // Where a chain ends, no single step is enough. So only threads with a choice are asked again.
      block(
        chosen,
        movers.flatMap((mover, t) => [
          when(op('i32.and', get(able), i32(1 << t)), [
            when(op('i32.eqz', isSingle(mover.follows)), [
              when(call('alone', i32(t)), [set(able, i32(1 << t)), branch(chosen)]),
            ]),
          ]),
        ]),
      ),
      ...(length === 0 ? [] : movers.map(follow)),
      setGlobal(taken, add(getGlobal(taken), get(steps))),
      get(out),
    ]
  })
}

/** All functions of a reduced search; its `successors` takes the place of the unreduced one. */
export function reductionFunctions(plan: Plan, reduction: Reduction): readonly Func[] {
  const { addresses } = reduction
  const reducing: Reducing = { plan: reduction, addresses, threads: plan.model.threads.length }
  return [
    ...decisionFunctions(reducing),
    observeFunction(plan, reduction),
    enterFunction(plan, reduction),
    seeFunction(plan, reduction),
    ...plan.model.threads.map((_, t) => advanceFunction(t, reduction)),
    chainFunction(plan, reduction),
    successorsFunction(plan, reduction),
  ]
}
