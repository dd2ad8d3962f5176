// The figures of the parts as tables in Markdown, and the rate against the number of states as a plot.
import { median } from './measure.mjs'

/** A figure of each run; not a number where a run of an older record does not have it. */
const figuresOf = (runs, figure) => runs.map((run) => run[figure] ?? NaN)
const of = (runs, figure) => median(figuresOf(runs, figure))
const spread = (runs, figure, digits) => {
  const all = figuresOf(runs, figure)
  const text = (n) => n.toFixed(digits)
  return all.length < 2 ? text(all[0]) : `${text(median(all))} (${text(Math.min(...all))}..${text(Math.max(...all))})`
}
const times = (n) => `${n.toFixed(n < 10 ? 2 : 1)}x`
const rate = (states, seconds) => `${Math.round(states / seconds / 1000)}k`
const loads = (row) => `${Math.min(...row.loads).toFixed(1)}..${Math.max(...row.loads).toFixed(1)}`
const pairs = (row) => row.loads.length

const table = (heads, rows) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const AGAINST = [
  'model',
  'states',
  'bits',
  'pan, CPU s',
  'mmcheck, CPU s',
  'pan, states/s',
  'mmcheck, states/s',
  'faster by',
  'pan, B/state',
  'mmcheck, B/state',
  'pairs',
  'load',
]
const against = (rows) =>
  table(
    AGAINST,
    rows.map((row) => {
      const { ours, pan } = row.runs
      const [us, them] = [of(ours, 'cpu'), of(pan, 'cpu')]
      return [
        row.name,
        row.states,
        row.bits,
        spread(pan, 'cpu', 2),
        spread(ours, 'cpu', 2),
        rate(row.states, them),
        rate(row.states, us),
        times(them / us),
        Math.round(of(pan, 'stateBytes') / row.states),
        Math.round(of(ours, 'bytes') / row.states),
        pairs(row),
        loads(row),
      ]
    }),
  )

/**
 * By how much one of our ways is faster than SPIN with its reduction: than its compiled verifier alone, and than all
 * that has to be run for a verdict, as our code generation is within our time. Undefined where it was not measured.
 */
const ratios = ({ build, runs }, way) => {
  if (runs[way] === undefined) return undefined
  const [us, pan] = [of(runs[way], 'cpu'), of(runs.pan, 'cpu')]
  return { run: pan / us, whole: (pan + build) / us }
}

const reductions = (rows) => {
  const told = (way, which) => {
    const found = rows.flatMap((row) => ratios(row, way)?.[which] ?? [])
    return found.length === 0 ? '-' : `median ${times(median(found))}, least ${times(Math.min(...found))}`
  }
  const heads = [
    'model',
    'states',
    'SPIN reduced',
    'pan, CPU s',
    'spin and gcc before it, CPU s',
    'mmcheck in full, CPU s',
    '--reduce por, states',
    'its CPU s',
    '--reduce auto',
    'its CPU s',
    'pan / por',
    'pan / auto',
    'spin, gcc and pan / por',
    'spin, gcc and pan / auto',
    'pairs',
    'load',
  ]
  const body = rows.map((row) => {
    const { por, full, auto, pan } = row.runs
    const ratio = (way, which) => (row.runs[way] === undefined ? '-' : times(ratios(row, way)[which]))
    return [
      row.name,
      row.states,
      pan[0].states,
      spread(pan, 'cpu', 2),
      row.build.toFixed(2),
      spread(full, 'cpu', 2),
      por[0].states,
      spread(por, 'cpu', 2),
      auto === undefined ? '-' : auto[0].reduced ? `por, ${auto[0].states} states` : 'in full',
      auto === undefined ? '-' : spread(auto, 'cpu', 2),
      ratio('por', 'run'),
      ratio('auto', 'run'),
      ratio('por', 'whole'),
      ratio('auto', 'whole'),
      pairs(row),
      loads(row),
    ]
  })
  const summary = ['por', 'auto'].map(
    (way) =>
      `Against --reduce ${way}: pan compiled beforehand, ${told(way, 'run')}; spin, gcc and pan, ${told(way, 'whole')}.`,
  )
  return `${table(heads, body)}\n\n${summary.join('\n')}`
}

const workers = (rows) =>
  table(
    [
      'model',
      'states',
      'one, wall s',
      'two, wall s',
      'faster by',
      'one, whole call',
      'two, whole call',
      'faster by',
      'one, CPU s',
      'two, CPU s',
      'work of two / of one',
      'two searches at once, wall s',
      'so at most',
      'pairs',
      'load',
    ],
    rows.map((row) => {
      const { one, two, atOnce } = row.runs
      return [
        row.name,
        row.states,
        spread(one, 'wall', 2),
        spread(two, 'wall', 2),
        times(of(one, 'wall') / of(two, 'wall')),
        spread(one, 'wholeWall', 2),
        spread(two, 'wholeWall', 2),
        times(of(one, 'wholeWall') / of(two, 'wholeWall')),
        spread(one, 'cpu', 2),
        spread(two, 'cpu', 2),
        times(of(two, 'cpu') / of(one, 'cpu')),
        atOnce === undefined ? '-' : spread(atOnce, 'wall', 2),
        atOnce === undefined ? '-' : times((2 * of(one, 'wall')) / of(atOnce, 'wall')),
        pairs(row),
        loads(row),
      ]
    }),
  )

const first = (rows) =>
  table(
    ['model', 'mmcheck check, CPU s', 'pan to its first error, CPU s', 'gcc before it, CPU s', 'pairs', 'load'],
    rows.map((row) => [
      row.name,
      spread(row.runs.check, 'cpu', 2),
      spread(row.runs.pan, 'cpu', 2),
      row.build.toFixed(2),
      pairs(row),
      loads(row),
    ]),
  )

const startup = (rows) =>
  table(
    ['', '--version, CPU s', 'a litmus file of seven states, CPU s', 'ratio', 'pairs', 'load'],
    rows.map((row) => [
      row.name,
      spread(row.runs.version, 'cpu', 3),
      spread(row.runs.litmus, 'cpu', 3),
      times(of(row.runs.litmus, 'cpu') / of(row.runs.version, 'cpu')),
      pairs(row),
      loads(row),
    ]),
  )

/** Against a checker that reads the TLA+ of an export. */
const tla = (peer) => (rows) =>
  table(
    ['model', 'states', 'bits', `${peer}, CPU s`, 'mmcheck, CPU s', 'faster by', 'by wall', 'pairs', 'load'],
    rows.map((row) => {
      const { ours, other } = row.runs
      return [
        row.name,
        row.states,
        row.bits,
        spread(other, 'cpu', 1),
        spread(ours, 'cpu', 2),
        times(of(other, 'cpu') / of(ours, 'cpu')),
        times(of(other, 'wall') / of(ours, 'wall')),
        pairs(row),
        loads(row),
      ]
    }),
  )

const SECTIONS = {
  speed: ['Every state, one worker, against pan -O2 -DSAFETY -DNOREDUCE', against],
  collapse: ['Memory, against pan -DCOLLAPSE', against],
  tlc: ['Every state, one worker each, against TLC', tla('TLC')],
  tlaChecker: ['Every state, against tla-checker, which is not TLC but reads the same TLA+', tla('tla-checker')],
  widths: ['Wider states (counters with padding)', against],
  reductions: ['With reductions, against SPIN with its own', reductions],
  workers: ['Two workers', workers],
  first: ['The first counterexample', first],
  startup: ['Start-up', startup],
}

/** The whole record as Markdown. */
export function markdown({ machine, missing, parts }) {
  const sections = Object.entries(SECTIONS).flatMap(([part, [title, text]]) =>
    (parts[part]?.rows ?? []).length === 0 ? [] : [`## ${title}\n\n${text(parts[part].rows)}`],
  )
  const left = missing.length === 0 ? '' : `\nLeft out: ${missing.join(', ')}.`
  return `# Benchmark

\`npm run bench\` made this: ${machine}.${left}
Medians of alternating runs, with the least and the greatest; seconds of CPU, user and system, of all threads,
since other work shares the machine (its load stands beside). Counts of states are equal, or the run fails. Of
pan only the run of the compiled verifier counts; of mmcheck the whole call, code generation included. Bytes are
those for states and the table that finds them, without pan's stack. Parts may have been measured at different times.

${sections.join('\n\n')}
`
}

const WIDTH = 640
const HEIGHT = 360
const MARGIN = 60

/** States per second against states, both logarithmic. */
export function plot({ parts }) {
  const rows = [...(parts.speed?.rows ?? [])].sort((a, b) => a.states - b.states)
  const lines = [
    { name: 'mmcheck', color: '#1f6feb', side: 'ours' },
    { name: 'pan -DNOREDUCE', color: '#b35900', side: 'pan' },
  ].map((line) => ({ ...line, points: rows.map((r) => [r.states, r.states / of(r.runs[line.side], 'cpu')]) }))
  const all = lines.flatMap((l) => l.points)
  if (all.length === 0) return undefined
  const scale = (values, from, to) => {
    const [lo, hi] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))]
    return { lo, hi, at: (v) => from + ((v - lo) / Math.max(1, hi - lo)) * (to - from) }
  }
  const x = scale(
    all.map(([s]) => Math.log10(s)),
    MARGIN,
    WIDTH - 20,
  )
  const y = scale(
    all.map(([, r]) => Math.log10(r)),
    HEIGHT - MARGIN,
    20,
  )
  const point = ([s, r]) => `${x.at(Math.log10(s)).toFixed(1)},${y.at(Math.log10(r)).toFixed(1)}`
  const ticks = ({ lo, hi }) => Array.from({ length: hi - lo + 1 }, (_, i) => lo + i)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>States per CPU second, by the number of states</title>
${ticks(x)
  .map((t) => `<text x="${x.at(t)}" y="${HEIGHT - MARGIN + 18}" text-anchor="middle">1e${t}</text>`)
  .join('\n')}
${ticks(y)
  .map(
    (t) =>
      `<line x1="${MARGIN}" x2="${WIDTH - 20}" y1="${y.at(t)}" y2="${y.at(t)}" stroke="#ddd"/><text x="${MARGIN - 6}" y="${y.at(t) + 4}" text-anchor="end">1e${t}</text>`,
  )
  .join('\n')}
<text x="${WIDTH / 2}" y="${HEIGHT - 14}" text-anchor="middle">states</text>
<text x="14" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})">states per CPU second</text>
${lines.map((l, i) => `<polyline fill="none" stroke="${l.color}" stroke-width="2" points="${l.points.map(point).join(' ')}"/>${l.points.map((p) => `<circle cx="${point(p).split(',')[0]}" cy="${point(p).split(',')[1]}" r="3" fill="${l.color}"/>`).join('')}<text x="${MARGIN + 10}" y="${36 + 16 * i}" fill="${l.color}">${l.name}</text>`).join('\n')}
</svg>
`
}
