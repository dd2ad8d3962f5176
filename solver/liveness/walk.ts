/**
 * Shortest walks in a graph of numbered nodes, and of those the ones that pass from thread to thread
 * least often. Breadth first for the length, then depth by depth for the switches.
 */

/** Calls back for every edge out of a node: where to, the thread that moves, and the state it comes to. */
export type Edges = (node: number, see: (to: number, thread: number, state: number) => void) => void

export interface WalkProblem {
  readonly nodes: number
  readonly threads: number
  readonly from: readonly number[]
  /** The thread that moved before the walk; -1 for none. */
  readonly last: number
  readonly edges: Edges
  readonly isGoal: (node: number) => boolean
}

/** One move of a walk. */
export interface Leg {
  readonly thread: number
  readonly state: number
}

export interface Walk {
  /** The goal that it ends in. */
  readonly node: number
  readonly legs: readonly Leg[]
  /** Switches from thread to thread, one from `last` to the first leg included. */
  readonly switches: number
}

const NEVER = 0xffff

interface Layers {
  /** Nodes met, in breadth-first order, and the place of each node in it, or -1. */
  readonly queue: Int32Array
  readonly place: Int32Array
  /** By place. */
  readonly depth: Int32Array
  readonly count: number
  /** Goals of the least depth, in the order of meeting. */
  readonly goals: readonly number[]
}

/** Every node of no greater depth than the first goal. */
function layers({ nodes, from, edges, isGoal }: WalkProblem): Layers {
  const queue = new Int32Array(nodes)
  const place = new Int32Array(nodes).fill(-1)
  const depth = new Int32Array(nodes)
  const goals: number[] = []
  let count = 0
  let best = Infinity
  const meet = (node: number, at: number): void => {
    if (place[node] !== -1 || at > best) return
    place[node] = count
    depth[count] = at
    queue[count++] = node
    if (!isGoal(node)) return
    best = at
    goals.push(node)
  }
  for (const node of from) meet(node, 0)
  for (let head = 0; head < count; head++) {
    const at = depth[head] ?? 0
    if (at >= best) break
    edges(queue[head] ?? 0, (to) => {
      meet(to, at + 1)
    })
  }
  return { queue, place, depth, count, goals }
}

/** For each goal of the least depth, in the order of meeting, a walk with the fewest switches. None where no goal is met. */
export function shortestWalks(problem: WalkProblem): readonly Walk[] {
  const { threads, edges, last } = problem
  const found = layers(problem)
  const { queue, place, depth, count, goals } = found
  if (goals.length === 0) return []
  const columns = threads + 1
  // By place and the thread that moved last, `threads` standing for none.
  const cost = new Uint16Array(count * columns).fill(NEVER)
  const parent = new Int32Array(count * columns).fill(-1)
  const came = new Int32Array(count * columns).fill(-1)
  for (const node of problem.from) cost[(place[node] ?? 0) * columns + (last < 0 ? threads : last)] = 0
  for (let at = 0; at < count; at++) {
    for (let before = 0; before < columns; before++) {
      const entry = at * columns + before
      const paid = cost[entry] ?? NEVER
      if (paid === NEVER) continue
      edges(queue[at] ?? 0, (to, thread, state) => {
        const next = place[to] ?? -1
        if (next < 0 || depth[next] !== (depth[at] ?? 0) + 1) return
        const column = next * columns + thread
        const sum = paid + (before === threads || before === thread ? 0 : 1)
        if (sum >= (cost[column] ?? NEVER)) return
        cost[column] = sum
        parent[column] = entry
        came[column] = state
      })
    }
  }
  return goals.flatMap((node): readonly Walk[] => {
    const first = (place[node] ?? 0) * columns
    let best = first
    for (let column = first; column < first + columns; column++)
      if ((cost[column] ?? NEVER) < (cost[best] ?? NEVER)) best = column
    const switches = cost[best] ?? NEVER
    if (switches === NEVER) return []
    const legs: Leg[] = []
    for (let at = best; (parent[at] ?? -1) >= 0; at = parent[at] ?? -1)
      legs.push({ thread: at % columns, state: came[at] ?? 0 })
    return [{ node, legs: legs.reverse(), switches }]
  })
}
