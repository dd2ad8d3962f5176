/**
 * What the generated code looks up to decide which threads are enough in a state: the nodes of all threads'
 * graphs and the ways on from them, as tables in the memory. See solver/reduce/ample.ts for what is decided.
 */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import { join, meet, members, newBits, type Bits } from '../../reduce/bits.ts'
import { analyse, type Analysis } from '../../reduce/analysis.ts'
import { circlesOf, cutNodes } from '../../reduce/circles.ts'
import type { Way } from '../../reduce/graph.ts'
import { LITERALS_MAX } from '../../reduce/literals.ts'
import type { Sabotage } from '../../reduce/sabotage.ts'
import type { Composition } from '../components.ts'
import type { Memory } from '../platform.ts'

/**
 * A node: the conditions that make a difference to its outlooks so far; the first of these, or 0; where its ways begin
 * and end; the last walk that came by; whether its thread never moves alone from there.
 */
export const NODE = { matters: 0, first: 8, from: 12, to: 16, seen: 20, cuts: 24, bytes: 32 } as const
/** An outlook remembered, in a table that holds one for each place: by which false conditions, and by which node. */
export const REMEMBERED = { matter: 0, node: 8, outlook: 12, bytes: 16, entries: 65_536 } as const
/**
 * A way on from a node: the conditions that must be true; those that it may change; the node that it leads to; sets.
 *
 * The sets of a way, and of an outlook, are four, of `words` words of 64 bits each: what may be read or written later,
 * what may be written later; what the next step writes, what it reads. So the first two of one thread and the other
 * two of another one meet, word by word, where the next step of that one does not commute with all that this one may
 * do. An outlook's first two sets come from all ways that lie before it, the other two from those of its node.
 */
export const WAY = { needs: 0, stirs: 8, to: 16, sets: 24 } as const
/**
 * An outlook: the conditions that its thread may change later; those that make a difference to it, and which of them
 * are false; its node; the node's next outlook; the node's outlook that was asked for last in place of this one; sets.
 */
export const OUTLOOK = { stirs: 0, matters: 8, shut: 16, node: 24, next: 28, guess: 32, sets: 48 } as const
/** What is at hand: a state; where its way is recorded, or 0. */
export const HAND = { state: 0, record: 8, bytes: 64 } as const
/** Sets of a way or of an outlook. */
const SETS = 4
/** A state on a recorded way, and 1 where that is the first of a chain. */
export const RECORD = { state: 0, first: 8, bytes: 16 } as const
/** A chain that goes on for longer is cut. */
export const CHAIN_MAX = 2000

/** The condition that is not followed, as its bit tells that the others have been looked at. */
export const CONDITION_BITS = 63

export interface ReductionPlan {
  readonly analysis: Analysis
  readonly sabotage: Sabotage | undefined
  /** 64-bit words of a set of atoms. */
  readonly words: number
  readonly wayBytes: number
  readonly outlookBytes: number
  /** By thread: the number of its first node among all of them. */
  readonly bases: readonly number[]
  /** By thread: nodes one of which each circle of its graph passes. */
  readonly cuts: readonly ReadonlySet<number>[]
  readonly nodeCount: number
  readonly wayCount: number
}

export interface ReductionAddresses {
  readonly hand: number
  readonly nodes: number
  readonly ways: number
  /** Room for the addresses of all nodes of a thread. */
  readonly queue: number
  readonly remembered: number
  /** The outlook of which nothing is known. */
  readonly anything: number
}

export type ReductionOrNot =
  { readonly ok: true; readonly value: ReductionPlan } | { readonly ok: false; readonly reason: string }

const touches = (way: Way, reads: Bits, writes: Bits): boolean =>
  meet(way.writes, reads) || meet(way.writes, writes) || meet(way.reads, writes)

/**
 * By thread, the nodes at which it never moves alone: one on each circle. They are chosen among those that
 * others may get in the way of, where there are such, since these are hardly ever alone as it is.
 */
function cutsOf({ graphs, atomCount }: Analysis): readonly ReadonlySet<number>[] {
  const whole = graphs.map((graph) => {
    const [reads, writes] = [newBits(atomCount), newBits(atomCount)]
    for (const way of graph.ways.flat()) {
      join(reads, way.reads)
      join(writes, way.writes)
    }
    return { reads, writes }
  })
  return graphs.map((graph, t) =>
    cutNodes(
      graph,
      circlesOf(graph),
      (node) =>
        graph.ways[node]?.some((way) => whole.some((f, u) => u !== t && touches(way, f.reads, f.writes))) === true,
    ),
  )
}

/** What is needed to reduce a (specialised) model that is taken apart in this way, or why it is not. */
export function planReduction(
  model: LoweredModel,
  { fields, ranges }: Composition,
  sabotage?: Sabotage,
): ReductionOrNot {
  const isIn = (slot: number, component: number): boolean => (fields[slot]?.component ?? component) === component
  const stranger = model.threads.findIndex(({ pcSlot }, t) => !isIn(pcSlot, t + 1))
  if (stranger >= 0)
    return { ok: false, reason: `others look where ${model.threads[stranger]?.name ?? 'a thread'} stands` }
  const analysed = analyse(model, ranges, {
    sabotage,
    mayFollow: (slot, thread) => isIn(slot, thread + 1),
    mayTest: (slot) => isIn(slot, 0),
  })
  if (!analysed.ok) return analysed
  const analysis = analysed.value
  const { graphs, atomCount } = analysis
  const words = Math.ceil(newBits(atomCount).length / 2)
  const counts = graphs.map(({ nodes }) => nodes.length)
  return {
    ok: true,
    value: {
      analysis,
      sabotage,
      words,
      wayBytes: WAY.sets + SETS * 8 * words,
      outlookBytes: OUTLOOK.sets + SETS * 8 * words,
      bases: counts.map((_, t) => counts.slice(0, t).reduce((a, b) => a + b, 0)),
      cuts: sabotage === 'no-proviso' ? graphs.map(() => new Set<number>()) : cutsOf(analysis),
      nodeCount: counts.reduce((a, b) => a + b, 0),
      wayCount: graphs.reduce((sum, { ways }) => sum + ways.reduce((n, here) => n + here.length, 0), 0),
    },
  }
}

/** Bytes of the pieces of memory that `ReductionAddresses` names, in its order. */
export const reductionSizes = (plan: ReductionPlan): readonly number[] => [
  HAND.bytes,
  NODE.bytes * plan.nodeCount,
  plan.wayBytes * plan.wayCount,
  4 * plan.nodeCount,
  REMEMBERED.bytes * REMEMBERED.entries,
  plan.outlookBytes,
]

/** The conditions that read one of some atoms. */
function stirredBy(writes: Bits, readers: readonly Bits[]): Bits {
  const stirred = newBits(LITERALS_MAX)
  for (const atom of members(writes)) {
    const here = readers[atom]
    if (here !== undefined) join(stirred, here)
  }
  return stirred
}

/** Writes a way, of which `to` is the address of the node that it leads to. */
function writeWay(into: Int32Array, plan: ReductionPlan, { needs, reads, writes }: Way, to: number): void {
  const { analysis, words, sabotage } = plan
  into.set(needs, WAY.needs / 4)
  if (sabotage !== 'trust-shut') into.set(stirredBy(writes, analysis.readers), WAY.stirs / 4)
  into[WAY.to / 4] = to
  const set = (i: number): Int32Array => into.subarray(WAY.sets / 4 + 2 * words * i, WAY.sets / 4 + 2 * words * (i + 1))
  set(0).set(reads)
  join(set(0), writes)
  set(1).set(writes)
  if (sabotage !== 'ignore-writes') set(2).set(writes)
  if (sabotage !== 'ignore-reads') set(3).set(reads)
}

/** Writes the nodes and the ways; and the outlook of a thread that may do anything, which is that of no node. */
export function writeTables(memory: Memory, plan: ReductionPlan, addresses: ReductionAddresses): void {
  const { nodes, ways, anything } = addresses
  const cells = new Int32Array(memory.buffer)
  cells.fill(-1, anything / 4, (anything + plan.outlookBytes) / 4)
  for (const at of [OUTLOOK.node, OUTLOOK.guess]) cells[(anything + at) / 4] = 0
  // Nothing else lies at the lowest addresses. What is known of nothing never moves alone.
  cells[NODE.cuts / 4] = 1
  let way = ways
  plan.analysis.graphs.forEach((graph, t) => {
    const base = nodes + NODE.bytes * (plan.bases[t] ?? 0)
    graph.ways.forEach((here, n) => {
      const node = (base + NODE.bytes * n) / 4
      cells[node + NODE.from / 4] = way
      for (const one of here) {
        writeWay(cells.subarray(way / 4, (way + plan.wayBytes) / 4), plan, one, base + NODE.bytes * one.to)
        way += plan.wayBytes
      }
      cells[node + NODE.to / 4] = way
      cells[node + NODE.cuts / 4] = plan.cuts[t]?.has(n) === true ? 1 : 0
    })
  })
}
