/**
 * Which threads are enough in a state: a *persistent* set. Whatever the other threads do before one
 * of the chosen moves, no step of theirs touches what the chosen threads' next steps touch, nor makes
 * one of these possible or impossible. So every run from here can begin with a step of a chosen thread.
 */
import { meet, newBits, remove, type Bits } from './bits.ts'
import { newDecisions } from './decisions.ts'
import type { Future, Futures } from './future.ts'
import type { Graph, Way } from './graph.ts'
import { LITERALS_MAX } from './literals.ts'
import type { Sabotage } from './sabotage.ts'

export interface Ample {
  /** Makes a state the one that is asked about: where its threads stand, and which conditions are false in it. */
  readonly enter: (nodes: readonly number[], shut: Bits) => void
  /** Whether thread `t` may have a step that can run. */
  readonly canMove: (t: number) => boolean
  /** Whether thread `t` alone is enough. */
  readonly alone: (t: number) => boolean
  /** The threads that are enough if thread `t` is one of them, as a mask. */
  readonly closure: (t: number) => number
}

/** Whether a way on and what another thread may yet do do not commute. */
function conflict(way: Way, { reads, writes }: Future, sabotage: Sabotage | undefined): boolean {
  if (sabotage !== 'ignore-writes' && (meet(way.writes, reads) || meet(way.writes, writes))) return true
  return sabotage !== 'ignore-reads' && meet(way.reads, writes)
}

export function newAmple(graphs: readonly Graph[], futures: readonly Futures[], sabotage?: Sabotage): Ample {
  const count = graphs.length
  const everybody = 2 ** count - 1
  let nodes: readonly number[] = []
  let now: Bits = newBits(LITERALS_MAX)
  /** The false conditions that stay false while only the threads outside move; and what these may do. */
  const shut = newBits(LITERALS_MAX)
  const outside: (Future | undefined)[] = graphs.map(() => undefined)

  /** Looks what the threads outside `inside` may do while `shut` stays; says whether it does stay. */
  const look = (inside: number): boolean => {
    let stays = true
    for (let u = 0; u < count; u++) outside[u] = (inside >> u) & 1 ? undefined : futures[u]?.of(nodes[u] ?? 0, shut)
    if (sabotage === 'trust-shut') return true
    for (const future of outside) if (future !== undefined && remove(shut, future.stirs)) stays = false
    return stays
  }

  /**
   * By pair of threads and node of the first: for each node of the second, whether the first one's next
   * step commutes with all that the second may do, whatever the shared state: 0 not known yet, 1 no, 2 yes.
   */
  const always = graphs.map((of) => graphs.map(() => of.ways.map((): Uint8Array | undefined => undefined)))
  const open = newBits(LITERALS_MAX)
  const alwaysCommutes = (t: number, u: number): boolean => {
    const node = nodes[t] ?? 0
    const other = nodes[u] ?? 0
    const rows = always[t]?.[u]
    if (rows === undefined) return false
    const row = (rows[node] ??= new Uint8Array(graphs[u]?.ways.length ?? 0))
    if (row[other] === 0) {
      const future = futures[u]?.of(other, open)
      const clash =
        future === undefined || graphs[t]?.ways[node]?.some((way) => conflict(way, future, sabotage)) === true
      row[other] = clash ? 1 : 2
    }
    return row[other] === 2
  }

  /** The first thread outside `inside` that may get in the way of the next step of one inside; -1 if none. */
  const intruder = (inside: number): number => {
    shut.set(now)
    for (;;) {
      const stays = look(inside)
      // What fewer shut conditions allow is only more: a conflict found now is one at the end too.
      for (let t = 0; t < count; t++) {
        if (((inside >> t) & 1) === 0) continue
        for (const way of graphs[t]?.ways[nodes[t] ?? 0] ?? []) {
          if (meet(way.needs, shut)) continue
          for (let u = 0; u < count; u++) {
            const future = outside[u]
            if (future !== undefined && conflict(way, future, sabotage)) return u
          }
        }
      }
      if (stays) return -1
    }
  }

  /**
   * By nodes and relevant shut conditions: the threads that were asked about, those that are enough alone,
   * and, for each thread, its closure or 0.
   */
  const decisions = newDecisions(count + 2, count + 2)
  let entry = -1
  const decision = (): number => {
    if (entry >= 0) return entry
    let first = 0
    let second = 0
    for (let t = 0; t < count; t++) {
      const node = nodes[t] ?? 0
      const relevant = futures[t]?.relevant(node)
      first |= relevant?.[0] ?? 0
      second |= relevant?.[1] ?? 0
      decisions.key[t] = node
    }
    decisions.key[count] = (now[0] ?? 0) & first
    decisions.key[count + 1] = (now[1] ?? 0) & second
    entry = decisions.find()
    return entry
  }

  return {
    enter(at, conditions) {
      nodes = at
      now = conditions
      entry = -1
    },
    canMove: (t) => graphs[t]?.ways[nodes[t] ?? 0]?.some((way) => !meet(way.needs, now)) ?? false,
    alone(t) {
      let clear = true
      for (let u = 0; u < count && clear; u++) clear = u === t || alwaysCommutes(t, u)
      if (clear) return true
      const at = decision()
      const asked = decisions.get(at, 0)
      const enough = decisions.get(at, 1)
      if ((asked >> t) & 1) return ((enough >> t) & 1) === 1
      const found = intruder(1 << t) < 0
      decisions.set(at, 0, asked | (1 << t))
      if (found) decisions.set(at, 1, enough | (1 << t))
      return found
    },
    closure(t) {
      const at = decision()
      const known = decisions.get(at, t + 2)
      if (known !== 0) return known
      // Threads that are done never get in the way.
      let inside = 1 << t
      for (let u = 0; u < count; u++) if (graphs[u]?.ways[nodes[u] ?? 0]?.length === 0) inside |= 1 << u
      while (inside !== everybody) {
        const u = intruder(inside)
        if (u < 0) break
        inside |= 1 << u
      }
      decisions.set(at, t + 2, inside)
      return inside
    },
  }
}
