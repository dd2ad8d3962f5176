/** A fair run that never gives a response: the shortest way to a fair loop, and a shortest loop there. */
import { fairComponents, mayStop } from './fair.ts'
import { eachEdge, type Asked, type FairGraph } from './graph.ts'
import { fairLoop, type Loop } from './loop.ts'
import { shortestWalks, type Leg, type Walk } from './walk.ts'

export interface LassoWalk {
  readonly stem: readonly Leg[]
  /** Empty where nobody moves any more. */
  readonly loop: readonly Leg[]
  /** Whether no fair loop from the end of the stem is shorter. No stem to a fair loop is, in any case. */
  readonly shortestLoop: boolean
}

export type LassoAnswer =
  | { readonly kind: 'none' }
  /** The response is never asked for, so nothing is said of it. */
  | { readonly kind: 'never asked' }
  | { readonly kind: 'lasso'; readonly lasso: LassoWalk }

/** The states in which a response that has been asked for is still to come, ascending. */
function pending(graph: FairGraph, { starts, open }: Asked): Int32Array {
  const seen = new Uint8Array(graph.states)
  const queue = new Int32Array(graph.states)
  let count = 0
  const meet = (s: number): void => {
    if (seen[s] === 1) return
    seen[s] = 1
    queue[count++] = s
  }
  for (let s = 0; s < graph.states; s++) if (starts[s] === 1) meet(s)
  for (let head = 0; head < count; head++)
    eachEdge(graph, queue[head] ?? 0, (to) => {
      if (open[to] === 1) meet(to)
    })
  return queue.slice(0, count).sort()
}

/** Where among some states a fair run can stay. */
interface Homes {
  readonly components: readonly Int32Array[]
  /** By state: the place of its component among them, or -1. */
  readonly componentOf: Int32Array
  /** By state: 1 where it may stop. */
  readonly stops: Uint8Array
  readonly any: boolean
}

function homesOf(graph: FairGraph, among: Int32Array): Homes {
  const components = fairComponents(graph, among)
  const componentOf = new Int32Array(graph.states).fill(-1)
  components.forEach((component, i) => {
    for (const s of component) componentOf[s] = i
  })
  const stops = new Uint8Array(graph.states)
  for (const s of among) stops[s] = mayStop(graph, s) ? 1 : 0
  return { components, componentOf, stops, any: components.length > 0 || stops.includes(1) }
}

/**
 * Shortest walks to a home with the response pending from some state on. A node is twice a state, plus
 * one once the response is being waited for.
 */
function stems(graph: FairGraph, { starts, open }: Asked, homes: Homes): readonly Walk[] {
  return shortestWalks({
    nodes: 2 * graph.states,
    threads: graph.threads,
    from: starts[0] === 1 ? [0, 1] : [0],
    last: -1,
    isGoal: (node) => node % 2 === 1 && (homes.componentOf[node >> 1] !== -1 || homes.stops[node >> 1] === 1),
    edges: (node, see) => {
      eachEdge(graph, node >> 1, (to, thread) => {
        if (node % 2 === 0) {
          see(2 * to, thread, to)
          if (starts[to] === 1) see(2 * to + 1, thread, to)
        } else if (open[to] === 1) see(2 * to + 1, thread, to)
      })
    },
  })
}

/**
 * Of the shortest stems that one with the shortest loop, then with the fewest switches. `nodesMax` bounds
 * the search for a shortest loop.
 */
export function findLasso(graph: FairGraph, asked: Asked, nodesMax?: number): LassoAnswer {
  const among = pending(graph, asked)
  if (among.length === 0) return { kind: 'never asked' }
  const homes = homesOf(graph, among)
  if (!homes.any) return { kind: 'none' }
  let best: { readonly stem: Walk; readonly loop: Loop; readonly switches: number } | undefined
  for (const stem of stems(graph, asked, homes)) {
    const home = stem.node >> 1
    const component = homes.components[homes.componentOf[home] ?? -1]
    const stop: Loop | undefined = homes.stops[home] === 1 ? { legs: [], switches: 0, shortest: true } : undefined
    const last = stem.legs.at(-1)?.thread ?? -1
    const loop = stop ?? (component && fairLoop(graph, component, home, last, nodesMax))
    if (loop === undefined) continue
    const switches = stem.switches + loop.switches
    const longer = best === undefined ? -1 : loop.legs.length - best.loop.legs.length
    if (best === undefined || longer < 0 || (longer === 0 && switches < best.switches)) best = { stem, loop, switches }
  }
  if (best === undefined) throw new Error('there is a fair loop, but no way to it')
  return {
    kind: 'lasso',
    lasso: { stem: best.stem.legs, loop: best.loop.legs, shortestLoop: best.loop.shortest },
  }
}
