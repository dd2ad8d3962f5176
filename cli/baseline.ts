/** What is expected of the catalogue, cell by cell: expected.json in model/scenarios, and in its weekly part. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { switchesBetween } from '../counterexamples/switches.ts'
import { sha256 } from '../counterexamples/digest.ts'
import type { Cell } from './cell.ts'
import { catalogueDirectory, weekly, weeklyDirectory } from './input.ts'

/** What is recorded of one cell. Counts are exact. */
export interface ExpectedCell {
  readonly verdict: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** By property. */
  readonly violations: Readonly<
    Record<string, { readonly steps: number; readonly switches: number; readonly id: string }>
  >
  readonly vacuous: readonly string[]
  /** herd7's word, and the final states that meet the condition and that do not. */
  readonly observation?: string | undefined
  /** `88 of 101 reached, 3f9c1a77d20e`: the labels of the lowered model, and a digest of those that no step reached. */
  readonly labels?: string | undefined
}

const violation = z.object({ steps: z.number(), switches: z.number(), id: z.string() })
export const expectedCellSchema: z.ZodType<ExpectedCell> = z.object({
  verdict: z.string(),
  states: z.number(),
  transitions: z.number(),
  depth: z.number(),
  violations: z.record(z.string(), violation),
  vacuous: z.array(z.string()),
  observation: z.string().optional(),
  labels: z.string().optional(),
})
const schema = z.object({
  format: z.literal('mmcheck-expected'),
  version: z.object({ major: z.literal(1), minor: z.number() }),
  scenarios: z.record(z.string(), z.record(z.string(), expectedCellSchema)),
})

/** By scenario name, then by kernel text. */
export type Baseline = Readonly<Record<string, Readonly<Record<string, ExpectedCell>>>>

const pathIn = (directory: string): string => join(directory, 'expected.json')

function readFrom(directory: string): Baseline {
  const path = pathIn(directory)
  if (!existsSync(path)) return {}
  return schema.parse(JSON.parse(readFileSync(path, 'utf8'))).scenarios
}

/**
 * Of the catalogue without its weekly part. Throws where the file is there but damaged: a baseline that cannot be
 * read must not pass for an empty one.
 */
export const readBaseline = (): Baseline => readFrom(catalogueDirectory())

/** Of the weekly part of the catalogue. Throws as `readBaseline` does. */
export const readWeekly = (): Baseline => readFrom(weeklyDirectory())

const switchesOf = (cell: Cell, property: string): number => {
  const steps = cell.found.get(property)?.trace.steps ?? []
  return switchesBetween(steps.map((s) => s.thread.number))
}

/** All names would make the record ten times as long; `mmcheck diff` tells them from two results. */
function labelsText({ labels, reached }: Cell): string {
  const unreached = [...labels].filter((l) => !reached.has(l)).sort()
  const digest = sha256(unreached.join(' ')).slice(0, 12)
  return `${labels.size - unreached.length} of ${labels.size} reached, ${digest}`
}

export function summarise(cell: Cell): ExpectedCell {
  return {
    verdict: cell.verdict,
    states: cell.result.states,
    transitions: cell.result.transitions,
    depth: cell.result.depth,
    violations: Object.fromEntries(
      [...cell.found].map(([property, f]) => [
        property,
        { steps: f.trace.steps.length, switches: switchesOf(cell, property), id: f.counterexample.id },
      ]),
    ),
    vacuous: cell.properties.filter((p) => p.verdict === 'vacuous').map((p) => p.property),
    ...(cell.observation === undefined
      ? {}
      : { observation: `${cell.observation.word} ${cell.observation.positive} ${cell.observation.negative}` }),
    labels: labelsText(cell),
  }
}

const firstWord = (text: string | undefined): string | undefined => text?.split(' ')[0]

/**
 * What differs from the expectation, one line each; empty where nothing does. Numbers of states are
 * not compared unless `counted`: a reduced search has fewer.
 */
export function differences(
  expected: ExpectedCell | undefined,
  actual: ExpectedCell,
  counted: boolean = true,
): readonly string[] {
  if (expected === undefined) return ['nothing is recorded for it yet']
  const out: string[] = []
  const compare = (what: string, a: string | number | undefined, b: string | number | undefined): void => {
    if (a !== b) out.push(`${what}: expected ${String(a)}, got ${String(b)}`)
  }
  compare('verdict', expected.verdict, actual.verdict)
  if (counted) {
    compare('states', expected.states, actual.states)
    compare('transitions', expected.transitions, actual.transitions)
    compare('depth', expected.depth, actual.depth)
    compare('observation', expected.observation, actual.observation)
  } else compare('observation', firstWord(expected.observation), firstWord(actual.observation))
  compare('vacuous', expected.vacuous.join(' '), actual.vacuous.join(' '))
  if (expected.labels !== undefined) compare('labels', expected.labels, actual.labels)
  for (const property of new Set([...Object.keys(expected.violations), ...Object.keys(actual.violations)])) {
    const a = expected.violations[property]
    const b = actual.violations[property]
    compare(
      `${property} counterexample`,
      a === undefined ? 'none' : `${a.id} of ${a.steps} steps`,
      b === undefined ? 'none' : `${b.id} of ${b.steps} steps`,
    )
    if (a !== undefined && b !== undefined) compare(`${property} switches`, a.switches, b.switches)
  }
  return out
}

/** Writes a record, in a fixed order, by way of a temporary file so that none is ever half written. */
function writeTo(directory: string, scenarios: Baseline): void {
  const sorted = Object.fromEntries(Object.entries(scenarios).sort(([a], [b]) => (a < b ? -1 : 1)))
  const text = JSON.stringify(
    { format: 'mmcheck-expected', version: { major: 1, minor: 0 }, scenarios: sorted },
    null,
    2,
  )
  const path = pathIn(directory)
  writeFileSync(`${path}.tmp`, `${text}\n`)
  renameSync(`${path}.tmp`, path)
}

/** Writes the record of the catalogue anew, and adds to that of its weekly part what is given of it. */
export function writeBaseline(scenarios: Baseline): void {
  const large = new Set(weekly())
  const of = (isLarge: boolean): Baseline =>
    Object.fromEntries(Object.entries(scenarios).filter(([name]) => large.has(name) === isLarge))
  writeTo(catalogueDirectory(), of(false))
  if (Object.keys(of(true)).length > 0) writeTo(weeklyDirectory(), { ...readWeekly(), ...of(true) })
}
