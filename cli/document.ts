/**
 * The result of a run as a file. This is the one description of it: what is written has this type, what is
 * read is checked against it, and cli/schema/result-1.json is made of it.
 */
import { z } from 'zod'
import type { Verdict } from '../solver/verdict.ts'
import type { SizeDocument } from './proof_sizes.ts'

/** Why a search ended before it had seen everything. `budget` is the time of the whole run. */
export const STOPS = ['states', 'memory', 'time', 'depth', 'violation', 'solver', 'crash', 'budget'] as const
export type Stop = (typeof STOPS)[number]

export interface PropertyDocument {
  name: string
  verdict: Verdict
  /** Id of the counterexample, and its length. */
  counterexample?: string | undefined
  steps?: number | undefined
  /** Of a run that never ends: how many steps come before those that are repeated for ever. */
  loopStart?: number | undefined
  /** Of a liveness property: the operations that go on for ever where it is broken. */
  endless?: string[] | undefined
  fairness?: 'weak' | 'strong' | undefined
  /** What a vacuous property should have reached. */
  unreached?: string[] | undefined
}

export interface SearchDocument {
  /** Distinct states seen. Absent where states were forgotten, so that this is not known: see `depthFirst`. */
  states?: number | undefined
  /** Of a depth-first search: states entered, how often one was forgotten, and how many were held at the end. */
  depthFirst?: { visits: number; forgotten: number; held: number } | undefined
  transitions: number
  depth: number
  complete: boolean
  /** Absent where the search is complete. */
  stopped?: Stop | undefined
  bytes: number
  /** `standsFor`: how many states a search in full would have, where that is known. */
  reductions?:
    { name: string; refused: string | null; because?: string | undefined; standsFor?: number | undefined }[] | undefined
  shortest?: boolean | undefined
  /** Milliseconds: differs from run to run. */
  ms: number
}

export interface CounterexampleDocument {
  id: string
  title: string
  property: string
  /** The race in columns, as mail has it. */
  race?: string | undefined
  /** Of a run that never ends: see PropertyDocument; and which runs count as fair. */
  loopStart?: number | undefined
  fairness?: string[] | undefined
  trace: { thread: string; label: string; function: string; text: string; changes: Record<string, [string, string]> }[]
}

export interface CellDocument {
  scenario: string
  kernel: string
  without: string[]
  engine: string
  verdict: Verdict
  properties: PropertyDocument[]
  search: SearchDocument
  /** Final states are not counted where states were forgotten: `meets` says which meet the condition then. */
  outcomes: {
    registers: Record<string, string>
    states?: number | undefined
    satisfying?: number | undefined
    meets?: 'all' | 'some' | 'none' | undefined
  }[]
  condition: { quantifier: string | null; holds: boolean | null; observation: string } | null
  coverage: {
    labels: number
    reached: number
    unreached: string[]
    /** The labels reached that some property asks the catalogue to reach. */
    asked?: string[] | undefined
  }
  scope: string[]
  assumptions: string[]
  counterexamples: CounterexampleDocument[]
  /** Whether it was held against a record, and what differs from that. */
  judged?: boolean | undefined
  notAsExpected: string[]
  /** The exit code that this cell alone would give, by name. */
  outcome?: string | undefined
  /** Whether it was taken from an earlier run of the very same model, engine and program. */
  cached?: boolean | undefined
  problem?: string | undefined
  /** Place in the whole run, from 0, by which shards are put together. */
  place?: number | undefined
  /** Where it is no scenario but a part of the sweep. */
  sweep?: SweepDocument | undefined
  /** Where it is no scenario but a recorded proof that was checked again. */
  proof?: ProofDocument | undefined
}

/** A recorded proof, for any number of threads and pages; its claims are the properties of its cell. */
export interface ProofDocument {
  property: string
  /** The model: which calls threads make, and on what memory. */
  core: string
  claims: string[]
  lemmas: number
  /** Questions to the solver. */
  queries: number
  /** What explicit states say of the lemmas, size by size, where they were asked. */
  states?: SizeDocument[] | undefined
  /** The kernel whose check it was, where both are asked the very same. */
  sameModelAs?: string | undefined
}

/** A row of the matrix of pairs or triples of one world on one kernel, or all rows of the world together. */
export interface SweepDocument {
  world: string
  /** Operations that run against each other in a cell. */
  order: 2 | 3
  /** All operations of its cells but the last; null for the world as a whole. */
  row: string | null
  cells: number
  /** By cell, what is violated: how many steps it takes, and the step with which it happens. Empty for a world. */
  violated: Record<string, { property: string; steps: number; at: string }[]>
  /** Cells whose search a limit ended. Empty for a world. */
  unknown: string[]
  /** What is recorded of the whole world; absent where nothing is. */
  expected?: { cells: number; states: number } | undefined
}

/** One of several parts of a run, from 1. */
export interface ShardDocument {
  index: number
  of: number
}

export interface RunDocument {
  format: 'mmcheck-result'
  version: { major: 1; minor: number }
  tool?:
    | {
        name: 'mmcheck'
        version: string
        /** Digests of the program text that results depend on, and of the model. */
        code: string
        solver: string | null
      }
    | undefined
  run?:
    | {
        engine: string
        tier: string
        /** Digest of the list of all cells and of what their results depend on: shards of one run agree in it. */
        plan: string
        /** Cells of the whole run, all shards together. */
        planned: number
        shard: ShardDocument | null
        /** Whether the run is meant to reach every label that a property asks for. */
        whole: boolean
      }
    | undefined
  exit: number
  cells: CellDocument[]
  errors: string[]
  kept: string | null
  /** Differs from run to run. */
  time?: { started: string; ms: number } | undefined
}

interface RunBegin {
  event: 'run-begin'
  format: 'mmcheck-events'
  version: { major: 1; minor: number }
  planned: number
  shard: ShardDocument | null
  time: string
}

interface CellEnd {
  event: 'cell'
  scenario: string
  kernel: string
  verdict: Verdict
  outcome: string
  states: number
  transitions: number
  depth: number
  counterexamples: string[]
  notAsExpected: string[]
  cached: boolean
  /** Cells that are done, this one included. */
  done: number
  ms: number
  time: string
}

/** Lines of `--reporter jsonl`: what happens, while it happens. */
export type EventDocument =
  | RunBegin
  | CellEnd
  | { event: 'error'; message: string; time: string }
  | { event: 'run-end'; exit: number; cells: number; ms: number; time: string }

const count = z.number().int().nonnegative()
const version = z.object({ major: z.literal(1), minor: count })
const verdict = z.enum([
  'holds',
  'holds-bounded',
  'violated',
  'vacuous',
  'unknown',
  'timeout',
  'crash',
  'disagree',
  'error',
])

const trace = z.array(
  z.object({
    thread: z.string(),
    label: z.string(),
    function: z.string(),
    text: z.string(),
    changes: z.record(z.string(), z.tuple([z.string(), z.string()])),
  }),
)

export const cellDocument: z.ZodType<CellDocument> = z.object({
  scenario: z.string(),
  kernel: z.string(),
  without: z.array(z.string()),
  engine: z.string(),
  verdict,
  properties: z.array(
    z.object({
      name: z.string(),
      verdict,
      counterexample: z.string().optional(),
      steps: count.optional(),
      loopStart: count.optional(),
      endless: z.array(z.string()).optional(),
      fairness: z.enum(['weak', 'strong']).optional(),
      unreached: z.array(z.string()).optional(),
    }),
  ),
  search: z.object({
    states: count.optional(),
    depthFirst: z.object({ visits: count, forgotten: count, held: count }).optional(),
    transitions: count,
    depth: count,
    complete: z.boolean(),
    stopped: z.enum(STOPS).optional(),
    bytes: count,
    reductions: z
      .array(
        z.object({
          name: z.string(),
          refused: z.string().nullable(),
          because: z.string().optional(),
          standsFor: count.optional(),
        }),
      )
      .optional(),
    shortest: z.boolean().optional(),
    ms: z.number().nonnegative(),
  }),
  outcomes: z.array(
    z.object({
      registers: z.record(z.string(), z.string()),
      states: count.optional(),
      satisfying: count.optional(),
      meets: z.enum(['all', 'some', 'none']).optional(),
    }),
  ),
  condition: z
    .object({ quantifier: z.string().nullable(), holds: z.boolean().nullable(), observation: z.string() })
    .nullable(),
  coverage: z.object({
    labels: count,
    reached: count,
    unreached: z.array(z.string()),
    asked: z.array(z.string()).optional(),
  }),
  scope: z.array(z.string()),
  assumptions: z.array(z.string()),
  counterexamples: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      property: z.string(),
      loopStart: count.optional(),
      fairness: z.array(z.string()).optional(),
      race: z.string().optional(),
      trace,
    }),
  ),
  judged: z.boolean().optional(),
  notAsExpected: z.array(z.string()),
  outcome: z.string().optional(),
  cached: z.boolean().optional(),
  problem: z.string().optional(),
  place: count.optional(),
  sweep: z
    .object({
      world: z.string(),
      order: z.union([z.literal(2), z.literal(3)]),
      row: z.string().nullable(),
      cells: count,
      violated: z.record(z.string(), z.array(z.object({ property: z.string(), steps: count, at: z.string() }))),
      unknown: z.array(z.string()),
      expected: z.object({ cells: count, states: count }).optional(),
    })
    .optional(),
  proof: z
    .object({
      property: z.string(),
      core: z.string(),
      claims: z.array(z.string()),
      lemmas: count,
      queries: count,
      states: z
        .array(
          z.object({
            threads: count,
            pages: count,
            states: count,
            depth: count,
            whole: z.boolean(),
            broken: z.object({ lemma: z.string(), run: z.array(z.string()) }).optional(),
          }),
        )
        .optional(),
      sameModelAs: z.string().optional(),
    })
    .optional(),
})

const shard = z.object({ index: count, of: count }).nullable()

export const runDocument: z.ZodType<RunDocument> = z.object({
  format: z.literal('mmcheck-result'),
  version,
  tool: z
    .object({ name: z.literal('mmcheck'), version: z.string(), code: z.string(), solver: z.string().nullable() })
    .optional(),
  run: z
    .object({ engine: z.string(), tier: z.string(), plan: z.string(), planned: count, shard, whole: z.boolean() })
    .optional(),
  exit: count,
  cells: z.array(cellDocument),
  errors: z.array(z.string()),
  kept: z.string().nullable(),
  time: z.object({ started: z.string(), ms: count }).optional(),
})

export const eventDocument: z.ZodType<EventDocument> = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('run-begin'),
    format: z.literal('mmcheck-events'),
    version,
    planned: count,
    shard,
    time: z.string(),
  }),
  z.object({
    event: z.literal('cell'),
    scenario: z.string(),
    kernel: z.string(),
    verdict,
    outcome: z.string(),
    states: count,
    transitions: count,
    depth: count,
    counterexamples: z.array(z.string()),
    notAsExpected: z.array(z.string()),
    cached: z.boolean(),
    done: count,
    ms: z.number().nonnegative(),
    time: z.string(),
  }),
  z.object({ event: z.literal('error'), message: z.string(), time: z.string() }),
  z.object({ event: z.literal('run-end'), exit: count, cells: count, ms: count, time: z.string() }),
])

/** A minor version may add fields, so a reader of this one has to accept fields that it does not know. */
const published = (schema: z.ZodType, title: string): unknown => ({
  ...z.toJSONSchema(schema, { io: 'input' }),
  title,
})

/** The JSON schemas that are published, by file name. */
export const schemas = (): Readonly<Record<string, unknown>> => ({
  'result-1.json': published(runDocument, 'What mmcheck found: one run, or a part of one'),
  'events-1.json': published(eventDocument, 'One line of what happens in a run of mmcheck'),
})
