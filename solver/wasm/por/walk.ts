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
import { GLOBALS, MEMO, STATE_BYTES } from '../plan.ts'
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
  increment,
  load,
  newLabel,
  op,
  set,
  setGlobal,
  store,
  switchOn,
  tee,
  when,
} from '../encoder/code.ts'
import type { Func, FunctionType } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import { valueIn } from '../loop.ts'
import { sharedIn } from '../state_code.ts'
import type { Mover } from '../successors.ts'
import { eachSuccessor, isNothing, isSingle, newMover } from '../successors.ts'
import { aloneFunction } from './decide.ts'
import { outlookFunctions } from './outlook.ts'
import { CHAIN_MAX, HAND, RECORD } from './tables.ts'

/** What the generated code asks of its driver: see memory.ts. */
export const QUESTIONS: readonly (FunctionType & { readonly name: string })[] = [
  { name: 'makeRoom', params: [], results: ['i32'] },
  { name: 'stand', params: ['i32', 'i32'], results: ['i32'] },
]

type NewLocal = Parameters<Parameters<typeof func>[3]>[1]

const handOf = ({ addresses }: Reduction): Node => i32(addresses.hand)
const stateAtHand = (reduction: Reduction): Node => load('i64.load', handOf(reduction), HAND.state)
const outlookOf = ({ at }: Mover): Node => load('i32.load', get(at), MEMO.outlook)
/** Whether thread t is enough alone in a state for which all threads have been prepared, and in which `shut` are false. */
const alone = (t: number, shut: Local, movers: readonly Mover[]): Node =>
  call(`alone${t}`, get(shut), ...movers.map(outlookOf))
const lookShut = (shut: Local, shared: Local): Node => set(shut, call('shutIn', get(shared)))

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

/** Code that looks at the conditions in a state. Those that a thread's pair decides are looked at where the pair is met. */
const seeIn = (plan: Plan, state: Local, local: NewLocal): readonly Node[] =>
  plan.conditions.flatMap((condition, i) => lookAt(plan, condition, i, state, local))

/**
 * Code that moves thread t in a state for which all threads have been prepared, where that is enough and there is one
 * way; runs `moved` then.
 */
function advance(t: number, state: Local, shut: Local, movers: readonly Mover[], moved: readonly Node[]): Node {
  const mover = movers[t]
  if (mover === undefined) return block(newLabel('no thread'), [])
  return when(isSingle(mover.follows), [
    when(alone(t, shut, movers), [set(state, mover.after(mover.follows)), ...moved]),
  ])
}

/** Code that records a state, where a way is recorded. */
function record(reduction: Reduction, state: Local, at: Local, isFirst: Node): Node {
  const place = load('i32.load', handOf(reduction), HAND.record)
  return when(tee(at, place), [
    store('i64.store', get(at), get(state), RECORD.state),
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
    const state = local('i64')
    const shared = local('i32')
    const shut = local('i64')
    const steps = local('i32')
    const tries = local('i32')
    const at = local('i32')
    const movers = plan.model.threads.map((_, t) => newMover(plan, t, state, shared, local))
    return [
      set(state, stateAtHand(reduction)),
      forEver((done) => [
        record(reduction, state, at, op('i32.eqz', get(steps))),
        set(shared, sharedIn(state)),
        ...movers.flatMap((mover) => mover.prepareNext),
        ...seeIn(plan, state, local),
        when(held(fullCell(plan)), [giveBack(i32(-1))]),
        branchIf(done, op('i32.ge_u', get(steps), i32(CHAIN_MAX))),
        // A final state is an outcome, to be counted: so it is never passed by.
        branchIf(done, call('isFinal', get(state))),
        lookShut(shut, shared),
        set(tries, i32(length)),
        forEver((found) => [
          switchOn(
            get(last),
            movers.map((_, t) => [advance(t, state, shut, movers, [branch(found)])]),
          ),
          increment(tries, -1),
          branchIf(done, op('i32.eqz', get(tries))),
          increment(last, 1),
          when(op('i32.eq', get(last), i32(length)), [set(last, i32(0))]),
        ]),
        increment(steps, 1),
      ]),
      store('i64.store', handOf(reduction), get(state), HAND.state),
      get(steps),
    ]
  })
}

/**
 * `successors(id, out)`: writes the ends of the chains that enough moves from a stored state lead to, and gives
 * where they end; 0 where there is no more room, so that it must be done again.
 */
function successorsFunction(plan: Plan, reduction: Reduction): Func {
  const taken: Global = GLOBALS.taken
  return func('successors', ['i32', 'i32'], ['i32'], ([id, out], local) => {
    const state = local('i64')
    const shared = local('i32')
    const shut = local('i64')
    const able = local('i32')
    const steps = local('i32')
    const inChain = local('i32')
    const chosen = newLabel('chosen')
    const movers = plan.model.threads.map((_, t): Mover => newMover(plan, t, state, shared, local))
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
      ...movers.flatMap((mover, t) => [
        ...mover.prepare,
        when(op('i32.eqz', isNothing(mover.follows)), [set(able, op('i32.or', get(able), i32(1 << t)))]),
      ]),
      ...seeIn(plan, state, local),
      lookShut(shut, shared),
      // Where a chain ends, no single step is enough. So only threads with a choice are asked again.
      block(
        chosen,
        movers.flatMap((mover, t) => [
          when(op('i32.and', get(able), i32(1 << t)), [
            when(op('i32.eqz', isSingle(mover.follows)), [
              when(alone(t, shut, movers), [set(able, i32(1 << t)), branch(chosen)]),
            ]),
          ]),
        ]),
      ),
      ...movers.map(follow),
      setGlobal(taken, add(getGlobal(taken), get(steps))),
      get(out),
    ]
  })
}

/** All functions of a reduced search; its `successors` takes the place of the unreduced one. */
export function reductionFunctions(plan: Plan, reduction: Reduction): readonly Func[] {
  return [
    ...outlookFunctions(plan, reduction),
    ...plan.model.threads.map((_, t, { length }) => aloneFunction(reduction, t, length)),
    chainFunction(plan, reduction),
    successorsFunction(plan, reduction),
  ]
}
