/**
 * Depth-first search that leaves out what partial-order reduction shows to be needless.
 *
 * From a stored state, the moves of a persistent set of threads are taken (ample.ts), each followed by
 * the chain of steps after it of which one alone is enough. Only the ends of chains are stored.
 *
 * No thread may be put off for ever in a circle. So a state whose every kept successor stands on the path
 * that is being searched is expanded in full. Why that is enough: a kept successor that does not stand on
 * the path when a state is entered is left for good before that state is. Going from a state to such a
 * successor (from within a chain to the end of the chain first), the moment of leaving comes ever
 * earlier, so the way is finite, and it ends in a state expanded in full or without a move. What was put
 * off at its start is independent of all steps taken on it, hence still possible at its end, and taken.
 */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, SearchOptions } from '../engine.ts'
import { pack, type Layout } from '../explicit/layout.ts'
import type { Program, Scan } from '../explicit/program.ts'
import { startWatch } from '../watch.ts'
import type { State } from '../reference/interpreter.ts'
import type { PartialOrder } from './por.ts'
import { CLOSED, enterState, growStates, newStates, OPEN, room, type States } from './store.ts'
import { newWalk } from './walk.ts'
import type { Sabotage } from './sabotage.ts'

export interface Reduced {
  readonly states: States
  readonly transitions: number
  readonly depth: number
  /** By property: the stored state from which, or on a chain from which, it was first seen violated; -1. */
  readonly violated: readonly number[]
  readonly covered: readonly boolean[]
  readonly incomplete?: Incomplete
}

interface Frame {
  readonly id: number
  readonly next: number[]
}

/** States entered between two looks at the clock. */
const LOOK = 1024

export interface OrderInput extends SearchOptions {
  /** Specialised. */
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
  readonly first: State
  readonly order: PartialOrder
  readonly sabotage?: Sabotage
}

/** Throws where a slot leaves its range. */
export function searchOrder(input: OrderInput): Reduced {
  const { model, layout, program, first, order, sabotage, ...options } = input
  const { words } = layout
  const states = newStates(words)
  const watch = startWatch(options)
  const maxBytes = options.maxBytes ?? Infinity
  const violated = model.properties.map(() => -1)
  const covered = model.covers.map(() => false)
  const deadlock = model.properties.findIndex(({ kind }) => kind === 'deadlock')
  let from = 0
  let transitions = 0
  let deepest = 0
  let incomplete: Incomplete | undefined =
    states.peakBytes > maxBytes ? { kind: 'memory', limitBytes: maxBytes } : undefined

  const violate = (property: number): void => {
    if ((violated[property] ?? 0) < 0) violated[property] = from
  }
  const open = {
    broken: model.invariants.map(({ property }, i) => ({ property, scan: program.broken[i] })),
    covers: program.covers.map((scan: Scan, cover) => ({ cover, scan })),
  }
  const see = (arena: Int32Array): void => {
    for (const { property, scan } of open.broken) if (scan?.(arena, 0, 1) === 0) violate(property)
    for (const { cover, scan } of open.covers) {
      if (scan(arena, 0, 1) !== 0) continue
      covered[cover] = true
      open.covers = open.covers.filter((other) => other.cover !== cover)
    }
  }
  const walk = newWalk(program, words, order, see)
  const checkFailures = (): void => {
    for (let p = 0; p < violated.length; p++) if (program.failed[p] !== -1) violate(p)
  }

  /** Enters the end of the chain that begins with the scratch state. */
  const arrive = (t: number, depth: number): number => {
    const length = walk.chain(t)
    transitions += length
    const count = states.count
    const id = enterState(states, walk.scratch, 0)
    if (id === count) {
      states.parents[id] = from
      states.depths[id] = depth + length
      deepest = Math.max(deepest, depth + length)
    }
    return id
  }

  /** The states that the moves of some threads lead to. */
  const leads = (id: number, threads: number): number[] => {
    const to: number[] = []
    const load = (): void => {
      for (let w = 0; w < words; w++) walk.scratch[w] = states.arena[id * words + w] ?? 0
    }
    for (let t = 0; t < program.threads.length; t++) {
      if (((threads >> t) & 1) === 0) continue
      load()
      const found = program.out.slice(0, walk.moves(t))
      for (let at = 0; at < found.length; at += words) {
        for (let w = 0; w < words; w++) walk.scratch[w] = found[at + w] ?? 0
        transitions++
        to.push(arrive(t, (states.depths[id] ?? 0) + 1))
      }
    }
    return to
  }

  const enter = (id: number): Frame => {
    from = id
    states.status[id] = OPEN
    const everybody = 2 ** program.threads.length - 1
    for (let w = 0; w < words; w++) walk.scratch[w] = states.arena[id * words + w] ?? 0
    const enough = walk.enough()
    let next = leads(id, enough)
    const onPath = (to: number): boolean => states.status[to] === OPEN
    if (enough !== everybody && sabotage !== 'no-proviso' && next.every(onPath))
      next = [...next, ...leads(id, everybody & ~enough)]
    checkFailures()
    if (next.length === 0 && deadlock >= 0 && program.final(states.arena, id, id + 1) < 0) violate(deadlock)
    return { id, next }
  }

  const path: Frame[] = []
  let entered = 0
  const visit = (id: number): void => {
    while (incomplete === undefined && room(states) <= program.successorsMax) {
      const limitBytes = growStates(states, maxBytes)
      if (limitBytes !== undefined) incomplete = { kind: 'memory', limitBytes }
    }
    const { maxStates = Infinity } = options
    if (states.count > maxStates) incomplete ??= { kind: 'states', limit: maxStates }
    if (entered++ % LOOK === 0)
      incomplete ??= watch({ depth: deepest, states: states.count, frontier: path.length, bytes: states.peakBytes })
    if (incomplete === undefined) path.push(enter(id))
  }

  pack(layout, first, walk.scratch, 0)
  see(walk.scratch)
  enterState(states, walk.scratch, 0)
  states.parents[0] = -1
  // The first state is stored itself, so that every trace begins at a stored state.
  visit(0)
  while (incomplete === undefined) {
    const top = path.at(-1)
    if (top === undefined) break
    const to = top.next.pop()
    if (to === undefined) {
      states.status[top.id] = CLOSED
      path.pop()
    } else if (states.status[to] === 0) visit(to)
  }
  return {
    states,
    transitions,
    depth: deepest,
    violated,
    covered,
    ...(incomplete === undefined ? {} : { incomplete }),
  }
}
