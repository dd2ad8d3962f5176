/** What a worker process does with a recorded proof: it is checked again, once for all kernels with its very model. */
import { findKernel } from '../../model/kernels/kernels.ts'
import { ITEMS } from '../../solver/prove/items.ts'
import { prepare, type Prepared } from '../../solver/prove/prove.ts'
import { recalled, recheck, type ProofRecord } from '../../solver/prove/record.ts'
import { questionDigest } from '../../solver/prove/same.ts'
import { failureOf } from '../../solver/prove/session.ts'
import { unmetWords } from '../../solver/prove/words.ts'
import type { CellDocument, ProofDocument, SearchDocument, Stop } from '../document.ts'
import type { Outcome } from '../exit.ts'
import { contradiction, type SizeDocument } from '../proof_sizes.ts'
import { proofStates } from '../proof_states.ts'
import { recordedProof, type ProofName } from '../proofs.ts'
import { proofKey, proofName, type ProofRow } from './proof_cells.ts'
import type { CellRecord } from './record.ts'
import { unsearchedDocument } from './unsearched_document.ts'

/** What one message to the solver may take: all of the recorded proofs need far less. */
const QUERY_MS = 120_000

export interface ProofRun {
  readonly row: ProofRow
  readonly maxMs?: number | undefined
  /** Called before each message to the solver, and now and then where states are looked at. */
  readonly beat: () => void
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  /** Where records are found: those that are kept with the program, where absent. */
  readonly recorded?: (name: ProofName) => ProofRecord | undefined
}

/** What became of a proof on one kernel. */
type Became =
  | {
      readonly kind: 'checked'
      readonly queries: number
      readonly lost: readonly string[]
      readonly states?: SizeDocument[]
    }
  | { readonly kind: 'unanswered'; readonly why: string }
  /** There is no solver. */
  | { readonly kind: 'skipped'; readonly why: string }
  | { readonly kind: 'stopped'; readonly stopped: Stop }

const SEARCH: SearchDocument = { states: 0, transitions: 0, depth: 0, complete: true, bytes: 0, ms: 0 }

function documentOf(row: ProofRow, kernel: string, proof: ProofDocument, became: Became, ms: number): CellDocument {
  const called = { scenario: proofName(row), kernel, without: [], engine: 'smt' }
  const at = (search: Partial<SearchDocument>): CellDocument => ({
    ...unsearchedDocument(called, { ...SEARCH, ...search, ms: Math.round(ms) }),
    judged: false,
    cached: false,
    proof,
  })
  const claims = (verdict: 'holds' | 'unknown' | 'timeout' | 'disagree'): CellDocument['properties'] =>
    proof.claims.map((name) => ({ name, verdict }))
  switch (became.kind) {
    case 'checked': {
      const against = contradiction(became.states ?? [])
      const verdict = against !== undefined ? 'disagree' : became.lost.length === 0 ? 'holds' : 'unknown'
      const notAsExpected = against === undefined ? [...became.lost] : [against]
      return { ...at({}), verdict, properties: claims(verdict), judged: true, notAsExpected }
    }
    case 'unanswered':
      return {
        ...at({ complete: false, stopped: 'solver' }),
        verdict: 'unknown',
        properties: claims('unknown'),
        problem: became.why,
      }
    case 'skipped':
      return { ...at({ complete: false, stopped: 'solver' }), verdict: 'unknown', problem: became.why }
    case 'stopped':
      return {
        ...at({ complete: false, stopped: became.stopped }),
        verdict: 'timeout',
        properties: claims('timeout'),
      }
  }
}

function outcomeOf(became: Became): Outcome {
  switch (became.kind) {
    case 'checked':
      if (contradiction(became.states ?? []) !== undefined) return 'disagree'
      return became.lost.length === 0 ? 'ok' : 'violated'
    case 'unanswered':
      return 'unknown'
    case 'skipped':
      return 'skipped'
    case 'stopped':
      return 'incomplete'
  }
}

function recordFor(row: ProofRow, kernel: string, proof: ProofDocument, became: Became, ms: number): CellRecord {
  const outcome = outcomeOf(became)
  const document = { ...documentOf(row, kernel, proof, became, ms), outcome }
  const { verdict } = document
  const summary = { verdict, states: 0, transitions: 0, depth: 0, violations: {}, vacuous: [] }
  return { key: proofKey(row, kernel), document, summary, outcome, counted: false }
}

/** A proof that was not checked, or not to its end by a process that answered. */
export const uncheckedProof = (row: ProofRow, stopped: Stop): readonly CellRecord[] =>
  row.kernels.map((kernel) => {
    const record = recordedProof({ ...row, kernel })
    const proof = { property: row.property, core: row.core, claims: [...(record?.claims ?? [])], lemmas: 0, queries: 0 }
    return recordFor(row, kernel, proof, { kind: 'stopped', stopped }, 0)
  })

const OVER = 'the time of the cell is over'

/** The model of a record as it is today; undefined where there is no such claim or kernel any longer. */
function preparedOf({ property, core, kernel: name }: ProofRecord): Prepared | undefined {
  const item = ITEMS.find((i) => i.property === property && i.core.name === core)
  const kernel = findKernel(name)
  return item === undefined || kernel === undefined ? undefined : prepare(item, kernel, [])
}

async function checked(
  record: ProofRecord,
  prepared: Prepared,
  run: ProofRun,
  until: number | undefined,
): Promise<Became> {
  const trace = (): void => {
    run.beat()
    if (until !== undefined && performance.now() >= until) throw new Error(OVER)
  }
  const { solver } = run
  try {
    const { proof, unmet, lemmas } = await recheck(record, prepared, {
      queryMs: Math.min(QUERY_MS, run.maxMs ?? QUERY_MS),
      first: true,
      trace,
      ...(solver === undefined ? {} : { solver }),
    })
    const proved = new Set(proof.claims.filter((c) => c.verdict === 'proved').map((c) => c.claim))
    const lost = record.claims.filter((c) => !proved.has(c))
    const [first] = unmet
    if (first?.failed === true && unmet.every((u) => u.failed === true))
      return { kind: 'unanswered', why: unmetWords(first) }
    const why = first === undefined ? '' : `; not shown: ${unmetWords(first)}`
    const left = until === undefined ? {} : { maxMs: Math.max(0, until - performance.now()) }
    const states =
      run.row.states === true && lost.length === 0
        ? { states: proofStates(prepared.setup, lemmas, { ...left, onProgress: run.beat }) }
        : {}
    return {
      ...states,
      kind: 'checked',
      queries: proof.queries.checked,
      lost: lost.map((c) => `${c}: recorded as proved, and no longer shown${why}`),
    }
  } catch (e) {
    if (e instanceof Error && e.message === OVER) return { kind: 'stopped', stopped: 'time' }
    const failure = failureOf(e)
    if (failure === undefined) throw e
    if (failure.kind === 'missing') return { kind: 'skipped', why: `skipped: no solver: ${failure.reason}` }
    return { kind: 'unanswered', why: e instanceof Error ? e.message : failure.kind }
  }
}

const gone = (record: ProofRecord): Became => ({
  kind: 'checked',
  queries: 0,
  lost: record.claims.map((c) => `${c}: recorded as proved, and no model has such a claim any longer`),
})

/** Checks a proof on each of its kernels: those that are asked the very same are asked once, the newest of them. */
export async function runProof(run: ProofRun): Promise<readonly CellRecord[]> {
  const { row, maxMs, recorded = recordedProof } = run
  const until = maxMs === undefined ? undefined : performance.now() + maxMs
  const done = new Map<string, { readonly became: Became; readonly on: string }>()
  const out: CellRecord[] = []
  for (const kernel of row.kernels.toReversed()) {
    const begun = performance.now()
    const record = recorded({ ...row, kernel })
    if (record === undefined) throw new Error(`${proofKey(row, kernel)}: nothing is recorded`)
    const prepared = preparedOf(record)
    const question = prepared === undefined ? kernel : questionDigest(prepared.setup, recalled(record, prepared))
    const known = done.get(question) ?? {
      became: prepared === undefined ? gone(record) : await checked(record, prepared, run, until),
      on: kernel,
    }
    done.set(question, known)
    const { became, on } = known
    const proof: ProofDocument = {
      property: row.property,
      core: row.core,
      claims: [...record.claims],
      lemmas: record.lemmas.length,
      queries: became.kind === 'checked' ? became.queries : 0,
      ...(became.kind === 'checked' && became.states !== undefined ? { states: became.states } : {}),
      ...(on === kernel ? {} : { sameModelAs: on }),
    }
    out.push(recordFor(row, kernel, proof, became, performance.now() - begun))
  }
  return out.toReversed()
}
