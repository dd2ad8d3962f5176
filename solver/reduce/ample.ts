/**
 * Which threads are enough in a state: a *persistent* set. Whatever the other threads do before one
 * of the chosen moves, no step of theirs touches what the chosen threads' next steps touch, nor makes
 * one of these possible or impossible. So every run from here can begin with a step of a chosen thread.
 */
import { meet, newBits, remove, type Bits } from './bits.ts'
import type { FutureOf } from './future.ts'
import type { Graph } from './graph.ts'
import { LITERALS_MAX } from './literals.ts'

export interface Ample {
  /** Reads a state; the others answer about it. `nodes` are where its threads stand. */
  readonly enter: (nodes: readonly number[], shut: Bits) => void
  /** Whether thread `t` alone is enough. */
  readonly alone: (t: number) => boolean
  /** The threads that are enough if thread `t` is one of them, as a mask. */
  readonly closure: (t: number) => number
}

/** How a reduction is spoilt on purpose, to see that the tests notice. */
export type Sabotage = 'ignore-writes' | 'ignore-reads' | 'no-proviso' | 'trust-shut'

export function newAmple(graphs: readonly Graph[], future: readonly FutureOf[], sabotage?: Sabotage): Ample {
  const count = graphs.length
  const everybody = 2 ** count - 1
  let nodes: readonly number[] = []
  let now: Bits = newBits(LITERALS_MAX)
  const shut = newBits(LITERALS_MAX)

  /** Leaves in `shut` the false conditions that stay false while only threads outside `inside` move. */
  const settle = (inside: number): void => {
    shut.set(now)
    if (sabotage === 'trust-shut') return
    for (let stirred = true; stirred;) {
      stirred = false
      for (let u = 0; u < count; u++) {
        if ((inside >> u) & 1) continue
        const { stirs } = outside(u)
        if (remove(shut, stirs)) stirred = true
      }
    }
  }
  const outside = (u: number): ReturnType<FutureOf> => {
    const of = future[u]
    if (of === undefined) throw new Error(`no thread ${u}`)
    return of(nodes[u] ?? 0, shut)
  }

  /** The first thread outside `inside` that may get in the way of the next step of one inside; -1 if none. */
  const intruder = (inside: number): number => {
    for (let t = 0; t < count; t++) {
      if (((inside >> t) & 1) === 0) continue
      for (const way of graphs[t]?.ways[nodes[t] ?? 0] ?? []) {
        if (meet(way.needs, shut)) continue
        for (let u = 0; u < count; u++) {
          if ((inside >> u) & 1) continue
          const { reads, writes } = outside(u)
          if (sabotage !== 'ignore-writes' && (meet(way.writes, reads) || meet(way.writes, writes))) return u
          if (sabotage !== 'ignore-reads' && meet(way.reads, writes)) return u
        }
      }
    }
    return -1
  }

  return {
    enter(at, conditions) {
      nodes = at
      now = conditions
    },
    alone(t) {
      settle(1 << t)
      return intruder(1 << t) < 0
    },
    closure(t) {
      let inside = 1 << t
      while (inside !== everybody) {
        settle(inside)
        const u = intruder(inside)
        if (u < 0) break
        inside |= 1 << u
      }
      return inside
    },
  }
}
