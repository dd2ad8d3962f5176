/**
 * What the generated code looks up to decide which threads are enough in a state: the nodes of all threads'
 * graphs and the ways on from them, as tables in the memory. See solver/reduce/ample.ts for what is decided.
 */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import { meet, newBits, type Bits } from '../../reduce/bits.ts'
import { analyse, type Analysis } from '../../reduce/analysis.ts'
import type { Future } from '../../reduce/future.ts'
import { circlesOf, cutNodes } from '../../reduce/circles.ts'
import type { Way } from '../../reduce/graph.ts'
import { LITERALS_MAX } from '../../reduce/literals.ts'
import type { Sabotage } from '../../reduce/sabotage.ts'
import type { Composition } from '../components.ts'
import type { Memory } from '../platform.ts'

/** A node: its relevant conditions, 64 bits; where its ways begin and end; whether it cuts a circle. */
export const NODE = { relevant: 0, from: 8, to: 12, cuts: 16, bytes: 32 } as const
/** What is at hand of each thread: its node; its future, or 0. */
export const DESK = { node: 0, future: 4, bytes: 8 } as const
/** What is at hand of the state: the false conditions; the state; where its way is recorded, or 0. */
export const HAND = { shut: 0, state: 8, record: 16, bytes: 64 } as const
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
  readonly futureBytes: number
  /** By thread: the number of its first node among all of them. */
  readonly bases: readonly number[]
  /** By thread: nodes one of which each circle of its graph passes. */
  readonly cuts: readonly ReadonlySet<number>[]
  readonly nodeCount: number
  readonly wayCount: number
}

export interface ReductionAddresses {
  readonly hand: number
  readonly desk: number
  readonly nodes: number
  readonly ways: number
  /** A future of which nothing is known. */
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
function cutsOf({ graphs, futures }: Analysis): readonly ReadonlySet<number>[] {
  const open = newBits(LITERALS_MAX)
  const whole = futures.map((of) => of.of(0, open))
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
      wayBytes: 8 * (1 + 2 * words),
      futureBytes: 8 * (1 + 2 * words),
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
  DESK.bytes * plan.bases.length,
  NODE.bytes * plan.nodeCount,
  plan.wayBytes * plan.wayCount,
  plan.futureBytes,
]

/** Writes a future: the conditions that it stirs, what it writes, what it reads or writes. */
export function writeFuture(into: Int32Array, { words }: ReductionPlan, { stirs, writes, reads }: Future): void {
  into.set(stirs)
  into.set(writes, 2)
  into.set(reads, 2 + 2 * words)
  const both = into.subarray(2 + 2 * words)
  writes.forEach((bits, w) => (both[w] = (both[w] ?? 0) | bits))
}

/** Writes the tables. */
export function writeTables(memory: Memory, plan: ReductionPlan, addresses: ReductionAddresses): void {
  const { nodes, ways, anything } = addresses
  const cells = new Int32Array(memory.buffer)
  cells.fill(-1, anything / 4, (anything + plan.futureBytes) / 4)
  let node = nodes / 4
  let way = ways / 4
  plan.analysis.graphs.forEach((graph, t) => {
    graph.ways.forEach((here, n) => {
      cells.set(plan.analysis.futures[t]?.relevant(n) ?? [], node + NODE.relevant / 4)
      cells[node + NODE.from / 4] = 4 * way
      for (const { needs, reads, writes } of here) {
        cells.set(needs, way)
        cells.set(writes, way + 2)
        cells.set(reads, way + 2 + 2 * plan.words)
        way += plan.wayBytes / 4
      }
      cells[node + NODE.to / 4] = 4 * way
      cells[node + NODE.cuts / 4] = plan.cuts[t]?.has(n) === true ? 1 : 0
      node += NODE.bytes / 4
    })
  })
}
