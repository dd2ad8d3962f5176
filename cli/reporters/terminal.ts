/** What people read: a line for each cell that is not as it should be, and a summary that fits one screen. */
import { toAscii } from '../../counterexamples/text.ts'
import type { CellDocument, RunDocument } from '../document.ts'
import { EXIT } from '../exit.ts'
import { wrapped } from '../report_text.ts'
import type { Style } from '../style.ts'
import {
  complaints,
  effortText,
  kernelOf,
  standing,
  stoppedText,
  totals,
  type Reporter,
  type Write,
} from './reporter.ts'

/** Runs of so many cells are told cell by cell; longer ones by what is red. */
const EACH_MAX = 30

/** Lines of the summary that tell what is red; with the rest it fits 24 lines. */
const RED_LINES = 12

const isRed = (cell: CellDocument): boolean => !['pass', 'xfail'].includes(standing(cell))

function line(cell: CellDocument, style: Style): string {
  const broken = cell.properties.flatMap((p) =>
    p.counterexample === undefined ? [] : [`${p.name} at ${p.steps ?? 0}`],
  )
  const parts = [
    effortText(cell),
    ...(cell.cached === true ? ['cached'] : []),
    ...(stoppedText(cell) === '' ? [] : [stoppedText(cell)]),
    ...broken,
  ]
  const plain = wrapped(toAscii(`${cell.scenario} on ${kernelOf(cell)}: ${cell.verdict}; ${parts.join(', ')}`), '', 4)
  return plain.replace(
    new RegExp(`:(\\s+)${cell.verdict}`),
    (_, gap: string) => `:${gap}${style.verdict(cell.verdict, cell.verdict)}`,
  )
}

const exitMeaning = (code: number): string => Object.values(EXIT).find((e) => e.code === code)?.meaning ?? ''

/** At most 24 lines of at most 75 columns. */
export function summaryLines(run: RunDocument): readonly string[] {
  const t = totals(run)
  const red = run.cells.filter(isRed)
  const reds = [...red.map((c) => `${c.scenario} on ${kernelOf(c)}: ${complaints(c)[0] ?? c.verdict}`), ...run.errors]
    .map((l) => toAscii(l.split('\n')[0] ?? ''))
    .map((l) => (l.length > 73 ? `${l.slice(0, 70)}...` : l))
  const shown = reds.length > RED_LINES ? reds.slice(0, RED_LINES - 1) : reds
  const slowest = [...run.cells].filter((c) => c.cached !== true).sort((a, b) => b.search.ms - a.search.ms)
  const [slow] = slowest
  return [
    ...shown.map((l) => `  ${l}`),
    ...(reds.length > shown.length ? [`  and ${reds.length - shown.length} more`] : []),
    `${t.cells} cells, ${t.states} states in all; ${t.cached} cached.`,
    `${t.pass} hold, ${t.xfail} are violated as recorded, ${t.fail} fail,`,
    `${t.incomplete} incomplete, ${t.vacuous} vacuous, ${t.error} errors${t.skip === 0 ? '' : `, ${t.skip} skipped`}.`,
    ...(run.run?.shard === null || run.run?.shard === undefined
      ? []
      : [`Shard ${run.run.shard.index} of ${run.run.shard.of}; 'mmcheck merge' joins their JSON.`]),
    ...(slow === undefined
      ? []
      : [`Slowest: ${slow.scenario} on ${kernelOf(slow)}, ${(slow.search.ms / 1000).toFixed(1)} s.`]),
    ...(run.exit === 0 ? [] : [`Exit code ${run.exit}: ${exitMeaning(run.exit)}.`]),
    `done exit=${run.exit} cells=${t.cells} fail=${t.fail} incomplete=${t.incomplete} errors=${t.error} sec=${((run.time?.ms ?? 0) / 1000).toFixed(1)}`,
  ].map((l) => (l.length > 75 ? `${l.slice(0, 72)}...` : l))
}

export const terminal =
  (style: Style) =>
  (write: Write): Reporter => ({
    end: (run) => {
      const each = run.cells.length <= EACH_MAX
      for (const cell of run.cells) {
        if (each || isRed(cell)) write(`${line(cell, style)}\n`)
        if (!isRed(cell)) continue
        for (const c of complaints(cell)) write(`${wrapped(toAscii(c), '    ', 2)}\n`)
        const [race] = cell.counterexamples
        // Of a cell with a record, a race is news only where it is another one.
        const news = cell.judged !== true || cell.notAsExpected.some((d) => d.includes('counterexample'))
        if (race?.race !== undefined && news) write(`\n${race.race}\n`)
      }
      write(`\n${summaryLines(run).join('\n')}\n`)
    },
  })
