/** `mmcheck list`: what there is: scenarios, kernels, operations, properties; and a routine as pseudo-C. */
import { listRoutine } from '../../model/language/listing.ts'
import { KERNELS, type Kernel } from '../../model/kernels/kernels.ts'
import { PATCHES } from '../../model/kernels/patches.ts'
import { closest } from '../../model/litmus/suggest.ts'
import type { Build } from '../../model/mm/build.ts'
import { OPERATIONS } from '../../model/mm/operations.ts'
import { kernelRoutines } from '../../model/mm/routines.ts'
import type { BugCell, KnownBug } from '../../model/scenarios/known_bug.ts'
import { KNOWN_BUGS } from '../../model/scenarios/known_bugs.ts'
import { SWEEP_WORLDS } from '../../model/scenarios/sweep/worlds.ts'
import { PROPERTIES } from '../../properties/all.ts'
import { toAscii } from '../../counterexamples/text.ts'
import { EXIT } from '../exit.ts'
import { fail } from '../fail.ts'
import { catalogue, weekly, writtenInCatalogue } from '../input.ts'
import { printable, withHelp } from '../message.ts'
import { RESULT_FORMAT, type Json } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

export const TOPICS = ['scenarios', 'kernels', 'operations', 'properties', 'routines', 'worlds', 'bugs'] as const
export type Topic = (typeof TOPICS)[number]

export interface ListOptions {
  readonly topic: Topic
  readonly kernel: Kernel
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const build = (kernel: Kernel): Build => ({ has: kernel.has, oom: true, thp: true, uffd: 'waits' })

/** Returns the exit code. */
export function list(routine: string | undefined, options: ListOptions): number {
  return routine === undefined ? listTopic(options) : listOne(routine, options)
}

function listOne(name: string, options: ListOptions): number {
  const { kernel, json, out } = options
  const all = kernelRoutines(build(kernel))
  const wanted = name.replace(/\(\)$/, '')
  const found = all.filter((r) => r.name === wanted)
  if (found.length === 0) {
    const near = closest(
      wanted,
      all.map((r) => r.name),
    )
    const help = near === undefined ? "'mmcheck list --routines' prints them" : `did you mean '${near}'?`
    return fail(options, 'usage', withHelp(`no routine '${printable(wanted)}' on ${kernel.name}`, help))
  }
  const texts = found.map((r) => listRoutine(r))
  out(json ? print({ kernel: kernel.name, routine: wanted, listings: texts }) : texts.join('\n'))
  return EXIT.ok.code
}

const print = (content: Readonly<Record<string, Json>>): string =>
  `${JSON.stringify({ ...RESULT_FORMAT, ...content }, null, 2)}\n`

/** Name and one line of explanation, per entry. */
type Entry = readonly [name: string, text: string]

/** What a scenario of the catalogue says of itself. A file of it that does not load is for `check` to tell. */
const firstComment = (name: string): string => toAscii(writtenInCatalogue(name)?.comments[0] ?? '')

const cells = (of: readonly BugCell[]): string => of.map((c) => `${c.scenario} on ${c.kernel}`).join('; ')

/** Where the catalogue shows a bug, or why it does not. */
function shownBy(b: KnownBug): string {
  switch (b.kind) {
    case 'shown': {
      const how = 'property' in b.symptom ? `breaks ${b.symptom.property}` : 'fails its condition'
      return `${how}: ${cells(b.before)}. Not so: ${cells(b.after)}.`
    }
    case 'no bug':
      return `no bug: ${cells(b.holds)}.`
    case 'not shown':
      return `not shown: ${b.why}.`
  }
}

function entries(topic: Topic, kernel: Kernel): readonly Entry[] {
  switch (topic) {
    case 'scenarios':
      return [
        ...catalogue().map((name): Entry => [name, firstComment(name)]),
        ...weekly().map((name): Entry => [name, `${firstComment(name)} (weekly)`]),
      ]
    case 'kernels':
      return KERNELS.flatMap((k): readonly Entry[] => [
        [k.name, k.title],
        ...[...k.patches].map((p): Entry => ['', `- ${PATCHES[p]}`]),
      ])
    case 'operations':
      return OPERATIONS.map((o) => [
        o.name,
        `${o.summary}; takes ${o.operand}; gives ${o.results(build(kernel)).join(', ') || 'nothing'}`,
      ])
    case 'properties':
      return PROPERTIES.map((p) => [p.name, p.statement])
    case 'routines':
      return kernelRoutines(build(kernel)).map((r) => [r.name, r.file])
    case 'bugs':
      return KNOWN_BUGS.map((b) => [b.id, `${b.title}; ${shownBy(b)}`])
    case 'worlds':
      return SWEEP_WORLDS.map((w) => [w.name, w.title])
  }
}

function listTopic({ topic, kernel, json, out }: ListOptions): number {
  const rows = entries(topic, kernel)
  if (json) out(print({ topic, kernel: kernel.name, entries: rows.map(([name, text]): Json => ({ name, text })) }))
  else
    for (const [name, text] of rows) {
      if (name !== '') out(`${name}\n`)
      if (text !== '') out(`${wrapped(text, '    ')}\n`)
    }
  return EXIT.ok.code
}
