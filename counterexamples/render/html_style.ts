/** The style of the page. No colour says what no word or place says as well. */
import { DARK, LIGHT, properties, THREAD_COLOURS } from './colours.ts'

const threads = Array.from({ length: THREAD_COLOURS }, (_, i) => `.t${i} { --own: var(--t${i}); }`).join('\n')
/** Deeper calls are set in no further. */
export const DEPTH_MAX = 12
const depths = Array.from({ length: DEPTH_MAX + 1 }, (_, i) => `.d${i} { padding-left: ${i * 1.1}em; }`).join('\n')
const code = Array.from({ length: DEPTH_MAX + 1 }, (_, i) => `.c${i} { padding-left: ${i * 2 + 1}ch; }`).join('\n')

export const STYLE: string = `
:root { color-scheme: light; ${properties(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { color-scheme: dark; ${properties(DARK)} } }
:root[data-theme=light] { color-scheme: light; ${properties(LIGHT)} }
:root[data-theme=dark] { color-scheme: dark; ${properties(DARK)} }
${threads}
${depths}
${code}
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.45 system-ui, -apple-system, 'Segoe UI', sans-serif; }
code, pre, .mono, .lane, .line, .entry, .values, th.lock { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 12.5px; }
a { color: inherit; text-decoration-color: var(--faint); text-underline-offset: 2px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--edge); outline-offset: 1px; }
.faint, .file { color: var(--faint); }
.file { font-size: 11px; margin-left: .6em; white-space: nowrap; }
.arr { white-space: nowrap; }
[hidden] { display: none !important; }
header { padding: 1.1rem 1.5rem .6rem; }
h1 { margin: 0; font-size: 1.45rem; line-height: 1.25; }
h2 { margin: 0 0 .5rem; font-size: .8rem; letter-spacing: .05em; text-transform: uppercase; color: var(--faint); }
header p { margin: .25rem 0 0; max-width: 100ch; }
nav { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center;
  padding: .5rem 1.5rem; background: var(--bg); border-bottom: 1px solid var(--line); }
nav button { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 5px; padding: .2rem .7rem; cursor: pointer; }
nav button:hover:not(:disabled) { border-color: var(--faint); }
nav button[aria-pressed=true] { background: var(--now); border-color: var(--edge); }
nav button:disabled { opacity: .4; cursor: default; }
nav input { flex: 1 1 8rem; max-width: 26rem; accent-color: var(--edge); }
nav output { min-width: 9.5em; font-variant-numeric: tabular-nums; }
kbd { font: 11px ui-monospace, monospace; color: var(--faint); border: 1px solid var(--line); border-radius: 3px; padding: 0 .3em; margin-left: .35em; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(24rem, 36rem); align-items: start; }
.race { padding: .3rem 0 2rem 1.5rem; min-width: 0; overflow-x: auto; }
aside { position: sticky; top: 3.2rem; max-height: calc(100vh - 3.2rem); overflow-y: auto; padding: .8rem 1.5rem 2rem; }
aside > section { background: var(--panel); border: 1px solid var(--line); border-radius: 7px; padding: .7rem .9rem; margin-bottom: .8rem; }
table.steps { border-collapse: collapse; width: 100%; table-layout: fixed; }
table.steps { min-width: 42rem; }
table.steps.many { min-width: 68rem; }
table.steps th { text-align: left; vertical-align: bottom; padding: .3rem .5rem; font-weight: 600; border-bottom: 2px solid var(--line); }
table.steps th.cpu { border-bottom-color: var(--own); }
th.cpu strong { color: var(--own); }
th.cpu div { font: 12.5px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-weight: normal; overflow-wrap: anywhere; }
.n { width: 3.1rem; }
table.steps th.lock { width: 15px; padding: 0 0 .4rem; font-weight: normal; color: var(--faint); font-size: 11px; }
th.lock span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; max-height: 15rem; }
tr.step { cursor: pointer; scroll-margin-block: 7rem 4rem; }
tr.step > td { vertical-align: top; padding: .12rem .5rem; }
td.n { text-align: right; color: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
td.n a { text-decoration: none; }
tr.step:hover > td:not(.lock) { background: var(--panel); }
tr.ahead > td.lane, tr.ahead > td.n { opacity: .55; }
tr.step[aria-current] > td:not(.lock) { background: var(--now); opacity: 1; }
tr.step[aria-current] > td.n { color: var(--text); font-weight: 600; box-shadow: inset 3px 0 var(--edge); }
td.lane { overflow-wrap: anywhere; }
td.lane.own { box-shadow: inset 2px 0 var(--own); }
.call { color: var(--own); }
.effect { color: var(--edge); }
.bang { color: var(--bad); font-weight: 700; }
tr.outside td.lane .l { font-style: italic; opacity: .75; }
table.steps td.lock { padding: 0 2px; }
td.lock i { display: block; height: 100%; min-height: 1.6em; background: var(--own); }
td.lock.r i { background: repeating-linear-gradient(45deg, var(--own) 0 2px, transparent 2px 5px); box-shadow: inset 0 0 0 1px var(--own); }
td.lock.first i { border-top-left-radius: 4px; border-top-right-radius: 4px; margin-top: 2px; }
td.lock.last i { border-bottom-left-radius: 4px; border-bottom-right-radius: 4px; }
table.steps { height: 1px; }
tr.step { height: 100%; }
td.lock { height: inherit; }
tr.dots { display: none; cursor: pointer; color: var(--faint); }
tr.dots td { padding: 0 .5rem; }
.if-folded { display: none; } .folded .if-folded { display: block; } .folded .if-all { display: none; }
.folded tr.quiet { display: none; }
.folded tr.dots { display: table-row; }
.where { margin: 0 0 .45rem; }
.where span + span::before { content: ' \\203a\\00a0'; color: var(--faint); }
#now .text { font-weight: 600; overflow-wrap: anywhere; }
#now ul { list-style: none; margin: .35rem 0 0; padding: 0; }
#now li.changed { color: var(--edge); }
.stand { width: 100%; border-collapse: collapse; margin-top: .5rem; }
.stand td { padding: .1rem .4rem .1rem 0; vertical-align: top; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.stand td:nth-child(2) { white-space: nowrap; overflow-wrap: normal; }
.stand td:first-child { color: var(--own); font-weight: 600; white-space: nowrap; }
.stand .blocked { color: var(--bad); font-weight: 600; }
.mm { margin-bottom: .5rem; }
.walk { display: flex; align-items: flex-start; gap: .4rem; margin-bottom: .5rem; flex-wrap: wrap; }
.box { border: 1px solid var(--line); border-radius: 4px; background: var(--bg); padding: .12rem .5rem; }
.box .faint { font-size: 11px; }
.arrow { padding-top: .15rem; color: var(--faint); }
.table { border: 1px solid var(--line); border-radius: 4px; background: var(--bg); overflow: hidden; }
.table > .faint { padding: .1rem .5rem 0; font-size: 11px; }
.entries { display: flex; flex-wrap: wrap; }
.entry { padding: .1rem .55rem; border-top: 1px solid var(--line); border-right: 1px solid var(--line); flex: 1 0 auto; }
.entry.guard { background: var(--guard); } .entry.present { background: var(--present); }
.changed-now { outline: 2px solid var(--edge); outline-offset: -2px; }
.values { border-collapse: collapse; }
.values td { padding: 0 .9rem 0 0; vertical-align: top; overflow-wrap: anywhere; }
.values td:first-child { color: var(--faint); white-space: nowrap; }
.listing .code { max-height: 24rem; overflow: auto; background: var(--bg); border: 1px solid var(--line); border-radius: 4px; padding: .3rem 0; }
.line { display: grid; grid-template-columns: minmax(6ch, 15ch) minmax(0, 1fr); padding: 0 .5rem; }
.line .label { color: var(--faint); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.line .what { overflow-wrap: anywhere; }
.line.note { font-size: 11px; } .line.note .what { color: var(--faint); }
.line.lit { background: var(--now); box-shadow: inset 3px 0 var(--edge); }
.line.lit .label { color: var(--text); font-weight: 600; }
.line.out .what { text-decoration: line-through; }
.line.out .what::after { content: attr(data-out); display: inline-block; margin-left: 1ch; color: var(--bad); text-decoration: none; }
.about { padding: 0 1.5rem 3rem; max-width: 110ch; }
.about pre { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem; }
.about table { border-collapse: collapse; margin-bottom: 1rem; }
.about td, .about th { text-align: left; padding: .1rem 1.2rem .1rem 0; font-variant-numeric: tabular-nums; }
.about li { margin: .15rem 0; }
summary { cursor: pointer; }
@media (max-width: 1000px) { main { display: block; } aside { position: static; max-height: none; padding-top: 0; } .race { padding-right: 1.5rem; } }
@media (prefers-reduced-motion: no-preference) { tr.step > td { transition: background .12s; } }
@media print { nav { display: none; } aside { position: static; max-height: none; } tr.ahead > td { opacity: 1 !important; } }
`
