/** What a run consists of: cells, each to be checked once, wherever that may be. */
import { z } from 'zod'
import { kernelText } from '../../counterexamples/build.ts'
import { digestOf, sha256 } from '../../counterexamples/digest.ts'
import type { KernelLine } from '../../model/litmus/ast.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { Baseline, ExpectedCell } from '../baseline.ts'
import { catalogue, load, weekly } from '../input.ts'
import type { SweepRecord } from '../matrix/record.ts'
import { allRecordedProofs } from '../proofs.ts'
import { proofKey, proofName, proofRows, proofRowSchema, type ProofRow } from './proof_cells.ts'
import { rowName, sweepKey, sweepRowSchema, sweepRows, type SweepRow } from './sweep_rows.ts'
import type { Tier } from './tier.ts'

export interface Job {
  /** `SCENARIO @ KERNEL`: no two cells of a run have the same. */
  key: string
  suite: 'catalogue' | 'file' | 'sweep' | 'proof'
  scenario: string
  /** The kernel, and what was taken out of it. */
  kernel: string
  without: string[]
  source: { name: string; text: string }
  /** What it may take; see costOf(). */
  cost: number
  /** The row that a job of the sweep is; it has no source. */
  sweep?: SweepRow | undefined
  /** The recorded proof that a job checks; its source is a digest of what is recorded. */
  proof?: ProofRow | undefined
}

export const jobSchema: z.ZodType<Job> = z.object({
  key: z.string(),
  suite: z.enum(['catalogue', 'file', 'sweep', 'proof']),
  scenario: z.string(),
  kernel: z.string(),
  without: z.array(z.string()),
  source: z.object({ name: z.string(), text: z.string() }),
  cost: z.number(),
  sweep: sweepRowSchema.optional(),
  proof: proofRowSchema.optional(),
})

/**
 * Transitions that take as long as all that is done once for a cell: reading, lowering, generating code,
 * replaying. Measured on the catalogue, where it is most of the time.
 */
const ONCE = 20_000

/** Of a cell of which nothing is recorded. */
const UNKNOWN = 50_000

/** What a cell costs, in transitions of the explicit engine, by its record: the same on every machine. */
export const costOf = (recorded: ExpectedCell | undefined): number => ONCE + (recorded?.transitions ?? UNKNOWN)

/** A push waits for its cells, so it takes those with the fewest transitions: some two thirds of the catalogue. */
export const PUSH_COST: number = ONCE + 2000

export interface Jobs {
  readonly jobs: readonly Job[]
  /** What could not be read, each ready to be printed. */
  readonly errors: readonly string[]
}

export interface Selection {
  /** Files and names of the catalogue; all of the catalogue where there is none. */
  readonly operands: readonly string[]
  readonly tier: Tier
  readonly kernels?: readonly KernelLine[]
  /** Worlds or rows of the sweep that take part, by name. */
  readonly sweep: readonly string[]
  /** Recorded proofs that take part, by kernel, property or model; see proofRows(). None where absent. */
  readonly proofs?: readonly string[]
}

/** The keys of what a job comes to: one per kernel for a row of the sweep, and for a proof. */
export const keysOf = ({ key, sweep, proof }: Job): readonly string[] => {
  if (sweep !== undefined) return sweep.kernels.map((k) => sweepKey(sweep, k))
  return proof === undefined ? [key] : proof.kernels.map((k) => proofKey(proof, k))
}

/** Recorded proofs as jobs. */
const proofJobs = (words: readonly string[]): readonly Job[] =>
  words.length === 0
    ? []
    : proofRows(words, allRecordedProofs()).map(({ row, cost, digest }) => ({
        key: `${proofName(row)} @ ${row.kernels.join(', ')}`,
        suite: 'proof',
        scenario: proofName(row),
        kernel: '',
        without: [],
        source: { name: '', text: digest },
        cost,
        proof: row,
      }))

/** Rows of the sweep as jobs. */
const sweepJobs = (names: readonly string[], record: SweepRecord): readonly Job[] =>
  sweepRows(names, record).map(({ row, cost }) => ({
    key: rowName(row),
    suite: 'sweep',
    scenario: rowName(row),
    kernel: '',
    without: [],
    source: { name: '', text: '' },
    cost,
    sweep: row,
  }))

const jobOf = (
  scenario: Scenario,
  suite: Job['suite'],
  source: { readonly name: string; readonly text: string },
  recorded: ExpectedCell | undefined,
): Job => {
  const kernel = kernelText(scenario)
  return {
    key: `${scenario.name} @ ${kernel}`,
    suite,
    scenario: scenario.name,
    kernel: scenario.kernel.name,
    without: [...scenario.without],
    source: { name: source.name, text: source.text },
    cost: costOf(recorded),
  }
}

/** The cells of a run, in the order in which they are reported. */
export function selectJobs(
  { operands, tier, kernels, sweep, proofs = [] }: Selection,
  baseline: Baseline,
  swept: SweepRecord = {},
): Jobs {
  const jobs: Job[] = []
  const errors: string[] = []
  const all = [...catalogue(), ...(tier === 'weekly' ? weekly() : [])]
  for (const operand of operands.length === 0 ? all : operands) {
    const loaded = load(operand, kernels)
    if (!loaded.ok) {
      errors.push(loaded.message)
      continue
    }
    const suite = loaded.catalogue ? 'catalogue' : 'file'
    for (const s of loaded.scenarios) {
      const recorded = loaded.catalogue ? baseline[s.name]?.[kernelText(s)] : undefined
      jobs.push(jobOf(s, suite, loaded.source, recorded))
    }
  }
  const wanted = tier === 'push' && operands.length === 0 ? jobs.filter((j) => j.cost <= PUSH_COST) : jobs
  return { jobs: [...unique(wanted), ...sweepJobs(sweep, swept), ...proofJobs(proofs)], errors }
}

/** A cell that is asked for twice is checked once; two files with one name are told apart. */
function unique(jobs: readonly Job[]): readonly Job[] {
  const taken = new Map<string, string>()
  return jobs.flatMap((job) => {
    const text = job.source.text
    let { key } = job
    for (let n = 2; taken.has(key) && taken.get(key) !== text; n++) key = `${job.key} (${n})`
    if (taken.get(key) === text) return []
    taken.set(key, text)
    return [{ ...job, key }]
  })
}

/** Digest of what a run is of: the cells, and all that their results depend on. */
export const planDigest = (jobs: readonly Job[], circumstances: unknown): string =>
  digestOf([jobs.map(({ key, source }) => [key, sha256(source.text)]), circumstances]).slice(0, 16)

/** A short name of a cell for files and queues. */
export const jobId = (plan: string, job: Pick<Job, 'key'>): string => `${plan}-${sha256(job.key).slice(0, 16)}`
