/** A counterexample as one HTML page that needs nothing else: it can be kept, mailed, and opened from a file. */
import { createHash } from 'node:crypto'
import { escaped } from '../../solver/export/xml.ts'
import type { Minimality } from '../json.ts'
import { dataOf, json } from './html_data.ts'
import { anchor, cText, fileTag, linksOf, type Links } from './html_parts.ts'
import { raceHtml } from './html_race.ts'
import { SCRIPT } from './html_script.ts'
import { DEPTH_MAX, STYLE } from './html_style.ts'
import { releaseOf } from './links.ts'
import { listingsOf, type Listing } from './listings.ts'
import type { Subject } from './subject.ts'

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`

/** Nothing may be loaded, from anywhere; the one script and the one style are those of this page. */
const policy = (): string =>
  `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; base-uri 'none'; form-action 'none'`

/** Text of several lines. */
const lines = (text: string): string => text.split('\n').map(escaped).join('\n')

function listingHtml({ title, file, read, lines: code }: Listing, links: Links): string {
  const body = code.map(({ kind, depth, label, text, out }) => {
    const kinds = ['line', ...(kind === 'effect' ? ['note'] : []), ...(out === undefined ? [] : ['out'])]
    const told = out === undefined ? '' : ` data-out="${escaped(`left out: ${out}`)}"`
    const what = `<span class="what c${Math.min(depth, DEPTH_MAX)}"${told}>${kind === 'effect' ? '| ' : ''}${cText(text)}</span>`
    return `<div class="${kinds.join(' ')}"><span class="label">${escaped(label ?? '')}</span>${what}</div>`
  })
  return (
    `<div class="listing" hidden><p class="where mono">${anchor(title, links.fn(title))}${fileTag(file, links)}</p>` +
    `<div class="code">${body.join('')}</div><p class="faint">Read: ${escaped(read)}</p></div>`
  )
}

const button = (id: string, text: string, label: string, key: string): string =>
  `<button type="button" id="${id}" aria-label="${label}" title="${label}">${text}<kbd>${key}</kbd></button>`

const list = (items: readonly string[]): string => `<ul>${items.map((i) => `<li>${escaped(i)}</li>`).join('')}</ul>`

/** What minimise has said of it, if it was asked. */
function minimisedHtml(minimised: Minimality | undefined): string {
  if (minimised === undefined) return ''
  const { measures, exhausted, ended } = minimised
  const rows = measures.map(
    (m) => `<tr><td>${escaped(m.name)}</td><td>${m.before}</td><td>${m.after}</td><td>${m.standing}</td></tr>`,
  )
  const proof = `${exhausted.done} of ${exhausted.total} smaller scenarios were exhausted${ended === 'time' ? ', then time was over' : ''}.`
  return `<h2>How small it can be made</h2>
<p class="faint">What minimise has said of it; what is left has the id ${escaped(minimised.id)}. ${proof}</p>
<table><thead><tr><th>measure</th><th>here</th><th>minimised</th><th>which is</th></tr></thead><tbody>${rows.join('')}</tbody></table>
`
}

/** One self-contained page, without a reference to anything but the kernel's source, for who follows a link. */
export function renderHtml(subject: Subject): string {
  const { found, scenario } = subject
  const { counterexample: c, trace } = found
  const links = linksOf(subject)
  const release = releaseOf(scenario.kernel.name)
  const listed = listingsOf(scenario, trace)
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
${listed.listings.map((l) => listingHtml(l, links)).join('\n')}
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
${minimisedHtml(c.minimised)}<h2>The scenario</h2>
<pre>${lines(c.scenario.litmus)}</pre>
<h2>For a mail</h2>
<pre>${lines(found.mail(true))}</pre>
</section>
<script type="application/json" id="data">${json(dataOf(subject, links, listed))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`
}
