/** WebAssembly that asks the memory for what is known of pairs before the states are expanded that they are in. */
import { stored } from './arena.ts'
import type { Local, Node } from './encoder/code.ts'
import { get, getGlobal, i32, increment, load, op, set, when, whileLoop } from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import type { Plan } from './plan.ts'
import { memoGlobals } from './plan.ts'
import { numberIn, sharedIn } from './state_code.ts'
import { firstPlace, pairKey } from './successors.ts'
import type { NewLocal } from './table.ts'

/** States at a time: their pairs stay in a near cache until they are needed. */
const STATES_AHEAD = 64
/** Entries of a memo below which all of it is in a near cache. */
const ENTRIES_FAR = 2 ** 13

/**
 * `ahead(from, to)`: fetches what is known of the pairs of each thread in states from..to-1, and gives what nobody
 * needs, so that no compiler leaves the fetching out. Where a thread has few pairs, it does nothing.
 */
export function aheadFunction(plan: Plan): Func {
  return func('ahead', ['i32', 'i32'], ['i32'], ([from, to], local) => {
    const sink = local('i32')
    const at = local('i32')
    const state = local('i64')
    const key = local('i64')
    const fetchPairs = (thread: number): Node =>
      when(op('i32.ge_u', getGlobal(memoGlobals(thread).mask), i32(ENTRIES_FAR - 1)), [
        set(at, get(from)),
        whileLoop(op('i32.lt_u', get(at), get(to)), [
          set(state, stored(plan, at)),
          set(key, pairKey(sharedIn(state), numberIn(thread + 1, state))),
          set(sink, op('i32.xor', get(sink), load('i32.load', firstPlace(plan, key, thread)))),
          increment(at, 1),
        ]),
      ])
    return [...plan.model.threads.map((_, thread) => fetchPairs(thread)), get(sink)]
  })
}

/** Code before the expansion of state `from`, of those up to `to`; `fetched` is the first of which the pairs are not fetched. */
export function lookAheadFrom(from: Local, to: Local, local: NewLocal): readonly Node[] {
  const fetched = local('i32')
  return [
    when(op('i32.ge_u', get(from), get(fetched)), [
      set(fetched, op('i32.add', get(from), i32(STATES_AHEAD))),
      when(op('i32.gt_u', get(fetched), get(to)), [set(fetched, get(to))]),
      op('drop', { kind: 'call', name: 'ahead', args: [get(from), get(fetched)] }),
    ]),
  ]
}
