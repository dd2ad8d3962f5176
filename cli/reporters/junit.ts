/**
 * JUnit XML: a suite per scenario, a test case per kernel and property, and one per kernel for what is
 * recorded. Attributes and order of elements are those that the strictest of the published schemas asks for.
 */
import { toAscii } from '../../counterexamples/text.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { byScenario, kernelOf, standing, stoppedText } from './reporter.ts'

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** For text and for attributes; what XML cannot hold is gone by toAscii(), line ends excepted. */
const escape = (text: string): string =>
  text
    .split('\n')
    .map((l) => toAscii(l).replace(/[&<>"]/g, (c) => ENTITIES[c] ?? ''))
    .join('\n')

type Fate =
  | { readonly kind: 'pass' }
  | {
      readonly kind: 'failure' | 'error'
      readonly type: string
      readonly message: string
      readonly text: string
    }

interface Case {
  readonly name: string
  readonly fate: Fate
  readonly seconds: number
}

const PASS: Fate = { kind: 'pass' }

function propertyFate(cell: CellDocument, p: CellDocument['properties'][number]): Fate {
  const race = cell.counterexamples.find((c) => c.id === p.counterexample)
  switch (p.verdict) {
    case 'holds':
    case 'holds-bounded':
    // The schema has no word for a case that says nothing, so its name tells it.
    case 'vacuous':
      return PASS
    case 'violated': {
      const message = `${race?.title ?? 'violated'}; cex ${p.counterexample ?? '?'}, ${p.steps ?? 0} steps`
      // An expected failure passes: the case `as-recorded` turns red where it is not what was expected.
      if (cell.judged === true) return PASS
      return { kind: 'failure', type: 'violated', message, text: race?.race ?? '' }
    }
    case 'timeout':
    case 'crash':
    case 'unknown':
      return { kind: 'error', type: p.verdict, message: stoppedText(cell), text: '' }
    case 'disagree':
    case 'error':
      return { kind: 'error', type: p.verdict, message: cell.problem ?? p.verdict, text: race?.race ?? '' }
  }
}

/** What the cell as a whole came to, held against its record where it has one. */
function cellFate(cell: CellDocument): Fate {
  const message =
    [cell.notAsExpected.join('; '), cell.problem, stoppedText(cell), cell.verdict].find(
      (t) => t !== undefined && t !== '',
    ) ?? ''
  switch (standing(cell)) {
    case 'pass':
    case 'xfail':
    // As a vacuous property, it tells so by its name.
    case 'skip':
      return PASS
    case 'fail':
    case 'vacuous':
      return { kind: 'failure', type: cell.judged === true ? 'not-as-recorded' : cell.verdict, message, text: '' }
    case 'incomplete':
    case 'error':
      return { kind: 'error', type: cell.verdict, message, text: '' }
  }
}

function casesOf(cell: CellDocument): readonly Case[] {
  const kernel = kernelOf(cell)
  const skipped = standing(cell) === 'skip' ? ` (${stoppedText(cell)})` : ''
  return [
    { name: `${kernel}: as-recorded${skipped}`, fate: cellFate(cell), seconds: cell.search.ms / 1000 },
    ...cell.properties.map((p) => ({
      name: `${kernel}: ${p.name}${p.verdict === 'vacuous' ? ' (vacuous)' : ''}`,
      fate: propertyFate(cell, p),
      seconds: 0,
    })),
  ]
}

function caseXml(suite: string, { name, fate, seconds }: Case): string {
  const head = `    <testcase name="${escape(name)}" classname="${escape(suite)}" time="${seconds.toFixed(3)}"`
  switch (fate.kind) {
    case 'pass':
      return `${head}/>`
    case 'failure':
    case 'error': {
      const { kind, type, message, text } = fate
      return `${head}><${kind} message="${escape(message)}" type="${escape(type)}">${escape(text)}</${kind}></testcase>`
    }
  }
}

function suiteXml(name: string, cases: readonly Case[], id: number, started: string): string {
  const of = (kind: Fate['kind']): number => cases.filter((c) => c.fate.kind === kind).length
  const seconds = cases.reduce((n, c) => n + c.seconds, 0).toFixed(3)
  const counts = `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}"`
  return [
    `  <testsuite id="${id}" name="${escape(name)}" package="mmcheck" hostname="localhost" timestamp="${started}" ${counts} time="${seconds}">`,
    '    <properties/>',
    ...cases.map((c) => caseXml(name, c)),
    '    <system-out></system-out>',
    '    <system-err></system-err>',
    '  </testsuite>',
  ].join('\n')
}

export function junit(run: RunDocument): string {
  // The schema knows neither fractions of a second nor a zone.
  const started = (run.time?.started ?? '1970-01-01T00:00:00').slice(0, 19)
  const suites = byScenario(run.cells).map(([name, cells]) => ({ name, cases: cells.flatMap(casesOf) }))
  const errors = run.errors.map((text, i): Case => {
    const [message = ''] = text.split('\n')
    return { name: `input-${i + 1}`, fate: { kind: 'error', type: 'input', message, text }, seconds: 0 }
  })
  const all = errors.length === 0 ? suites : [...suites, { name: 'input', cases: errors }]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...all.map(({ name, cases }, i) => suiteXml(name, cases, i, started)),
    '</testsuites>',
    '',
  ].join('\n')
}
