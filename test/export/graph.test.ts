import { describe, expect, test } from 'vitest'
import { stateGraph, type StateGraph } from '../../solver/explicit/graph.ts'
import { toDot } from '../../solver/export/dot.ts'
import { toSvg } from '../../solver/export/graph_svg.ts'
import { layOutLayers } from '../../solver/export/layered.ts'
import { searchReference } from '../../solver/reference/search.ts'
import { lowerScenario, scenarioOn } from '../support/scenarios.ts'
import { elements } from '../support/xml.ts'

const CELLS: readonly (readonly [scenario: string, kernel: string])[] = [
  ['install-oom', 'v7.0'],
  ['install+install', 'maybe-guard-v1'],
  ['install-collapse-read', 'maybe-guard-v2'],
]

const graphOf = (scenario: string, kernel: string): StateGraph => {
  const graph = stateGraph(lowerScenario(scenarioOn(scenario, kernel)).model, { maxStates: 500 })
  if (graph === undefined) throw new Error('too large')
  return graph
}

const names = (xml: string): readonly string[] => elements(xml).map((e) => e.name)

describe.each(CELLS)('the graph of %s on %s', (scenario, kernel) => {
  const graph = graphOf(scenario, kernel)
  const { model } = lowerScenario(scenarioOn(scenario, kernel))
  const reference = searchReference(model)

  test('has the states and transitions of the reference interpreter', () => {
    expect(graph.nodes).toHaveLength(reference.states)
    expect(graph.edges).toHaveLength(reference.transitions)
    expect(Math.max(...graph.nodes.map((n) => n.depth))).toBe(reference.depth)
    for (const { property, moves } of reference.violations) {
      const name = model.properties[property]?.name ?? ''
      const depths = [
        ...graph.nodes.filter((n) => n.broken.includes(name)).map((n) => n.depth),
        ...graph.edges.filter((e) => e.failed.includes(name)).map((e) => (graph.nodes[e.from]?.depth ?? 0) + 1),
      ]
      expect(Math.min(...depths), name).toBe(moves.length)
    }
  })

  test('is drawn whole, no two states upon each other', () => {
    const dot = toDot(graph, 'x', [])
    expect(dot.match(/^ {2}n\d+ \[/gm)).toHaveLength(graph.nodes.length)
    expect(dot.match(/^ {2}n\d+ -> n\d+ \[/gm)).toHaveLength(graph.edges.length)
    const seen = names(toSvg(graph, 'x'))
    const finals = graph.nodes.filter((n) => n.final).length
    expect(seen.filter((e) => e === 'rect')).toHaveLength(graph.nodes.length + finals)
    expect(seen.filter((e) => e === 'path')).toHaveLength(graph.edges.length + 1)
    const { places, width, height } = layOutLayers(graph, { across: 46, down: 44, margin: 60 })
    const taken = new Map<number, number[]>()
    for (const { x, y } of places) {
      expect(x >= 60 - 1e-6 && x <= width - 60 + 1e-6 && y >= 60 && y <= height - 60).toBe(true)
      for (const other of taken.get(y) ?? []) expect(Math.abs(other - x)).toBeGreaterThan(46 - 1e-6)
      taken.set(y, [...(taken.get(y) ?? []), x])
    }
  })
})

test('one state too many is none at all', () => {
  const { model } = lowerScenario(scenarioOn('install-oom', 'v7.0'))
  const { states } = searchReference(model)
  expect(stateGraph(model, { maxStates: states })?.nodes).toHaveLength(states)
  expect(stateGraph(model, { maxStates: states - 1 })).toBeUndefined()
})

describe('text from elsewhere is inert', () => {
  const evil = `"]; x [URL="javascript:1"] \\ </title><script>alert(1)</script> & ]]> <!-- \u0000\u001b[2J\nn0 -> n0 '`
  const graph: StateGraph = {
    nodes: [
      { id: 0, depth: 0, final: false, deadlock: false, broken: [], values: [evil] },
      { id: 1, depth: 1, final: true, deadlock: true, broken: [evil], values: [] },
    ],
    edges: [{ from: 0, to: 1, thread: evil, label: evil, failed: [evil] }],
  }

  test('in SVG', () => {
    const svg = toSvg(graph, evil)
    expect(names(svg).filter((e) => e === 'script')).toEqual([])
    expect(svg).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  test('in DOT', () => {
    const dot = toDot(graph, evil, [evil])
    // Without its strings, nothing but our own words is left.
    const bare = dot.replace(/"(?:[^"\\\n]|\\.)*"/g, 'S').replace(/^\/\/.*$/gm, '')
    expect(bare).toMatch(/^[\s\w[\]{},;=>-]*$/)
    expect(bare).not.toContain('URL')
    expect(dot).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})
