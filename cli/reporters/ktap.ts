/**
 * KTAP version 1, as Documentation/dev-tools/ktap.rst has it: scenario, kernel, property, each level with
 * its version line and plan, two blanks further in. Expected failures are `ok` with XFAIL, as kselftest
 * prints them; what ended at a limit of time is `not ok` with TIMEOUT.
 */
import { toAscii } from '../../counterexamples/text.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { byScenario, effortText, kernelOf, standing, stoppedText, totals } from './reporter.ts'

interface Line {
  readonly ok: boolean
  readonly name: string
  readonly directive?: string
  /** Before the result. */
  readonly diagnostics: readonly string[]
}

interface Test extends Line {
  readonly children: readonly Test[]
}

/** A description ends at a '#', and a line at its end. */
const clean = (text: string): string => toAscii(text).replaceAll('#', '').replace(/\s+/g, ' ').trim()

function print(tests: readonly Test[], indent: string): readonly string[] {
  const lines = tests.flatMap((t, i) => {
    const directive = t.directive === undefined ? '' : ` # ${t.directive}`
    return [
      ...(t.children.length === 0 ? [] : print(t.children, `${indent}  `)),
      ...t.diagnostics.map((d) => `${indent}# ${clean(d)}`),
      `${indent}${t.ok ? 'ok' : 'not ok'} ${i + 1} ${clean(t.name)}${directive}`,
    ]
  })
  return [`${indent}KTAP version 1`, `${indent}1..${tests.length}`, ...lines]
}

const stopped = (cell: CellDocument): string =>
  cell.search.stopped === 'time' || cell.search.stopped === 'budget'
    ? `TIMEOUT ${stoppedText(cell)}`
    : `ERROR ${stoppedText(cell)}`

function property(cell: CellDocument, p: CellDocument['properties'][number]): Test {
  const cex = p.counterexample === undefined ? [] : [`cex ${p.counterexample}, ${p.steps ?? 0} steps`]
  const test = (ok: boolean, directive?: string): Test => ({
    ok,
    name: p.name,
    diagnostics: cex,
    children: [],
    ...(directive === undefined ? {} : { directive }),
  })
  switch (p.verdict) {
    case 'holds':
    case 'holds-bounded':
      return test(true)
    case 'vacuous':
      return cell.outcome === 'vacuous' ? test(false) : test(true, 'SKIP vacuous')
    case 'violated':
      // Whether it was to be expected is told beside it, by the test `as-recorded`.
      return cell.judged === true ? test(true, 'XFAIL') : test(false)
    case 'timeout':
    case 'crash':
    case 'unknown':
      return test(false, stopped(cell))
    case 'disagree':
    case 'error':
      return test(false, 'ERROR')
  }
}

function cellTest(cell: CellDocument): Test {
  const recorded: readonly Test[] =
    cell.judged === true
      ? [{ ok: cell.notAsExpected.length === 0, name: 'as-recorded', diagnostics: cell.notAsExpected, children: [] }]
      : []
  const children = [...recorded, ...cell.properties.map((p) => property(cell, p))]
  const stand = standing(cell)
  const { states, transitions, depth } = cell.search
  const notes = [
    `${cell.proof === undefined ? `states ${states}, transitions ${transitions}, depth ${depth}` : effortText(cell)}${cell.cached === true ? ', cached' : ''}`,
    ...(cell.condition?.holds === false ? [`the final condition does not hold: ${cell.condition.observation}`] : []),
    ...(cell.problem === undefined ? [] : [cell.problem]),
  ]
  const base = { name: kernelOf(cell), diagnostics: notes, children }
  switch (stand) {
    case 'pass':
      return { ...base, ok: true }
    case 'xfail':
      return { ...base, ok: true, directive: 'XFAIL' }
    case 'skip':
      return { ...base, ok: true, directive: `SKIP ${stoppedText(cell).replace(/^skipped: /, '')}` }
    case 'incomplete':
      return { ...base, ok: false, directive: stopped(cell) }
    case 'fail':
    case 'vacuous':
      return { ...base, ok: false }
    case 'error':
      return { ...base, ok: false, directive: 'ERROR' }
  }
}

/** One mistake that kept something from being checked, as a test that could not be run. */
const mistake = (error: string, i: number): Test => ({
  ok: false,
  name: `input-${i + 1}`,
  directive: 'ERROR',
  diagnostics: error.split('\n'),
  children: [],
})

export function ktap(run: RunDocument): string {
  const scenarios = byScenario(run.cells).map(([name, cells]): Test => {
    const children = cells.map(cellTest)
    return { ok: children.every((c) => c.ok), name, diagnostics: [], children }
  })
  const t = totals(run)
  const counts = `pass:${t.pass} fail:${t.fail + t.vacuous} xfail:${t.xfail} xpass:0 skip:${t.skip} error:${t.error + t.incomplete}`
  return `${[...print([...scenarios, ...run.errors.map(mistake)], ''), `# Totals: ${counts}`].join('\n')}\n`
}
