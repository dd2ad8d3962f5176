/** One HTML file that needs nothing beside it: the matrix, the properties of each scenario, a page per trace. */
import { statesOf } from '../depth_first.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { byScenario, complaints, effortText, kernelOf, standing, stoppedText, totals } from './reporter.ts'

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? '')

/** Ids are of letters, digits, '.', '+', '-' and '_' in every name of ours; of a stranger's file, anything is told by number. */
const anchor = (kind: string, name: string): string =>
  `${kind}-${name.replace(/[^\w.+-]/g, (c) => `_${c.charCodeAt(0)}_`)}`

// Colours meet a contrast of 4.5 to 1 on their ground; a word stands beside each.
const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; max-width: 90rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
th, td { border: 1px solid #8888; padding: .15rem .5rem; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: Canvas; }
.scroll { overflow-x: auto; }
pre { overflow-x: auto; border: 1px solid #8888; padding: .75rem; }
td.pass { background: #1a7f3722; } td.xfail { background: #9a670022; }
td.fail, td.error { background: #cf222e33; font-weight: 600; } td.incomplete, td.vacuous, td.skip { background: #8250df22; }
.page { display: none; } .page:target { display: block; }
body:has(.page:target) .overview { display: none; }
`

const WORDS = {
  pass: 'holds',
  xfail: 'violated',
  fail: 'FAIL',
  incomplete: 'incomplete',
  vacuous: 'vacuous',
  skip: 'skipped',
  error: 'ERROR',
}

const link = (to: string, text: string): string => `<a href="#${escape(to)}">${escape(text)}</a>`

function matrix(run: RunDocument, kernels: readonly string[]): string {
  const rows = byScenario(run.cells).map(([name, cells]) => {
    const entries = kernels.map((k) => {
      const cell = cells.find((c) => kernelOf(c) === k)
      if (cell === undefined) return '<td></td>'
      const s = standing(cell)
      const label = `${WORDS[s]}${cell.cached === true ? ' (cached)' : ''}`
      return `<td class="${s}" title="${escape(effortText(cell))}">${link(anchor('scenario', name), label)}</td>`
    })
    return `<tr><th scope="row">${link(anchor('scenario', name), name)}</th>${entries.join('')}</tr>`
  })
  const head = kernels.map((k) => `<th scope="col">${escape(k)}</th>`).join('')
  return `<div class="scroll"><table id="matrix"><thead><tr><th scope="col">scenario</th>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

/** One entry of the table of a scenario: the verdict of a property on a kernel, with its trace where it has one. */
function entry(cell: CellDocument, name: string): string {
  const p = cell.properties.find((x) => x.name === name)
  if (p === undefined) return `<td>${escape(stoppedText(cell))}</td>`
  const class_ =
    p.verdict === 'violated' ? (cell.judged === true && cell.outcome === 'ok' ? 'xfail' : 'fail') : p.verdict
  const known = ['fail', 'xfail', 'vacuous', 'error'].includes(class_)
    ? class_
    : p.verdict === 'holds'
      ? 'pass'
      : 'incomplete'
  const trace = p.counterexample === undefined ? escape(p.verdict) : link(anchor('trace', p.counterexample), p.verdict)
  return `<td class="${known}">${trace}${p.steps === undefined ? '' : `, ${p.steps} steps`}</td>`
}

function scenarioPage(name: string, cells: readonly CellDocument[]): string {
  const properties = [...new Set(cells.flatMap((c) => c.properties.map((p) => p.name)))]
  const head = cells.map((c) => `<th scope="col">${escape(kernelOf(c))}</th>`).join('')
  const rows = properties.map(
    (p) => `<tr><th scope="row">${escape(p)}</th>${cells.map((c) => entry(c, p)).join('')}</tr>`,
  )
  const figure = (what: string, of: (c: CellDocument) => string): string =>
    `<tr><th scope="row">${what}</th>${cells.map((c) => `<td>${escape(of(c))}</td>`).join('')}</tr>`
  const notes = cells.flatMap((c) => complaints(c).map((t) => `<li>${escape(`${kernelOf(c)}: ${t}`)}</li>`))
  return [
    `<section class="page" id="${escape(anchor('scenario', name))}"><p>${link('', 'All scenarios')}</p>`,
    `<h2>${escape(name)}</h2>`,
    notes.length === 0 ? '' : `<ul>${notes.join('')}</ul>`,
    `<div class="scroll"><table><thead><tr><th scope="col">property</th>${head}</tr></thead><tbody>`,
    ...rows,
    figure('states', (c) => String(statesOf(c))),
    figure('transitions', (c) => String(c.search.transitions)),
    figure('depth', (c) => String(c.search.depth)),
    figure('labels reached', (c) => `${c.coverage.reached} of ${c.coverage.labels}`),
    `</tbody></table></div>`,
    `<ul>${[...new Set(cells.flatMap((c) => [...c.scope, ...c.assumptions]))].map((l) => `<li>${escape(l)}</li>`).join('')}</ul>`,
    '</section>',
  ].join('\n')
}

function tracePage(cell: CellDocument, found: CellDocument['counterexamples'][number]): string {
  const rows = found.trace.map((s, i) => {
    const changes = Object.entries(s.changes).map(([k, [from, to]]) => `${k}: ${from} -> ${to}`)
    return `<tr><td>${i + 1}</td><td>${escape(s.thread)}</td><td>${escape(s.label)}</td><td>${escape(s.text)}</td><td>${changes.map(escape).join('<br>')}</td></tr>`
  })
  return [
    `<section class="page" id="${escape(anchor('trace', found.id))}">`,
    `<p>${link('', 'All scenarios')} / ${link(anchor('scenario', cell.scenario), cell.scenario)}</p>`,
    `<h2>${escape(found.title)}</h2>`,
    `<p>${escape(`${cell.scenario} on ${kernelOf(cell)}, ${found.property}, ${found.trace.length} steps`)}; <code>mmcheck replay ${escape(found.id)}</code></p>`,
    found.race === undefined ? '' : `<pre>${escape(found.race)}</pre>`,
    '<div class="scroll"><table><thead><tr><th scope="col">step</th><th scope="col">thread</th><th scope="col">label</th><th scope="col">what</th><th scope="col">changes</th></tr></thead><tbody>',
    ...rows,
    '</tbody></table></div></section>',
  ].join('\n')
}

export function html(run: RunDocument): string {
  const t = totals(run)
  const kernels = [...new Set(run.cells.map(kernelOf))].sort()
  const told = new Set<string>()
  const traces = run.cells.flatMap((cell) =>
    cell.counterexamples.flatMap((found) => {
      if (told.has(found.id)) return []
      told.add(found.id)
      return [tracePage(cell, found)]
    }),
  )
  const counts = `${t.cells} cells: ${t.pass} hold, ${t.xfail} violated as recorded, ${t.fail} fail, ${t.incomplete} incomplete, ${t.vacuous} vacuous, ${t.skip} skipped, ${t.error} errors; ${t.cached} cached, ${t.states} states`
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>mmcheck: ${t.fail + t.error === 0 ? 'as expected' : 'not as expected'}</title><style>${STYLE}</style></head><body>`,
    `<main class="overview"><h1>mmcheck</h1><p>${escape(counts)}.</p>`,
    `<p>${escape([run.tool?.version, run.run?.engine, run.time?.started].filter((x) => x !== undefined).join(', '))}</p>`,
    run.errors.length === 0 ? '' : `<ul>${run.errors.map((e) => `<li>${escape(e)}</li>`).join('')}</ul>`,
    matrix(run, kernels),
    '</main>',
    ...byScenario(run.cells).map(([name, cells]) => scenarioPage(name, cells)),
    ...traces,
    '</body></html>',
    '',
  ].join('\n')
}
