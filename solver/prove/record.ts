/**
 * A proof as it is kept: which guesses it rests on, by name and label, so that it need only be checked again. The
 * claims themselves are read off the code each time, and never from the record.
 */
import { createHash } from 'node:crypto'
import { check, type CheckOptions, type Unmet } from './check.ts'
import { nobodyAt, UNREACHED, within } from './houdini.ts'
import type { Claim } from './items.ts'
import type { Lemma } from './lemma.ts'
import { headOf, labelsOf, textOf, type Attempt, type ItemProof, type LemmaText, type Prepared } from './prove.ts'
import type { System } from './system.ts'

export const PROOF_FORMAT = 'mmcheck-proof-1'

interface RecordedLemma extends LemmaText {
  /** What it is found again by among the guesses. */
  readonly name: string
}

export interface ProofRecord {
  readonly format: typeof PROOF_FORMAT
  readonly property: string
  readonly core: string
  readonly kernel: string
  readonly operations: readonly string[]
  /** Of the steps of the model that it was found for: another one does not make it wrong, only worth checking. */
  readonly model: string
  /** Names of the claims that it proves. */
  readonly claims: readonly string[]
  readonly lemmas: readonly RecordedLemma[]
}

const DIGITS = 12

/** Twelve hex digits over all that a system does. */
export function fingerprint(system: System): string {
  const text = JSON.stringify([system.labels.map((l) => l.name), system.steps, system.programs])
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, DIGITS)
}

/** The record of what an attempt has proved. Where that is nothing, it says so: the search need not be made again. */
export function recordOf(a: Attempt): ProofRecord {
  const claims = a.proof.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim)
  const { property, core, kernel, operations } = a.proof
  const lemmas = claims.length === 0 ? [] : a.guessed.map((l) => ({ name: l.name, ...textOf(a.setup, l) }))
  return {
    format: PROOF_FORMAT,
    property,
    core,
    kernel,
    operations,
    model: fingerprint(a.setup.system),
    claims,
    lemmas,
  }
}

/** The lemmas of a record, as far as the model of today has them: first those of its claims, then its guesses. */
export function recalled(record: ProofRecord, { setup, claims, guesses }: Prepared): readonly Lemma[] {
  const places = new Map(setup.system.labels.map((l, i) => [l.name, i]))
  const at = (labels: readonly string[]): ReadonlySet<number> => new Set(labels.flatMap((l) => places.get(l) ?? []))
  // The same may be guessed of some labels, and of all states.
  const everywhere = new Map(guesses.flatMap((l) => (l.labels === undefined ? [[l.name, l]] : [])))
  const atLabels = new Map(guesses.flatMap((l) => (l.labels === undefined ? [] : [[l.name, l]])))
  const goals = claims.filter((c) => record.claims.includes(c.name)).flatMap((c) => c.lemmas)
  const support = record.lemmas.flatMap(({ name, labels }): readonly Lemma[] => {
    const here = labels === undefined ? undefined : at(labels)
    if (here?.size === 0) return []
    if (name === UNREACHED) return here === undefined ? [] : [nobodyAt(here)]
    const guess = (here === undefined ? everywhere : atLabels).get(name)
    if (guess === undefined) return []
    return [here === undefined ? guess : { ...guess, labels: here }]
  })
  return [...goals, ...support]
}

/** A recorded proof, checked again. */
export interface Rechecked {
  readonly proof: ItemProof
  /** The model is the one that it was found for. */
  readonly same: boolean
  readonly unmet: readonly Unmet[]
  readonly lemmas: readonly Lemma[]
}

/** The record of a proof that another kernel's lemmas have given. */
export function adopted(record: ProofRecord, { item, setup, guesses }: Prepared): ProofRecord {
  // What this kernel's code gives no cause to guess was not assumed either.
  const names = new Set([...guesses.map((l) => l.name), UNREACHED])
  return {
    ...record,
    kernel: setup.kernel.name,
    operations: item.core.operations,
    model: fingerprint(setup.system),
    lemmas: record.lemmas.filter((l) => names.has(l.name)),
  }
}

/** Checks a recorded proof against the model of today. What it does not claim is left unknown. */
export async function recheck(record: ProofRecord, prepared: Prepared, options: CheckOptions): Promise<Rechecked> {
  const { item, setup, claims } = prepared
  const all = recalled(record, prepared)
  const unreached = all.find((l) => l.name === UNREACHED)?.labels ?? new Set<number>()
  const reached = new Set(setup.system.labels.flatMap((_, i) => (unreached.has(i) ? [] : [i])))
  const lemmas = all.flatMap((l) => (l.name === UNREACHED ? [l] : (within(l, reached) ?? [])))
  const checked = await check(setup, lemmas, options, unreached)
  const holds = (c: Claim): boolean =>
    checked.unmet.length === 0 && record.claims.includes(c.name) && labelsOf(c).some((i) => reached.has(i))
  const proof: ItemProof = {
    ...headOf(item, setup),
    queries: { found: 0, checked: checked.queries },
    claims: claims.map((c) => ({
      claim: c.name,
      verdict: holds(c) ? 'proved' : 'unknown',
      labels: labelsOf(c).length,
      lemmas: c.lemmas.map((l) => textOf(setup, l)),
      broken: record.claims.includes(c.name)
        ? checked.unmet.map((u) => ({
            lemma: textOf(setup, u.lemma).text,
            from: u.from ?? 'the start',
            to: u.to ?? '',
            said: u.said,
          }))
        : [],
    })),
    support: record.lemmas.map(({ text, labels }) => (labels === undefined ? { text } : { text, labels })),
  }
  return { proof, same: record.model === fingerprint(setup.system), unmet: checked.unmet, lemmas }
}
