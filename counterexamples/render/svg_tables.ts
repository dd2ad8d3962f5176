/** The page tables of one state, drawn: pmd entries at the left, the tables that they point to at the right. */
import { escaped } from '../../solver/export/xml.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import { showNamed } from './values.ts'
import type { Layout, PmdBox, TableBox } from './layout.ts'
import type { Subject } from './subject.ts'

export interface Drawing {
  readonly svg: readonly string[]
  readonly width: number
  readonly height: number
}

const ROW = 20
const PMD_WIDTH = 150
const ARROW = 40
const ENTRY_WIDTH = 130

const text = (x: number, y: number, what: string, kind = ''): string =>
  `<text x="${x}" y="${y}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(what)}</text>`
const box = (x: number, y: number, width: number, kind: string): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${ROW}" class="${kind}"/>`

/** The class of an entry: what a reader looks for in it. */
export function entryClass(entry: string): 'none' | 'guard' | 'present' {
  if (entry === 'none') return 'none'
  return entry === 'guard' ? 'guard' : 'present'
}

/**
 * The tables of a state; what differs from the state `before` has a thick edge. Tables that no pmd points
 * to stand below, unless they are free.
 */
export function drawTables({ model, scenario }: Subject, layout: Layout, state: State, before?: State): Drawing {
  const { names } = scenario.world
  const valueIn = (s: State, slot: number): string => {
    const type = model.slots[slot]?.type
    return type === undefined ? '' : showNamed(names, type, s[slot] ?? 0)
  }
  const value = (slot: number): string => valueIn(state, slot)
  const changed = (slot: number): string => (before !== undefined && state[slot] !== before[slot] ? ' changed' : '')
  const svg: string[] = []
  let y = 0
  const drawn = new Set<TableBox>()
  const table = (t: TableBox, x: number, pages: PmdBox['pages']): void => {
    drawn.add(t)
    svg.push(text(x, y - 5, `${t.name}, ${value(t.state)}`, 'faint'))
    t.entries.forEach((slot, i) => {
      const entry = value(slot)
      const page = pages.find((p) => p.entry === i)?.name
      svg.push(box(x, y + i * ROW, ENTRY_WIDTH, `entry ${entryClass(entry)}${changed(slot)}`))
      svg.push(text(x + 6, y + i * ROW + 14, `${page ?? `[${i}]`}: ${entry}`))
    })
    y += t.entries.length * ROW + 26
  }
  for (const { name, pmds } of layout.mms) {
    if (layout.mms.length > 1) {
      svg.push(text(0, y + 8, name, 'faint'))
      y += 12
    }
    for (const pmd of pmds) {
      y += 16
      const kind = value(pmd.kind)
      const to = kind === 'table' ? value(pmd.table) : kind
      svg.push(box(0, y, PMD_WIDTH, `entry${changed(pmd.kind)}${changed(pmd.table)}`))
      svg.push(text(6, y + 14, `${pmd.name}: ${to}`))
      const found = kind === 'table' ? layout.tables.find((t) => t.name === to) : undefined
      if (found === undefined) y += ROW + 10
      else {
        const middle = y + ROW / 2
        svg.push(`<path class="arrow" d="M${PMD_WIDTH} ${middle}H${PMD_WIDTH + ARROW - 2}" marker-end="url(#to)"/>`)
        table(found, PMD_WIDTH + ARROW, pmd.pages)
      }
    }
  }
  for (const t of layout.tables.filter((t) => !drawn.has(t) && value(t.state) !== 'free')) {
    y += 16
    // The pages that were its before say what has gone with it.
    const pmd = layout.mms
      .flatMap((mm) => mm.pmds)
      .find((p) => before !== undefined && valueIn(before, p.kind) === 'table' && valueIn(before, p.table) === t.name)
    table(t, PMD_WIDTH + ARROW, pmd?.pages ?? [])
  }
  return { svg, width: PMD_WIDTH + ARROW + ENTRY_WIDTH, height: Math.max(0, y) }
}
