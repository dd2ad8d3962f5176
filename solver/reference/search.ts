import type { LoweredModel } from '../../model/language/lowered.ts'
import type { Incomplete, Move, Outcome, SearchOptions, SearchResult, Violation } from '../engine.ts'
import { registerSlots, sortOutcomes } from '../outcomes.ts'
import { startWatch } from '../watch.ts'
import type { State } from './interpreter.ts'
import { brokenInvariants, deadlockProperty, evaluate, initialState, isFinal, successors } from './interpreter.ts'

interface Node {
  readonly state: State
  readonly depth: number
  readonly from?: { readonly node: Node; readonly move: Move }
}

function movesTo(node: Node): readonly Move[] {
  const moves: Move[] = []
  for (let from = node.from; from !== undefined; from = from.node.from) moves.push(from.move)
  return moves.reverse()
}

/**
 * Explores every reachable state breadth first, violating ones too. Of each property the first
 * of its shortest violations in breadth-first order is kept. `maxBytes` is not heeded: this
 * engine does not know what its states cost. Throws where a slot leaves its range.
 */
export function searchReference(model: LoweredModel, options: SearchOptions = {}): SearchResult {
  const watch = startWatch(options)
  const nodes: Node[] = []
  const seen = new Map<string, Node>()
  const violations = new Map<number, Violation>()
  const outcomes = new Map<string, Outcome>()
  const reachedSteps = new Set<number>()
  const reachedCovers = model.covers.map(() => false)
  const registers = registerSlots(model)
  const deadlock = deadlockProperty(model)
  let transitions = 0
  let depth = 0
  let incomplete: Incomplete | undefined

  const violate = (property: number, moves: readonly Move[]): void => {
    const before = violations.get(property)
    // A deadlock is seen only when its state is expanded, after longer paths have broken other properties.
    if (before === undefined || moves.length < before.moves.length) violations.set(property, { property, moves })
  }

  const countOutcome = (state: State): void => {
    const values = registers.map((slot) => state[slot] ?? 0)
    const satisfied = model.final !== undefined && evaluate(model, model.final, state) !== 0
    const before = outcomes.get(values.join()) ?? { registers: values, states: 0, satisfying: 0 }
    const satisfying = before.satisfying + (satisfied ? 1 : 0)
    outcomes.set(values.join(), { registers: values, states: before.states + 1, satisfying })
  }

  const visit = (node: Node): void => {
    const key = node.state.join()
    if (seen.has(key)) return
    seen.set(key, node)
    nodes.push(node)
    depth = Math.max(depth, node.depth)
    for (const property of brokenInvariants(model, node.state)) violate(property, movesTo(node))
    model.covers.forEach((cover, i) => {
      if (evaluate(model, cover.expr, node.state) !== 0) reachedCovers[i] = true
    })
    if (isFinal(model, node.state)) countOutcome(node.state)
  }

  visit({ state: initialState(model), depth: 0 })
  // `nodes` grows while it is walked: it is the queue as well.
  for (const [expanded, node] of nodes.entries()) {
    incomplete = watch({ depth, states: nodes.length, frontier: nodes.length - expanded, bytes: 0 })
    if (incomplete !== undefined) break
    const next = successors(model, node.state)
    if (next.length === 0 && deadlock !== undefined && !isFinal(model, node.state)) violate(deadlock, movesTo(node))
    for (const { move, state, failed } of next) {
      transitions++
      reachedSteps.add(move.step)
      const child: Node = { state, depth: node.depth + 1, from: { node, move } }
      for (const property of failed) violate(property, movesTo(child))
      visit(child)
    }
  }

  return {
    engine: 'reference',
    ...(incomplete === undefined ? {} : { incomplete }),
    violations: [...violations.values()].sort((a, b) => a.property - b.property),
    states: nodes.length,
    transitions,
    depth,
    reachedSteps: [...reachedSteps].sort((a, b) => a - b),
    reachedCovers,
    outcomes: sortOutcomes(outcomes.values()),
    bytes: 0,
  }
}
