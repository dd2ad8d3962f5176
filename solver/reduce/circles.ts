/** The circles of a thread's graph, and nodes without which there would be none. */
import { components, newWorkspace, type Edges, type Workspace } from '../liveness/components.ts'
import type { Graph } from './graph.ts'

export interface Circles {
  /** Strongly connected components: the ways of each lead to itself or to earlier ones. */
  readonly members: readonly Int32Array[]
  /** By node: its component. */
  readonly componentOf: Int32Array
}

function edgesOf({ ways }: Graph): Edges {
  const start = new Int32Array(ways.length + 1)
  ways.forEach((here, node) => (start[node + 1] = (start[node] ?? 0) + here.length))
  return { states: ways.length, start, to: Int32Array.from(ways.flatMap((here) => here.map(({ to }) => to))) }
}

/** Of nodes that are all in one set of the workspace, which are `among`. */
function split(edges: Edges, work: Workspace, among: Int32Array, set: number): Int32Array[] {
  for (const node of among) work.set[node] = set
  return components(edges, work, among, set)
}

export function circlesOf(graph: Graph): Circles {
  const edges = edgesOf(graph)
  const members = split(edges, newWorkspace(edges), Int32Array.from(graph.ways.keys()), 1)
  const componentOf = new Int32Array(edges.states)
  members.forEach((nodes, i) => {
    for (const node of nodes) componentOf[node] = i
  })
  return { members, componentOf }
}

/** Ways of a node within its set, to it and from it. */
function degrees({ start, to }: Edges, { set }: Workspace, nodes: Int32Array): ReadonlyMap<number, number> {
  const from = new Map<number, number>()
  const into = new Map<number, number>()
  const count = (map: Map<number, number>, node: number): void => {
    map.set(node, (map.get(node) ?? 0) + 1)
  }
  for (const node of nodes)
    for (let e = start[node] ?? 0; e < (start[node + 1] ?? 0); e++) {
      const other = to[e] ?? 0
      if (set[other] !== set[node]) continue
      count(from, node)
      count(into, other)
    }
  return new Map([...nodes].map((node) => [node, (from.get(node) ?? 0) * (into.get(node) ?? 0)]))
}

/**
 * Nodes, few of them, one of which every circle of the graph passes. Those of which `preferred` is true are
 * taken first, then those through which most goes.
 */
export function cutNodes(
  graph: Graph,
  { members }: Circles,
  preferred: (node: number) => boolean,
): ReadonlySet<number> {
  const edges = edgesOf(graph)
  const work = newWorkspace(edges)
  const cut = new Set<number>()
  let sets = 0
  const loops = (node: number): boolean => graph.ways[node]?.some(({ to }) => to === node) === true
  const waiting = [...members]
  for (let nodes = waiting.pop(); nodes !== undefined; nodes = waiting.pop()) {
    const [first = 0] = nodes
    if (nodes.length === 1) {
      if (loops(first)) cut.add(first)
      continue
    }
    for (const node of nodes) work.set[node] = sets + 1
    sets++
    const through = degrees(edges, work, nodes)
    const rank = (node: number): number => (preferred(node) ? 2 ** 30 : 0) + (through.get(node) ?? 0)
    const best = nodes.reduce((a, b) => (rank(b) > rank(a) ? b : a), first)
    cut.add(best)
    work.set[best] = 0
    waiting.push(
      ...split(
        edges,
        work,
        nodes.filter((node) => node !== best),
        ++sets,
      ),
    )
  }
  return cut
}
