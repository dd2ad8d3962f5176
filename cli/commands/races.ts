/** `mmcheck races`: data races in KCSAN's sense, of files or of scenarios of the catalogue. */
import { kernelText } from '../../counterexamples/build.ts'
import { dataRaces, type DataRace, type RaceReport, type RaceSide } from '../../counterexamples/races/report.ts'
import { raceText } from '../../counterexamples/races/text.ts'
import { lower, ModelError, type Lowered } from '../../model/language/lower/lower.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { catalogue, load } from '../input.ts'
import { errorText } from '../message.ts'
import { newCollection, raceKey, readRaces, writeRaces, type RecordedRace } from '../races_record.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export interface RacesOptions extends SearchOptions {
  readonly kernels?: readonly KernelLine[]
  /** Record what the catalogue shows. */
  readonly update: boolean
  /** Benign ones in full too. */
  readonly benign: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const sideJson = ({ thread, step, writes, marked, locks }: RaceSide): Json => ({
  thread,
  label: `${step.routine}.${step.local}`,
  function: step.frames.at(-1)?.fn ?? '',
  file: step.frames.at(-1)?.file ?? '',
  text: step.text,
  access: writes ? 'write' : 'read',
  marked,
  locks,
})

const raceJson = (r: DataRace): Json => ({
  variable: r.variable,
  field: r.field,
  benign: r.benign?.name ?? null,
  steps: r.moves.length,
  sides: r.sides.map(sideJson),
})

function lowered(scenario: Scenario): Lowered | string {
  try {
    return lower(scenario.program)
  } catch (e) {
    if (e instanceof ModelError) return e.message
    throw e
  }
}

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

function reportText(scenario: Scenario, report: RaceReport, options: RacesOptions): string {
  const named = report.races.filter((r) => r.benign !== undefined)
  const open = report.races.filter((r) => r.benign === undefined)
  const names = [...new Set(named.map((r) => r.benign?.name ?? ''))].join(', ')
  const bound = report.complete ? '' : ' (not all of them)'
  const head = `${scenario.name} on ${kernelText(scenario)}: ${plural(report.states, 'state')}${bound}; ${plural(open.length, 'data race')}, ${named.length} benign${names === '' ? '' : ` (${names})`}, ${report.marked} marked`
  return [`${wrapped(head, '', 2)}\n`, ...(options.benign ? report.races : open).map(raceText)].join('\n')
}

/** One race of the catalogue, in a few lines. */
const recordText = (r: RecordedRace): string =>
  [
    `  ${r.field}: ${r.benign === null ? 'DATA RACE' : `benign, ${r.benign}`}; ${plural(r.cells, 'cell')}, as ${r.shortest}`,
    ...r.sides.map((s) => `    ${s.access}, ${s.marked ? 'marked' : 'plain'}: ${s.label}`),
  ]
    .map((line) => `${wrapped(line.trimStart(), /^ */.exec(line)?.[0] ?? '', 2)}\n`)
    .join('')

/**
 * The whole catalogue, each race once, held against what is recorded. Returns the exit code: 10 where a
 * race is not in the record, or is no longer found.
 */
function catalogueRaces(options: RacesOptions): number {
  const collection = newCollection()
  let complete = true
  for (const name of catalogue()) {
    const loaded = load(name)
    if (!loaded.ok) continue
    for (const scenario of loaded.scenarios.filter((s) => s.without.length === 0)) {
      const report = dataRaces(lower(scenario.program), options)
      complete &&= report.complete
      collection.add(`${scenario.name} on ${kernelText(scenario)}`, report.races)
    }
  }
  const found = collection.list()
  const keys = (races: readonly RecordedRace[]): readonly string[] => races.map(raceKey).sort()
  if (options.update) writeRaces(found)
  const before = keys(readRaces())
  const now = keys(found)
  const fresh = now.filter((k) => !before.includes(k))
  const gone = complete ? before.filter((k) => !now.includes(k)) : []
  const open = found.filter((r) => r.benign === null)
  const outcome: Outcome = fresh.length + gone.length > 0 ? 'violated' : complete ? 'ok' : 'incomplete'
  if (options.json)
    options.out(
      `${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, races: found, notRecorded: fresh, notFound: gone }, null, 2)}\n`,
    )
  else {
    options.out((options.benign ? found : open).map(recordText).join('\n'))
    options.out(`\n${plural(open.length, 'data race')}, ${found.length - open.length} benign.\n`)
    for (const k of fresh) options.out(`${wrapped(`NOT RECORDED: ${k}`, '', 2)}\n`)
    for (const k of gone) options.out(`${wrapped(`NOT FOUND ANY MORE: ${k}`, '', 2)}\n`)
  }
  return EXIT[outcome].code
}

/**
 * Without operands, the catalogue. Returns the exit code: 10 where a race is found that is not known to be
 * benign (of the catalogue: that is not recorded).
 */
export function racesCommand(operands: readonly string[], options: RacesOptions): number {
  if (operands.length === 0) return catalogueRaces(options)
  const outcomes: Outcome[] = []
  const cells: Json[] = []
  const complain = (text: string): void => {
    options.err(text)
    outcomes.push('input')
  }
  for (const operand of operands) {
    const loaded = load(operand, options.kernels)
    if (!loaded.ok) {
      complain(loaded.message)
      continue
    }
    for (const scenario of loaded.scenarios) {
      const model = lowered(scenario)
      if (typeof model === 'string') {
        complain(errorText(`${scenario.name}: ${model}`))
        continue
      }
      const report = dataRaces(model, options)
      const open = report.races.some((r) => r.benign === undefined)
      outcomes.push(open ? 'violated' : report.complete ? 'ok' : 'incomplete')
      if (options.json)
        cells.push({
          scenario: scenario.name,
          kernel: kernelText(scenario),
          states: report.states,
          complete: report.complete,
          marked: report.marked,
          races: report.races.map(raceJson),
        })
      else options.out(`${reportText(scenario, report, options)}\n`)
    }
  }
  const outcome = highest(outcomes)
  if (options.json)
    options.out(`${JSON.stringify({ ...RESULT_FORMAT, exit: EXIT[outcome].code, races: cells }, null, 2)}\n`)
  return EXIT[outcome].code
}
