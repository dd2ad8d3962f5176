/** Strongly connected components, by Tarjan's algorithm without recursion, in arrays. */
import type { FairGraph } from './graph.ts'

/** Of a graph, what this looks at. */
export type Edges = Pick<FairGraph, 'states' | 'start' | 'to'>

/** Room for the algorithm, made once for a graph. Mutable. */
export interface Workspace {
  /** The set that each state belongs to at present; 0 for none. */
  readonly set: Int32Array
  readonly order: Int32Array
  readonly low: Int32Array
  readonly next: Int32Array
  readonly open: Uint8Array
}

export const newWorkspace = ({ states }: Edges): Workspace => ({
  set: new Int32Array(states),
  order: new Int32Array(states),
  low: new Int32Array(states),
  next: new Int32Array(states),
  open: new Uint8Array(states),
})

/** The components of the states of one set, which are `members`, each in ascending order of its states. */
export function components(graph: Edges, work: Workspace, members: Int32Array, set: number): Int32Array[] {
  const { order, low, next, open } = work
  const { start, to } = graph
  const found: Int32Array[] = []
  const path = new Int32Array(members.length)
  const stack = new Int32Array(members.length)
  let depth = 0
  let height = 0
  let count = 0
  for (const s of members) order[s] = 0

  const enter = (s: number): void => {
    count++
    order[s] = count
    low[s] = count
    next[s] = start[s] ?? 0
    open[s] = 1
    path[depth++] = s
    stack[height++] = s
  }

  const leave = (s: number): void => {
    depth--
    const before = path[depth - 1]
    if (depth > 0 && before !== undefined) low[before] = Math.min(low[before] ?? 0, low[s] ?? 0)
    if (low[s] !== order[s]) return
    let from = height
    do {
      from--
      open[stack[from] ?? 0] = 0
    } while (stack[from] !== s)
    found.push(stack.slice(from, height).sort())
    height = from
  }

  for (const root of members) {
    if (order[root] !== 0) continue
    enter(root)
    while (depth > 0) {
      const s = path[depth - 1] ?? 0
      const e = next[s] ?? 0
      if (e === start[s + 1]) {
        leave(s)
        continue
      }
      next[s] = e + 1
      const t = to[e] ?? 0
      if (work.set[t] !== set) continue
      if (order[t] === 0) enter(t)
      else if (open[t] === 1) low[s] = Math.min(low[s] ?? 0, order[t] ?? 0)
    }
  }
  return found
}
