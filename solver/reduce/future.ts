import { join, newBits, type Bits } from './bits.ts'
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

/** The ways of a graph in one row of numbers, for the walks below: two words of needs, where to, reads, writes. */
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

/** Walks a thread's graph once per node and set of shut conditions, and remembers. */
export function futures(graph: Graph, atomCount: number, readers: readonly Bits[]): Futures {
  const table: Table = { entries: new Int32Array(4 * FIRST), futures: [] }
  const relevants: (Bits | undefined)[] = graph.ways.map(() => undefined)
  const words = newBits(atomCount).length
  const row = rowOf(graph, words)
  const seen = new Int32Array(graph.ways.length)
  const queue = new Int32Array(graph.ways.length)
  let walk = 0

  const walkFrom = (node: number, first: number, second: number): { readonly future: Future; readonly needs: Bits } => {
    const { ways, from, width } = row
    /** Reads, then writes. */
    const touched = new Int32Array(2 * words)
    const needs = newBits(LITERALS_MAX)
    let first1 = 0
    let second1 = 0
    queue[0] = node
    let tail = 1
    seen[node] = ++walk
    for (let head = 0; head < tail; head++) {
      const at = queue[head] ?? 0
      const end = from[at + 1] ?? 0
      for (let way = from[at] ?? 0; way < end; way += width) {
        const a = ways[way] ?? 0
        const b = ways[way + 1] ?? 0
        if ((a & first) !== 0 || (b & second) !== 0) continue
        first1 |= a
        second1 |= b
        for (let w = 0; w < touched.length; w++) touched[w] = (touched[w] ?? 0) | (ways[way + 3 + w] ?? 0)
        const to = ways[way + 2] ?? 0
        if (seen[to] === walk) continue
        seen[to] = walk
        queue[tail++] = to
      }
    }
    needs[0] = first1
    needs[1] = second1
    const writes = touched.slice(words)
    const stirs = newBits(LITERALS_MAX)
    readers.forEach((literals, atom) => {
      if (((writes[atom >> 5] ?? 0) >>> (atom & 31)) & 1) join(stirs, literals)
    })
    return { future: { reads: touched.slice(0, words), writes, stirs }, needs }
  }

  const relevant = (node: number): Bits => (relevants[node] ??= walkFrom(node, 0, 0).needs)
  const of = (node: number, shut: Bits): Future => {
    const matter = relevant(node)
    const first = (shut[0] ?? 0) & (matter[0] ?? 0)
    const second = (shut[1] ?? 0) & (matter[1] ?? 0)
    const at = place(table, node, first, second)
    if (table.entries[at] !== 0) {
      const found = table.futures[table.entries[at + 3] ?? 0]
      if (found !== undefined) return found
    }
    const { future } = walkFrom(node, first, second)
    add(table, at, node, first, second, future)
    return future
  }
  return { of, relevant }
}
