/** A state graph as DOT, for Graphviz. */
import type { GraphEdge, GraphNode, StateGraph } from '../explicit/graph.ts'

/** A quoted string of DOT. In it only the quote and the backslash are special; what is no text becomes a blank. */
function quoted(lines: readonly string[]): string {
  const plain = lines.map((line) =>
    line
      .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"'),
  )
  return `"${plain.join('\\n')}"`
}

/** Shapes carry what colours do, for those who print in black. */
function nodeText({ id, final, deadlock, broken, values }: GraphNode): string {
  const what = [...broken, ...(deadlock ? ['deadlock'] : [])]
  const attributes = [
    `label=${quoted([String(id), ...what])}`,
    `tooltip=${quoted(values.length === 0 ? ['as at the start'] : values)}`,
    ...(id === 0 ? ['penwidth=2'] : []),
    ...(final ? ['peripheries=2'] : []),
    ...(what.length > 0 ? ['shape=octagon', 'color=red'] : []),
  ]
  return `  n${id} [${attributes.join(', ')}];`
}

function edgeText({ from, to, thread, label, failed }: GraphEdge): string {
  const attributes = [
    `label=${quoted([`${thread} ${label}`, ...failed])}`,
    ...(failed.length > 0 ? ['color=red', 'style=bold'] : []),
  ]
  return `  n${from} -> n${to} [${attributes.join(', ')}];`
}

/** `head` becomes comments at the top. */
export function toDot({ nodes, edges }: StateGraph, name: string, head: readonly string[]): string {
  const comments = head.map((line) => `// ${line.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')}`)
  return [
    ...comments,
    `digraph ${quoted([name])} {`,
    '  node [shape=box, fontname="monospace", fontsize=10];',
    '  edge [fontname="monospace", fontsize=8];',
    ...nodes.map(nodeText),
    ...edges.map(edgeText),
    '}',
    '',
  ].join('\n')
}
