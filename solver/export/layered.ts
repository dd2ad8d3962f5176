/** Places of the nodes of a state graph: one layer for each depth, with few crossings between two layers. */
import type { StateGraph } from '../explicit/graph.ts'

export interface Place {
  readonly x: number
  readonly y: number
}

export interface Layered {
  /** By node id, in pixels. */
  readonly places: readonly Place[]
  readonly width: number
  readonly height: number
}

export interface Spacing {
  readonly across: number
  readonly down: number
  readonly margin: number
}

/** Passes over all layers, down and up by turns. More change little. */
const SWEEPS = 12

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length

/** Puts the nodes of a layer in the order of where they would like to be, and none nearer than `across` to the next. */
function settle(layer: number[], wish: ReadonlyMap<number, number>, x: number[], across: number): void {
  const wanted = (id: number): number => wish.get(id) ?? x[id] ?? 0
  layer.sort((a, b) => wanted(a) - wanted(b) || a - b)
  let from = -Infinity
  for (const id of layer) {
    const at = Math.max(wanted(id), from)
    x[id] = at
    from = at + across
  }
  // Pushing goes to the right only, so the layer as a whole goes back by what it was pushed on average.
  const push = mean(layer.map((id) => (x[id] ?? 0) - wanted(id)))
  for (const id of layer) x[id] = (x[id] ?? 0) - push
}

export function layOutLayers({ nodes, edges }: StateGraph, { across, down, margin }: Spacing): Layered {
  const depth = Math.max(...nodes.map((n) => n.depth))
  const layers = Array.from({ length: depth + 1 }, (_, d) => nodes.filter((n) => n.depth === d).map((n) => n.id))
  const x = nodes.map(() => 0)
  for (const layer of layers) layer.forEach((id, i) => (x[id] = (i - (layer.length - 1) / 2) * across))
  const near = { up: nodes.map((): number[] => []), down: nodes.map((): number[] => []) }
  for (const { from, to } of edges) {
    if ((nodes[to]?.depth ?? 0) !== (nodes[from]?.depth ?? 0) + 1) continue
    near.down[from]?.push(to)
    near.up[to]?.push(from)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const downwards = sweep % 2 === 0
    for (const layer of downwards ? layers : [...layers].reverse()) {
      const wish = new Map<number, number>()
      for (const id of layer) {
        const others = (downwards ? near.up : near.down)[id] ?? []
        if (others.length > 0) wish.set(id, mean(others.map((other) => x[other] ?? 0)))
      }
      settle(layer, wish, x, across)
    }
  }
  const left = Math.min(...x)
  return {
    places: nodes.map((n) => ({ x: (x[n.id] ?? 0) - left + margin, y: n.depth * down + margin })),
    width: Math.max(...x) - left + 2 * margin,
    height: depth * down + 2 * margin,
  }
}
