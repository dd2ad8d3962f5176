/** WebAssembly of what each thread can do from a state, remembered by the pair of values that it depends on. */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { stored } from './arena.ts'
import type { Local, Node } from './encoder/code.ts'
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
  sub,
  switchOn,
  tee,
  when,
  whileLoop,
  wrap,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import { value } from './expressions.ts'
import { alone, fullCell, held, pairsCell, setFull } from './cells.ts'
import { frameWord, ownFrame, setFrameWord } from './frames.ts'
import { GOLDEN } from './mixing.ts'
import type { Plan } from './plan.ts'
import { componentGlobals, GLOBALS, MEMO, memoBytes, memoGlobals, memoShift, STATE_BYTES } from './plan.ts'
import { numberIn, sharedIn, stopIfGivenUp } from './state_code.ts'

/** Set in every key, so that no key is 0. */
const TAKEN = 1n << 63n
/** Set in what follows from a pair unless that is a single successor: then a count and an address follow. */
const LIST = 1n << 63n

/** What stands for a pair of values, by their numbers. */
export const pairKey = (shared: Node, own: Node): Node =>
  op('i64.or', op('i64.or', i64(TAKEN), op('i64.shl', extend(shared), i64(32n))), extend(own))

/** The first place in a thread's memo to look for a key. */
export function firstPlace(plan: Plan, key: Local, thread: number): Node {
  const { memo, mask } = memoGlobals(thread)
  const hash = wrap(op('i64.shr_u', op('i64.mul', get(key), i64(GOLDEN)), i64(32n)))
  return add(getGlobal(memo), shl(op('i32.and', hash, getGlobal(mask)), memoShift(plan)))
}

/** The place after one; the memo begins anew at its end. */
function nextPlace(plan: Plan, at: Local, thread: number): Node {
  const { memo, mask } = memoGlobals(thread)
  const bytes = memoBytes(plan)
  const distance = sub(add(get(at), i32(bytes)), getGlobal(memo))
  const within = op('i32.or', shl(getGlobal(mask), memoShift(plan)), i32(bytes - 1))
  return add(getGlobal(memo), op('i32.and', distance, within))
}

/** The steps of a thread at each program counter, by their places in the model. */
function stepsByPc(model: LoweredModel, thread: number): ReadonlyMap<number, readonly number[]> {
  const places = new Map<number, number[]>()
  model.steps.forEach((step: Step, index) => {
    if (step.thread === thread) places.set(step.pc, [...(places.get(step.pc) ?? []), index])
  })
  return places
}

/** Code that looks at the conditions which this thread's component and the shared one decide. */
function lookAtConditions(
  plan: Plan,
  thread: number,
  local: Parameters<Parameters<typeof func>[3]>[1],
): readonly Node[] {
  const { now, before, found } = plan.addresses
  const scope = { ranges: plan.composition.ranges, now, before, frame: ownFrame(plan), local }
  return plan.conditions.flatMap((condition, i) => {
    if (condition.thread !== thread) return []
    const at = i32(found + 4 * i)
    const met = value(condition.expr, scope)
    return [
      when(op('i32.eqz', load('i32.load', at)), [
        when(condition.holds ? met : op('i32.eqz', met), [
          store('i32.store', at, add(getGlobal(GLOBALS.current), i32(1))),
        ]),
      ]),
    ]
  })
}

/**
 * `meet{t}(key, at)`: works out what thread t can do from a pair that is met for the first time, stores
 * it in the memo, at the free place `at` or behind it, and gives what it stored.
 */
function meetFunction(plan: Plan, thread: number): Func {
  const { limit } = memoGlobals(thread)
  const count = pairsCell(plan, thread)
  const { shared, own } = GLOBALS
  const [listNext, listEnd] = [frameWord(plan, plan.addresses.list), frameWord(plan, plan.addresses.list + 4)]
  const setListNext = (to: Node): Node => setFrameWord(plan, plan.addresses.list, to)
  return func(`meet${thread}`, ['i64', 'i32'], ['i64'], ([key, at], local) => {
    const list = local('i32')
    const length = local('i32')
    const payload = local('i64')
    const found = local('i64')
    const pcSlot = plan.model.threads[thread]?.pcSlot ?? 0
    const pc = frameWord(plan, plan.addresses.now + 4 * pcSlot)
    const places = stepsByPc(plan.model, thread)
    const lowest = Math.min(...places.keys())
    const highest = Math.max(...places.keys())
    const cases = Array.from({ length: places.size === 0 ? 0 : highest - lowest + 1 }, (_, i) =>
      (places.get(lowest + i) ?? []).map((index) => call(`step${index}`)),
    )
    const asList = op(
      'i64.or',
      op('i64.or', i64(LIST), op('i64.shl', extend(get(length)), i64(32n))),
      extend(get(list)),
    )
    return [
      setGlobal(shared, wrap(op('i64.shr_u', op('i64.xor', get(key), i64(TAKEN)), i64(32n)))),
      setGlobal(own, wrap(get(key))),
      call('unpack0', getGlobal(shared)),
      call(`unpack${thread + 1}`, getGlobal(own)),
      ...lookAtConditions(plan, thread, local),
      set(list, listNext),
      ...(cases.length === 0 ? [] : [switchOn(sub(pc, i32(lowest)), cases)]),
      set(length, op('i32.shr_u', sub(listNext, get(list)), i32(3))),
      when(
        op('i32.eq', get(length), i32(1)),
        [set(payload, load('i64.load', get(list))), setListNext(get(list))],
        [set(payload, asList)],
      ),
      ...alone(plan, count, local, [
        // Another worker may have met the pair meanwhile, or one that took the place.
        forEver((done) => [
          branchIf(done, op('i64.eqz', tee(found, load('i64.load', get(at))))),
          branchIf(done, op('i64.eq', get(found), get(key))),
          set(at, nextPlace(plan, at, thread)),
        ]),
        when(op('i64.eqz', get(found)), [
          store('i64.store', get(at), get(payload), MEMO.follows),
          ...lookAhead(plan, thread, at),
          store('i64.atomic.store', get(at), get(key)),
          store('i32.store', i32(count), add(held(count), i32(1))),
        ]),
      ]),
      when(
        op(
          'i32.or',
          op('i32.ge_u', held(count), getGlobal(limit)),
          op('i32.lt_u', sub(listEnd, listNext), i32(8 * plan.reserve)),
        ),
        [setFull(plan)],
      ),
      get(payload),
    ]
  })
}

/** Code that keeps beside a pair how the thread's future looks from it, where a reduction asks for that. */
const lookAhead = ({ reduction }: Plan, thread: number, at: Local): readonly Node[] =>
  reduction === undefined
    ? []
    : [
        store(
          'i32.store',
          get(at),
          call(`outlook${thread}`, getGlobal(GLOBALS.shared), getGlobal(GLOBALS.own)),
          MEMO.outlook,
        ),
      ]

/** `move{t}(from, to)`: enters the pairs of an old memo, from..to, into the new one, which is empty. */
function moveFunction(plan: Plan, thread: number): Func {
  return func(`move${thread}`, ['i32', 'i32'], [], ([from, to], local) => {
    const key = local('i64')
    const at = local('i32')
    return [
      whileLoop(op('i32.lt_u', get(from), get(to)), [
        when(op('i32.eqz', op('i64.eqz', tee(key, load('i64.load', get(from))))), [
          set(at, firstPlace(plan, key, thread)),
          whileLoop(op('i32.eqz', op('i64.eqz', load('i64.load', get(at)))), [set(at, nextPlace(plan, at, thread))]),
          store('i64.store', get(at), get(key)),
          store('i64.store', get(at), load('i64.load', get(from), MEMO.follows), MEMO.follows),
          ...(plan.reduction === undefined
            ? []
            : [store('i32.store', get(at), load('i32.load', get(from), MEMO.outlook), MEMO.outlook)]),
        ]),
        increment(from, memoBytes(plan)),
      ]),
    ]
  })
}

/** Code that finds out what one thread can do from a state. */
export interface Mover {
  /** To be run first. */
  readonly prepare: readonly Node[]
  /** The same for the next state of several: quicker where the thread's pair is the one that it was. */
  readonly prepareNext: readonly Node[]
  /** The address of what is known of the pair. */
  readonly at: Local
  /** What follows: see `LIST`. */
  readonly follows: Local
  /** The state after one of the successors that follow. */
  readonly after: (successor: Local) => Node
}

type NewLocal = (type: 'i32' | 'i64') => Local

export function newMover(plan: Plan, thread: number, state: Local, shared: Local, local: NewLocal): Mover {
  const { shift } = componentGlobals(thread + 1)
  const own = local('i32')
  const key = local('i64')
  const at = local('i32')
  const follows = local('i64')
  const rest = local('i64')
  const found = local('i64')
  const by = extend(getGlobal(shift))
  // What the thread does not change: the state without the two values that it works on.
  const kept = op('i64.xor', op('i64.xor', get(state), extend(get(shared))), op('i64.shl', extend(get(own)), by))
  const pair = pairKey(get(shared), get(own))
  const takeApart = [set(own, numberIn(thread + 1, state)), set(rest, kept)]
  const lookUp = [
    set(at, firstPlace(plan, key, thread)),
    forEver((done) => [
      // What stands behind a key was written before it was: another worker may have done it just now.
      when(op('i64.eq', tee(found, load('i64.atomic.load', get(at))), get(key)), [
        set(follows, load('i64.load', get(at), MEMO.follows)),
        { kind: 'branch', label: done },
      ]),
      when(op('i64.eqz', get(found)), [
        set(follows, call(`meet${thread}`, get(key), get(at))),
        { kind: 'branch', label: done },
      ]),
      set(at, nextPlace(plan, at, thread)),
    ]),
  ]
  return {
    follows,
    at,
    after: (successor) =>
      op(
        'i64.or',
        op('i64.or', get(rest), op('i64.and', get(successor), i64(0xffffffffn))),
        op('i64.shl', op('i64.shr_u', get(successor), i64(32n)), by),
      ),
    prepare: [...takeApart, set(key, pair), ...lookUp],
    prepareNext: [...takeApart, when(op('i64.ne', tee(found, pair), get(key)), [set(key, get(found)), ...lookUp])],
  }
}

/** Whether what follows is a single successor. */
export const isSingle = (follows: Local): Node => op('i64.ge_s', get(follows), i64(0n))
/** What follows where nothing does, whatever the address in it. */
export const isNothing = (follows: Local): Node =>
  op('i64.eq', op('i64.shr_u', get(follows), i64(32n)), i64(LIST >> 32n))

/** Code that runs `body` for each successor that a mover has found, which is in `follows` then. */
export function eachSuccessor({ follows }: Mover, local: NewLocal, body: readonly Node[]): Node {
  const list = local('i32')
  const end = local('i32')
  return when(isSingle(follows), body, [
    set(list, wrap(get(follows))),
    set(end, add(get(list), shl(op('i32.and', wrap(op('i64.shr_u', get(follows), i64(32n))), i32(2 ** 31 - 1)), 3))),
    whileLoop(op('i32.lt_u', get(list), get(end)), [
      set(follows, load('i64.load', get(list))),
      ...body,
      increment(list, 8),
    ]),
  ])
}

/** Code that writes to `out` what one thread can do. */
function threadCode(
  plan: Plan,
  thread: number,
  state: Local,
  shared: Local,
  out: Local,
  local: NewLocal,
): readonly Node[] {
  const mover = newMover(plan, thread, state, shared, local)
  return [
    ...mover.prepare,
    eachSuccessor(mover, local, [
      store('i64.store', get(out), mover.after(mover.follows)),
      increment(out, STATE_BYTES),
    ]),
  ]
}

/** `successors(id, out)`: writes the successors of a stored state to `out`, in order, and gives where they end. */
function successorsFunction(plan: Plan): Func {
  return func('successors', ['i32', 'i32'], ['i32'], ([id, out], local) => {
    const state = local('i64')
    const shared = local('i32')
    return [
      setGlobal(GLOBALS.current, get(id)),
      set(state, stored(plan, id)),
      set(shared, sharedIn(state)),
      ...plan.model.threads.flatMap((_, t) => threadCode(plan, t, state, shared, out, local)),
      get(out),
    ]
  })
}

/**
 * The functions that give successors, with `parent(from, to)`: the first state of from..to-1 that has
 * as a successor the state of which the 64 bits are at `mixed`; `to` where none has, and where there is
 * no more room, so that `full` is set, the state to go on with, plus 2^31.
 */
export function successorFunctions(plan: Plan): readonly Func[] {
  const parent = func('parent', ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const wanted = local('i64')
    const at = local('i32')
    const end = local('i32')
    const out = i32(plan.addresses.out)
    return [
      set(wanted, load('i64.load', i32(plan.addresses.mixed))),
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        when(held(fullCell(plan)), [giveBack(op('i32.or', get(from), i32(2 ** 31)))]),
        set(end, call('successors', get(from), out)),
        ...stopIfGivenUp(plan, end, [giveBack(op('i32.or', get(from), i32(2 ** 31)))]),
        set(at, out),
        whileLoop(op('i32.lt_u', get(at), get(end)), [
          when(op('i64.eq', load('i64.load', get(at)), get(wanted)), [giveBack(get(from))]),
          increment(at, STATE_BYTES),
        ]),
        increment(from, 1),
      ]),
      get(to),
    ]
  })
  const threads = plan.model.threads.flatMap((_, t) => [meetFunction(plan, t), moveFunction(plan, t)])
  return [...threads, ...(plan.reduction === undefined ? [successorsFunction(plan)] : []), parent]
}
