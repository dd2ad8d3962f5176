/**
 * The counterexample as a file: JSON with a schema version. It is data from elsewhere when read, so it
 * is checked field by field, and nothing in it is ever evaluated.
 */
import { z } from 'zod'
import type { LoweredModel } from '../model/language/lowered.ts'
import { show } from '../model/language/types.ts'
import type { Move } from '../solver/engine.ts'
import type { IdStep } from './id.ts'
import { failed, ok, type Result } from './result.ts'
import type { Trace } from './trace.ts'

const FORMAT = 'mmcheck-counterexample'
const MAJOR = 1
/**
 * Version 1.1 added `origin`, 1.2 `minimised`, 1.3 `loopStart` and `fairness`; a file without them is one of 1.0,
 * as it always was.
 */
const minorOf = ({ origin, minimised, loopStart }: Counterexample): number => {
  if (loopStart !== undefined) return 3
  return minimised !== undefined ? 2 : origin !== undefined ? 1 : 0
}

/** Larger files are refused unread: no minimised trace comes near it. */
export const MAX_BYTES: number = 16 * 1024 * 1024

export interface CounterexampleStep {
  /** Name of the thread. */
  readonly thread: string
  readonly label: string
  /** Innermost kernel function and its file; empty where the step stands in none. */
  readonly function: string
  readonly file: string
  readonly text: string
  readonly choices: readonly { readonly name: string; readonly value: string }[]
  /** From and to, for every variable that the step changed, program counters excepted. */
  readonly changes: Readonly<Record<string, readonly [string, string]>>
}

/** What `minimise` has said of a counterexample. */
export interface Minimality {
  /** The id of what it made of it: its own where nothing could be taken away. */
  readonly id: string
  /** The scenario of that. */
  readonly litmus: string
  readonly measures: readonly MeasureStanding[]
  /** Smaller scenarios that were exhausted, of those that there are; and whether these are all below the given one. */
  readonly exhausted: { readonly done: number; readonly total: number; readonly all: boolean }
  readonly ended: 'done' | 'time'
}

export interface MeasureStanding {
  readonly name: string
  readonly before: number
  readonly after: number
  readonly standing: 'minimum' | 'local' | 'open'
}

/** A counterexample without its envelope (format and version). All values are as people read them. */
export interface Counterexample {
  /** See counterexampleId(). */
  readonly id: string
  readonly title: string
  readonly scenario: {
    readonly name: string
    readonly kernel: string
    /** The whole canonical litmus text: with it the file can be replayed anywhere. */
    readonly litmus: string
  }
  readonly property: { readonly name: string; readonly statement: string; readonly source: readonly string[] }
  readonly trace: readonly CounterexampleStep[]
  readonly scope: readonly string[]
  readonly assumptions: readonly string[]
  /** How it was found, where not by a search: then a shorter trace may exist. */
  readonly origin?: 'simulation' | undefined
  readonly minimised?: Minimality | undefined
  /** Of a run that never ends: how many steps come before those that are repeated for ever; all, where nobody moves any more. */
  readonly loopStart?: number | undefined
  /** Of the same: which runs count as fair. */
  readonly fairness?: readonly string[] | undefined
}

/** Why a text is no counterexample that this program can read. `message` is one line. */
export interface ParseError {
  readonly kind: 'size' | 'syntax' | 'version' | 'shape'
  readonly message: string
}

const envelope = z.object({
  format: z.literal(FORMAT),
  version: z.object({ major: z.number().int().nonnegative(), minor: z.number().int().nonnegative() }),
})

const count = z.number().int().nonnegative()
const minimality = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/, 'not 12 lower-case hex digits'),
  litmus: z.string(),
  measures: z.array(
    z.object({ name: z.string(), before: count, after: count, standing: z.enum(['minimum', 'local', 'open']) }),
  ),
  exhausted: z.object({ done: count, total: count, all: z.boolean() }),
  ended: z.enum(['done', 'time']),
})

const body = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/, 'not 12 lower-case hex digits'),
  title: z.string(),
  scenario: z.object({ name: z.string(), kernel: z.string(), litmus: z.string() }),
  property: z.object({ name: z.string(), statement: z.string(), source: z.array(z.string()) }),
  trace: z.array(
    z.object({
      thread: z.string(),
      label: z.string(),
      function: z.string(),
      file: z.string(),
      text: z.string(),
      choices: z.array(z.object({ name: z.string(), value: z.string() })),
      changes: z.record(z.string(), z.tuple([z.string(), z.string()])),
    }),
  ),
  scope: z.array(z.string()),
  assumptions: z.array(z.string()),
  origin: z.literal('simulation').optional(),
  minimised: minimality.optional(),
  loopStart: z.number().int().nonnegative().optional(),
  fairness: z.array(z.string()).optional(),
})

/** A trace in the words of the file. */
export function recordSteps(trace: Trace): CounterexampleStep[] {
  return trace.steps.map(({ thread, step, choices, changes }) => {
    const innermost = step.frames.at(-1)
    return {
      thread: thread.name,
      label: step.label,
      function: innermost?.fn ?? '',
      file: innermost?.file ?? '',
      text: step.text,
      choices: choices.map(({ name, shown }) => ({ name, value: shown })),
      changes: Object.fromEntries(
        changes.filter((c) => c.kind !== 'pc').map((c) => [c.name, [c.shownFrom, c.shownTo] as const]),
      ),
    }
  })
}

/** The steps of a file as the id sees them. */
export const recordedIdSteps = (steps: readonly CounterexampleStep[]): IdStep[] =>
  steps.map(({ thread, label, choices }) => ({ thread, label, choices: choices.map((choice) => choice.value) }))

/** The file's text: keys in a fixed order, two blanks of indent, one newline at the end. */
export function toJson(counterexample: Counterexample): string {
  const { id, title, scenario, property, trace, scope, assumptions, origin, loopStart, fairness, minimised } =
    counterexample
  const { name, kernel, litmus } = scenario
  const { statement, source } = property
  const document = {
    format: FORMAT,
    version: { major: MAJOR, minor: minorOf(counterexample) },
    id,
    title,
    scenario: { name, kernel, litmus },
    property: { name: property.name, statement, source },
    trace: trace.map((s) => ({
      thread: s.thread,
      label: s.label,
      function: s.function,
      file: s.file,
      text: s.text,
      choices: s.choices.map((choice) => ({ name: choice.name, value: choice.value })),
      changes: s.changes,
    })),
    scope,
    assumptions,
    ...(origin === undefined ? {} : { origin }),
    ...(loopStart === undefined ? {} : { loopStart }),
    ...(fairness === undefined ? {} : { fairness }),
    ...(minimised === undefined ? {} : { minimised: minimisedDocument(minimised) }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

const minimisedDocument = ({ id, litmus, measures, exhausted: { done, total, all }, ended }: Minimality): object => ({
  id,
  litmus,
  measures: measures.map(({ name, before, after, standing }) => ({ name, before, after, standing })),
  exhausted: { done, total, all },
  ended,
})

const place = (path: readonly PropertyKey[]): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('')

/** The first thing wrong, with the place where it is: `trace[3].label: Invalid input: ...`. */
function shapeMessage(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'not a counterexample'
  const where = place(issue.path)
  return where === '' ? issue.message : `${where}: ${issue.message}`
}

/**
 * Reads a counterexample file. Unknown fields are dropped, since a later minor version may add some; a
 * major version other than ours is refused.
 */
export function parseCounterexample(text: string): Result<Counterexample, ParseError> {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_BYTES) return failed({ kind: 'size', message: `${bytes} bytes; at most ${MAX_BYTES} are read` })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    // Only JSON.parse() can throw here, and it says where; the text that it quotes may hold anything.
    const reason = (error instanceof Error ? error.message : String(error)).replace(/[^ -~]+/g, ' ')
    return failed({ kind: 'syntax', message: `not JSON: ${reason}` })
  }
  const head = envelope.safeParse(data)
  if (!head.success) return failed({ kind: 'shape', message: shapeMessage(head.error) })
  const { major, minor } = head.data.version
  if (major !== MAJOR) {
    const known = `this mmcheck reads version ${MAJOR}.x`
    const help = major > MAJOR ? 'a newer mmcheck is needed' : 'an older mmcheck is needed'
    return failed({ kind: 'version', message: `format version ${major}.${minor}: ${known}; ${help}` })
  }
  const parsed = body.safeParse(data)
  return parsed.success ? ok(parsed.data) : failed({ kind: 'shape', message: shapeMessage(parsed.error) })
}

/** Why the steps of a file are none of a model's. `at` is the step of the file, from 0. */
export interface ResolveError {
  readonly kind: 'unresolved'
  readonly at: number
  readonly message: string
}

/**
 * The moves that a recorded trace stands for in `model`, found by thread, label and the values chosen,
 * so that they survive another numbering of steps. Whether they can be run is for the replay to say.
 */
export function resolveMoves(
  model: LoweredModel,
  steps: readonly CounterexampleStep[],
): Result<readonly Move[], ResolveError> {
  const moves: Move[] = []
  for (const [at, recorded] of steps.entries()) {
    const name = `step ${at + 1}, '${recorded.label}' of ${recorded.thread},`
    const unresolved = (message: string): { readonly ok: false; readonly error: ResolveError } =>
      failed({ kind: 'unresolved', at, message: `${name} ${message}` })
    const found = model.steps.filter(
      (step) => step.label === recorded.label && model.threads[step.thread]?.name === recorded.thread,
    )
    const [step] = found
    if (step === undefined) return unresolved('is not in the model')
    if (found.length > 1) return unresolved('is in the model more than once')
    if (step.choices.length !== recorded.choices.length)
      return unresolved(`makes ${step.choices.length} choices in the model, ${recorded.choices.length} in the file`)
    const choices: number[] = []
    for (const [i, choice] of step.choices.entries()) {
      const type = model.slots[choice.slot]?.type
      const wanted = recorded.choices[i]?.value
      let value = choice.lo
      while (type !== undefined && value <= choice.hi && show(type, value) !== wanted) value++
      if (type === undefined || value > choice.hi) return unresolved(`cannot choose '${wanted ?? ''}' in the model`)
      choices.push(value)
    }
    moves.push({ step: step.id, choices })
  }
  return ok(moves)
}
