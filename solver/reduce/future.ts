import { join, newBits, type Bits } from './bits.ts'
import { circlesOf } from './circles.ts'
import type { Graph } from './graph.ts'
import { LITERALS_MAX } from './literals.ts'

/** What a thread may yet do. */
export interface Future {
  readonly reads: Bits
  readonly writes: Bits
  /** Conditions that read something it may write. */
  readonly stirs: Bits
}

export interface Futures {
  /** What a thread at a node may yet do while the conditions in `shut` stay false. */
  readonly of: (node: number, shut: Bits) => Future
  /** The conditions that make a difference from a node on. */
  readonly relevant: (node: number) => Bits
}

/** Futures by node and by the two words of its relevant shut conditions: a hash table, open addressing. */
interface Table {
  /** Four numbers to an entry: the node plus one (0 where free), the two words, and the future's number. */
  entries: Int32Array
  readonly futures: Future[]
}

const FIRST = 2 ** 8

function place({ entries }: Table, node: number, first: number, second: number): number {
  const mask = entries.length / 4 - 1
  let h = Math.imul(node + 1, 0x9e3779b1)
  h = Math.imul(h ^ first ^ (h >>> 15), 0x85ebca77)
  h = Math.imul(h ^ second ^ (h >>> 13), 0xc2b2ae3d)
  for (let q = (h ^ (h >>> 16)) & mask; ; q = (q + 1) & mask) {
    const at = 4 * q
    if (entries[at] === 0) return at
    if (entries[at] === node + 1 && entries[at + 1] === first && entries[at + 2] === second) return at
  }
}

function add(table: Table, at: number, node: number, first: number, second: number, future: Future): void {
  table.entries.set([node + 1, first, second, table.futures.length], at)
  table.futures.push(future)
  if (table.futures.length * 8 <= table.entries.length) return
  const old = table.entries
  table.entries = new Int32Array(old.length * 2)
  for (let i = 0; i < old.length; i += 4) {
    const entry = old.subarray(i, i + 4)
    const [key = 0, a = 0, b = 0] = entry
    if (key !== 0) table.entries.set(entry, place(table, key - 1, a, b))
  }
}

/** The ways of a graph in one row of numbers: two words of needs, where to, reads, writes. */
interface Row {
  readonly ways: Int32Array
  /** By node: where its ways begin; one more than there are nodes. */
  readonly from: Int32Array
  readonly width: number
}

function rowOf({ ways }: Graph, words: number): Row {
  const width = 3 + 2 * words
  const all = ways.flat()
  const row = new Int32Array(all.length * width)
  all.forEach(({ needs, to, reads, writes }, i) => {
    row.set([needs[0] ?? 0, needs[1] ?? 0, to, ...reads, ...writes], i * width)
  })
  const from = new Int32Array(ways.length + 1)
  ways.forEach((here, node) => (from[node + 1] = (from[node] ?? 0) + here.length * width))
  return { ways: row, from, width }
}

/** For each node, the needs of all ways from it on. */
function relevants({ ways }: Graph, members: readonly Int32Array[], componentOf: Int32Array): readonly Bits[] {
  const all = members.map(() => newBits(LITERALS_MAX))
  members.forEach((nodes, i) => {
    const here = all[i]
    if (here === undefined) return
    for (const node of nodes)
      for (const { needs, to } of ways[node] ?? []) {
        join(here, needs)
        const there = all[componentOf[to] ?? 0]
        if (there !== undefined && there !== here) join(here, there)
      }
  })
  return ways.map((_, node) => all[componentOf[node] ?? 0] ?? newBits(LITERALS_MAX))
}

/**
 * Works out what each node's future is under a set of shut conditions, and remembers. It follows from the
 * ways of a node and the futures of the nodes behind them; only where nodes lie in a circle all of it is walked.
 */
export function futures(graph: Graph, atomCount: number, readers: readonly Bits[]): Futures {
  const { members, componentOf } = circlesOf(graph)
  const relevant = relevants(graph, members, componentOf)
  const table: Table = { entries: new Int32Array(4 * FIRST), futures: [] }
  const words = newBits(atomCount).length
  const { ways, from, width } = rowOf(graph, words)
  const count = graph.ways.length
  const seen = new Int32Array(count)
  const queue = new Int32Array(count)
  const beyond = new Int32Array(count)
  let walks = 0

  const work = (node: number, shut: Bits): Future => {
    /** Reads, then writes. */
    const touched = new Int32Array(2 * words)
    const [first = 0, second = 0] = shut
    const home = componentOf[node]
    const walk = ++walks
    queue[0] = node
    let tail = 1
    /** Nodes of other components to which ways lead. */
    let others = 0
    seen[node] = walk
    for (let head = 0; head < tail; head++) {
      const here = queue[head] ?? 0
      const end = from[here + 1] ?? 0
      for (let way = from[here] ?? 0; way < end; way += width) {
        if (((ways[way] ?? 0) & first) !== 0 || ((ways[way + 1] ?? 0) & second) !== 0) continue
        for (let w = 0; w < 2 * words; w++) touched[w] = (touched[w] ?? 0) | (ways[way + 3 + w] ?? 0)
        const to = ways[way + 2] ?? 0
        if (seen[to] === walk) continue
        seen[to] = walk
        if (componentOf[to] === home) queue[tail++] = to
        else beyond[others++] = to
      }
    }
    const future: Future = {
      reads: touched.subarray(0, words),
      writes: touched.subarray(words),
      stirs: newBits(LITERALS_MAX),
    }
    for (let w = 0; w < words; w++)
      for (let rest = future.writes[w] ?? 0; rest !== 0; rest &= rest - 1) {
        const stirred = readers[32 * w + 31 - Math.clz32(rest & -rest)]
        if (stirred !== undefined) join(future.stirs, stirred)
      }
    // What lies behind is worked out by the same arrays.
    for (const to of beyond.slice(0, others)) {
      const { reads, writes, stirs } = of(to, shut)
      join(future.reads, reads)
      join(future.writes, writes)
      join(future.stirs, stirs)
    }
    return future
  }

  const of = (node: number, shut: Bits): Future => {
    const matter = relevant[node]
    const first = (shut[0] ?? 0) & (matter?.[0] ?? 0)
    const second = (shut[1] ?? 0) & (matter?.[1] ?? 0)
    const at = place(table, node, first, second)
    const known = table.entries[at] === 0 ? undefined : table.futures[table.entries[at + 3] ?? 0]
    if (known !== undefined) return known
    const future = work(node, shut)
    // The futures behind it are new as well, so that the table may be another one now.
    add(table, place(table, node, first, second), node, first, second, future)
    return future
  }
  return { of, relevant: (node) => relevant[node] ?? newBits(LITERALS_MAX) }
}
