/**
 * WebAssembly that decides whether one thread is enough in the state at hand: solver/reduce/ample.ts says what that
 * means and why it is right. Sets of several threads that are enough together are not looked for: they save hardly
 * a state in a hundred, and cost a third of the time.
 *
 * What is decided rests on one *outlook* per thread: what its next step touches, and what it may touch later, where
 * it stands and while some conditions stay false. An outlook is found once for each pair of a thread's component
 * and the shared one, with what the thread can do from there; it is kept with that, and costs nothing afterwards.
 * So a decision comes to a few intersections of sets, each of a few words.
 */
import type { Local, Node } from '../encoder/code.ts'
import { branchIf, call, forEver, get, giveBack, i32, i64, load, op, set, when } from '../encoder/code.ts'
import type { Func } from '../encoder/func.ts'
import { func } from '../encoder/func.ts'
import type { Reduction } from '../plan.ts'
import { NODE, OUTLOOK } from './tables.ts'

const join = (all: readonly Node[], empty: Node): Node => all.reduce((a, b) => op('i64.or', a, b), empty)

/** Whether what a thread does next does not commute with all that some others may do later. */
function clash({ words }: Reduction, next: Local, later: readonly Local[]): Node {
  const meets = Array.from({ length: words }, (_, w) => {
    const may = later.map((other) => load('v128.load', get(other), OUTLOOK.sets + 16 * w))
    const all = may.reduce((a, b) => op('v128.or', a, b))
    return op('v128.and', all, load('v128.load', get(next), OUTLOOK.sets + 16 * (words + w)))
  })
  return op(
    'v128.any_true',
    meets.reduce((a, b) => op('v128.or', a, b)),
  )
}

/**
 * `alone{t}(shut, outlook...)`: whether thread t is enough alone, by the conditions that are false in the state at
 * hand and by the outlooks of all threads there.
 */
export function aloneFunction(reduction: Reduction, thread: number, threads: number): Func {
  const params = ['i64', ...Array.from({ length: threads }, () => 'i32' as const)] as const
  return func(`alone${thread}`, params, ['i32'], ([shut, ...outlooks], local) => {
    const [own] = outlooks.slice(thread, thread + 1)
    const others = outlooks.filter((_, t) => t !== thread)
    if (own === undefined) return [i32(0)]
    const stirred = local('i64')
    const stirs = others.map((other) => load('i64.load', get(other), OUTLOOK.stirs))
    const matters = outlooks.map((outlook) => load('i64.load', get(outlook), OUTLOOK.matters))
    const isStirred = (mattering: Node): Node => op('i32.eqz', op('i64.eqz', op('i64.and', get(stirred), mattering)))
    return [
      when(load('i32.load', load('i32.load', get(own), OUTLOOK.node), NODE.cuts), [giveBack(i32(0))]),
      ...(others.length === 0
        ? []
        : [
            forEver((done) => [
              // What fewer shut conditions allow is only more: a conflict found now is one at the end too.
              when(clash(reduction, own, others), [giveBack(i32(0))]),
              set(stirred, op('i64.and', get(shut), join(stirs, i64(0n)))),
              branchIf(done, op('i32.eqz', isStirred(join(matters, i64(0n))))),
              set(shut, op('i64.xor', get(shut), get(stirred))),
              ...outlooks.map((outlook, t) =>
                when(isStirred(matters[t] ?? i64(-1n)), [set(outlook, call('lookAgain', get(outlook), get(shut)))]),
              ),
            ]),
          ]),
      i32(1),
    ]
  })
}
