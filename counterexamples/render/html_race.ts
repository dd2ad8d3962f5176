/** The race as a table: a column per CPU, a row per step, and beside it who holds which lock. */
import { escaped } from '../../solver/export/xml.ts'
import { cells, foldedSteps, operations, type CellLine } from '../cells.ts'
import { outsidePast } from '../explain/past.ts'
import { threadClass } from './colours.ts'
import { anchor, cText, fileTag, type Links } from './html_parts.ts'
import { DEPTH_MAX } from './html_style.ts'
import { lockBars, type Holder, type LockBar } from './locks.ts'
import { laneName, type Subject } from './subject.ts'

function lineHtml({ kind, depth, text, file }: CellLine, links: Links): string {
  const content = kind === 'call' ? anchor(text, links.fn(text)) + fileTag(file ?? '', links) : cText(text)
  return `<div class="l ${kind} d${Math.min(depth, DEPTH_MAX)}">${content}</div>`
}

/** The lines of a step. Calls entered since the last step that is shown are others where some are folded. */
function cellHtml(all: readonly CellLine[], short: readonly CellLine[], links: Links): string {
  const html = (list: readonly CellLine[]): string => list.map((l) => lineHtml(l, links)).join('')
  const calls = (list: readonly CellLine[]): string => html(list.filter((l) => l.kind === 'call'))
  const own = html(all.filter((l) => l.kind !== 'call'))
  return calls(all) === calls(short)
    ? calls(all) + own
    : `<div class="if-all">${calls(all)}</div><div class="if-folded">${calls(short)}</div>${own}`
}

/** The last of the folded steps that `from` is the first of. */
function endOfRun(folded: ReadonlySet<number>, from: number): number {
  let end = from
  while (folded.has(end + 1)) end++
  return end
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The cell of a lock beside a step. */
function lockCell({ name, holders }: LockBar, state: number): string {
  const ends = [
    ...(same(holders[state - 1], holders[state]) ? [] : ['first']),
    ...(same(holders[state + 1], holders[state]) ? [] : ['last']),
  ]
  return barCell(name, holders[state] ?? [], ends)
}

/** The same beside a run of folded steps: a bar where nothing changes from one end of it to the other. */
function lockCellOfRun({ name, holders }: LockBar, from: number, to: number): string {
  const all = holders.slice(from, to + 1)
  return barCell(name, all.every((h) => same(h, all[0])) ? (all[0] ?? []) : [], [])
}

function barCell(name: string, now: readonly Holder[], ends: readonly string[]): string {
  const [first] = now
  if (first === undefined) return '<td class="lock"></td>'
  const kinds = ['lock', threadClass(first.thread), ...(now.some((h) => h.mode === 'read') ? ['r'] : []), ...ends]
  const who = now.map((h) => `${laneName(h.thread)}${h.mode === 'read' ? ' for reading' : ''}`).join(', ')
  const told = escaped(`${name}: held by ${who}`)
  return `<td class="${kinds.join(' ')}" title="${told}"><i role="img" aria-label="${told}"></i></td>`
}

export function raceHtml(subject: Subject, links: Links): string {
  const { found, model } = subject
  const { trace } = found
  const threads = [...new Set(trace.steps.map((s) => s.thread.number))].sort((a, b) => a - b)
  const bars = lockBars(model, trace)
  const folded = foldedSteps(trace)
  const property = model.properties.findIndex((p) => p.name === found.counterexample.property.name)
  const moves = trace.steps.map((s) => ({ step: s.step.id, choices: s.choices.map((c) => c.value) }))
  const outside = trace.steps.length === 0 ? new Set<number>() : outsidePast(model, property, moves)
  const heads = threads.map((t) => {
    const files = new Map(
      trace.steps.flatMap(({ thread, step: { frames } }) =>
        thread.number === t && frames[0] !== undefined ? [[frames[0].fn, frames[0].file] as const] : [],
      ),
    )
    const ops = operations(trace, t).map((op) => {
      const file = [...files].find(([fn]) => op.startsWith(fn))?.[1] ?? ''
      return `<div>${anchor(op, links.fn(op))}${fileTag(file, links)}</div>`
    })
    return `<th scope="col" class="cpu ${threadClass(t)}"><strong>${laneName(t)}</strong>${ops.join('')}</th>`
  })
  const short = new Map(cells(trace, { fold: true, bang: subject.bang }).map((c) => [c.step, c.lines]))
  const rows = cells(trace, { fold: false, bang: subject.bang }).flatMap(({ thread, step, lines: own }) => {
    const quiet = folded.has(step)
    const kinds = ['step', ...(quiet ? ['quiet'] : []), ...(outside.has(step) ? ['outside'] : [])]
    const lanes = threads.map((t) =>
      t === thread
        ? `<td class="lane own ${threadClass(t)}">${cellHtml(own, quiet ? own : (short.get(step) ?? own), links)}</td>`
        : '<td class="lane"></td>',
    )
    const run = quiet && !folded.has(step - 1)
    const end = run ? endOfRun(folded, step) : step
    const dots = threads.map((t) =>
      t === thread ? `<td class="lane">&hellip; ${end - step + 1} quiet steps</td>` : '<td></td>',
    )
    const barsOfRun = bars.map((b) => lockCellOfRun(b, step, end + 1)).join('')
    return [
      ...(run ? [`<tr class="dots"><td class="n"></td>${dots.join('')}${barsOfRun}</tr>`] : []),
      `<tr class="${kinds.join(' ')}" id="step-${step + 1}"><td class="n"><a href="#${step + 1}">${step + 1}</a></td>` +
        `${lanes.join('')}${bars.map((b) => lockCell(b, step + 1)).join('')}</tr>`,
    ]
  })
  const locks = bars.map(
    (b) => `<th scope="col" class="lock" title="${escaped(b.name)}"><span>${escaped(b.name)}</span></th>`,
  )
  return (
    `<table class="steps${threads.length > 2 ? ' many' : ''}"><thead><tr><th scope="col" class="n"><span class="faint">step</span></th>${heads.join('')}${locks.join('')}</tr></thead>\n` +
    `<tbody>\n${rows.join('\n')}\n</tbody></table>`
  )
}
