/**
 * A trace in Apalache's informal trace format (ADR 015), there and back. Variables keep their names and get
 * values of the format's own kinds; program counters are told by the label of the next step. What the format
 * has no place for stands under `#meta`: the counterexample in that of the file, the step in that of the state
 * which it leads to.
 */
import { z } from 'zod'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { show, type Type } from '../../model/language/types.ts'
import type { State } from '../../solver/reference/interpreter.ts'
import { MAX_BYTES, recordSteps, type Counterexample } from '../json.ts'
import { failed, ok, type Result } from '../result.ts'
import { statesOf, type Subject } from './subject.ts'
import { bitsOf, type ObjectNames } from './values.ts'

export type ItfValue = boolean | string | { readonly '#bigint': string } | { readonly '#set': readonly ItfValue[] }

const value: z.ZodType<ItfValue> = z.lazy(() =>
  z.union([
    z.boolean(),
    z.string(),
    z.strictObject({ '#bigint': z.string().regex(/^-?\d+$/) }),
    z.strictObject({ '#set': z.array(value) }),
  ]),
)

const stepMeta = z.object({
  index: z.number().int().nonnegative(),
  thread: z.string().optional(),
  label: z.string().optional(),
  function: z.string().optional(),
  file: z.string().optional(),
  text: z.string().optional(),
  choices: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
})
const strings = z.array(z.string())
const envelope = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  title: z.string(),
  scenario: z.object({ name: z.string(), kernel: z.string(), litmus: z.string() }),
  property: z.object({ name: z.string(), statement: z.string(), source: strings }),
  scope: strings,
  assumptions: strings,
  origin: z.literal('simulation').optional(),
  loopStart: z.number().int().nonnegative().optional(),
  fairness: strings.optional(),
})
const document = z.object({
  '#meta': z.object({ format: z.literal('ITF'), mmcheck: envelope }),
  vars: strings,
  states: z.array(z.object({ '#meta': stepMeta }).catchall(value)).min(1),
  /** State from which on all is repeated for ever. */
  loop: z.number().int().nonnegative().optional(),
})

/** What a state is told of the step that leads to it; the first state has an index alone. */
export interface ItfStep {
  readonly index: number
  readonly thread?: string | undefined
  readonly label?: string | undefined
  readonly function?: string | undefined
  readonly file?: string | undefined
  readonly text?: string | undefined
  readonly choices?: readonly { readonly name: string; readonly value: string }[] | undefined
}

export interface ItfState {
  readonly step: ItfStep
  readonly values: Readonly<Record<string, ItfValue>>
}

export interface Itf {
  readonly counterexample: Omit<Counterexample, 'trace' | 'minimised'>
  readonly vars: readonly string[]
  readonly states: readonly ItfState[]
}

const typeName = (type: Type): string => {
  switch (type.kind) {
    case 'bool':
      return 'Bool'
    case 'int':
      return 'Int'
    case 'enum':
    case 'ref':
      return 'Str'
    case 'flags':
    case 'subset':
      return 'Set(Str)'
  }
}

function valueOf(names: ObjectNames, type: Type, n: number): ItfValue {
  const object = (set: string, i: number): string => names[set]?.[i] ?? `${set}${i}`
  switch (type.kind) {
    case 'bool':
      return n !== 0
    case 'int':
      return { '#bigint': String(n) }
    case 'enum':
      return show(type, n)
    case 'ref':
      return n === 0 ? 'nil' : object(type.set, n - 1)
    case 'flags':
      return { '#set': bitsOf(n).map((i) => type.bits[i] ?? `bit${i}`) }
    case 'subset':
      return { '#set': bitsOf(n).map((i) => object(type.set, i)) }
  }
}

function variables(model: LoweredModel, names: ObjectNames, state: State): Record<string, ItfValue> {
  return Object.fromEntries(
    model.slots.map(({ name, type, kind }, slot): [string, ItfValue] => {
      const n = state[slot] ?? 0
      if (kind !== 'pc') return [name, valueOf(names, type, n)]
      const thread = model.threads.findIndex((t) => t.pcSlot === slot)
      return [name, model.steps.find((s) => s.thread === thread && s.pc === n)?.label ?? 'done']
    }),
  )
}

/** The trace in the terms of the format. */
export function itfOf({ found, model, scenario }: Subject): Itf {
  const { trace: _trace, minimised: _minimised, ...counterexample } = found.counterexample
  const steps = recordSteps(found.trace)
  return {
    counterexample,
    vars: model.slots.map((s) => s.name),
    states: statesOf(found.trace).map((state, index): ItfState => {
      const { changes: _changes, ...step } = steps[index - 1] ?? { changes: {} }
      return { step: { index, ...step }, values: variables(model, scenario.world.names, state) }
    }),
  }
}

/** The trace as text, ending in a newline. */
export function renderItf(subject: Subject): string {
  const { counterexample, vars, states } = itfOf(subject)
  const { id, title, property, scenario } = counterexample
  const { slots } = subject.model
  const { loopStart } = counterexample
  const how =
    loopStart === undefined ? 'by the last state, or on the way to it' : 'by the run that never leaves the loop'
  const file = {
    '#meta': {
      format: 'ITF',
      'format-description': 'https://apalache-mc.org/docs/adr/015adr-trace.html',
      source: `${scenario.name} on ${scenario.kernel}`,
      status: 'violation',
      description: `cex ${id} ("${title}"): ${property.name} is violated ${how}`,
      varTypes: Object.fromEntries(slots.map((s) => [s.name, s.kind === 'pc' ? 'Str' : typeName(s.type)] as const)),
      mmcheck: counterexample,
    },
    params: [],
    vars,
    states: states.map(({ step, values }) => ({ '#meta': step, ...values })),
    // The last state is the one to which it points once more, so what follows goes on from there.
    ...(loopStart === undefined ? {} : { loop: loopStart }),
  }
  return `${JSON.stringify(file, null, 1)}\n`
}

/** Whether a JSON text may be of this format, and not a counterexample of our own. */
export const looksLikeItf = (text: string): boolean => /^\s*\{\s*"#meta"/.test(text)

/** Reads a trace of ours in this format. The error is one line. */
export function parseItf(text: string): Result<Itf, string> {
  if (Buffer.byteLength(text) > MAX_BYTES) return failed(`more than ${MAX_BYTES} bytes`)
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    return failed(`not JSON: ${(error instanceof Error ? error.message : String(error)).replace(/[^ -~]+/g, ' ')}`)
  }
  const parsed = document.safeParse(data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return failed(`no ITF trace of mmcheck: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const { '#meta': meta, vars, states, loop } = parsed.data
  if (loop !== meta.mmcheck.loopStart) return failed(`no ITF trace of mmcheck: loop: not where the loop begins`)
  return ok({
    counterexample: meta.mmcheck,
    vars,
    states: states.map(({ '#meta': step, ...values }) => ({ step, values })),
  })
}

/** The counterexample that a trace stands for. Changes are left out: a replay finds them again. */
export function counterexampleOfItf({ counterexample, states }: Itf): Counterexample {
  return {
    ...counterexample,
    trace: states.slice(1).map(({ step }) => ({
      thread: step.thread ?? '',
      label: step.label ?? '',
      function: step.function ?? '',
      file: step.file ?? '',
      text: step.text ?? '',
      choices: step.choices ?? [],
      changes: {},
    })),
  }
}

/** What a file says otherwise than the replay of its own steps: the first state and variable; undefined where nothing. */
export function itfDifference(file: Itf, subject: Subject): string | undefined {
  const replayed = itfOf(subject)
  if (file.vars.join('\n') !== replayed.vars.join('\n')) return 'it has other variables than the model'
  for (const [i, state] of replayed.states.entries()) {
    const told = file.states[i]?.values
    for (const name of replayed.vars)
      if (JSON.stringify(told?.[name]) !== JSON.stringify(state.values[name]))
        return i === 0
          ? `${name} does not begin so`
          : `step ${i}, '${state.step.label ?? ''}', does not leave ${name} so`
  }
  return undefined
}
