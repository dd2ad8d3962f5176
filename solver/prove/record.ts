/**
 * A proof as it is kept: which guesses it rests on, by name and label, so that it need only be checked again. The
 * claims themselves are read off the code each time, and never from the record.
 */
import { createHash } from 'node:crypto'
import { check, type Checked, type CheckOptions, type Unmet } from './check.ts'
import { nobodyAt, UNREACHED, within } from './houdini.ts'
import type { Claim } from './items.ts'
import type { Lemma } from './lemma.ts'
import { renumbered, type Needs, type RecordedNeeds } from './needs.ts'
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
  readonly needs?: RecordedNeeds
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
    ...(claims.length === 0 || a.needs === undefined ? {} : { needs: a.needs }),
  }
}

/** A lemma of a record, and where it stands there. */
interface Recalled {
  readonly lemma: Lemma
  readonly at: { readonly of: 'claims' | 'record'; readonly place: number }
}

/** The lemmas of a record, as far as the model of today has them: first those of its claims, then its guesses. */
export const recalled = (record: ProofRecord, prepared: Prepared): readonly Lemma[] =>
  recalledWithPlaces(record, prepared).map((r) => r.lemma)

function recalledWithPlaces(record: ProofRecord, { setup, claims, guesses }: Prepared): readonly Recalled[] {
  const places = new Map(setup.system.labels.map((l, i) => [l.name, i]))
  const at = (labels: readonly string[]): ReadonlySet<number> => new Set(labels.flatMap((l) => places.get(l) ?? []))
  // The same may be guessed of some labels, and of all states.
  const everywhere = new Map(guesses.flatMap((l) => (l.labels === undefined ? [[l.name, l]] : [])))
  const atLabels = new Map(guesses.flatMap((l) => (l.labels === undefined ? [] : [[l.name, l]])))
  const goals = claims.filter((c) => record.claims.includes(c.name)).flatMap((c) => c.lemmas)
  const support = ({ name, labels }: RecordedLemma): Lemma | undefined => {
    const here = labels === undefined ? undefined : at(labels)
    if (here?.size === 0) return undefined
    if (name === UNREACHED) return here === undefined ? undefined : nobodyAt(here)
    const guess = (here === undefined ? everywhere : atLabels).get(name)
    return guess === undefined || here === undefined ? guess : { ...guess, labels: here }
  }
  return [
    ...goals.map((lemma, place): Recalled => ({ lemma, at: { of: 'claims', place } })),
    ...record.lemmas.flatMap((l, place): readonly Recalled[] => {
      const lemma = support(l)
      return lemma === undefined ? [] : [{ lemma, at: { of: 'record', place } }]
    }),
  ]
}

/** A recorded proof, checked again. */
export interface Rechecked {
  readonly proof: ItemProof
  /** The model is the one that it was found for. */
  readonly same: boolean
  readonly unmet: readonly Unmet[]
  readonly lemmas: readonly Lemma[]
  /** Where all was met: the record as one of today's model, with what its lemmas needed, if the solver tells that. */
  readonly record: ProofRecord
}

/** The record of a proof that another kernel's lemmas have given. */
export function adopted(record: ProofRecord, { item, setup, guesses }: Prepared): ProofRecord {
  // What this kernel's code gives no cause to guess was not assumed either.
  const names = new Set([...guesses.map((l) => l.name), UNREACHED])
  const lemmas = record.lemmas.filter((l) => names.has(l.name))
  const { goals, of } = record.needs ?? { goals: 0, of: [] }
  const places = of.map((_, i) => {
    const place = i < goals ? i : goals + lemmas.findIndex((l) => l === record.lemmas[i - goals])
    return place < goals && i >= goals ? undefined : place
  })
  return {
    ...record,
    kernel: setup.kernel.name,
    operations: item.core.operations,
    model: fingerprint(setup.system),
    lemmas,
    ...(record.needs === undefined ? {} : { needs: { goals, of: renumbered(of, places, goals + lemmas.length) } }),
  }
}

/** Where lemmas of today stand in the list that recorded needs are about. */
const placesOf = (kept: readonly Recalled[], goals: number): readonly number[] =>
  kept.map(({ at: { of, place } }) => (of === 'claims' ? place : goals + place))

/** What is recorded of the needs of lemmas, by their places in a list of today. */
function needsOf({ needs }: ProofRecord, kept: readonly Recalled[]): { readonly needs?: Needs } {
  if (needs === undefined) return {}
  const today = new Map(placesOf(kept, needs.goals).map((place, i) => [place, i]))
  const places = needs.of.map((_, i) => today.get(i))
  return { needs: renumbered(needs.of, places, kept.length) }
}

/** The record with the needs that lemmas of today had, where the solver tells them. */
function withNeeds(record: ProofRecord, kept: readonly Recalled[], goals: number, { needs }: Checked): ProofRecord {
  if (needs === undefined) return record
  const of = renumbered(needs, placesOf(kept, goals), goals + record.lemmas.length)
  return { ...record, needs: { goals, of } }
}

/** Checks a recorded proof against the model of today. What it does not claim is left unknown. */
export async function recheck(record: ProofRecord, prepared: Prepared, options: CheckOptions): Promise<Rechecked> {
  const { item, setup, claims } = prepared
  const all = recalledWithPlaces(record, prepared)
  const unreached = all.find((r) => r.lemma.name === UNREACHED)?.lemma.labels ?? new Set<number>()
  const reached = new Set(setup.system.labels.flatMap((_, i) => (unreached.has(i) ? [] : [i])))
  const kept = all.flatMap(({ lemma, at }): readonly Recalled[] => {
    const left = lemma.name === UNREACHED ? lemma : within(lemma, reached)
    return left === undefined ? [] : [{ lemma: left, at }]
  })
  const lemmas = kept.map((r) => r.lemma)
  const checked = await check(setup, lemmas, { ...options, ...needsOf(record, kept) }, unreached)
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
  const goals = all.filter((r) => r.at.of === 'claims').length
  const model = fingerprint(setup.system)
  const again = checked.unmet.length > 0 ? record : { ...withNeeds(record, kept, goals, checked), model }
  return { proof, same: record.model === model, unmet: checked.unmet, lemmas, record: again }
}
