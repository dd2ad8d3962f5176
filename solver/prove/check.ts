/**
 * The proof itself: each lemma holds at the start, and every step of any thread keeps it, where all lemmas
 * hold before; for sets of any size. Quantifiers are left to the solver, which has to say `unsat` each time:
 * `unknown` is no proof.
 */
import { before, objectOf, symbolOf, termOf, unboundedSets, type Encoding } from './encode.ts'
import { encodeLemma, failsOf, witnessDeclarations, WITNESS_THREAD, type Lemma } from './lemma.ts'
import { obligationsOf, startOf, transitionsOf, type Obligation } from './obligations.ts'
import type { Needs } from './needs.ts'
import type { OpenJournal, ProofProgress } from './progress.ts'
import { ask, closeSession, headOf, openSession, tell, type Said, type Session } from './session.ts'
import { unboundedEncoding, type Setup } from './setup.ts'
import { axiomsOf } from './shape.ts'
import { equal, implies, type Term } from './smt.ts'
import { pc } from './system.ts'
import { aloneTyping, closed, labelTyping, preamble, slotTyping, typing, typingAt } from './theory.ts'
import { SELF } from './ways.ts'

export interface Unmet {
  readonly lemma: Lemma
  /** Names of the step's label and of the one after it; absent at the start. */
  readonly from?: string
  readonly to?: string
  readonly whose: Obligation['whose']
  readonly said: string
  /** The solver ended, by a limit or otherwise, and so said nothing of it. */
  readonly failed?: true
  /** Of the lemma in the list that was given. */
  readonly place: number
}

export interface Checked {
  readonly unmet: readonly Unmet[]
  readonly queries: number
  readonly ms: number
  /** Sets that have any number of objects. */
  readonly unbounded: readonly string[]
  /** By place: the places of the lemmas that it was shown with; absent where the solver does not tell them. */
  readonly needs?: Needs
}

export interface CheckOptions {
  readonly queryMs: number
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  readonly trace?: (text: string) => void
  /** Ends at the first that is not met. */
  readonly first?: boolean
  readonly onProgress?: (progress: ProofProgress) => void
  /** What the lemmas of a check needed the last time: it is tried first, since few hypotheses are soon gone through. */
  readonly needs?: Needs
  /** Of a search for a proof: what it loses is kept there, and what an earlier run has lost is not asked again. */
  readonly journal?: OpenJournal
}

const CHUNK = 24

/** Declares at the solver what was met since the last time. */
export async function flush(
  session: Session,
  e: Encoding,
  told: Set<string>,
  more: Iterable<readonly [string, string]>,
): Promise<void> {
  const out: string[] = []
  for (const [name, text] of [...e.sorts, ...e.declared, ...more])
    if (!told.has(name)) {
      told.add(name)
      out.push(text)
    }
  if (out.length > 0) await tell(session, out.join('\n'))
}

/** Tells a new solver what is true of every state by its types and by the shape of the world. */
export async function begin(
  session: Session,
  setup: Setup,
  e: Encoding,
  told: Set<string>,
  lemmas: readonly Lemma[],
): Promise<void> {
  const sets = setsOf(setup)
  const axioms = [
    ...axiomsOf(setup.finite.sizes).map((a) => closed(e, a.expr, a.on)),
    ...[...e.system.fields, ...e.system.locals].flatMap((f) => typing(e, f)),
    labelTyping(e),
    ...slotTyping(e),
    ...aloneTyping(e),
  ]
  const witnesses = new Map(lemmas.flatMap((l) => [...witnessDeclarations(l)]))
  await tell(session, [...headOf(session), preamble({ ...e, sorts: new Map(), declared: new Map() }, sets)].join('\n'))
  await flush(session, e, told, witnesses)
  await tell(session, axioms.map((a) => `(assert ${a})`).join('\n'))
}

/** Whether what was told so far cannot be: of a thread at the beginning of its body, whatever its locals are. */
async function contradicts(session: Session, e: Encoding, assumed: readonly Term[]): Promise<boolean> {
  const here = termOf(symbolOf(e, pc.decl)([SELF]))
  const asked = e.system.programs.map((p) => [
    equal(here, objectOf('label', p.entry + 1)),
    ...e.system.locals.map((f) => typingAt(e, f, SELF)),
  ])
  return (await ask(session, asked, assumed)).some((s) => s.kind === 'unsat')
}

/** Asks with a few hypotheses, where some are named, and then of what is left with all. */
async function askFewFirst(
  session: Session,
  questions: readonly (readonly Term[])[],
  few: readonly Term[] | undefined,
  all: readonly Term[],
): Promise<readonly Said[]> {
  const said = few === undefined ? [] : await ask(session, questions, few)
  const open = questions.flatMap((q, i) => (said[i]?.kind === 'unsat' ? [] : [{ q, i }]))
  if (open.length === 0) return said
  const again = await ask(
    session,
    open.map(({ q }) => q),
    all,
  )
  const out = [...said]
  open.forEach(({ i }, k) => {
    out[i] = again[k] ?? { kind: 'unknown', reason: 'the answer is missing' }
  })
  return out
}

const failedOf = (s: Said | undefined): Pick<Unmet, 'failed'> =>
  s?.kind === 'unknown' && s.failure !== undefined ? { failed: true } : {}

const setsOf = (setup: Setup): readonly string[] =>
  Object.keys(setup.finite.sizes).filter((s) => s !== 'label' && s !== 'slot')

/**
 * Asks for all that a set of lemmas needs. Lemmas that it is given must be all that is assumed; that no thread
 * comes to the labels `unreached` must be one of them.
 */
export async function check(
  setup: Setup,
  lemmas: readonly Lemma[],
  options: CheckOptions,
  unreached: ReadonlySet<number> = new Set(),
): Promise<Checked> {
  const begun = Date.now()
  const e = unboundedEncoding(setup)
  const transitions = transitionsOf(e)
  const session = openSession(options.queryMs, options.solver, options.trace)
  const told = new Set<string>()
  const unmet: Unmet[] = []
  try {
    const hypotheses = lemmas.flatMap((l, place) =>
      l.ofSteps === true ? [] : [{ place, name: `h.${place}`, text: encodeLemma(e, l, before(e)) }],
    )
    const start = startOf(e, setup)
    const work = lemmas.map((l) => ({
      lemma: l,
      list: obligationsOf(transitions, l, unreached),
      begins: l.ofSteps === true ? undefined : [...start, failsOf(e, l, before(e), WITNESS_THREAD)],
    }))
    await begin(session, setup, e, told, lemmas)
    const of = work.reduce((sum, w) => sum + w.list.length, 0)
    const report = (asked: number): void => options.onProgress?.({ asked, of })
    const label = (i: number | undefined): string => (i === undefined ? '' : (e.system.labels[i]?.name ?? ''))
    for (const [place, w] of work.entries()) {
      if (w.begins === undefined) continue
      const [said] = await ask(session, [w.begins], [])
      if (said?.kind === 'unsat') continue
      const why = said?.kind === 'unknown' ? said.reason : (said?.kind ?? 'nothing')
      unmet.push({ lemma: w.lemma, whose: 'start', said: why, place, ...failedOf(said) })
    }
    await tell(
      session,
      hypotheses.map(({ name, text }) => `(declare-const ${name} Bool)\n(assert ${implies(name, text)})`).join('\n'),
    )
    const all = hypotheses.map((h) => h.name)
    const placeOf = new Map(hypotheses.map((h) => [h.name, h.place]))
    const nameAt = new Map(hypotheses.map((h) => [h.place, h.name]))
    const needs = lemmas.map(() => new Set<number>())
    const [first] = lemmas
    if (first !== undefined && (await contradicts(session, e, all)))
      unmet.push({ lemma: first, whose: 'start', said: 'what is assumed contradicts itself', place: 0 })
    let asked = 0
    for (const [place, w] of work.entries())
      for (let i = 0; i < w.list.length; i += CHUNK) {
        if (options.first === true && unmet.length > 0) break
        const part = w.list.slice(i, i + CHUNK)
        report(asked)
        asked += part.length
        const said = await askFewFirst(
          session,
          part.map((o) => o.assertions),
          options.needs?.[place]?.flatMap((p) => nameAt.get(p) ?? []),
          all,
        )
        said.forEach((s, k) => {
          const o = part[k]
          if (s.kind === 'unsat') for (const name of s.core) needs[place]?.add(placeOf.get(name) ?? place)
          if (s.kind === 'unsat' || o === undefined) return
          const why = s.kind === 'unknown' ? s.reason : 'it can be broken'
          const step = { from: label(o.from), to: label(o.to), whose: o.whose }
          unmet.push({ lemma: w.lemma, ...step, said: why, place, ...failedOf(s) })
        })
      }
    return {
      unmet,
      queries: session.queries.count,
      ms: Date.now() - begun,
      unbounded: unboundedSets(e, setsOf(setup)),
      ...(session.dialect === 'z3' ? { needs: needs.map((x) => [...x].sort((a, b) => a - b)) } : {}),
    }
  } finally {
    closeSession(session)
  }
}
