/**
 * Breadth-first search of one state of each orbit: states that become one another when threads change places are
 * kept as one. Every state has the distance from the start that the states of its orbit have, so traces are shortest.
 */
import type { LoweredModel } from '../../../model/language/lowered.ts'
import type { Incomplete, SearchOptions } from '../../engine.ts'
import { pack, type Layout } from '../../explicit/layout.ts'
import type { Program, Scan } from '../../explicit/program.ts'
import type { State } from '../../reference/interpreter.ts'
import { startWatch } from '../../watch.ts'
import { enterState, growStates, newStates, room, type States } from '../store.ts'
import type { Orbits } from './orbit.ts'

export interface SymmetricInput extends SearchOptions {
  /** Specialised. */
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
  readonly first: State
  readonly orbits: Orbits
  /** Covers that tell threads apart, so that each state of an orbit is asked; of the others one is enough. */
  readonly partial: ReadonlySet<number>
}

export interface Searched {
  readonly states: States
  /** How many states the stored ones stand for. */
  readonly standsFor: number
  readonly transitions: number
  readonly depth: number
  /** By the invariant's place in the model: the first stored state that breaks it, or -1. */
  readonly broken: readonly number[]
  /** By cover: whether a state of some stored orbit meets it. */
  readonly covered: readonly boolean[]
  readonly deadlock: number
  readonly incomplete?: Incomplete
}

/** States expanded between two looks at the clock. */
const LOOK = 1024

/** Throws where a slot leaves its range. */
export function searchOrbits(input: SymmetricInput): Searched {
  const { model, layout, program, first, orbits, partial, ...options } = input
  const { words } = layout
  const states = newStates(words)
  const watch = startWatch(options)
  const maxBytes = options.maxBytes ?? Infinity
  const broken = model.invariants.map(() => -1)
  const covered = model.covers.map(() => false)
  let standsFor = 0
  let transitions = 0
  let depth = 0
  let deadlock = -1
  let incomplete: Incomplete | undefined =
    states.peakBytes > maxBytes ? { kind: 'memory', limitBytes: maxBytes } : undefined

  const cover = (i: number, state: Int32Array, at: number): void => {
    if (covered[i] !== true && program.covers[i]?.(state, at, at + 1) === at) covered[i] = true
  }
  const whole = model.covers.flatMap((_, i) => (partial.has(i) ? [] : [i]))
  const seeMember = (state: Int32Array): void => {
    for (const i of partial) cover(i, state, 0)
  }
  const enter = (from: Int32Array, at: number, parent: number): void => {
    const count = states.count
    const id = enterState(states, orbits.represent(from, at), 0)
    if (id !== count) return
    standsFor += orbits.members(states.arena, id * words)
    states.parents[id] = parent
    const far = parent < 0 ? 0 : (states.depths[parent] ?? 0) + 1
    states.depths[id] = far
    depth = Math.max(depth, far)
    program.broken.forEach((scan: Scan, i) => {
      if (broken[i] === -1 && scan(states.arena, id, id + 1) === id) broken[i] = id
    })
    for (const i of whole) cover(i, states.arena, id)
    if ([...partial].some((i) => covered[i] === false)) orbits.members(states.arena, id * words, seeMember)
  }

  const start = new Int32Array(words)
  pack(layout, first, start, 0)
  enter(start, 0, -1)
  for (let id = 0; id < states.count && incomplete === undefined; id++) {
    while (incomplete === undefined && room(states) <= program.successorsMax) {
      const limitBytes = growStates(states, maxBytes)
      if (limitBytes !== undefined) incomplete = { kind: 'memory', limitBytes }
    }
    if (incomplete !== undefined) break
    let moves = 0
    for (const expand of program.threads) {
      const end = expand(states.arena, id, 0)
      const found = end / words
      moves += found
      for (let n = 0; n < found; n++) enter(program.out, n * words, id)
    }
    transitions += moves
    if (moves === 0 && deadlock < 0 && program.final(states.arena, id, id + 1) < 0) deadlock = id
    if (id % LOOK === 0)
      incomplete = watch({
        depth,
        states: states.count,
        frontier: states.count - id,
        bytes: states.peakBytes,
      })
  }
  return {
    states,
    standsFor,
    transitions,
    depth,
    broken,
    covered,
    deadlock,
    ...(incomplete === undefined ? {} : { incomplete }),
  }
}
