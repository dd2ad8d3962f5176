/**
 * Goes from state to state: the threads that are enough in one, and chains of steps that need no
 * choice. Works on one scratch state at a time.
 */
import type { Program } from '../explicit/program.ts'
import type { PartialOrder } from './por.ts'

export interface Walk {
  readonly scratch: Int32Array
  /**
   * Goes on from the scratch state, in it, while one thread's single next step is enough; gives how
   * many steps that were. `last` moved last.
   */
  readonly chain: (last: number) => number
  /** Threads that are enough in the scratch state, as a mask; all that can move where nothing smaller is known. */
  readonly enough: () => number
  /** Puts the successors of the scratch state by one thread into `program.out`; gives how many words that are. */
  readonly moves: (t: number) => number
}

/** A chain that goes on for longer is cut: its end is stored, so that a circle is noticed. */
const CHAIN_MAX = 2000

/** `see` is called with every state that a chain comes to. */
export function newWalk(program: Program, words: number, order: PartialOrder, see: (arena: Int32Array) => void): Walk {
  const scratch = new Int32Array(words)
  const threads = program.threads.length
  const moves = (t: number): number => program.threads[t]?.(scratch, 0, 0) ?? 0

  /** Whether a thread's single next step was enough, and was taken. */
  const advance = (t: number): boolean => {
    if (!order.canMove(t) || !order.alone(t)) return false
    const end = moves(t)
    if (end !== words) return false
    for (let w = 0; w < words; w++) scratch[w] = program.out[w] ?? 0
    return true
  }

  return {
    scratch,
    moves,
    chain(last) {
      let length = 0
      let from = last
      for (;;) {
        see(scratch)
        // A final state is an outcome, to be counted: so it is never passed by.
        if (length >= CHAIN_MAX || program.final(scratch, 0, 1) === 0) return length
        order.look(scratch, 0)
        let t = 0
        while (t < threads && !advance((from + t) % threads)) t++
        if (t === threads) return length
        from = (from + t) % threads
        length++
      }
    },
    enough() {
      order.look(scratch, 0)
      const able = program.threads.flatMap((_, t) => (order.canMove(t) && moves(t) > 0 ? [t] : []))
      const single = able.find((t) => order.alone(t))
      if (single !== undefined) return 2 ** single
      const everybody = 2 ** threads - 1
      let best = everybody
      let fewest = able.length
      for (const t of able) {
        const mask = order.closure(t)
        const size = able.filter((u) => (mask >> u) & 1).length
        if (mask === everybody || size >= fewest) continue
        best = mask
        fewest = size
        // It cannot be one.
        if (size === 2) break
      }
      return best
    },
  }
}
