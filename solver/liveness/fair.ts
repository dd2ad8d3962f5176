/**
 * Where a fair run can stay for ever. A run that never ends goes round in a strongly connected set of
 * states; that set is fair if every thread that does not move in it has an excuse: its step is unfair, or
 * is weakly fair and cannot run in some state of the set, or can run in none of them. A thread that moves
 * needs none: each of its steps is taken whenever it comes to stand there.
 */
import { components, newWorkspace, type Workspace } from './components.ts'
import { eachEdge, type FairGraph } from './graph.ts'

interface Inside {
  /** There is a transition within the set. */
  readonly cyclic: boolean
  /** Threads that move within it, and those that can move in some, and in every, of its states, as masks. */
  readonly moving: number
  readonly enabledSomewhere: number
  readonly enabledEverywhere: number
}

function lookInside(graph: FairGraph, work: Workspace, states: Int32Array, set: number): Inside {
  let cyclic = false
  let moving = 0
  let enabledSomewhere = 0
  let enabledEverywhere = -1
  for (const s of states) {
    const enabled = graph.enabled[s] ?? 0
    enabledSomewhere |= enabled
    enabledEverywhere &= enabled
    eachEdge(graph, s, (to, thread) => {
      if (work.set[to] !== set) return
      cyclic = true
      moving |= 1 << thread
    })
  }
  return { cyclic, moving, enabledSomewhere, enabledEverywhere }
}

/**
 * What is wrong with a component: nothing; all of it; or the states in which one of `threads` can move,
 * which no fair run comes back to.
 */
type Judgement = { readonly kind: 'fair' | 'unfair' } | { readonly kind: 'without'; readonly threads: number }

function judge(graph: FairGraph, states: Int32Array, inside: Inside): Judgement {
  if (!inside.cyclic) return { kind: 'unfair' }
  const [any = 0] = states
  let threads = 0
  for (let t = 0; t < graph.threads; t++) {
    const bit = 1 << t
    if ((inside.moving & bit) !== 0 || (inside.enabledSomewhere & bit) === 0) continue
    // A thread that does not move stands at one step in all of the component.
    switch (graph.demand(any, t)) {
      case 'none':
        break
      case 'weak':
        if ((inside.enabledEverywhere & bit) !== 0) return { kind: 'unfair' }
        break
      case 'strong':
        threads |= bit
        break
    }
  }
  return threads === 0 ? { kind: 'fair' } : { kind: 'without', threads }
}

/** The largest strongly connected sets of `members` (ascending) in which a fair run can go round for ever. */
export function fairComponents(graph: FairGraph, members: Int32Array): readonly Int32Array[] {
  const work = newWorkspace(graph)
  const fair: Int32Array[] = []
  let sets = 1
  for (const s of members) work.set[s] = sets
  const todo: { readonly states: Int32Array; readonly set: number }[] = [{ states: members, set: sets }]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const component of components(graph, work, next.states, next.set)) {
      const set = ++sets
      for (const s of component) work.set[s] = set
      const judgement = judge(graph, component, lookInside(graph, work, component, set))
      switch (judgement.kind) {
        case 'fair':
          fair.push(component)
          break
        case 'unfair':
          for (const s of component) work.set[s] = 0
          break
        case 'without': {
          const stays = (s: number): boolean => ((graph.enabled[s] ?? 0) & judgement.threads) === 0
          for (const s of component) if (!stays(s)) work.set[s] = 0
          const states = component.filter(stays)
          if (states.length > 0) todo.push({ states, set })
          break
        }
      }
    }
  }
  return fair
}

/** Whether a fair run may stop in a state: every thread that can move stands at an unfair step. */
export function mayStop(graph: FairGraph, state: number): boolean {
  const enabled = graph.enabled[state] ?? 0
  for (let t = 0; t < graph.threads; t++)
    if ((enabled & (1 << t)) !== 0 && graph.demand(state, t) !== 'none') return false
  return true
}
