/** `mmcheck prove`: what holds for any number of threads and pages, and where it does not, the run that shows it. */
import type { Kernel } from '../../model/kernels/kernels.ts'
import { ctiOf, type Cti } from '../../solver/prove/cti.ts'
import { ITEMS, OPEN_ITEMS, type Item, type OpenItem } from '../../solver/prove/items.ts'
import type { Unmet } from '../../solver/prove/check.ts'
import type { Lemma } from '../../solver/prove/lemma.ts'
import {
  attempt,
  headOf,
  prepare,
  RESTS_ON,
  type ClaimProof,
  type ItemProof,
  type LemmaText,
  type Prepared,
} from '../../solver/prove/prove.ts'
import { adopted, recheck, recordOf, type ProofRecord } from '../../solver/prove/record.ts'
import { EXIT, highest, type Outcome } from '../exit.ts'
import { errorText, withHelp } from '../message.ts'
import { proofsElsewhere, recordedProof, writeProof } from '../proofs.ts'
import { refute, type Refutation } from '../refute.ts'
import { RESULT_FORMAT } from '../report_json.ts'
import { wrapped } from '../report_text.ts'

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
  /** One table, claim by kernel, in place of a paragraph for each. */
  readonly table: boolean
  readonly json: boolean
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** What became of one claim. */
type Answer =
  | { readonly kind: 'proved' }
  | { readonly kind: 'violated'; readonly refutation: Refutation }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly cti?: Cti | undefined; readonly why?: string }

interface Answered {
  readonly proof: ItemProof
  /** How it was come by. */
  readonly origin: string
  readonly answers: readonly { readonly claim: ClaimProof; readonly answer: Answer }[]
}

/** What was tried, and what is left to show of it where it failed. */
interface Tried {
  readonly proof: ItemProof
  readonly origin: string
  readonly lemmas: readonly Lemma[]
  readonly unmet: readonly { readonly of: Lemma; readonly unmet: Unmet }[]
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

async function tried(prepared: Prepared, record: ProofRecord | undefined, options: ProveOptions): Promise<Tried> {
  const limits = { queryMs: options.limitMs, ...solverOf(options) }
  if (record === undefined && !options.find && options.without.length === 0) {
    const elsewhere = await fromElsewhere(prepared, options)
    if (elsewhere !== undefined) return elsewhere
  }
  if (record !== undefined && !options.find) {
    const { proof, same, unmet, lemmas } = await recheck(record, prepared, {
      ...limits,
      // Of a model that something was taken out of, one step that breaks the proof is enough.
      first: options.without.length > 0,
    })
    const changed = same || options.without.length > 0 ? '' : '; the model has changed since'
    const origin = `recorded, checked again${changed}`
    return { proof, origin, lemmas, unmet: unmet.map((u) => ({ of: lemmas[u.place] ?? u.lemma, unmet: u })) }
  }
  const a = await attempt(prepared, limits)
  if (options.update) writeProof(recordOf(a))
  return {
    proof: a.proof,
    origin: 'found anew',
    lemmas: a.lemmas,
    unmet: a.unmet.map((u) => ({ of: a.all[u.place] ?? u.lemma, unmet: u })),
  }
}

async function unknownOf(t: Tried, prepared: Prepared, claim: ClaimProof, options: ProveOptions): Promise<Answer> {
  const mine = new Set(prepared.claims.find((c) => c.name === claim.claim)?.lemmas)
  const [first] = t.unmet.filter((u) => mine.has(u.of))
  const broken = first ?? t.unmet[0]
  const cti =
    options.cti && broken !== undefined
      ? await ctiOf(prepared.setup, t.lemmas, broken.unmet, { queryMs: options.limitMs, ...solverOf(options) })
      : undefined
  return { kind: 'unknown', cti }
}

/** An item of which runs of scenarios have refuted all that is claimed. */
const nothingLeft = ({ item, setup }: Prepared): ItemProof => ({
  ...headOf(item, setup),
  claims: [],
  support: [],
  queries: { found: 0, checked: 0 },
})

/** One item on one kernel: what a run of the catalogue breaks is not put to the solver. */
async function answered(item: Item, kernel: Kernel, options: ProveOptions): Promise<Answered> {
  const prepared = prepare(item, kernel, options.without)
  const refuted = new Map<string, Refutation>()
  for (const c of options.without.length === 0 ? prepared.claims : []) {
    const found = c.lemmas.length === 0 ? undefined : await refute(item.property, item.core.name, c.name, kernel)
    if (found !== undefined) refuted.set(c.name, found)
  }
  const left = { ...prepared, claims: prepared.claims.filter((c) => !refuted.has(c.name)) }
  const name = { property: item.property, core: item.core.name, kernel: kernel.name }
  const t: Tried =
    left.claims.length === 0 && prepared.claims.length > 0
      ? { proof: nothingLeft(left), origin: 'by runs of a scenario', lemmas: [], unmet: [] }
      : await tried(left, recordedProof(name), options)
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
            : await unknownOf(t, prepared, claim, options)
      answers.push({ claim, answer })
    }
  }
  return { proof: t.proof, origin: t.origin, answers }
}

const solverOf = ({ solver }: ProveOptions): { readonly solver?: string } => (solver === undefined ? {} : { solver })

const outcomeOf = (answer: Answer): Outcome => {
  switch (answer.kind) {
    case 'proved':
    case 'absent':
      return 'ok'
    case 'violated':
      return 'violated'
    case 'unknown':
      return 'unknown'
  }
}

function answerText(answer: Answer): string {
  switch (answer.kind) {
    case 'proved':
      return 'for all sizes'
    case 'violated':
      return `${answer.refutation.id}, found again in ${answer.refutation.scenario} (${answer.refutation.property})`
    case 'absent':
      return 'no code of this kernel does it'
    case 'unknown':
      return answer.why ?? ''
  }
}

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

function text({ proof, origin, answers }: Answered, options: ProveOptions): string {
  const { kernel, without, operations } = proof
  const on = `${kernel}${without.length === 0 ? '' : ` without ${without.join(', ')}`}`
  const calls = operations.length === 0 ? '' : `; threads do ${operations.join(', ')}`
  const lines = [wrapped(`${proof.property} on ${on}${calls} (${proof.core}; ${origin})`, '', 2)]
  for (const { claim, answer } of answers) {
    lines.push(wrapped(`${answer.kind.padEnd(8)} ${claim.claim.padEnd(24)} ${answerText(answer)}`.trimEnd(), '  ', 2))
    if (options.lemmas && answer.kind === 'proved') lines.push(...claim.lemmas.map(lemmaLine))
    if (answer.kind === 'unknown' && answer.cti !== undefined) lines.push(...ctiText(answer.cti))
  }
  if (options.lemmas && proof.support.length > 0) lines.push('  with', ...proof.support.map(lemmaLine))
  return `${lines.join('\n')}\n`
}

/** A claim that no proof is tried of: a run of a scenario shows it false, or nothing is known. */
async function openAnswer(item: OpenItem, kernel: Kernel, options: ProveOptions): Promise<Answered> {
  const refutation = await refute(item.property, item.core, item.claim, kernel)
  const answer: Answer =
    refutation === undefined ? { kind: 'unknown', why: item.why } : { kind: 'violated', refutation }
  const claim: ClaimProof = { claim: item.claim, verdict: 'unknown', labels: 0, lemmas: [], broken: [] }
  const proof: ItemProof = {
    ...{ property: item.property, statement: item.statement, core: item.core, kernel: kernel.name },
    ...{ without: options.without, operations: [], claims: [claim], support: [], queries: { found: 0, checked: 0 } },
  }
  return { proof, origin: 'by runs of a scenario', answers: [{ claim, answer }] }
}

/** How a claim stands on a kernel, as the table has it. */
const MARKS: Readonly<Record<Answer['kind'], string>> = { proved: 'yes', violated: 'NO', unknown: '?', absent: '-' }

/** Claim by kernel, and the counterexamples that it names. */
function tableText(proofs: readonly Answered[], kernels: readonly Kernel[]): string {
  const rows = new Map<string, Map<string, ReadonlyMap<string, Answer>>>()
  for (const { proof, answers } of proofs)
    for (const { claim, answer } of answers) {
      const group = `${proof.property} (${proof.core})`
      const of = rows.get(group) ?? new Map<string, ReadonlyMap<string, Answer>>()
      rows.set(group, of.set(claim.claim, new Map([...(of.get(claim.claim) ?? []), [proof.kernel, answer]])))
    }
  const cells = (of: (k: Kernel) => string): string => kernels.map((k) => of(k).padEnd(k.name.length + 1)).join(' ')
  const line = (first: string, rest: string): string => `${first.padEnd(CLAIM_WIDTH)} ${rest}`.trimEnd()
  const lines = [
    line(
      '',
      cells((k) => k.name),
    ),
  ]
  const ids: string[] = []
  for (const [group, claims] of rows) {
    lines.push(group)
    for (const [claim, of] of claims) {
      const mark = (k: Kernel): string => {
        const answer = of.get(k.name)
        return answer === undefined ? '' : MARKS[answer.kind]
      }
      lines.push(line(`  ${claim}`, cells(mark)))
      for (const [kernel, answer] of of)
        if (answer.kind === 'violated')
          ids.push(wrapped(`${answer.refutation.id} ${answer.refutation.scenario} on ${kernel}: ${group}`, '  ', 4))
    }
  }
  const legend =
    'yes: proved for all sizes; NO: a counterexample was found again; ?: unknown; -: no code of the kernel does it'
  return [...lines, '', wrapped(legend, ''), ...(ids.length === 0 ? [] : ['', ...ids]), ''].join('\n')
}
const CLAIM_WIDTH = 32

const isAsked = (property: string, core: string, { properties, cores }: ProveOptions): boolean =>
  (properties.length === 0 || properties.includes(property)) && (cores.length === 0 || cores.includes(core))

/**
 * Proves what it can on each kernel. Returns the exit code: 10 where a claim is violated, 21 where one is left
 * unknown, 1 where `without` names nothing.
 */
export async function proveCommand(options: ProveOptions): Promise<number> {
  const outcomes: Outcome[] = []
  const proofs: Answered[] = []
  for (const kernel of options.kernels) {
    const open = options.without.length > 0 ? [] : OPEN_ITEMS.filter((i) => isAsked(i.property, i.core, options))
    const todo = [
      ...ITEMS.filter((i) => isAsked(i.property, i.core.name, options)).map((i) => () => answered(i, kernel, options)),
      ...open.map((i) => () => openAnswer(i, kernel, options)),
    ]
    for (const one of todo) {
      try {
        const a = await one()
        proofs.push(a)
        outcomes.push(...a.answers.map((x) => outcomeOf(x.answer)))
        if (!options.json && !options.table) options.out(text(a, options))
      } catch (e) {
        options.err(errorText(`${kernel.name}: ${e instanceof Error ? e.message : String(e)}`))
        outcomes.push('usage')
      }
    }
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
    if (options.table) options.out(tableText(proofs, options.kernels))
    options.out(`\nIt rests on:\n${RESTS_ON.map((r) => `${wrapped(`- ${r}`, '', 2)}\n`).join('')}`)
  }
  return code
}

const forJson = ({ proof, origin, answers }: Answered): object => ({
  ...proof,
  origin,
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
    ...(answer.kind === 'unknown' && answer.cti !== undefined ? { cti: answer.cti } : {}),
  })),
})
