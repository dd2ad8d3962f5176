/**
 * WebAssembly of what several workers do at once. States are expanded in rounds, a round in chunks. First
 * each worker takes chunk after chunk and gathers its successors; after that each worker enters those that
 * belong to its own parts of the table, chunk by chunk and in order. So of equal successors the first one
 * is the new state, as if one worker had done it all, and no two workers ever write to the same place.
 *
 * Looking a successor up before it is gathered does not pay: most of what a round leads to is new, reached
 * several times from within the round.
 */
import { stateAddress, stored } from './arena.ts'
import { fullCell, held } from './cells.ts'
import { control, controlAddress } from './crew_plan.ts'
import type { Local, Node } from './encoder/code.ts'
import {
  add,
  atomic,
  branchIf,
  call,
  choose,
  forEver,
  get,
  getGlobal,
  giveBack,
  i32,
  increment,
  load,
  op,
  set,
  setGlobal,
  shl,
  store,
  sub,
  when,
  whileLoop,
} from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Plan } from './plan.ts'
import { GLOBALS, STATE_BYTES } from './plan.ts'
import { CANDIDATE_BYTES, CANDIDATES, FLAGS, ROOM, ROOM_BYTES, WORKERS_MAX, partBits } from './rooms.ts'
import type { Width } from './table.ts'
import { bucketOf, findOrEnter, line, newMixer, WIDTHS } from './table.ts'

const candidate = (room: Local, index: Local): Node => add(get(room), shl(get(index), Math.log2(CANDIDATE_BYTES)))

/** `gather(from, to, room)`: expands states from..to-1, at least one of them, unless there is no more room. */
function gatherFunction(plan: Plan): Func {
  const { out } = plan.addresses
  return func('gather', ['i32', 'i32', 'i32'], [], ([from, to, room], local) => {
    const at = local('i32')
    const before = local('i32')
    const count = local('i32')
    const deadlock = local('i32')
    const full = held(fullCell(plan))
    const next = local('i32')
    const state = local('i64')
    const mixer = newMixer(local)
    const keep = [
      set(next, i32(out)),
      whileLoop(op('i32.lt_u', get(next), get(at)), [
        set(state, load('i64.load', get(next))),
        store('i64.store', candidate(room, count), get(state), CANDIDATES),
        ...mixer.mix(state),
        store('i64.store', candidate(room, count), get(state), CANDIDATES + STATE_BYTES),
        increment(count, 1),
        increment(next, STATE_BYTES),
      ]),
    ]
    return [
      ...mixer.prepare,
      forEver((done) => [
        branchIf(done, op('i32.ge_u', get(from), get(to))),
        set(at, i32(out)),
        forEver((gathered) => [
          set(before, get(at)),
          set(at, call('successors', get(from), get(at))),
          when(op('i32.eqz', op('i32.or', op('i32.ne', get(at), get(before)), get(deadlock))), [
            when(op('i32.eqz', call('isFinal', stored(plan, from))), [set(deadlock, add(get(from), i32(1)))]),
          ]),
          increment(from, 1),
          branchIf(gathered, op('i32.ge_u', get(from), get(to))),
          branchIf(gathered, op('i32.ge_u', get(at), i32(out + STATE_BYTES * plan.batch))),
          branchIf(gathered, full),
        ]),
        ...keep,
        branchIf(done, full),
      ]),
      store('i32.store', get(room), get(from), ROOM.reached),
      store('i32.store', get(room), get(count), ROOM.candidates),
      store('i32.store', get(room), get(deadlock), ROOM.deadlock),
    ]
  })
}

/**
 * `gatherAll()`: expands chunk after chunk until all are taken or there is no more room. The first chunk is
 * begun in any case, so that each round gets on.
 */
function gatherAllFunction(plan: Plan): Func {
  return func('gatherAll', [], [], (_, local) => {
    const chunk = local('i32')
    const from = local('i32')
    const to = local('i32')
    const room = add(control(plan, 'rooms'), op('i32.mul', get(chunk), i32(ROOM_BYTES)))
    return [
      forEver((done) => [
        set(chunk, atomic('i32.atomic.rmw.add', i32(controlAddress(plan, 'next')), i32(1))),
        branchIf(done, op('i32.ge_u', get(chunk), control(plan, 'chunks'))),
        branchIf(done, choose('i32', get(chunk), held(fullCell(plan)), i32(0))),
        set(from, add(control(plan, 'from'), op('i32.mul', get(chunk), control(plan, 'chunkStates')))),
        set(to, add(get(from), control(plan, 'chunkStates'))),
        when(op('i32.gt_u', get(to), control(plan, 'to')), [set(to, control(plan, 'to'))]),
        call('gather', get(from), get(to), room),
      ]),
    ]
  })
}

/**
 * `claim{4,8}(room, candidates)`: enters those candidates of a room that belong to this worker, marks the
 * new ones, and gives how many these are; -1 where there was no room for one.
 */
function claimFunction(plan: Plan, width: Width): Func {
  const parts = 2 ** partBits(plan)
  const first = Math.floor((parts * plan.worker) / plan.workers)
  const after = Math.floor((parts * (plan.worker + 1)) / plan.workers)
  /** Where the numbers of the candidates lie that are this worker's. */
  const place = (nth: Local): Node => add(i32(plan.addresses.mine), shl(get(nth), 2))
  return func(`claim${width.bytes}`, ['i32', 'i32'], ['i32'], ([room, candidates], local) => {
    const index = local('i32')
    const state = local('i64')
    const fresh = local('i32')
    const at = local('i32')
    const count = local('i32')
    const sink = local('i32')
    const mine = place(count)
    const isMine = op(
      'i32.lt_u',
      sub(op('i32.shr_u', bucketOf(get(state)), sub(getGlobal(GLOBALS.buckets), i32(partBits(plan)))), i32(first)),
      i32(after - first),
    )
    const mixed = load('i64.load', candidate(room, index), CANDIDATES + STATE_BYTES)
    const flag = add(get(room), get(index))
    const eachOfMine = (body: readonly Node[]): readonly Node[] => [
      set(at, i32(0)),
      whileLoop(op('i32.lt_u', get(at), get(count)), [
        set(index, load('i32.load', place(at))),
        set(state, mixed),
        ...body,
        increment(at, 1),
      ]),
    ]
    return [
      // Without a branch, as nobody can foretell whose the next one is.
      whileLoop(op('i32.lt_u', get(index), get(candidates)), [
        set(state, mixed),
        store('i32.store', mine, get(index)),
        set(count, add(get(count), isMine)),
        increment(index, 1),
      ]),
      // The memory is asked for all of them first, so that it fetches many at once.
      ...eachOfMine([set(sink, op('i32.xor', get(sink), load('i32.load', line(bucketOf(get(state))))))]),
      ...eachOfMine([
        store('i32.store8', flag, i32(0), FLAGS),
        ...findOrEnter(width, state, local, {
          entered: [store('i32.store8', flag, i32(1), FLAGS), increment(fresh, 1)],
          overflow: () => [giveBack(i32(-1))],
        }),
      ]),
      // So that no compiler leaves the asking out.
      store('i32.store', get(room), get(sink), ROOM.sink + 4 * plan.worker),
      get(fresh),
    ]
  })
}

/** `claimAll()`: does so in all rooms, and says where there was no room for a state. */
function claimAllFunction(plan: Plan): Func {
  return func('claimAll', [], [], (_, local) => {
    const room = local('i32')
    const end = local('i32')
    const fresh = local('i32')
    const some = [get(room), load('i32.load', get(room), ROOM.candidates)]
    return [
      set(room, control(plan, 'rooms')),
      set(end, add(get(room), op('i32.mul', control(plan, 'chunks'), i32(ROOM_BYTES)))),
      whileLoop(op('i32.lt_u', get(room), get(end)), [
        set(fresh, choose('i32', getGlobal(GLOBALS.narrow), call('claim4', ...some), call('claim8', ...some))),
        store('i32.store', get(room), get(fresh), ROOM.fresh + 4 * plan.worker),
        when(op('i32.lt_s', get(fresh), i32(0)), [
          store('i32.atomic.store', i32(controlAddress(plan, 'overflow')), i32(1)),
          giveBack(),
        ]),
        increment(room, ROOM_BYTES),
      ]),
    ]
  })
}

/**
 * `place(room)`: appends the new states of a room to the arena. Each candidate is written behind those that are there,
 * and the next one over it unless it is new: whether it is, no processor can foretell.
 */
function placeFunction(plan: Plan): Func {
  return func('place', ['i32'], [], ([room], local) => {
    const index = local('i32')
    const tail = local('i32')
    return [
      set(tail, getGlobal(GLOBALS.tail)),
      whileLoop(op('i32.lt_u', get(index), load('i32.load', get(room), ROOM.candidates)), [
        store('i64.store', stateAddress(plan, tail), load('i64.load', candidate(room, index), CANDIDATES)),
        set(tail, add(get(tail), load('i32.load8_u', add(get(room), get(index)), FLAGS))),
        increment(index, 1),
      ]),
      setGlobal(GLOBALS.tail, get(tail)),
    ]
  })
}

/**
 * `copyAll()`: copies this worker's buckets of the old table into the new one, and says where there was no room.
 * A bucket has one bit more in a table that is twice as large, at its upper end. So what two parts held that lie
 * side by side, an even one first, comes into two parts, into which no other part is copied.
 */
function copyAllFunction(plan: Plan): Func {
  const pairs = 2 ** (partBits(plan) - 1)
  const bucket = (worker: number): Node =>
    op(
      'i32.shl',
      i32(2 * Math.floor((pairs * worker) / plan.workers)),
      sub(control(plan, 'oldBuckets'), i32(partBits(plan))),
    )
  const old = (['oldTable', 'oldBuckets', 'oldWithin', 'oldRemainder'] as const).map((word) => control(plan, word))
  const args = [...old, bucket(plan.worker), bucket(plan.worker + 1)]
  return func('copyAll', [], [], () => [
    when(op('i32.eqz', choose('i32', getGlobal(GLOBALS.narrow), call('copy4', ...args), call('copy8', ...args))), [
      store('i32.atomic.store', i32(controlAddress(plan, 'overflow')), i32(1)),
    ]),
  ])
}

/**
 * `revisit(from, to)`: expands states from..to-1 once more, in order, for what is noted where a pair is met
 * for the first time; gives `to`, or, where there is no more room, the state to go on with, plus 2^31.
 */
function revisitFunction(plan: Plan): Func {
  return func('revisit', ['i32', 'i32'], ['i32'], ([from, to]) => [
    whileLoop(op('i32.lt_u', get(from), get(to)), [
      when(held(fullCell(plan)), [giveBack(op('i32.or', get(from), i32(2 ** 31)))]),
      op('drop', call('successors', get(from), i32(plan.addresses.out))),
      increment(from, 1),
    ]),
    get(to),
  ])
}

/** The functions of a worker that shares its memory with others; none where there are no others. */
export function crewFunctions(plan: Plan): readonly Func[] {
  if (plan.workers === 1) return []
  if (plan.workers > WORKERS_MAX) throw new Error(`more than ${WORKERS_MAX} workers`)
  return [
    ...WIDTHS.map((width) => claimFunction(plan, width)),
    gatherFunction(plan),
    gatherAllFunction(plan),
    claimAllFunction(plan),
    placeFunction(plan),
    copyAllFunction(plan),
    revisitFunction(plan),
  ]
}
