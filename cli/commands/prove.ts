/** `mmcheck prove`: what holds for any number of threads and pages, and where it does not, the run that shows it. */
import { availableParallelism } from 'node:os'
import type { Kernel } from '../../model/kernels/kernels.ts'
import { ctiOf, type Cti } from '../../solver/prove/cti.ts'
import { ITEMS, OPEN_ITEMS, type Claim, type Item, type OpenItem } from '../../solver/prove/items.ts'
import type { Unmet } from '../../solver/prove/check.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import {
  headOf,
  labelsOf,
  prepare,
  RESTS_ON,
  type ClaimProof,
  type ItemProof,
  type LemmaText,
  type Prepared,
} from '../../solver/prove/prove.ts'
import { adopted, recalled, recheck, recordOf, type ProofRecord } from '../../solver/prove/record.ts'
import { questionDigest } from '../../solver/prove/same.ts'
import { failureOf } from '../../solver/prove/session.ts'
import { unmetWords } from '../../solver/prove/words.ts'
import { failureText } from '../../solver/smt/solver_process.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { inOrder } from '../in_order.ts'
import { errorText, withHelp } from '../message.ts'
import { contradiction, statesText, type SizeDocument } from '../proof_sizes.ts'
import { proofStates, sizesOf } from '../proof_states.ts'
import { proofsElsewhere, recordedProof, writeProof } from '../proofs.ts'
import { tableText, writeTable, type TableAnswer } from '../proof_table.ts'
import { refute, type Refutation, type Searched } from '../refute.ts'
import { searched, type Searches } from '../search_proof.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'
import { answerText, outcomeOf, reasonText, withoutProof, type Answer } from './prove_answer.ts'

export interface ProveOptions {
  readonly kernels: readonly Kernel[]
  /** Properties of the core list, and models; all of them where this is empty. */
  readonly properties: readonly string[]
  readonly cores: readonly string[]
  readonly without: readonly string[]
  /** Finds the proof anew, though one is recorded. */
  readonly find: boolean
  /** Records what is found. */
  readonly update: boolean
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  readonly limitMs: number
  /** The lemmas too. */
  readonly lemmas: boolean
  /** For what is not proved: a step that breaks a lemma, with the state before it. */
  readonly cti: boolean
  /** Holds the lemmas of what is proved against all states at the three smallest sizes. */
  readonly states: boolean
  /** One table, claim by kernel, in place of a paragraph for each. */
  readonly table: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface Answered {
  readonly proof: ItemProof
  /** How it was come by. */
  readonly origin: string
  readonly answers: readonly { readonly claim: ClaimProof; readonly answer: Answer }[]
  /** What explicit states say of its lemmas, where they were asked. */
  readonly states?: readonly SizeDocument[]
}

/** What was tried, and what is left to show of it where it failed. */
interface Tried {
  readonly proof: ItemProof
  readonly origin: string
  readonly lemmas: readonly Lemma[]
  readonly unmet: readonly { readonly of: Lemma; readonly unmet: Unmet }[]
  /** What kept the solver from answering, or from being asked. */
  readonly why?: string
}

/** What was asked in this run, so that it is asked once. */
interface Shared {
  /** By digest of what is asked: the kernel of which it was asked, and what became of it. */
  readonly checked: Map<string, { readonly kernel: string; readonly tried: Tried }>
  readonly searched: Searches
  readonly states: Map<string, readonly SizeDocument[]>
}

/** The lemmas of some other kernel, where they prove here all that they prove there. */
async function fromElsewhere(prepared: Prepared, options: ProveOptions): Promise<Tried | undefined> {
  const { item, setup, claims } = prepared
  const name = { property: item.property, core: item.core.name, kernel: setup.kernel.name }
  const here = claims.filter((c) => c.lemmas.length > 0)
  for (const record of proofsElsewhere(name)) {
    if (!record.claims.every((c) => here.some((h) => h.name === c))) continue
    const limits = { queryMs: options.limitMs, first: true, ...solverOf(options) }
    const { proof, lemmas } = await recheck(record, prepared, limits)
    const proved = proof.claims.filter((c) => c.verdict === 'proved')
    if (proved.length !== record.claims.length) continue
    if (options.update) writeProof(adopted(record, prepared))
    return { proof, origin: `with the lemmas of ${record.kernel}`, lemmas, unmet: [] }
  }
  return undefined
}

async function tried(
  prepared: Prepared,
  record: ProofRecord | undefined,
  options: ProveOptions,
  shared: Shared,
): Promise<Tried> {
  const limits = { queryMs: options.limitMs, ...solverOf(options) }
  if (record === undefined && !options.find && options.without.length === 0) {
    const elsewhere = await fromElsewhere(prepared, options)
    if (elsewhere !== undefined) return elsewhere
  }
  if (record !== undefined && !options.find) {
    const kernel = prepared.setup.kernel.name
    const question = `${questionDigest(prepared.setup, recalled(record, prepared))} ${record.claims.join(', ')}`
    const before = shared.checked.get(question)
    if (before !== undefined)
      return {
        ...before.tried,
        proof: { ...before.tried.proof, kernel },
        origin: `same model and lemmas as ${before.kernel}, checked there`,
      }
    const { proof, same, unmet, lemmas } = await recheck(record, prepared, {
      ...limits,
      // Of a model that something was taken out of, one step that breaks the proof is enough.
      first: options.without.length > 0,
    })
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

async function unknownOf(
  t: Tried,
  prepared: Prepared,
  claim: ClaimProof,
  seen: readonly Searched[],
  options: ProveOptions,
): Promise<Answer> {
  const mine = new Set(prepared.claims.find((c) => c.name === claim.claim)?.lemmas)
  const [first] = t.unmet.filter((u) => mine.has(u.of))
  const broken = first ?? t.unmet[0]
  const cti =
    options.cti && broken !== undefined
      ? await ctiOf(prepared.setup, t.lemmas, broken.unmet, { queryMs: options.limitMs, ...solverOf(options) })
      : undefined
  const why = t.why ?? (broken === undefined ? 'a search found no proof' : notShown(broken.unmet, t.unmet.length))
  const counterexample = cti === undefined ? {} : { cti }
  // Of a solver that ended there is no more to say; of a model that something was taken out of, that the proof is broken.
  if (t.why !== undefined || options.without.length > 0) return { kind: 'unknown', why, ...counterexample }
  const claimed = prepared.claims.find((c) => c.name === claim.claim)
  const lemmas = claimed?.lemmas ?? []
  const about = claimed === undefined ? [] : labelsOf(claimed)
  const { searches, against } = sizesOf(prepared.setup, lemmas, about, { maxMs: SIZES_MS })
  if (against !== undefined) return { kind: 'unknown', why: against, ...counterexample }
  return { ...withoutProof([...seen, ...searches], why), ...counterexample }
}
/** For each of the three smallest sizes. */
const SIZES_MS = 20_000

const notShown = (u: Unmet, count: number): string =>
  `not shown: ${unmetWords(u)}${count > 1 ? `; ${count - 1} more` : ''}`

/** An item of which runs of scenarios have refuted all that is claimed, or that no code of the kernel is about. */
const nothingLeft = ({ item, setup, claims }: Prepared): ItemProof => ({
  ...headOf(item, setup),
  claims: claims.map((c) => ({ claim: c.name, verdict: 'unknown', labels: 0, lemmas: [], broken: [] })),
  support: [],
  queries: { found: 0, checked: 0 },
})
const isAbout = (c: Claim): boolean => c.lemmas.length > 0

/** Where the solver is gone for good, its claims are unknown; those of other items are not touched. */
async function orFailed({ item, setup, claims }: Prepared, tried: () => Promise<Tried>): Promise<Tried> {
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

/** Of proofs that are asked the very same, the states are looked at once. */
function statesAsked({ setup }: Prepared, { proof, lemmas, unmet }: Tried, shared: Shared): readonly SizeDocument[] {
  if (unmet.length > 0 || !proof.claims.some((c) => c.verdict === 'proved')) return []
  const question = questionDigest(setup, lemmas)
  const found = shared.states.get(question) ?? proofStates(setup, lemmas)
  shared.states.set(question, found)
  return found
}

/** One item on one kernel: what a run of the catalogue breaks is not put to the solver. */
async function answered(item: Item, kernel: Kernel, options: ProveOptions, shared: Shared): Promise<Answered> {
  const prepared = prepare(item, kernel, options.without)
  const refuted = new Map<string, Refutation>()
  const searches = new Map<string, readonly Searched[]>()
  for (const c of options.without.length === 0 ? prepared.claims : []) {
    const seen = c.lemmas.length === 0 ? undefined : await refute(item.property, item.core.name, c.name, kernel)
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
            : await unknownOf(t, prepared, claim, searches.get(c.name) ?? [], options)
      answers.push({ claim, answer })
    }
  }
  const states = options.states ? statesAsked(left, t, shared) : []
  return { proof: t.proof, origin: t.origin, answers, ...(states.length === 0 ? {} : { states }) }
}

const solverOf = ({ solver }: ProveOptions): { readonly solver?: string } => (solver === undefined ? {} : { solver })

function lemmaLine({ text, labels }: LemmaText): string {
  const where = labels === undefined ? 'always' : `at ${labels.length} label${labels.length === 1 ? '' : 's'}`
  return wrapped(`${where}: ${text}`, '    ', 2)
}

function ctiText(cti: Cti): readonly string[] {
  const line = (text: string): string => wrapped(text, '    ', 2)
  return [
    line('a state that keeps all that was shown, and one step that breaks a lemma:'),
    ...cti.threads.map((t, i) => line(`${t.name} stands at ${t.at}${i === 0 ? ', and goes on' : ''}`)),
    ...cti.shown.map((s) => line(`${s.variable} = ${s.before}${s.after === undefined ? '' : ` -> ${s.after}`}`)),
    line(`step ${cti.from}: ${cti.text}`),
    line(
      `then at ${cti.to}, broken${cti.objects.length === 0 ? '' : ` for ${cti.objects.join(', ')}`}: ${cti.lemmaText}`,
    ),
  ]
}

function text({ proof, origin, answers, states }: Answered, options: ProveOptions): string {
  const { kernel, without, operations } = proof
  const on = `${kernel}${without.length === 0 ? '' : ` without ${without.join(', ')}`}`
  const calls = operations.length === 0 ? '' : `; threads do ${operations.join(', ')}`
  const lines = [wrapped(`${proof.property} on ${on}${calls} (${proof.core}; ${origin})`, '', 2)]
  for (const { claim, answer } of answers) {
    lines.push(wrapped(`${answer.kind.padEnd(8)} ${claim.claim.padEnd(24)} ${answerText(answer)}`.trimEnd(), '  ', 2))
    if (options.lemmas && answer.kind === 'proved') lines.push(...claim.lemmas.map(lemmaLine))
    if (answer.kind === 'unknown' && answer.cti !== undefined) lines.push(...ctiText(answer.cti))
  }
  if (states !== undefined) lines.push(wrapped(`states   ${statesText(states)}`, '  ', 11))
  if (options.lemmas && proof.support.length > 0) lines.push('  with', ...proof.support.map(lemmaLine))
  return `${lines.join('\n')}\n`
}

/** A claim that no proof is tried of: a run of a scenario shows it false, or nothing is known. */
async function openAnswer(item: OpenItem, kernel: Kernel, options: ProveOptions): Promise<Answered> {
  const seen = await refute(item.property, item.core, item.claim, kernel)
  const answer = seen.kind === 'violated' ? seen : withoutProof(seen.searches, item.why)
  const claim: ClaimProof = { claim: item.claim, verdict: 'unknown', labels: 0, lemmas: [], broken: [] }
  const proof: ItemProof = {
    ...{ property: item.property, statement: item.statement, core: item.core, kernel: kernel.name },
    ...{ without: options.without, operations: [], claims: [claim], support: [], queries: { found: 0, checked: 0 } },
  }
  return { proof, origin: 'by runs of a scenario', answers: [{ claim, answer }] }
}

/** An answer as the table has it. */
const forTable = ({ proof, answers }: Answered): readonly Omit<TableAnswer, 'date'>[] =>
  answers.map(({ claim, answer }) => ({
    ...{ property: proof.property, core: proof.core, claim: claim.claim, kernel: proof.kernel, verdict: answer.kind },
    ...(answer.kind === 'violated'
      ? { counterexample: answer.refutation.id, scenario: answer.refutation.scenario }
      : {}),
    ...(reasonText(answer) === '' ? {} : { why: reasonText(answer) }),
  }))

const isAsked = (property: string, core: string, { properties, cores }: ProveOptions): boolean =>
  (properties.length === 0 || properties.includes(property)) && (cores.length === 0 || cores.includes(core))

/**
 * Proves what it can on each kernel. Returns the exit code: 10 where a claim is violated, 21 where one is left
 * unknown, 1 where `without` names nothing.
 */
export async function proveCommand(options: ProveOptions): Promise<number> {
  const outcomes: Outcome[] = []
  const proofs: Answered[] = []
  const shared: Shared = { checked: new Map(), searched: new Map(), states: new Map() }
  for (const kernel of options.kernels) {
    const open = options.without.length > 0 ? [] : OPEN_ITEMS.filter((i) => isAsked(i.property, i.core, options))
    const todo = [
      ...ITEMS.filter((i) => isAsked(i.property, i.core.name, options)).map(
        (i) => () => answered(i, kernel, options, shared),
      ),
      ...open.map((i) => () => openAnswer(i, kernel, options)),
    ]
    // A search for one item may rest on that for another, so that these go one after the other.
    for await (const done of inOrder(todo, options.find ? 1 : availableParallelism())) {
      if (done.status === 'fulfilled') {
        const a = done.value
        proofs.push(a)
        outcomes.push(...a.answers.map((x) => outcomeOf(x.answer)))
        const against = contradiction(a.states ?? [])
        if (against !== undefined) {
          options.err(errorText(`${a.proof.property} (${a.proof.core}) on ${kernel.name}: ${against}`))
          outcomes.push('disagree')
        }
        if (!options.json && !options.table) options.out(text(a, options))
      } else {
        const reason: unknown = done.reason
        options.err(errorText(`${kernel.name}: ${reason instanceof Error ? reason.message : String(reason)}`))
        outcomes.push('usage')
      }
    }
  }
  if (options.update && options.without.length === 0) {
    const date = new Date().toISOString().slice(0, 10)
    writeTable(proofs.flatMap(forTable).map((a) => ({ ...a, date })))
  }
  if (outcomes.length === 0) {
    const known = [...new Set([...ITEMS, ...OPEN_ITEMS].map((i) => i.property))].join(', ')
    options.err(errorText(withHelp('no such property or model', `properties: ${known}`)))
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

const forJson = ({ proof, origin, answers, states }: Answered): object => ({
  ...proof,
  origin,
  ...(states === undefined ? {} : { states }),
  claims: answers.map(({ claim, answer }) => ({
    ...claim,
    verdict: answer.kind,
    ...(answer.kind === 'violated'
      ? {
          counterexample: answer.refutation.id,
          scenario: answer.refutation.scenario,
          shows: answer.refutation.property,
        }
      : {}),
    ...(reasonText(answer) === '' ? {} : { why: reasonText(answer) }),
    ...('searches' in answer ? { searches: answer.searches } : {}),
    ...(answer.kind === 'unknown' && answer.cti !== undefined ? { cti: answer.cti } : {}),
  })),
})
