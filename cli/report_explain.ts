/** What `explain` prints of a counterexample: when it was decided, what would have kept it whole, and where it is gone. */
import { kernelText } from '../counterexamples/build.ts'
import type { Explanation } from '../counterexamples/explain/explanation.ts'
import type { Remedy } from '../counterexamples/explain/remedies.ts'
import type { CandidateKind } from '../counterexamples/explain/candidates.ts'
import { renderSteps } from '../counterexamples/steps.ts'
import { toAscii } from '../counterexamples/text.ts'
import type { Trace, TraceStep } from '../counterexamples/trace.ts'
import type { LoweredModel } from '../model/language/lowered.ts'
import { PATCHES } from '../model/kernels/patches.ts'
import type { Verdict } from '../solver/verdict.ts'
import type { Replayed } from './commands/replay.ts'
import type { Json } from './report_json.ts'
import { wrapped } from './report_text.ts'

export interface Elsewhere {
  readonly kernel: string
  readonly verdict: Verdict
  readonly steps: number | undefined
}

export interface Explained {
  readonly replayed: Replayed
  readonly elsewhere: readonly Elsewhere[]
  readonly explanation: Explanation
}

const stepText = (s: TraceStep): string =>
  `step ${s.index + 1}, ${s.thread.name} ${s.step.frames.at(-1)?.fn ?? ''}(): ${s.step.text}`

/** Moves as people read them, each once. */
const alternativesOf = (model: LoweredModel, moves: readonly { readonly step: number }[]): readonly string[] => [
  ...new Set(
    moves.flatMap((m) => {
      const s = model.steps.find((x) => x.id === m.step)
      return s === undefined ? [] : [`${model.threads[s.thread]?.name ?? ''} ${s.frames.at(-1)?.fn ?? ''}(): ${s.text}`]
    }),
  ),
]

function inevitableLines({ replayed, explanation: e }: Explained): readonly string[] {
  const { trace, counterexample } = replayed.found
  if (trace.loopStart !== undefined) {
    const around = trace.steps.length - trace.loopStart
    const what =
      around === 0
        ? `After ${trace.loopStart} steps nobody moves any more.`
        : `After ${trace.loopStart} steps, ${around} that come back to where they began, and so on for ever.`
    return [what, ...(counterexample.fairness ?? []).map((line) => wrapped(toAscii(line), '  ', 2))]
  }
  const property = counterexample.property.name
  switch (e.inevitable.kind) {
    case 'unknown':
      return ['Where it became inevitable was not worked out: the search ended at a limit.']
    case 'start':
      return [wrapped(`Inevitable from the start: every run that ends breaks ${property}.`, '')]
    case 'move': {
      const [at, before] = [trace.steps[e.inevitable.at], trace.steps[e.inevitable.at - 1]]
      const ways = alternativesOf(replayed.lowered.model, e.inevitable.alternatives)
      return [
        ...(at === undefined ? [] : ['Inevitable from here on:', wrapped(toAscii(stepText(at)), '  ', 2)]),
        wrapped(`Every run that goes on from there, to its end, breaks ${property}.`, '  '),
        ...(before === undefined ? [] : ['The step before it:', wrapped(toAscii(stepText(before)), '  ', 2)]),
        ...(ways.length === 0 ? [] : ['There was still a way out, by']),
        ...ways.map((w) => wrapped(toAscii(w), '  ', 2)),
      ]
    }
  }
}

const HEADS: Readonly<Record<CandidateKind, string>> = {
  'put back': 'What was left out, put back:',
  patch: 'A patch of a later kernel, alone:',
  lock: 'A lock held longer, taken earlier, or taken around a step:',
  check: 'A check made once more (what it should do then is left open):',
  order: 'Another order:',
}

function remedyLines({ replayed, explanation: { remedies } }: Explained): readonly string[] {
  if (replayed.found.trace.loopStart !== undefined) return ['What would have ended it was not looked for.']
  const good = remedies.found.filter((r) => r.instead.length === 0)
  const bad = remedies.found.filter((r) => r.instead.length > 0)
  const kinds = [...new Set(good.map((r) => r.kind))]
  const one = (r: Remedy): readonly string[] => [
    wrapped(toAscii(r.name), '    ', 2),
    ...(r.text === '' ? [] : [wrapped(toAscii(r.text), '        ', 2)]),
  ]
  return [
    wrapped(
      good.length === 0
        ? `Nothing that was tried would have kept it whole (${remedies.tried} changes, one at a time).`
        : `What would have kept it whole, in this scenario; found by trying ${remedies.tried} changes, one at a time:`,
      '',
    ),
    ...kinds.flatMap((kind) => [`  ${HEADS[kind]}`, ...good.filter((r) => r.kind === kind).flatMap(one)]),
    ...(bad.length === 0 ? [] : ['  Something else would break by:']),
    ...bad.map((r) => wrapped(toAscii(`${r.name} (${r.instead.join(', ')})`), '    ', 2)),
    ...(remedies.unknown.length === 0
      ? []
      : ['  Not to be told:', ...remedies.unknown.map((u) => wrapped(toAscii(u), '    ', 2))]),
  ]
}

/** What is told of the steps that are not in the causal past. */
function pastLine(trace: Trace, outside: ReadonlySet<number>): string {
  if (trace.loopStart !== undefined) return 'The steps, with every variable that each changed:'
  if (outside.size === 0) return 'The steps, with every variable that each changed; all are in its causal past:'
  return `The steps, with every variable that each changed; ${outside.size} of ${trace.steps.length} are not in its causal past and are folded to '...':`
}

export function explainedText(x: Explained): string {
  const { found, scenario } = x.replayed
  const { counterexample, trace } = found
  const width = Math.max(...x.elsewhere.map((e) => e.kernel.length))
  const lines = [
    `cex ${counterexample.id} ("${counterexample.title}")`,
    '',
    wrapped(`${counterexample.property.name}: ${counterexample.property.statement}`, '  '),
    ...counterexample.property.source.map((s) => wrapped(`source: ${s}`, '  ')),
    '',
    wrapped(`On ${kernelText(scenario)}: ${scenario.kernel.title}.`, ''),
    ...[...scenario.kernel.patches].map((p) => wrapped(`- ${PATCHES[p]}`, '  ')),
    '',
    ...inevitableLines(x),
    '',
    ...remedyLines(x),
    '',
    `The same scenario and property on each kernel:`,
    ...x.elsewhere.map(
      (e) => `  ${e.kernel.padEnd(width)}  ${e.verdict}${e.steps === undefined ? '' : ` (${e.steps} steps)`}`,
    ),
    '',
    wrapped(pastLine(trace, x.explanation.outside), ''),
    '',
    renderSteps(trace, { omit: x.explanation.outside }).trimEnd(),
    '',
    ...counterexample.scope.map((s) => wrapped(s, '  ')),
    ...counterexample.assumptions.map((s) => wrapped(s, '  ')),
  ]
  return `${lines.join('\n')}\n`
}

function inevitableJson({ replayed, explanation: { inevitable } }: Explained): Json {
  if (inevitable.kind !== 'move') return { kind: inevitable.kind }
  return {
    kind: 'step',
    step: inevitable.at + 1,
    label: replayed.found.trace.steps[inevitable.at]?.step.label ?? '',
    alternatives: alternativesOf(replayed.lowered.model, inevitable.alternatives),
  }
}

export const explainedJson = (x: Explained): Json => {
  const { counterexample } = x.replayed.found
  return {
    id: counterexample.id,
    title: counterexample.title,
    property: counterexample.property.name,
    statement: counterexample.property.statement,
    sources: counterexample.property.source,
    kernel: kernelText(x.replayed.scenario),
    steps: counterexample.trace.length,
    loopStart: counterexample.loopStart ?? null,
    inevitable: inevitableJson(x),
    outsideCausalPast: [...x.explanation.outside].map((i) => i + 1),
    remedies: x.explanation.remedies.found.map((r): Json => ({
      kind: r.kind,
      name: r.name,
      text: r.text,
      breaksInstead: r.instead,
    })),
    tried: x.explanation.remedies.tried,
    unknown: x.explanation.remedies.unknown,
    kernels: x.elsewhere.map((e): Json => ({ kernel: e.kernel, verdict: e.verdict, steps: e.steps ?? null })),
    scope: counterexample.scope,
    assumptions: counterexample.assumptions,
  }
}
