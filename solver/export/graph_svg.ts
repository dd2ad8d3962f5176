/** A state graph as SVG: depth runs downwards, what a state holds is told where the pointer rests on it. */
import type { GraphEdge, GraphNode, StateGraph } from '../explicit/graph.ts'
import { layOutLayers, type Place } from './layered.ts'
import { escaped } from './xml.ts'

const SPACING = { across: 46, down: 44, margin: 60 } as const
/** Where the names of steps stand beside their arrows. */
const NAMED_SPACING = { ...SPACING, across: 230 } as const
const BOX = { width: 34, height: 18 } as const
/** States of one depth. With more, names of steps would make a drawing too wide; they are told by the pointer there. */
const NAMED_MAX = 6

const title = (lines: readonly string[]): string => `<title>${lines.map(escaped).join('\n')}</title>`
const round = (n: number): string => String(Math.round(n * 10) / 10)

function nodeText({ id, final, deadlock, broken, values }: GraphNode, { x, y }: Place): string {
  const bad = [...broken, ...(deadlock ? ['deadlock'] : [])]
  const box = (grow: number): string => {
    const [w, h] = [BOX.width + grow, BOX.height + grow]
    return `<rect x="${round(x - w / 2)}" y="${round(y - h / 2)}" width="${w}" height="${h}" rx="3"/>`
  }
  const told = title([`state ${id}`, ...bad, ...(final ? ['final'] : []), ...values])
  const mark = bad.length > 0 ? '!' : ''
  return `<g class="${bad.length > 0 ? 'bad' : 'state'}">${told}${final ? box(6) : ''}${box(0)}<text x="${round(x)}" y="${round(y + 4)}">${id}${mark}</text></g>`
}

/** Lines of names that have room above a state. */
const NAME_LINES = 2

/** `line` is the one on which its name stands, from 0, where there is room for it. */
function edgeText(edge: GraphEdge, a: Place, b: Place, line: number | undefined): string {
  const told = `${edge.thread} ${edge.label}`
  const forward = b.y > a.y
  const [from, to] = forward ? [a.y + BOX.height / 2, b.y - BOX.height / 2] : [a.y, b.y]
  const [startX, endX] = forward ? [a.x, b.x] : [a.x - BOX.width / 2, b.x - BOX.width / 2]
  const middle = (from + to) / 2
  // What does not lead one level on goes round at the left.
  const bend = Math.min(startX, endX) - 40
  const path = forward
    ? `M${round(startX)} ${round(from)}C${round(startX)} ${round(middle)} ${round(endX)} ${round(middle)} ${round(endX)} ${round(to)}`
    : `M${round(startX)} ${round(from)}C${round(bend)} ${round(from)} ${round(bend)} ${round(to)} ${round(endX)} ${round(to)}`
  // Above the state that it leads to, where few other arrows come near; of one that goes round, where it begins.
  const place = forward
    ? `class="step" x="${round(endX + 6)}" y="${round(to - 5 - 9 * (line ?? 0))}"`
    : `class="step end" x="${round(startX - 6)}" y="${round(from + 12)}"`
  const label = line !== undefined && line < NAME_LINES ? `<text ${place}>${escaped(told)}</text>` : ''
  const kind = edge.failed.length > 0 ? 'failing' : forward ? 'edge' : 'edge back'
  return `<g class="${kind}">${title([told, ...edge.failed])}<path d="${path}" marker-end="url(#to)"/>${label}</g>`
}

const STYLE = `
svg { background: #fff; color: #222; font: 10px monospace; }
.state rect, .bad rect { fill: #fff; stroke: currentColor; }
.bad { color: #b00020; } .bad rect { stroke-width: 2.5; }
text { fill: currentColor; text-anchor: middle; }
.step { text-anchor: start; font-size: 8px; } .step.end { text-anchor: end; }
.edge path, .failing path { fill: none; stroke: currentColor; opacity: .6; }
.back path { stroke-dasharray: 3 3; }
.failing { color: #b00020; } .failing path { stroke-width: 2.5; opacity: 1; }
@media (prefers-color-scheme: dark) {
  svg { background: #1b1b1b; color: #ddd; } .state rect, .bad rect { fill: #1b1b1b; }
  .bad, .failing { color: #ff6b7d; }
}`

/** One self-contained document. */
export function toSvg(graph: StateGraph, name: string): string {
  const { nodes, edges } = graph
  const widest = Math.max(...nodes.map(({ depth }) => nodes.filter((n) => n.depth === depth).length))
  const named = widest <= NAMED_MAX
  const { places, width, height } = layOutLayers(graph, named ? NAMED_SPACING : SPACING)
  const above = new Map<number, number>()
  const lineOf = ({ from, to }: GraphEdge): number => {
    if (at(to).y <= at(from).y) return 0
    const line = above.get(to) ?? 0
    above.set(to, line + 1)
    return line
  }
  // The name beside the last arrow at the right needs its room too.
  const drawn = named ? width + NAMED_SPACING.across / 2 : width
  const nowhere: Place = { x: 0, y: 0 }
  const at = (id: number): Place => places[id] ?? nowhere
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(drawn)} ${round(height)}" width="${round(drawn)}" height="${round(height)}">`,
    title([name]),
    `<style>${STYLE}\n</style>`,
    '<defs><marker id="to" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L6 3L0 6z" fill="currentColor"/></marker></defs>',
    ...edges.map((e) => edgeText(e, at(e.from), at(e.to), named ? lineOf(e) : undefined)),
    ...nodes.map((n) => nodeText(n, at(n.id))),
    '</svg>',
    '',
  ].join('\n')
}
