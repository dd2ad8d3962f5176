/**
 * The graph of one thread by itself: where it can stand, as far as its program counter and the locals
 * that it uses as indices tell, and the ways on from there, whatever the shared state is.
 */
import type { LExpr, LStmt, Step } from '../../model/language/lowered.ts'
import { selectSlots, slotsRead } from '../../model/language/slots.ts'
import { knowledgeOf, type Known, type ModelKnowledge } from './known.ts'
import { leapsOf, type Effect, type Leaps, type ThreadInput } from './leaps.ts'

/** One way on from a node. */
export interface Way extends Effect {
  readonly to: number
}

export interface Graph {
  /** The slots that nodes tell apart, the program counter first. */
  readonly tracked: readonly number[]
  /** By node: the values of these slots. */
  readonly nodes: readonly Known[]
  /** By node: its ways on. */
  readonly ways: readonly (readonly Way[])[]
}

/** An index, or what one is copied from, is not followed where it has more values. */
const VALUES_MAX = 16
/** Other locals, which decide where a thread goes, are followed only where they have few. */
const FEW_VALUES = 2
/** A thread with more nodes is followed by its program counter alone. */
const NODES_MAX = 4000

function eachIndex(e: LExpr, visit: (index: LExpr) => void): void {
  switch (e.kind) {
    case 'const':
    case 'slot':
      return
    case 'select':
      for (const d of e.index) {
        visit(d.expr)
        eachIndex(d.expr, visit)
      }
      return
    case 'not':
    case 'old':
      eachIndex(e.arg, visit)
      return
    case 'binary':
      eachIndex(e.left, visit)
      eachIndex(e.right, visit)
      return
    case 'ite':
      eachIndex(e.cond, visit)
      eachIndex(e.then, visit)
      eachIndex(e.else, visit)
      return
  }
}

interface Indices {
  /** Slots that some index is made of. */
  readonly used: ReadonlySet<number>
  /** Slots written, each with what the value is made of. */
  readonly copies: readonly (readonly [number, ReadonlySet<number>])[]
  /** Slots written as cells of an array. */
  readonly cells: ReadonlySet<number>
}

function indices(steps: readonly Step[]): Indices {
  const used = new Set<number>()
  const cells = new Set<number>()
  const copies: (readonly [number, ReadonlySet<number>])[] = []
  const note = (index: LExpr): void => {
    for (const slot of slotsRead(index)) used.add(slot)
  }
  const visit = (body: readonly LStmt[]): void => {
    for (const s of body) {
      switch (s.kind) {
        case 'set':
          eachIndex(s.value, note)
          if (s.target.kind === 'slot') copies.push([s.target.slot, slotsRead(s.value)])
          else {
            eachIndex(s.target, note)
            for (const slot of selectSlots(s.target.base, s.target.index)) cells.add(slot)
          }
          break
        case 'if':
          eachIndex(s.cond, note)
          visit(s.then)
          visit(s.else)
          break
        case 'assert':
          eachIndex(s.cond, note)
          break
      }
    }
  }
  for (const step of steps) {
    eachIndex(step.guard, note)
    visit(step.body)
  }
  return { used, copies, cells }
}

/** The slots of a thread that are worth following: its indices, and what they are copied from. */
function trackedSlots({ knowledge: k, thread, steps, mayFollow: allowed }: ThreadInput): readonly number[] {
  const { used, copies, cells } = indices(steps)
  const pcSlot = k.model.threads[thread]?.pcSlot ?? -1
  const mayFollow = (slot: number, most: number): boolean => {
    const range = k.ranges[slot]
    const values = range === undefined ? Infinity : range.hi - range.lo + 1
    if (slot === pcSlot || cells.has(slot) || !allowed(slot, thread)) return false
    return k.atoms.writer[slot] === thread && values > 1 && values <= most
  }
  const tracked = new Set([...used].filter((slot) => mayFollow(slot, VALUES_MAX)))
  for (let before = -1; tracked.size > before;) {
    before = tracked.size
    for (const [to, from] of copies)
      if (tracked.has(to)) for (const slot of from) if (mayFollow(slot, VALUES_MAX)) tracked.add(slot)
  }
  k.model.slots.forEach((_, slot) => {
    if (mayFollow(slot, FEW_VALUES)) tracked.add(slot)
  })
  // All their values together must make a number.
  let product = 1
  return [pcSlot, ...[...tracked].sort((a, b) => a - b)].filter((slot) => {
    const { lo, hi } = k.ranges[slot] ?? { lo: 0, hi: 0 }
    if (product * (hi - lo + 1) > Number.MAX_SAFE_INTEGER) return false
    product *= hi - lo + 1
    return true
  })
}

function radix({ ranges }: ModelKnowledge, tracked: readonly number[]): readonly number[] {
  let factor = 1
  return tracked.map((slot) => {
    const here = factor
    const { lo, hi } = ranges[slot] ?? { lo: 0, hi: 0 }
    factor *= hi - lo + 1
    return here
  })
}

function build(input: ThreadInput, tracked: readonly number[]): Graph | undefined {
  const { knowledge, steps } = input
  const { model } = knowledge
  const place = model.slots.map(() => -1)
  tracked.forEach((slot, i) => (place[slot] = i))
  const k = knowledgeOf(knowledge, place)
  const byPc = new Map<number, Leaps[]>()
  for (const step of steps) byPc.set(step.pc, [...(byPc.get(step.pc) ?? []), leapsOf(input, k, step)])
  const lows = tracked.map((slot) => k.ranges[slot]?.lo ?? 0)
  const factors = radix(k, tracked)
  const numbers = new Map<number, number>()
  const nodes: Known[] = []
  const keys: number[] = []
  const enter = (key: number, known: () => Known): number => {
    const before = numbers.get(key)
    if (before !== undefined) return before
    numbers.set(key, nodes.length)
    keys.push(key)
    nodes.push(known())
    return nodes.length - 1
  }
  const first = tracked.map((slot) => model.slots[slot]?.init ?? 0)
  enter(
    first.reduce((key, value, i) => key + (value - (lows[i] ?? 0)) * (factors[i] ?? 0), 0),
    () => first,
  )
  const ways: Way[][] = []
  // `nodes` grows while it is walked.
  for (const [node, known] of nodes.entries()) {
    if (nodes.length > NODES_MAX && tracked.length > 1) return undefined
    const here: Way[] = []
    for (const leaps of byPc.get(known[0] ?? -1) ?? []) {
      const all = leaps(known)
      if (all === undefined) return undefined
      for (const { sets, effect } of all) {
        let key = keys[node] ?? 0
        for (const [at, value] of sets) key += (value - (known[at] ?? 0)) * (factors[at] ?? 0)
        const to = enter(key, () => {
          const after = [...known]
          for (const [at, value] of sets) after[at] = value
          return after
        })
        here.push({ ...effect, to })
      }
    }
    ways.push(here)
  }
  return { tracked, nodes, ways }
}

/** The graph of a thread. */
export function graphOf(input: ThreadInput): Graph {
  const all = trackedSlots(input)
  const graph = build(input, all) ?? build(input, all.slice(0, 1))
  if (graph === undefined) throw new Error('a graph of program counters alone is never too large')
  return graph
}
