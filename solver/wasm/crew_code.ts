/**
 * WebAssembly of what several workers do at once. States are expanded in rounds, a round in chunks. First
 * each worker takes chunk after chunk and gathers its successors; after that each worker enters those that
 * belong to its own parts of the table, chunk by chunk and in order. So of equal successors the first one
 * is the new state, as if one worker had done it all, and no two workers ever write to the same place. Now
 * it is known how many new states each chunk has, so where in the arena they belong, and each worker takes
 * chunk after chunk and puts them there.
 *
 * Looking a successor up before it is gathered does not pay: most of what a round leads to is new, reached
 * several times from within the round.
 */
import { fullCell, held } from './cells.ts'
import { claimFunctions } from './claim_code.ts'
import { call, get, giveBack, i32, increment, op, when, whileLoop } from './encoder/code.ts'
import type { Func } from './encoder/func.ts'
import { func } from './encoder/func.ts'
import { gatherFunctions } from './gather_code.ts'
import { moveAllFunction } from './growth_code.ts'
import { placeFunctions } from './place_code.ts'
import type { Plan } from './plan.ts'
import { WORKERS_MAX } from './rooms.ts'

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
    ...gatherFunctions(plan),
    ...claimFunctions(plan),
    ...placeFunctions(plan),
    moveAllFunction(plan),
    revisitFunction(plan),
  ]
}
