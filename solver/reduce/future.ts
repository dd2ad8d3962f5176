import { join, meet, newBits, type Bits } from './bits.ts'
import type { Graph } from './graph.ts'
import { LITERALS_MAX } from './literals.ts'

/** What a thread may yet do. */
export interface Future {
  readonly reads: Bits
  readonly writes: Bits
  /** Conditions that read something it may write. */
  readonly stirs: Bits
}

/** Looks up what a thread at a node may yet do while the conditions in `shut` stay false. */
export type FutureOf = (node: number, shut: Bits) => Future

interface Memo {
  /** Conditions that make a difference from here on. */
  readonly relevant: Bits
  /** By the first and then the second word of the relevant conditions that are shut. */
  readonly futures: Map<number, Map<number, Future>>
}

/** Walks a thread's graph once per node and set of shut conditions, and remembers. */
export function futures(graph: Graph, atomCount: number, readers: readonly Bits[]): FutureOf {
  const memos: (Memo | undefined)[] = []
  const seen = new Int32Array(graph.ways.length).fill(-1)
  let walk = 0

  const walkFrom = (node: number, shut: Bits): { readonly future: Future; readonly needs: Bits } => {
    const reads = newBits(atomCount)
    const writes = newBits(atomCount)
    const needs = newBits(LITERALS_MAX)
    const stirs = newBits(LITERALS_MAX)
    const queue = [node]
    seen[node] = ++walk
    for (const at of queue) {
      for (const way of graph.ways[at] ?? []) {
        if (meet(way.needs, shut)) continue
        join(reads, way.reads)
        join(writes, way.writes)
        join(needs, way.needs)
        if (seen[way.to] === walk) continue
        seen[way.to] = walk
        queue.push(way.to)
      }
    }
    readers.forEach((literals, atom) => {
      if (((writes[atom >> 5] ?? 0) >>> (atom & 31)) & 1) join(stirs, literals)
    })
    return { future: { reads, writes, stirs }, needs }
  }

  const nothing = newBits(LITERALS_MAX)
  return (node, shut) => {
    const memo = (memos[node] ??= { relevant: walkFrom(node, nothing).needs, futures: new Map() })
    const first = (shut[0] ?? 0) & (memo.relevant[0] ?? 0)
    const second = (shut[1] ?? 0) & (memo.relevant[1] ?? 0)
    let row = memo.futures.get(first)
    if (row === undefined) memo.futures.set(first, (row = new Map()))
    let future = row.get(second)
    if (future === undefined) row.set(second, (future = walkFrom(node, shut).future))
    return future
  }
}
