/** Traces of a reduced search: along the parents of stored states, and along the chains between them. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Move } from '../engine.ts'
import { unpack, type Layout } from '../explicit/layout.ts'
import type { Program } from '../explicit/program.ts'
import { sameNumbers } from '../order.ts'
import {
  brokenInvariants,
  deadlockProperty,
  isDeadlock,
  successors,
  type State,
  type Successor,
} from '../reference/interpreter.ts'
import type { PartialOrder } from './por.ts'
import type { States } from './store.ts'
import { newWalk } from './walk.ts'

/** What a reduced search has stored. States are numbers from 0, the initial state. */
export interface Searched {
  readonly model: LoweredModel
  readonly stateOf: (id: number) => State
  /** The stored state from which another was first reached; -1 for the initial state. */
  readonly parentOf: (id: number) => number
  /** The states that each move out of a stored state passes, up to the end of its chain. */
  readonly legs: (id: number) => readonly (readonly State[])[]
}

export interface DepthFirst {
  readonly model: LoweredModel
  readonly layout: Layout
  readonly program: Program
  readonly order: PartialOrder
  readonly states: States
}

/** What the depth-first search has stored. */
export function searchedDepthFirst({ model, layout, program, order, states }: DepthFirst): Searched {
  const { words } = states
  const legs = (id: number): readonly (readonly State[])[] => {
    let leg: State[] = []
    const walk = newWalk(program, words, order, (arena) => {
      leg.push(unpack(layout, arena, 0))
    })
    return program.threads.flatMap((_, t) => {
      walk.scratch.set(states.arena.subarray(id * words, (id + 1) * words))
      const found = program.out.slice(0, walk.moves(t))
      return Array.from({ length: found.length / words }, (_, i) => {
        leg = []
        walk.scratch.set(found.subarray(i * words, (i + 1) * words))
        walk.chain(t)
        return leg
      })
    })
  }
  return {
    model,
    stateOf: (id) => unpack(layout, states.arena, id * words),
    parentOf: (id) => states.parents[id] ?? -1,
    legs,
  }
}

function move(model: LoweredModel, from: State, wanted: (successor: Successor) => boolean): Move {
  const found = successors(model, from).find(wanted)
  if (found === undefined) throw new Error('a reduced search took a transition that the reference does not have')
  return found.move
}

/** The states from the initial one to a stored one, step by step. */
function pathTo(searched: Searched, id: number): State[] {
  const ids: number[] = []
  for (let at = id; at >= 0; at = searched.parentOf(at)) ids.unshift(at)
  const path = [searched.stateOf(0)]
  for (const [i, to] of ids.slice(1).entries()) {
    const end = searched.stateOf(to)
    const leg = searched.legs(ids[i] ?? 0).find((l) => sameNumbers(l.at(-1) ?? [], end))
    if (leg === undefined) throw new Error('a reduced search does not find the way to a state again')
    path.push(...leg)
  }
  return path
}

/** Where along `path` a property is first violated from its state number `start` on: the states up to there. */
function violatedOn(
  model: LoweredModel,
  path: readonly State[],
  start: number,
  property: number,
): { readonly length: number; readonly fails: boolean } | undefined {
  for (let i = start; i < path.length; i++) {
    const state = path[i] ?? []
    if (brokenInvariants(model, state).includes(property)) return { length: i + 1, fails: false }
    if (deadlockProperty(model) === property && isDeadlock(model, state)) return { length: i + 1, fails: false }
    if (successors(model, state).some(({ failed }) => failed.includes(property))) return { length: i + 1, fails: true }
  }
  return undefined
}

/** A trace, hardly ever a shortest, that violates a property; `from` is the stored state from which that was seen. */
export function reducedTrace(searched: Searched, from: number, property: number): readonly Move[] {
  const { model } = searched
  const before = pathTo(searched, from)
  for (const leg of [[], ...searched.legs(from)]) {
    const path = [...before, ...leg]
    const end = violatedOn(model, path, before.length - 1, property)
    if (end === undefined) continue
    const states = path.slice(0, end.length)
    const moves = states.slice(1).map((to, i) => move(model, states[i] ?? [], ({ state }) => sameNumbers(state, to)))
    const last = states.at(-1) ?? []
    return end.fails ? [...moves, move(model, last, ({ failed }) => failed.includes(property))] : moves
  }
  throw new Error(`a reduced search does not find its violation of property ${property} again`)
}
