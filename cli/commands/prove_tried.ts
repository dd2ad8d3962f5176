/** What is tried to prove an item: the record, the lemmas of another kernel, a search. */
import type { CheckOptions, Unmet } from '../../solver/prove/check.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import { headOf, labelsOf, type ClaimProof, type ItemProof, type Prepared } from '../../solver/prove/prove.ts'
import type { ProofProgress } from '../../solver/prove/progress.ts'
import { adopted, recalled, recheck, recordOf, type ProofRecord } from '../../solver/prove/record.ts'
import { questionDigest } from '../../solver/prove/same.ts'
import { failureOf } from '../../solver/prove/session.ts'
import { failureText } from '../../solver/smt/solver_process.ts'
import { proofJournals } from '../proof_journal.ts'
import { proofsElsewhere, writeProof } from '../proofs.ts'
import { searched, type Searches } from '../search_proof.ts'

export interface TryOptions {
  readonly without: readonly string[]
  /** Finds the proof anew, though one is recorded. */
  readonly find: boolean
  /** Records what is found. */
  readonly update: boolean
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  /** For one message to the solver. */
  readonly limitMs: number
  /** Goes on with searches that were killed. */
  readonly resume: boolean
  /** Told how far an item has come, by its name. */
  readonly onProgress?: (item: string, progress: ProofProgress) => void
  /** Told of what goes wrong beside it. */
  readonly warn: (text: string) => void
}

/** What was tried, and what is left to show of it where it failed. */
export interface Tried {
  readonly proof: ItemProof
  readonly origin: string
  readonly lemmas: readonly Lemma[]
  readonly unmet: readonly { readonly of: Lemma; readonly unmet: Unmet }[]
  /** What kept the solver from answering, or from being asked. */
  readonly why?: string
}

/** What was asked in this run, so that it is asked once. */
export interface Asked {
  /** By digest of what is asked: the kernel of which it was asked, and what became of it. */
  readonly checked: Map<string, { readonly kernel: string; readonly tried: Tried }>
  readonly searched: Searches
}

export const solverOf = ({ solver }: Pick<TryOptions, 'solver'>): { readonly solver?: string } =>
  solver === undefined ? {} : { solver }

/** What the solver is asked with, of one item. */
export function limitsOf(
  { item, setup }: Prepared,
  options: Omit<TryOptions, 'find' | 'update' | 'without'>,
): CheckOptions {
  const { onProgress, limitMs, resume, warn } = options
  const name = `${item.property} (${item.core.name}) on ${setup.kernel.name}`
  return {
    queryMs: limitMs,
    ...solverOf(options),
    journal: proofJournals(resume, warn),
    ...(onProgress === undefined
      ? {}
      : {
          onProgress: (p) => {
            onProgress(name, p)
          },
        }),
  }
}

/** The lemmas of some other kernel, where they prove here all that they prove there. */
async function fromElsewhere(prepared: Prepared, options: TryOptions): Promise<Tried | undefined> {
  const { item, setup, claims } = prepared
  const name = { property: item.property, core: item.core.name, kernel: setup.kernel.name }
  const here = claims.filter((c) => c.lemmas.length > 0)
  for (const record of proofsElsewhere(name)) {
    if (!record.claims.every((c) => here.some((h) => h.name === c))) continue
    const limits = { ...limitsOf(prepared, options), first: true }
    const { proof, lemmas } = await recheck(record, prepared, limits)
    const proved = proof.claims.filter((c) => c.verdict === 'proved')
    if (proved.length !== record.claims.length) continue
    if (options.update) writeProof(adopted(record, prepared))
    return { proof, origin: `with the lemmas of ${record.kernel}`, lemmas, unmet: [] }
  }
  return undefined
}

/** Asks the solver: what is recorded, what another kernel is proved with, or a search. */
export async function tried(
  prepared: Prepared,
  record: ProofRecord | undefined,
  options: TryOptions,
  shared: Asked,
): Promise<Tried> {
  const limits = limitsOf(prepared, options)
  if (record === undefined && !options.find && options.without.length === 0) {
    const elsewhere = await fromElsewhere(prepared, options)
    if (elsewhere !== undefined) return elsewhere
  }
  if (record !== undefined && !options.find) {
    const kernel = prepared.setup.kernel.name
    const question = `${questionDigest(prepared.setup, recalled(record, prepared))} ${record.claims.join(', ')}`
    const before = shared.checked.get(question)
    // What is recorded is brought up to date kernel by kernel.
    if (before !== undefined && !options.update)
      return {
        ...before.tried,
        proof: { ...before.tried.proof, kernel },
        origin: `same model and lemmas as ${before.kernel}, checked there`,
      }
    const {
      proof,
      same,
      unmet,
      lemmas,
      record: again,
    } = await recheck(record, prepared, {
      ...limits,
      // Of a model that something was taken out of, one step that breaks the proof is enough.
      first: options.without.length > 0,
    })
    if (options.update && options.without.length === 0) writeProof(again)
    const changed = same || options.without.length > 0 ? '' : '; the model has changed since'
    const origin = `recorded, checked again${changed}`
    const broken = unmet.map((u) => ({ of: lemmas[u.place] ?? u.lemma, unmet: u }))
    const checked: Tried = { proof, origin, lemmas, unmet: broken }
    shared.checked.set(question, { kernel, tried: checked })
    return checked
  }
  const { found: a, origin } = await searched(prepared, limits, shared.searched)
  if (options.update) writeProof(recordOf(a))
  return {
    proof: a.proof,
    origin,
    lemmas: a.lemmas,
    unmet: a.unmet.map((u) => ({ of: a.all[u.place] ?? u.lemma, unmet: u })),
  }
}

/** An item of which runs of scenarios have refuted all that is claimed, or that no code of the kernel is about. */
export const nothingLeft = ({ item, setup, claims }: Prepared): ItemProof => ({
  ...headOf(item, setup),
  claims: claims.map((c) => ({ claim: c.name, verdict: 'unknown', labels: 0, lemmas: [], broken: [] })),
  support: [],
  queries: { found: 0, checked: 0 },
})

/** Where the solver is gone for good, its claims are unknown; those of other items are not touched. */
export async function orFailed({ item, setup, claims }: Prepared, tried: () => Promise<Tried>): Promise<Tried> {
  try {
    return await tried()
  } catch (e) {
    const failure = failureOf(e)
    if (failure === undefined) throw e
    const none = claims.map((c): ClaimProof => {
      const labels = labelsOf(c).length
      return { claim: c.name, verdict: 'unknown', labels, lemmas: [], broken: [] }
    })
    const proof = { ...headOf(item, setup), claims: none, support: [], queries: { found: 0, checked: 0 } }
    return { proof, origin: 'asked', lemmas: [], unmet: [], why: `the solver ended: ${failureText(failure)}` }
  }
}
