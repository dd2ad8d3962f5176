/** A counterexample as one HTML page that needs nothing else: it can be kept, mailed, and opened from a file. */
import { createHash } from 'node:crypto'
import { escaped, plain } from '../../solver/export/xml.ts'
import { cells, foldedSteps, operations, type CellLine } from '../cells.ts'
import { outsidePast } from '../explain/past.ts'
import { threadClass } from './colours.ts'
import { functionLink, fileLink, releaseOf } from './links.ts'
import { layoutOf } from './layout.ts'
import { listingsOf, type Listing } from './listings.ts'
import { lockBars, type LockBar } from './locks.ts'
import { DEPTH_MAX, STYLE } from './html_style.ts'
import { SCRIPT } from './html_script.ts'
import { standingsIn } from './standing.ts'
import { laneName, statesOf, type Subject } from './subject.ts'
import { showNamed } from './values.ts'

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`

/** Nothing may be loaded, from anywhere; the one script and the one style are those of this page. */
const policy = (): string =>
  `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; base-uri 'none'; form-action 'none'`

/** JSON that no parser of HTML can take for markup. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'string' ? plain(v) : v)).replace(
    /[<>&]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Text of several lines. */
const lines = (text: string): string => text.split('\n').map(escaped).join('\n')

const anchor = (text: string, href: string | undefined): string =>
  href === undefined
    ? escaped(text)
    : `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">${escaped(text)}</a>`

interface Links {
  readonly fn: (name: string) => string | undefined
  readonly file: (file: string) => string | undefined
}

function linksOf(subject: Subject): Links {
  const release = releaseOf(subject.scenario.kernel.name)
  return {
    fn: (name) => (release === undefined ? undefined : functionLink(release, name)),
    file: (file) => (release === undefined || file === '' ? undefined : fileLink(release, file)),
  }
}

const fileTag = (file: string, links: Links): string =>
  file === '' ? '' : `<span class="file">${anchor(file, links.file(file))}</span>`

function lineHtml({ kind, depth, text, file }: CellLine, links: Links): string {
  const content = kind === 'call' ? anchor(text, links.fn(text)) + fileTag(file ?? '', links) : escaped(text)
  return `<div class="l ${kind} d${Math.min(depth, DEPTH_MAX)}">${content}</div>`
}

/** The cell of a lock beside a step. */
function lockCell({ name, holders }: LockBar, state: number): string {
  const now = holders[state] ?? []
  const [first] = now
  if (first === undefined) return '<td class="lock"></td>'
  const text = JSON.stringify(now)
  const kinds = [
    'lock',
    threadClass(first.thread),
    ...(now.some((h) => h.mode === 'read') ? ['r'] : []),
    ...(JSON.stringify(holders[state - 1]) === text ? [] : ['first']),
    ...(JSON.stringify(holders[state + 1]) === text ? [] : ['last']),
  ]
  const who = now.map((h) => `${laneName(h.thread)}${h.mode === 'read' ? ' for reading' : ''}`).join(', ')
  const told = escaped(`${name}: held by ${who}`)
  return `<td class="${kinds.join(' ')}" title="${told}"><i role="img" aria-label="${told}"></i></td>`
}

function raceHtml(subject: Subject, links: Links): string {
  const { found, model } = subject
  const { trace } = found
  const threads = [...new Set(trace.steps.map((s) => s.thread.number))].sort((a, b) => a - b)
  const bars = lockBars(model, trace)
  const folded = foldedSteps(trace)
  const property = model.properties.findIndex((p) => p.name === found.counterexample.property.name)
  const moves = trace.steps.map((s) => ({ step: s.step.id, choices: s.choices.map((c) => c.value) }))
  const outside = trace.steps.length === 0 ? new Set<number>() : outsidePast(model, property, moves)
  const heads = threads.map((t) => {
    const files = new Map(trace.steps.flatMap(({ thread, step: { frames } }) =>
      thread.number === t && frames[0] !== undefined ? [[frames[0].fn, frames[0].file] as const] : []))
    const ops = operations(trace, t).map((op) => {
      const file = [...files].find(([fn]) => op.startsWith(fn))?.[1] ?? ''
      return `<div>${anchor(op, links.fn(op))}${fileTag(file, links)}</div>`
    })
    return `<th scope="col" class="cpu ${threadClass(t)}"><strong>${laneName(t)}</strong>${ops.join('')}</th>`
  })
  const rows = cells(trace, { fold: false, bang: subject.bang }).flatMap(({ thread, step, lines: own }) => {
    const quiet = folded.has(step)
    const kinds = ['step', ...(quiet ? ['quiet'] : []), ...(outside.has(step) ? ['outside'] : [])]
    const lanes = threads.map((t) =>
      t === thread
        ? `<td class="lane own ${threadClass(t)}">${own.map((l) => lineHtml(l, links)).join('')}</td>`
        : '<td class="lane"></td>',
    )
    const run = quiet && !folded.has(step - 1)
    const length = run ? [...folded].filter((i) => i >= step && isRun(folded, step, i)).length : 0
    const dots = threads.map((t) => (t === thread ? `<td class="lane">&hellip; ${length} quiet steps</td>` : '<td></td>'))
    return [
      ...(run ? [`<tr class="dots"><td class="n"></td>${dots.join('')}${'<td></td>'.repeat(bars.length)}</tr>`] : []),
      `<tr class="${kinds.join(' ')}" id="step-${step + 1}"><td class="n"><a href="#${step + 1}">${step + 1}</a></td>` +
        `${lanes.join('')}${bars.map((b) => lockCell(b, step + 1)).join('')}</tr>`,
    ]
  })
  const locks = bars.map((b) => `<th scope="col" class="lock" title="${escaped(b.name)}"><span>${escaped(b.name)}</span></th>`)
  return (
    `<table class="steps"><thead><tr><th scope="col" class="n"><span class="faint">step</span></th>${heads.join('')}${locks.join('')}</tr></thead>\n` +
    `<tbody>\n${rows.join('\n')}\n</tbody></table>`
  )
}

/** Whether all from `first` to `i` are folded. */
const isRun = (folded: ReadonlySet<number>, first: number, i: number): boolean => {
  for (let k = first; k <= i; k++) if (!folded.has(k)) return false
  return true
}

function listingHtml({ title, file, read, lines: code }: Listing, links: Links): string {
  const body = code.map(({ kind, depth, label, text, out }) => {
    const kinds = ['line', ...(kind === 'effect' ? ['note'] : []), ...(out === undefined ? [] : ['out'])]
    const told = out === undefined ? '' : ` data-out="${escaped(`left out: ${out}`)}"`
    const what = `<span class="what c${Math.min(depth, DEPTH_MAX)}"${told}>${kind === 'effect' ? '| ' : ''}${escaped(text)}</span>`
    return `<div class="${kinds.join(' ')}"><span class="label">${escaped(label ?? '')}</span>${what}</div>`
  })
  return (
    `<div class="listing" hidden><p class="where mono">${anchor(title, links.fn(title))}${fileTag(file, links)}</p>` +
    `<div class="code">${body.join('')}</div><p class="faint">Read: ${escaped(read)}</p></div>`
  )
}

function dataOf(subject: Subject, links: Links): unknown {
  const { found, model, scenario, bang } = subject
  const { trace } = found
  const { names } = scenario.world
  const { places } = listingsOf(scenario, trace)
  const moving = new Set(trace.steps.flatMap((s) => s.changes.filter((c) => c.kind !== 'pc').map((c) => c.slot)))
  return {
    bang: `BANG: ${bang}`,
    layout: layoutOf(scenario, model),
    variables: model.slots.map((s, i) => [s.name, showNamed(names, s.type, trace.initial[i] ?? 0)]),
    moving: [...moving].sort((a, b) => a - b),
    standings: statesOf(trace).map((state) =>
      standingsIn(model, state).map((s, t) => ({ cpu: laneName(t), colour: threadClass(t), ...s })),
    ),
    steps: trace.steps.map(({ thread, step, changes, choices, loads }, i) => {
      const told = changes.filter((c) => c.kind !== 'pc')
      const place = places[i]
      return {
        cpu: laneName(thread.number),
        colour: threadClass(thread.number),
        text: step.text === '' ? step.local : step.text,
        frames: step.frames.map((f) => ({
          fn: f.fn.includes('(') ? f.fn : `${f.fn}()`,
          fnLink: links.fn(f.fn) ?? '',
          file: f.file,
          fileLink: links.file(f.file) ?? '',
        })),
        notes: [
          ...choices.map((c) => `${c.name} = ${showNamed(names, model.slots[c.slot]?.type ?? { kind: 'int', lo: 0, hi: 0 }, c.value)} (chosen)`),
          ...loads.map((l) => `${l.name} = ${showNamed(names, model.slots[l.slot]?.type ?? { kind: 'int', lo: 0, hi: 0 }, l.value)} (read)`),
        ],
        shown: told.map((c) => `${c.name}: ${showNamed(names, c.type, c.from)} \u2192 ${showNamed(names, c.type, c.to)}`),
        changes: told.map((c) => [c.slot, showNamed(names, c.type, c.to)]),
        place: place === undefined ? null : [place.listing, place.line],
      }
    }),
  }
}

const button = (id: string, text: string, label: string, key: string): string =>
  `<button type="button" id="${id}" aria-label="${label}" title="${label}">${text}<kbd>${key}</kbd></button>`

const list = (items: readonly string[]): string => `<ul>${items.map((i) => `<li>${escaped(i)}</li>`).join('')}</ul>`

/** One self-contained page, without a reference to anything but the kernel's source, for who follows a link. */
export function renderHtml(subject: Subject): string {
  const { found, scenario } = subject
  const { counterexample: c, trace } = found
  const links = linksOf(subject)
  const release = releaseOf(scenario.kernel.name)
  const { listings } = listingsOf(scenario, trace)
  const count = trace.steps.length
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(`cex ${c.id}: ${c.title}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(c.title)}</h1>
<p class="faint">cex <code>${escaped(c.id)}</code> &middot; ${escaped(c.property.name)} on ${escaped(c.scenario.kernel)} &middot; scenario ${escaped(c.scenario.name)} &middot; ${escaped(`${count} steps; ${found.minimality}`)}</p>
<p><strong>${escaped(c.property.name)}</strong>: ${escaped(c.property.statement)}</p>
</header>
<nav aria-label="Steps">
${button('first', '&#8676;', 'to the start', 'Home')}
${button('back', '&larr;', 'one step back', '&larr;')}
${button('forward', '&rarr;', 'one step forward', '&rarr;')}
${button('end', '&#8677;', 'to the violation', 'End')}
<input type="range" id="slider" min="0" max="${count}" value="0" aria-label="step">
<output id="place" aria-live="polite"></output>
${button('fold', 'fold quiet steps', 'fold the steps that change nothing shared', 'f')}
${button('theme', 'light / dark', 'light or dark', 'd')}
<span class="faint">next or previous switch<kbd>]</kbd><kbd>[</kbd></span>
</nav>
<noscript><p class="about">Without scripts this page shows the race, not the states between its steps.</p></noscript>
<main>
<section class="race" aria-label="The race">
${raceHtml(subject, links)}
</section>
<aside>
<section id="now"><h2>This step</h2><div id="now-body"></div></section>
<section id="tables"><h2>Page tables, VMAs, page cache</h2><div id="tables-body"></div></section>
<section id="listings"><h2>The routine in the model</h2><p id="no-listing" class="faint">A listing appears with the first step.</p>
${listings.map((l) => listingHtml(l, links)).join('\n')}
</section>
<section><details><summary>Every variable that changes</summary><table class="values"><tbody id="values-body"></tbody></table></details></section>
</aside>
</main>
<section class="about">
<h2>The property rests on</h2>
${list(c.property.source)}
<h2>Scope and assumptions</h2>
${list([...c.scope, ...c.assumptions])}
<p class="faint">${escaped(release === undefined ? 'No released kernel is known to show these functions.' : `Links lead to ${release}${release === scenario.kernel.name ? '' : `, the release nearest to ${scenario.kernel.name}`}. Steps are named after the kernel functions that they were read from.`)}</p>
<h2>The scenario</h2>
<pre>${lines(c.scenario.litmus)}</pre>
<h2>For a mail</h2>
<pre>${lines(found.mail(true))}</pre>
</section>
<script type="application/json" id="data">${json(dataOf(subject, links))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`
}
