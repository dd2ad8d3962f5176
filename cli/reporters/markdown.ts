/** A summary for a pull request or a job page: what is red first, then a table of all. */
import { toAscii } from '../../counterexamples/text.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { byScenario, complaints, kernelOf, standing, totals, type Standing } from './reporter.ts'

const SIGNS: Readonly<Record<Standing, string>> = {
  pass: 'holds',
  xfail: 'violated, as recorded',
  fail: '**FAIL**',
  incomplete: '*incomplete*',
  vacuous: '*vacuous*',
  skip: '*skipped*',
  error: '**ERROR**',
}

/** Text in a cell of a table, or in a line: nothing in it ends the cell or begins markup. */
const escape = (text: string): string => toAscii(text).replace(/[\\`*_{}[\]<>|~]/g, (c) => `\\${c}`)

function red(cell: CellDocument): readonly string[] {
  const races = cell.judged === true && cell.notAsExpected.length === 0 ? [] : cell.counterexamples.slice(0, 1)
  return [
    `### ${escape(cell.scenario)} on ${escape(kernelOf(cell))}`,
    '',
    ...complaints(cell).map((c) => `- ${escape(c)}`),
    ...races.flatMap(({ race }) => (race === undefined ? [] : ['', '```', race.trimEnd(), '```'])),
    '',
  ]
}

/** More races than this say no more in a summary; the other reports have them all. */
const RED_MAX = 20

export function markdown(run: RunDocument): string {
  const t = totals(run)
  const bad = run.cells.filter((c) => !['pass', 'xfail'].includes(standing(c)))
  const kernels = [...new Set(run.cells.map(kernelOf))].sort()
  const rows = byScenario(run.cells).map(([name, cells]) => {
    const entries = kernels.map((k) => {
      const cell = cells.find((c) => kernelOf(c) === k)
      return cell === undefined ? '' : SIGNS[standing(cell)]
    })
    return `| ${escape(name)} | ${entries.join(' | ')} |`
  })
  return [
    `# mmcheck: ${bad.length === 0 && run.errors.length === 0 ? 'all as it should be' : 'not as it should be'}`,
    '',
    '| cells | hold | violated as recorded | fail | incomplete | vacuous | errors | cached | states |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    `| ${t.cells} | ${t.pass} | ${t.xfail} | ${t.fail} | ${t.incomplete} | ${t.vacuous} | ${t.error} | ${t.cached} | ${t.states} |`,
    '',
    ...(run.errors.length === 0 ? [] : ['## Could not be checked', '', ...run.errors.map((e) => `- ${escape(e)}`), '']),
    ...(bad.length === 0 ? [] : ['## Not as expected', '', ...bad.slice(0, RED_MAX).flatMap(red)]),
    ...(bad.length > RED_MAX ? [`And ${bad.length - RED_MAX} more.`, ''] : []),
    '## All cells',
    '',
    `| scenario | ${kernels.map(escape).join(' | ')} |`,
    `| --- |${' --- |'.repeat(kernels.length)}`,
    ...rows,
    '',
  ].join('\n')
}
