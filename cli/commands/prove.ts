/** `mmcheck prove`: what holds for any number of threads and pages, and where it does not, the run that shows it. */
import { availableParallelism } from 'node:os'
import type { Kernel } from '../../model/kernels/kernels.ts'
import type { Unmet } from '../../solver/prove/check.ts'
import { ctiOf } from '../../solver/prove/cti.ts'
import { ITEMS, type Claim, type Item } from '../../solver/prove/items.ts'
import { labelsOf, prepare, RESTS_ON, type ClaimProof } from '../../solver/prove/prove.ts'
import { questionDigest } from '../../solver/prove/same.ts'
import type { Setup } from '../../solver/prove/setup.ts'
import { unmetWords } from '../../solver/prove/words.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { inOrder } from '../in_order.ts'
import { errorText, withHelp } from '../message.ts'
import { contradiction, type SizeDocument } from '../proof_sizes.ts'
import { proofLine } from '../proof_progress.ts'
import { proofStates, sizesOf } from '../proof_states.ts'
import { recordedProof } from '../proofs.ts'
import { tableText, writeTable } from '../proof_table.ts'
import { refute, type NotSeen, type Refutation } from '../refute.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { outcomeOf, withoutProof, type Answer } from './prove_answer.ts'
import { answeredText, forJson, forTable, type Answered } from './prove_text.ts'
import { nothingLeft, orFailed, solverOf, tried, type Asked, type Tried, type TryOptions } from './prove_tried.ts'

export interface ProveOptions extends Omit<TryOptions, 'onProgress' | 'warn'> {
  readonly kernels: readonly Kernel[]
  /** Properties of the core list, and models; all of them where this is empty. */
  readonly properties: readonly string[]
  readonly cores: readonly string[]
  /** The lemmas too. */
  readonly lemmas: boolean
  /** For what is not proved: a step that breaks a lemma, with the state before it. */
  readonly cti: boolean
  /** Holds the lemmas of what is proved against all states at the three smallest sizes. */
  readonly states: boolean
  /** One table, claim by kernel, in place of a paragraph for each. */
  readonly table: boolean
  readonly json: boolean
  /** A line on standard error that says how far it is. */
  readonly progress: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** As the parts of a run have them. */
type Running = ProveOptions & TryOptions

interface Shared extends Asked {
  /** By digest of what was asked. */
  readonly states: Map<string, readonly SizeDocument[]>
}

/** Of a claim that is not proved: how far it was looked at all the same, and a step that breaks a lemma where that is asked for. */
async function withoutProofOf(
  t: Tried,
  setup: Setup,
  claim: Claim,
  seen: readonly NotSeen[],
  options: Running,
): Promise<Answer> {
  const mine = new Set(claim.lemmas)
  const broken = t.unmet.find((u) => mine.has(u.of)) ?? t.unmet[0]
  const cti =
    options.cti && broken !== undefined
      ? await ctiOf(setup, t.lemmas, broken.unmet, { queryMs: options.limitMs, ...solverOf(options) })
      : undefined
  const why = t.why ?? (broken === undefined ? 'a search found no proof' : notShown(broken.unmet, t.unmet.length))
  const counterexample = cti === undefined ? {} : { cti }
  // Of a solver that ended there is no more to say; of a model that something was taken out of, that the proof is broken.
  if (t.why !== undefined || options.without.length > 0) return { kind: 'unknown', why, ...counterexample }
  const { searches, against } = sizesOf(setup, claim.lemmas, labelsOf(claim), { maxMs: SIZES_MS })
  if (against !== undefined) return { kind: 'unknown', why: against, ...counterexample }
  return { ...withoutProof([...seen, ...searches], why), ...counterexample }
}

/** In UTC: `2026-11-22`. */
const today = (): string => new Date().toISOString().slice(0, 10)

/** For each of the three smallest sizes. */
const SIZES_MS = 20_000

const notShown = (u: Unmet, count: number): string =>
  `not shown: ${unmetWords(u)}${count > 1 ? `; ${count - 1} more` : ''}`

/** Of proofs that are asked the very same, the states are looked at once. */
function statesAsked(setup: Setup, { proof, lemmas, unmet }: Tried, shared: Shared): readonly SizeDocument[] {
  if (unmet.length > 0 || !proof.claims.some((c) => c.verdict === 'proved')) return []
  const question = questionDigest(setup, lemmas)
  const found = shared.states.get(question) ?? proofStates(setup, lemmas)
  shared.states.set(question, found)
  return found
}

const isAbout = (c: Claim): boolean => c.lemmas.length > 0

/** One item on one kernel: what a run of the catalogue breaks is not put to the solver. */
async function answered(item: Item, kernel: Kernel, options: Running, shared: Shared): Promise<Answered> {
  const prepared = prepare(item, kernel, options.without)
  const refuted = new Map<string, Refutation>()
  const searches = new Map<string, readonly NotSeen[]>()
  for (const c of options.without.length === 0 ? prepared.claims : []) {
    const seen = !isAbout(c) ? undefined : await refute(item.property, item.core.name, c.name, kernel)
    if (seen?.kind === 'violated') refuted.set(c.name, seen.refutation)
    if (seen?.kind === 'not seen') searches.set(c.name, seen.searches)
  }
  const left = { ...prepared, claims: prepared.claims.filter((c) => !refuted.has(c.name)) }
  const name = { property: item.property, core: item.core.name, kernel: kernel.name }
  const t = await orFailed(left, () =>
    prepared.claims.length > 0 && !left.claims.some(isAbout)
      ? Promise.resolve({
          ...{ proof: nothingLeft(left), lemmas: [], unmet: [] },
          ...(prepared.claims.some(isAbout)
            ? { origin: 'by runs of a scenario' }
            : { origin: 'by the code', why: 'no code of the kernel does it' }),
        })
      : tried(left, recordedProof(name), options, shared),
  )
  const answers: { readonly claim: ClaimProof; readonly answer: Answer }[] = []
  for (const c of prepared.claims) {
    const refutation = refuted.get(c.name)
    const claim = t.proof.claims.find((x) => x.claim === c.name)
    if (refutation !== undefined)
      answers.push({
        claim: { claim: c.name, verdict: 'unknown', labels: 0, lemmas: [], broken: [] },
        answer: { kind: 'violated', refutation },
      })
    else if (claim !== undefined) {
      const absent = claim.labels === 0 && options.without.length === 0
      const answer: Answer =
        claim.verdict === 'proved'
          ? { kind: 'proved' }
          : absent
            ? { kind: 'absent' }
            : await withoutProofOf(t, prepared.setup, c, searches.get(c.name) ?? [], options)
      answers.push({ claim, answer })
    }
  }
  const states = options.states ? statesAsked(left.setup, t, shared) : []
  return { proof: t.proof, origin: t.origin, answers, ...(states.length === 0 ? {} : { states }) }
}

const isAsked = (property: string, core: string, { properties, cores }: ProveOptions): boolean =>
  (properties.length === 0 || properties.includes(property)) && (cores.length === 0 || cores.includes(core))

/**
 * Proves what it can on each kernel. Returns the exit code: 10 where a claim is violated, 21 where one is left
 * unknown, 1 where `without` names nothing.
 */
export async function proveCommand(asked: ProveOptions): Promise<number> {
  const line = proofLine(asked.progress)
  const err = (text: string): void => {
    line.clear()
    asked.err(errorText(text))
  }
  const options: Running = { ...asked, onProgress: line.report, warn: err }
  const outcomes: Outcome[] = []
  const proofs: Answered[] = []
  const shared: Shared = { checked: new Map(), searched: new Map(), states: new Map() }
  for (const kernel of options.kernels) {
    const todo = ITEMS.filter((i) => isAsked(i.property, i.core.name, options)).map(
      (i) => () => answered(i, kernel, options, shared),
    )
    // A search for one item may rest on that for another, so that these go one after the other.
    for await (const done of inOrder(todo, options.find ? 1 : availableParallelism())) {
      if (done.status === 'fulfilled') {
        const a = done.value
        proofs.push(a)
        line.clear()
        if (options.update && options.without.length === 0)
          writeTable(forTable(a).map((x) => ({ ...x, date: today() })))
        outcomes.push(...a.answers.map((x) => outcomeOf(x.answer)))
        const against = contradiction(a.states ?? [])
        if (against !== undefined) {
          err(`${a.proof.property} (${a.proof.core}) on ${kernel.name}: ${against}`)
          outcomes.push('disagree')
        }
        if (!options.json && !options.table) options.out(answeredText(a, options.lemmas))
      } else {
        const reason: unknown = done.reason
        err(`${kernel.name}: ${reason instanceof Error ? reason.message : String(reason)}`)
        outcomes.push('usage')
      }
    }
  }
  if (outcomes.length === 0) {
    const known = [...new Set(ITEMS.map((i) => i.property))].join(', ')
    err(withHelp('no such property or model', `properties: ${known}`))
    return EXIT.usage.code
  }
  const { code } = EXIT[highest(outcomes)]
  if (options.json)
    options.out(
      `${JSON.stringify({ ...RESULT_FORMAT, exit: code, restsOn: RESTS_ON, proofs: proofs.map(forJson) }, null, 2)}\n`,
    )
  else if (proofs.length > 0) {
    const names = options.kernels.map((k) => k.name)
    if (options.table) options.out(tableText(proofs.flatMap(forTable), names))
    options.out(`\nIt rests on:\n${RESTS_ON.map((r) => `${wrapped(`- ${r}`, '', 2)}\n`).join('')}`)
  }
  return code
}
