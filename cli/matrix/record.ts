/** What is recorded of the sweep: model/scenarios/sweep/expected.json. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { catalogueDirectory } from '../input.ts'
import type { SweepViolation } from './sweep_cell.ts'

/** One kernel in one world. */
export interface KernelRecord {
  readonly cells: number
  /** Distinct states of all cells together; exact. */
  readonly states: number
  /** By cell, what is violated. */
  readonly violated: Readonly<Record<string, readonly SweepViolation[]>>
  /** Cells whose search a limit ended. */
  readonly unknown: readonly string[]
}

const violation = z.object({ property: z.string(), steps: z.number(), at: z.string() })
const kernelSchema: z.ZodType<KernelRecord> = z.object({
  cells: z.number(),
  states: z.number(),
  violated: z.record(z.string(), z.array(violation)),
  unknown: z.array(z.string()),
})
const schema = z.object({
  format: z.literal('mmcheck-sweep'),
  version: z.object({ major: z.literal(1), minor: z.number() }),
  worlds: z.record(z.string(), z.record(z.string(), kernelSchema)),
})

/** By world (`shmem`, or `shmem^3` for triples), then by kernel. */
export type SweepRecord = Readonly<Record<string, Readonly<Record<string, KernelRecord>>>>

const pathOf = (): string => join(catalogueDirectory(), 'sweep', 'expected.json')

/** Throws where the file is there but damaged. */
export function readSweepRecord(): SweepRecord {
  if (!existsSync(pathOf())) return {}
  return schema.parse(JSON.parse(readFileSync(pathOf(), 'utf8'))).worlds
}

const sorted = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Writes the record, in a fixed order, by way of a temporary file. */
export function writeSweepRecord(worlds: SweepRecord): void {
  const text = JSON.stringify(
    { format: 'mmcheck-sweep', version: { major: 1, minor: 0 }, worlds: sorted(worlds) },
    null,
    1,
  )
  writeFileSync(`${pathOf()}.tmp`, `${text}\n`)
  renameSync(`${pathOf()}.tmp`, pathOf())
}

const spell = (v: readonly SweepViolation[] | undefined): string =>
  v === undefined || v.length === 0 ? 'holds' : v.map((x) => `${x.property} (${x.steps} steps, at ${x.at})`).join(', ')

/** What differs from the record, one line each. */
export function sweepDifferences(expected: KernelRecord, actual: KernelRecord): readonly string[] {
  const out: string[] = []
  if (expected.cells !== actual.cells) out.push(`cells: expected ${expected.cells}, got ${actual.cells}`)
  if (expected.states !== actual.states) out.push(`states: expected ${expected.states}, got ${actual.states}`)
  for (const cell of new Set([...Object.keys(expected.violated), ...Object.keys(actual.violated)])) {
    const [a, b] = [spell(expected.violated[cell]), spell(actual.violated[cell])]
    if (a !== b) out.push(`${cell}: expected ${a}, got ${b}`)
  }
  const [a, b] = [expected.unknown.join(' '), actual.unknown.join(' ')]
  if (a !== b) out.push(`without an answer: expected ${a || 'none'}, got ${b || 'none'}`)
  return out
}
