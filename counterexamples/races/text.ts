/** Data races as text: both steps side by side, with the locks that each thread holds. */
import { toAscii, wrap } from '../text.ts'
import type { DataRace, RaceSide } from './report.ts'

const COLUMNS = 75
const GAP = 3

const call = (fn: string): string => (fn.includes('(') ? fn : `${fn}()`)

/** One side, in lines of at most `width`. */
function sideLines({ thread, step, writes, marked, locks }: RaceSide, width: number): readonly string[] {
  const calls = step.frames.map(({ fn }) => call(fn))
  // The operation, and the function that makes the access.
  const shown = calls.length > 1 ? [calls[0] ?? '', calls.at(-1) ?? ''] : calls
  const fit = (text: string, hanging: number): readonly string[] => wrap(toAscii(text), { width, hanging })
  return [
    ...fit(`${thread}: ${shown[0] ?? ''}`, 2),
    ...shown.slice(1).flatMap((fn) => fit(fn, 2)),
    ...fit(`${writes ? 'WRITE' : 'READ'}, ${marked ? 'marked' : 'plain'}:`, 2),
    ...fit(step.text, 2),
    ...fit(`holds ${locks.length === 0 ? 'no lock' : locks.join(', ')}`, 2),
  ]
}

/** A race as a paragraph, set in by two blanks, ending in a newline. */
export function raceText(race: DataRace): string {
  const width = Math.floor((COLUMNS - 4 - GAP) / 2)
  const [left, right] = race.sides.map((s) => sideLines(s, width))
  const rows = Array.from({ length: Math.max(left?.length ?? 0, right?.length ?? 0) }, (_, i) =>
    `    ${(left?.[i] ?? '').padEnd(width)}${' '.repeat(GAP)}${right?.[i] ?? ''}`.trimEnd(),
  )
  const prose = (text: string): readonly string[] =>
    wrap(toAscii(text), { width: COLUMNS - 4, hanging: 2 }).map((line) => `    ${line}`)
  const { benign } = race
  return [
    `  ${race.variable} (${race.field}): ${benign === undefined ? 'DATA RACE' : `benign, ${benign.name}`}, after ${race.moves.length} steps`,
    ...rows,
    ...(benign === undefined ? [] : [...prose(`${benign.reason}.`), ...benign.sources.flatMap((s) => prose(s))]),
  ]
    .map((line) => `${line}\n`)
    .join('')
}
