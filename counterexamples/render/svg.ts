/** A counterexample as one SVG drawing: a lane per CPU, time downwards, locks as bars, page tables before and after. */
import { escaped } from '../../solver/export/xml.ts'
import { cells, operations, type Cell } from '../cells.ts'
import { toAscii, wrap } from '../text.ts'
import { DARK, LIGHT, properties, threadClass } from './colours.ts'
import { layoutOf } from './layout.ts'
import { lockBars, type Holder, type LockBar } from './locks.ts'
import { laneName, statesOf, type Subject } from './subject.ts'
import { drawTables } from './svg_tables.ts'

const LINE = 15
/** Of a monospaced letter, in pixels at the size used. */
const LETTER = 7.25
const MARGIN = 20
const NUMBERS = 40
const BAR = 14
const INDENT = 2
/** Letters of a lane: fewer where there are more lanes. */
const laneLetters = (lanes: number): number => (lanes <= 2 ? 48 : lanes === 3 ? 40 : 32)

const round = (n: number): string => String(Math.round(n * 10) / 10)
const text = (x: number, y: number, what: string, kind = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${kind === '' ? '' : ` class="${kind}"`}>${escaped(what)}</text>`

interface Row {
  readonly cell: Cell
  readonly y: number
  readonly height: number
  readonly lines: readonly { readonly text: string; readonly kind: string }[]
}

function rowsOf(body: readonly Cell[], letters: number, from: number): readonly Row[] {
  let y = from
  return body.map((cell) => {
    const lines = cell.lines.flatMap(({ kind, depth, text: line }) => {
      const indent = Math.min(depth * INDENT, Math.floor(letters / 2))
      return wrap(line, { width: letters - indent }).map((part) => ({ kind, text: ' '.repeat(indent) + part }))
    })
    const height = lines.length * LINE + 6
    y += height
    return { cell, y: y - height, height, lines }
  })
}

const holdersText = (holders: readonly Holder[]): string =>
  holders.map((h) => `${laneName(h.thread)}${h.mode === 'read' ? ' (read)' : ''}`).join(', ')

/** One bar: a rectangle for each stretch of rows with the same holders. */
function barSvg(bar: LockBar, rows: readonly Row[], x: number): readonly string[] {
  const at = (row: Row): readonly Holder[] => bar.holders[row.cell.step + 1] ?? []
  const out: string[] = []
  let start = 0
  rows.forEach((row, i) => {
    const holders = at(row)
    const next = rows[i + 1]
    if (next !== undefined && holdersText(at(next)) === holdersText(holders)) return
    const [first] = holders
    const top = rows[start]?.y ?? row.y
    start = i + 1
    if (first === undefined) return
    const height = row.y + row.height - top - 2
    const kind = `bar ${threadClass(first.thread)}${holders.some((h) => h.mode === 'read') ? ' read' : ''}`
    out.push(
      `<rect class="${kind}" x="${round(x)}" y="${round(top)}" width="${BAR - 4}" height="${round(height)}" rx="2">` +
        `<title>${escaped(`${bar.name}: ${holdersText(holders)}`)}</title></rect>`,
    )
  })
  return out
}

const STYLE = `
svg { ${properties(LIGHT)} background: var(--bg); font: 12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { svg { ${properties(DARK)} } }
text { fill: var(--text); white-space: pre; }
.title { font-size: 16px; font-weight: bold; }
.faint { fill: var(--faint); }
.effect { fill: var(--edge); }
.bang { fill: var(--bad); font-weight: bold; }
.head { font-weight: bold; }
.rule { stroke: var(--line); }
.entry { fill: var(--panel); stroke: var(--line); }
.entry.guard { fill: var(--guard); } .entry.present { fill: var(--present); }
.entry.changed { stroke: var(--bad); stroke-width: 2; }
.arrow { stroke: var(--text); fill: none; }
.tip { fill: var(--text); }
.bar { fill: currentColor; stroke: currentColor; }
.bar.read { fill-opacity: .35; stroke-dasharray: 3 2; }
${['t0', 't1', 't2', 't3', 't4', 't5'].map((t) => `.${t} { color: var(--${t}); fill: var(--${t}); }`).join(' ')}`

/** One self-contained document; `fold` as in the mail text. */
export function renderSvg(subject: Subject, fold: boolean): string {
  const { found, model, scenario } = subject
  const { counterexample, trace } = found
  const { property } = counterexample
  const bang = subject.bang
  const threads = [...new Set(trace.steps.map((s) => s.thread.number))].sort((a, b) => a - b)
  const letters = laneLetters(threads.length)
  const laneWidth = (letters + 2) * LETTER
  const laneX = (thread: number): number => MARGIN + NUMBERS + threads.indexOf(thread) * laneWidth
  const bars = lockBars(model, trace)
  const barsX = MARGIN + NUMBERS + threads.length * laneWidth + 10
  const width = Math.max(barsX + bars.length * BAR + MARGIN, 760)
  const prose = Math.floor((width - 2 * MARGIN) / LETTER)
  const out: string[] = []
  let y = MARGIN + 16
  const paragraph = (what: string, kind = ''): void => {
    for (const line of wrap(toAscii(what), { width: prose, hanging: 0 })) {
      out.push(text(MARGIN, y, line, kind))
      y += LINE + (kind === 'title' ? 6 : 0)
    }
  }
  paragraph(counterexample.title, 'title')
  paragraph(
    `cex ${counterexample.id}: ${property.name} on ${counterexample.scenario.kernel}, ${scenario.name}`,
    'faint',
  )
  paragraph(`${property.name}: ${property.statement}`)
  const longest = Math.max(0, ...bars.map((b) => toAscii(b.name).length))
  const operationRows = Math.max(1, ...threads.map((t) => operations(trace, t).length))
  const headHeight = Math.max(longest * LETTER * 0.9 + 10, (operationRows + 2) * LINE + 16)
  y += headHeight
  threads.forEach((t) => {
    const heads = operations(trace, t)
    const top = y - 12 - heads.length * LINE
    out.push(text(laneX(t), top, laneName(t), `head ${threadClass(t)}`))
    heads.forEach((h, i) => out.push(text(laneX(t), top + (i + 1) * LINE, h.slice(0, letters))))
  })
  bars.forEach((b, i) => {
    const x = barsX + i * BAR + 8
    out.push(
      `<text transform="translate(${round(x)} ${round(y - 8)}) rotate(-90)" class="faint">${escaped(toAscii(b.name))}</text>`,
    )
  })
  out.push(`<path class="rule" d="M${MARGIN} ${round(y - 4)}H${round(width - MARGIN)}"/>`)
  const rows = rowsOf(cells(trace, { fold, bang }), letters, y)
  for (const row of rows) {
    const x = laneX(row.cell.thread)
    const folded = row.lines[0]?.kind === 'folded'
    if (!folded) out.push(text(MARGIN, row.y + LINE - 3, String(row.cell.step + 1).padStart(4), 'faint'))
    row.lines.forEach((l, i) =>
      out.push(
        text(
          x,
          row.y + (i + 1) * LINE - 3,
          l.text,
          l.kind === 'call' ? `call ${threadClass(row.cell.thread)}` : l.kind,
        ),
      ),
    )
  }
  bars.forEach((b, i) => out.push(...barSvg(b, rows, barsX + i * BAR)))
  const last = rows.at(-1)
  if (last !== undefined) y = last.y + last.height
  else paragraph(`BANG in the initial state: ${bang}`, 'bang')
  y += 24
  const states = statesOf(trace)
  const [initial = []] = states
  const end = states.at(-1) ?? initial
  const layout = layoutOf(scenario, model)
  const before = drawTables(subject, layout, initial)
  const after = drawTables(subject, layout, end, initial)
  const second = MARGIN + before.width + 60
  out.push(text(MARGIN, y, 'Page tables before', 'head'), text(second, y, 'and after', 'head'))
  y += 10
  out.push(`<g transform="translate(${MARGIN} ${round(y)})">`, ...before.svg, '</g>')
  out.push(`<g transform="translate(${second} ${round(y)})">`, ...after.svg, '</g>')
  y += Math.max(before.height, after.height) + 16
  paragraph(`${trace.steps.length} steps; ${found.minimality}`, 'faint')
  for (const line of [...counterexample.scope, ...counterexample.assumptions]) paragraph(line, 'faint')
  const height = y + MARGIN
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img">`,
    `<title>${escaped(`cex ${counterexample.id}: ${counterexample.title}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    '<defs><marker id="to" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L6 3L0 6z"/></marker></defs>',
    ...out,
    '</svg>',
    '',
  ].join('\n')
}
