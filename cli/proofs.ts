/** Where recorded proofs are kept, and which solver is asked where none is named. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { KERNELS } from '../model/kernels/kernels.ts'
import { PROOF_FORMAT, type ProofRecord } from '../solver/prove/record.ts'
import { packageRoot } from './input.ts'

const place = z.number().int().nonnegative()
const schema = z.object({
  format: z.literal(PROOF_FORMAT),
  property: z.string(),
  core: z.string(),
  kernel: z.string(),
  operations: z.array(z.string()),
  model: z.string(),
  claims: z.array(z.string()),
  lemmas: z.array(z.object({ name: z.string(), text: z.string(), labels: z.array(z.string()).optional() })),
  needs: z.object({ goals: place, of: z.array(z.array(place)) }).optional(),
})

export interface ProofName {
  readonly property: string
  readonly core: string
  readonly kernel: string
}

const directory = (): string => join(packageRoot(), 'solver', 'prove', 'recorded')
const fileOf = ({ property, core, kernel }: ProofName): string =>
  join(directory(), `${property}-${core.replaceAll(' ', '_')}-${kernel}.json`)

/** The recorded proof; undefined where there is none. Throws on a file that is none of ours. */
export function recordedProof(name: ProofName): ProofRecord | undefined {
  const file = fileOf(name)
  return existsSync(file) ? read(file) : undefined
}

/** Every recorded proof, in the order of the names of their files. Throws on a file that is none of ours. */
export const allRecordedProofs = (): readonly ProofRecord[] =>
  readdirSync(directory())
    .filter((f) => f.endsWith('.json'))
    .sort()
    .map((f) => read(join(directory(), f)))

function read(file: string): ProofRecord {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (!parsed.success) throw new Error(`${file} is no recorded proof`)
  const { lemmas, needs, ...rest } = parsed.data
  return {
    ...rest,
    ...(needs === undefined ? {} : { needs }),
    lemmas: lemmas.map(({ labels, ...l }) => (labels === undefined ? l : { ...l, labels })),
  }
}

/** The recorded proofs of a model on other kernels, the newest kernel first. */
export function proofsElsewhere({ property, core, kernel }: ProofName): readonly ProofRecord[] {
  return KERNELS.toReversed()
    .filter((k) => k.name !== kernel)
    .flatMap((k) => recordedProof({ property, core, kernel: k.name }) ?? [])
    .filter((r) => r.claims.length > 0)
}

export function writeProof({ needs, ...record }: ProofRecord): void {
  const text = JSON.stringify(record, null, 1)
  // Long lists of small numbers, which nobody reads: a line is enough for them.
  const more = needs === undefined ? '' : `,\n "needs": ${JSON.stringify(needs)}`
  writeFileSync(fileOf(record), `${text.slice(0, -'\n}'.length)}${more}\n}\n`)
}

/** `z3`, where there is one on this machine; otherwise the package z3-solver is asked. */
export const nativeZ3 = (): string | undefined =>
  spawnSync('z3', ['--version'], { stdio: 'ignore' }).status === 0 ? 'z3' : undefined
