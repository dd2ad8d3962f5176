/** Finds where a thread stands in a packed state: by the bits of its tracked slots, in a hash table. */
import { fieldMask, type Layout } from '../explicit/layout.ts'
import type { Graph } from './graph.ts'

/** The node of a graph at which a thread stands in the state at word `at` of `arena`. */
export type Place = (arena: Int32Array, at: number) => number

/** Looks a thread up. What it returns throws where the graph has no such node: the graph was to have them all. */
export function newPlace(layout: Layout, graph: Graph): Place {
  const masks = new Map<number, number>()
  const fields = graph.tracked.map((slot) => layout.fields[slot])
  for (const field of fields)
    if (field?.kind === 'packed')
      masks.set(field.word, (masks.get(field.word) ?? 0) | (fieldMask(field.bits) << field.shift))
  const words = Int32Array.from(masks.keys())
  const mask = Int32Array.from(masks.values())
  const length = words.length
  /** To each entry its words, and the node plus one, 0 where free. */
  const width = length + 1
  let size = 16
  while (size < 2 * graph.nodes.length) size *= 2
  const table = new Int32Array(size * width)
  const wanted = new Int32Array(length)

  const find = (): number => {
    let h = 0
    for (let i = 0; i < length; i++) {
      h = Math.imul(h ^ (wanted[i] ?? 0), 0x9e3779b1)
      h ^= h >>> 15
    }
    for (let q = h & (size - 1); ; q = (q + 1) & (size - 1)) {
      const at = q * width
      if (table[at + length] === 0) return at
      let i = 0
      while (i < length && table[at + i] === wanted[i]) i++
      if (i === length) return at
    }
  }

  graph.nodes.forEach((known, node) => {
    wanted.fill(0)
    fields.forEach((field, i) => {
      if (field?.kind !== 'packed') return
      const word = words.indexOf(field.word)
      wanted[word] = (wanted[word] ?? 0) | (((known[i] ?? 0) - field.lo) << field.shift)
    })
    const at = find()
    table.set(wanted, at)
    table[at + length] = node + 1
  })

  return (arena, at) => {
    for (let i = 0; i < length; i++) wanted[i] = (arena[at + (words[i] ?? 0)] ?? 0) & (mask[i] ?? 0)
    const node = (table[find() + length] ?? 0) - 1
    if (node < 0) throw new Error('a thread stands where its graph has no node')
    return node
  }
}
