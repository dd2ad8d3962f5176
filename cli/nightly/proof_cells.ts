/** Recorded proofs as cells of a run: a proof is one job, with a result for each kernel that has its model. */
import { z } from 'zod'
import { digestOf } from '../../counterexamples/digest.ts'
import { KERNELS } from '../../model/kernels/kernels.ts'
import { PROVED_PROPERTIES } from '../../solver/prove/names.ts'
import type { ProofRecord } from '../../solver/prove/record.ts'
import { ALL_PROOFS, coreWord, WITH_STATES } from '../proof_words.ts'

/** A recorded proof, on kernels of which the record says that they have one model, and one proof. */
export interface ProofRow {
  property: string
  core: string
  kernels: string[]
  /** Its lemmas are held against explicit states, too. */
  states?: true | undefined
}

export const proofRowSchema: z.ZodType<ProofRow> = z.object({
  property: z.string(),
  core: z.string(),
  kernels: z.array(z.string()),
  states: z.literal(true).optional(),
})

/** The name of a proof among scenarios: `proof.LockExclusion.VMAs_and_faults`; none of the catalogue begins so. */
export const proofName = ({ property, core }: Pick<ProofRow, 'property' | 'core'>): string =>
  `proof.${property}.${coreWord(core)}`

/** The key of what a proof came to on one kernel. */
export const proofKey = (row: ProofRow, kernel: string): string => `${proofName(row)} @ ${kernel}`

export interface CostedProof {
  readonly row: ProofRow
  readonly cost: number
  /** Of what is recorded: a run that was killed goes on with the very same records alone. */
  readonly digest: string
}

/**
 * In transitions of the explicit engine, as all costs are, by model: a second of CPU with the package z3-solver is
 * about as much as half a million of them. Measured on the recorded proofs, of which those of v7.0 take longest.
 */
const COSTS: Readonly<Record<string, number>> = {
  collapse: 15_000_000,
  tables: 15_000_000,
  'VMAs and faults': 8_000_000,
  'no flags stored': 6_000_000,
}
const COST = 3_000_000
/** Of the states at the three smallest sizes. */
const STATES_COST = 3_000_000

/** What two proofs have to have in common for one check to be of both. */
const alike = ({ property, core, model, claims, lemmas }: ProofRecord): string =>
  digestOf([property, core, model, claims, lemmas.map(({ name, labels }) => [name, labels ?? null])])

const isKernel = (word: string): boolean => KERNELS.some((k) => k.name === word)
const isProperty = (word: string): boolean => PROVED_PROPERTIES.some((p) => p === word)

/**
 * Which proofs take part: of the kernels that are named, of the properties, and of the models; where one of the three is
 * not named, of any. `all` names nothing more; without any word none takes part.
 */
export function proofRows(words: readonly string[], records: readonly ProofRecord[]): readonly CostedProof[] {
  const named = words.filter((w) => w !== ALL_PROOFS && w !== WITH_STATES)
  const states = words.includes(WITH_STATES)
  const kernels = named.filter(isKernel)
  const properties = named.filter(isProperty)
  const cores = named.filter((w) => !isKernel(w) && !isProperty(w))
  const wanted = records.filter(
    (r) =>
      words.length > 0 &&
      r.claims.length > 0 &&
      (kernels.length === 0 || kernels.includes(r.kernel)) &&
      (properties.length === 0 || properties.includes(r.property)) &&
      (cores.length === 0 || cores.includes(coreWord(r.core))),
  )
  const groups = new Map<string, ProofRecord[]>()
  for (const r of wanted) groups.set(alike(r), [...(groups.get(alike(r)) ?? []), r])
  return [...groups.entries()].flatMap(([digest, of]): readonly CostedProof[] => {
    const [first] = of
    if (first === undefined) return []
    const order = KERNELS.map((k) => k.name)
    const on = of.map((r) => r.kernel).sort((a, b) => order.indexOf(a) - order.indexOf(b))
    const row: ProofRow = {
      ...{ property: first.property, core: first.core, kernels: on },
      ...(states ? { states: true as const } : {}),
    }
    return [{ row, cost: (COSTS[row.core] ?? COST) + (states ? STATES_COST : 0), digest }]
  })
}
