/** A shortest fair loop through a state, within the states of a fair component. */
import { eachEdge, type FairGraph } from './graph.ts'
import { shortestWalks, type Leg } from './walk.ts'

export interface Loop {
  readonly legs: readonly Leg[]
  readonly switches: number
  /** No fair loop through the state is shorter. */
  readonly shortest: boolean
}

/** Nodes of the search for a shortest loop; beyond, one that is merely fair is made. */
const NODES_MAX = 2 ** 24

/**
 * What a loop has shown so far, in bits: for each thread that owes something, that it has moved or had its
 * excuse; and for strongly fair ones that may still turn out to have been able to move, that they were.
 */
interface Ledger {
  readonly bits: number
  readonly first: number
  readonly after: (shown: number, state: number, moved: number) => number
  readonly settled: (shown: number) => boolean
}

function ledgerOf(graph: FairGraph, home: number): Ledger {
  let bits = 0
  const weak: { readonly thread: number; readonly bit: number }[] = []
  const strong: { readonly thread: number; readonly moved: number; readonly could: number }[] = []
  for (let thread = 0; thread < graph.threads; thread++) {
    switch (graph.demand(home, thread)) {
      case 'none':
        break
      case 'weak':
        weak.push({ thread, bit: 1 << bits++ })
        break
      case 'strong':
        strong.push({ thread, moved: 1 << bits++, could: 1 << bits++ })
        break
    }
  }
  const after = (shown: number, state: number, moved: number): number => {
    const enabled = graph.enabled[state] ?? 0
    let next = shown
    for (const { thread, bit } of weak) if (thread === moved || (enabled & (1 << thread)) === 0) next |= bit
    for (const { thread, moved: has, could } of strong) {
      if (thread === moved) next |= has
      if ((enabled & (1 << thread)) !== 0) next |= could
      // Once it has moved it does not matter whether it could.
      if ((next & has) !== 0) next &= ~could
    }
    return next
  }
  return {
    bits,
    first: after(0, home, -1),
    after,
    settled: (shown) =>
      weak.every(({ bit }) => (shown & bit) !== 0) && strong.every(({ could }) => (shown & could) === 0),
  }
}

/** `last` moved before the loop (-1: nobody); `component` is ascending and holds `home`. */
export function fairLoop(
  graph: FairGraph,
  component: Int32Array,
  home: number,
  last: number,
  nodesMax: number = NODES_MAX,
): Loop {
  const ledger = ledgerOf(graph, home)
  const ways = 2 ** ledger.bits
  const nodes = component.length * ways + 1
  const place = new Map<number, number>()
  component.forEach((s, i) => place.set(s, i))
  if (nodes > nodesMax) return { ...tour(graph, place, ledger, home, last), shortest: false }
  // Coming home settled is a node of its own, since the loop begins at home.
  const goal = nodes - 1
  const [walk] = shortestWalks({
    nodes,
    threads: graph.threads,
    from: [(place.get(home) ?? 0) * ways + ledger.first],
    last,
    isGoal: (node) => node === goal,
    edges: (node, see) => {
      const from = component[Math.floor(node / ways)]
      if (node === goal || from === undefined) return
      eachEdge(graph, from, (to, thread) => {
        const at = place.get(to)
        if (at === undefined) return
        const shown = ledger.after(node % ways, to, thread)
        see(to === home && ledger.settled(shown) ? goal : at * ways + shown, thread, to)
      })
    },
  })
  if (walk === undefined) throw new Error('a fair component has no fair loop')
  return { legs: walk.legs, switches: walk.switches, shortest: true }
}

/** A loop that goes wherever something is still to be shown, by the shortest way each time, and then home. */
function tour(
  graph: FairGraph,
  place: ReadonlyMap<number, number>,
  ledger: Ledger,
  home: number,
  last: number,
): Pick<Loop, 'legs' | 'switches'> {
  const states = [...place.keys()]
  const legs: Leg[] = []
  let shown = ledger.first
  let at = home
  let switches = 0
  let before = last
  /** Goes by the shortest way to the end of the first transition that is wanted. */
  const go = (wanted: (to: number, thread: number) => boolean): boolean => {
    const goal = states.length
    const [walk] = shortestWalks({
      nodes: goal + 1,
      threads: graph.threads,
      from: [place.get(at) ?? 0],
      last: before,
      isGoal: (node) => node === goal,
      edges: (node, see) => {
        const from = states[node]
        if (from === undefined) return
        eachEdge(graph, from, (to, thread) => {
          const next = place.get(to)
          if (next !== undefined) see(wanted(to, thread) ? goal : next, thread, to)
        })
      },
    })
    if (walk === undefined) return false
    for (const leg of walk.legs) {
      shown = ledger.after(shown, leg.state, leg.thread)
      legs.push(leg)
      at = leg.state
      before = leg.thread
    }
    switches += walk.switches
    return true
  }
  // Every thread that moves somewhere in the component is made to move, and every state where one cannot is seen.
  for (let thread = 0; thread < graph.threads; thread++) {
    const moved = go((_, t) => t === thread)
    if (!moved) go((to) => ((graph.enabled[to] ?? 0) & (1 << thread)) === 0)
  }
  if (at !== home || legs.length === 0) go((to) => to === home)
  if (at !== home || !ledger.settled(shown)) throw new Error('a fair component has no fair loop')
  return { legs, switches }
}
