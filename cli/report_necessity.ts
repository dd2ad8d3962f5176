/** What `necessity` prints: one table per scenario and kernel, sorted by routine, and the same as JSON. */
import { kernelText } from '../counterexamples/build.ts'
import type { Judgement } from '../counterexamples/necessity/judge.ts'
import type { Necessity, NecessityRow } from '../counterexamples/necessity/table.ts'
import { scopeOf } from '../counterexamples/scope.ts'
import { toAscii } from '../counterexamples/text.ts'
import { mutationWord } from '../model/language/mutate/name.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import type { Json } from './report_json.ts'
import { COLUMNS, wrapped } from './report_text.ts'

/** Where the verdict stands. */
const VERDICT_AT = 36

/** Verdict, and what makes it so. */
function verdictText(j: Judgement): string {
  switch (j.kind) {
    case 'needed':
      return `needed  ${j.property.padEnd(16)} ${j.found.counterexample.id}`
    case 'condition':
      return 'needed  final condition'
    case 'endless':
      return 'needed  no run ends without it'
    case 'not needed':
      return '-'
    case 'malformed':
      return 'malformed'
    case 'unknown':
      return 'unknown'
  }
}

const isNeeded = (j: Judgement): boolean => j.kind === 'needed' || j.kind === 'condition' || j.kind === 'endless'

function rowLines({ mutation, judgement }: NecessityRow): readonly string[] {
  const name = `  ${mutation.what}`
  const verdict = verdictText(judgement)
  const head =
    name.length + 2 <= VERDICT_AT ? [name.padEnd(VERDICT_AT) + verdict] : [name, ' '.repeat(VERDICT_AT) + verdict]
  const reason = judgement.kind === 'malformed' || judgement.kind === 'unknown' ? [judgement.reason] : []
  const text = mutation.kind === 'check' ? [mutation.text] : []
  return [...head, ...[...text, ...reason].map((t) => wrapped(toAscii(t), '      '))]
}

/** The table of one scenario, ending in a newline. */
export function necessityText(scenario: Scenario, { base, rows }: Necessity): string {
  const needed = rows.filter((r) => isNeeded(r.judgement)).length
  const broken = [...base.broken]
  const routines = [...new Set(rows.map((r) => r.mutation.routine))]
  const lines = [
    wrapped(
      `${scenario.name} on ${kernelText(scenario)}: ${rows.length} locks, waits, checks, orders and atomic ` +
        `updates, each taken away alone; ${needed} needed, '-' not needed in this scope.`,
      '',
    ),
    ...(base.result.incomplete === undefined
      ? []
      : [wrapped('The search as it is ended at a limit: there may be more to take away than is listed.', '')]),
    ...(broken.length === 0 ? [] : [wrapped(`Violated as it is, so judging nothing: ${broken.join(', ')}.`, '')]),
    ...routines.flatMap((routine) => {
      const own = rows.filter((r) => r.mutation.routine === routine)
      return ['', `${routine}  ${own[0]?.mutation.file ?? ''}`, ...own.flatMap(rowLines)]
    }),
    '',
    ...scopeOf(scenario).map((s) => wrapped(s, '')),
    ...rerunLines(scenario, rows),
  ]
  return `${lines.join('\n')}\n`
}

/** How one that is needed is seen again. The command is there to be copied, so its name is not broken. */
function rerunLines(scenario: Scenario, rows: readonly NecessityRow[]): readonly string[] {
  const lines = rows
    .filter((r) => r.judgement.kind === 'needed')
    .map((r) => `      --mutate '${r.mutation.name}'`)
    .filter((l) => l.length <= COLUMNS)
  const [first] = lines
  if (first === undefined) return []
  return ['One of them again:', `  mmcheck check ${scenario.name} --kernel ${scenario.kernel.name} \\`, first]
}

function judgementJson(j: Judgement): Readonly<Record<string, Json>> {
  switch (j.kind) {
    case 'needed':
      return {
        verdict: 'needed',
        because: 'property',
        property: j.property,
        counterexample: j.found.counterexample.id,
        steps: j.found.trace.steps.length,
      }
    case 'condition':
      return { verdict: 'needed', because: 'final condition' }
    case 'endless':
      return { verdict: 'needed', because: 'no run ends without it' }
    case 'not needed':
      return { verdict: 'not needed', states: j.states }
    case 'malformed':
    case 'unknown':
      return { verdict: j.kind, reason: j.reason }
  }
}

export const necessityJson = (scenario: Scenario, { base, rows }: Necessity): Json => ({
  scenario: scenario.name,
  kernel: scenario.kernel.name,
  without: scenario.without,
  complete: base.result.incomplete === undefined,
  brokenAsItIs: [...base.broken],
  mutations: rows.map(({ mutation, judgement }): Json => ({
    name: mutation.name,
    without: mutationWord(mutation.name),
    routine: mutation.routine,
    file: mutation.file,
    kind: mutation.kind,
    text: mutation.text,
    ...judgementJson(judgement),
  })),
  scope: scopeOf(scenario),
})
