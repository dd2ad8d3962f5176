/**
 * The largest part of a set of lemmas that is inductive, for sets of any size: what cannot be shown of a label is
 * not claimed of it. What each answer rested on is kept, so that only what lost its ground is asked again, and
 * so that in the end the lemmas that nothing rests on can be left out.
 */
import { truth } from '../../model/language/expr.ts'
import { before, termOf, objectOf, symbolOf, type Encoding } from './encode.ts'
import { encodeLemma, failsOf, witnessDeclarations, WITNESS_THREAD, type Lemma } from './lemma.ts'
import { obligationsOf, startOf, transitionsOf, type Obligation, type Transitions } from './obligations.ts'
import type { Journal, Loss } from './progress.ts'
import { questionDigest } from './same.ts'
import { ask, closeSession, openSession, tell, type Session } from './session.ts'
import { unboundedEncoding, type Setup } from './setup.ts'
import { equal, implies, TRUE, type Term } from './smt.ts'
import { pc } from './system.ts'
import { SELF } from './ways.ts'
import { begin, flush, type CheckOptions, type Unmet } from './check.ts'

/** A lemma, as much of it as is left: `lemma` is what is claimed of the labels that are reached. */
interface Entry {
  readonly id: number
  /** Claimed of any label, should a thread come to it. */
  whole: Lemma | undefined
  lemma: Lemma | undefined
  literal: Term
  version: number
}

export interface Inductive {
  /** By place in the list that was given: what is left of each lemma, at labels that are reached; nothing where none of it is. */
  readonly left: readonly (Lemma | undefined)[]
  /** Labels that no thread comes to: what is claimed of those is claimed of nobody. */
  readonly unreached: ReadonlySet<number>
  /** By place: the places of the lemmas that it rests on. */
  readonly uses: readonly ReadonlySet<number>[]
  /** In the order in which they were met. */
  readonly unmet: readonly Unmet[]
  readonly queries: number
  readonly ms: number
}

interface Work {
  readonly setup: Setup
  readonly e: Encoding
  readonly transitions: Transitions
  readonly session: Session
  readonly told: Set<string>
  readonly entries: readonly Entry[]
  /** By key of the obligation: literals that its proof needed. */
  readonly proofs: Map<string, readonly Term[]>
  readonly unmet: Unmet[]
  readonly journal: Journal | undefined
  readonly report: () => void
  /** Labels that some thread may come to, as far as is known. */
  readonly reached: Set<number>
  /** Ways to labels that no thread is known to come to, and what shows that they are not taken. */
  readonly closed: Map<number, readonly Term[]>
}

const CHUNK = 24

async function assume(w: Work, entry: Entry): Promise<void> {
  const { whole } = entry
  const lemma = whole && within(whole, w.reached)
  entry.lemma = lemma
  // Nothing is ever asked under what it was before.
  if (entry.version > 0) await tell(w.session, `(assert (not ${entry.literal}))`)
  entry.literal = `h${entry.id}.${entry.version++}`
  const text = lemma === undefined || lemma.ofSteps === true ? TRUE : encodeLemma(w.e, lemma, before(w.e))
  if (lemma !== undefined) await flush(w.session, w.e, w.told, witnessDeclarations(lemma))
  await tell(w.session, `(declare-const ${entry.literal} Bool)\n(assert ${implies(entry.literal, text)})`)
}

/** A lemma at those of its labels that a thread may come to; undefined where that is none. */
export function within(l: Lemma, reached: ReadonlySet<number>): Lemma | undefined {
  if (l.labels === undefined) return l
  const labels = new Set([...l.labels].filter((x) => reached.has(x)))
  if (labels.size === l.labels.size) return l
  return labels.size === 0 ? undefined : { ...l, labels }
}

export const UNREACHED = 'unreached'

/** No thread comes to any of these labels. */
export const nobodyAt = (labels: ReadonlySet<number>): Lemma => ({
  name: UNREACHED,
  vars: [],
  labels,
  body: truth(false),
})

const literals = (w: Work): readonly Term[] =>
  w.entries.flatMap((x) => (x.lemma === undefined || x.lemma.ofSteps === true ? [] : [x.literal]))

function giveUp(entry: Entry, labels: readonly number[] | undefined): void {
  const { whole } = entry
  if (whole === undefined) return
  if (labels === undefined || whole.labels === undefined) entry.whole = undefined
  else {
    const left = new Set([...whole.labels].filter((l) => !labels.includes(l)))
    entry.whole = left.size === 0 ? undefined : { ...whole, labels: left }
  }
}

/** What an earlier run has lost is gone before anything is asked. */
function replay(entries: readonly Entry[], losses: readonly Loss[]): Unmet[] {
  return losses.flatMap(({ place, labels, from, to, whose, said }) => {
    const entry = entries[place]
    const lemma = entry?.whole
    if (entry === undefined || lemma === undefined) return []
    giveUp(entry, labels)
    return [{ lemma, from, to, whose, said, place }]
  })
}

const unreachedOf = (w: Work): ReadonlySet<number> =>
  new Set(w.e.system.labels.flatMap((_, i) => (w.reached.has(i) ? [] : [i])))

/** Looks at the ways to labels that nobody is known to come to. True where one is open. */
async function opened(w: Work, current: ReadonlySet<Term>, log: (text: string) => void): Promise<boolean> {
  const here = termOf(symbolOf(w.e, pc.decl)([SELF]))
  const todo = [...w.transitions.ways.entries()].filter(
    ([i, { label, way }]) =>
      w.reached.has(label) && !w.reached.has(way.target) && w.closed.get(i)?.every((l) => current.has(l)) !== true,
  )
  const before = w.reached.size
  for (let i = 0; i < todo.length; i += CHUNK) {
    const part = todo.slice(i, i + CHUNK)
    const said = await ask(
      w.session,
      part.map(([, { label, way }]) => [equal(here, objectOf('label', label + 1)), ...way.assume]),
      [...current],
    )
    part.forEach(([number, { way }], k) => {
      const s = said[k]
      if (s?.kind === 'unsat') w.closed.set(number, s.core)
      else {
        if (!w.reached.has(way.target)) log(`open: ${labelName(w, way.target)}`)
        w.reached.add(way.target)
      }
    })
  }
  return w.reached.size > before
}

interface Lost {
  /** Where the lemma has to be given up; everywhere where this is absent. */
  readonly labels: readonly number[] | undefined
  /** What the rest of it was shown with. */
  readonly core: readonly Term[]
}

/** The labels at which another thread may stand whose lemma a step breaks. */
async function brokenLabels(w: Work, lemma: Lemma, o: Obligation): Promise<Lost> {
  const stands = termOf(symbolOf(w.e, pc.decl)([WITNESS_THREAD]))
  const labels = [...(lemma.labels ?? [])]
  const out: number[] = []
  const core = new Set<Term>()
  for (let i = 0; i < labels.length; i += CHUNK) {
    const part = labels.slice(i, i + CHUNK)
    const said = await ask(
      w.session,
      part.map((l) => [...o.assertions, equal(stands, objectOf('label', l + 1))]),
      literals(w),
    )
    part.forEach((l, k) => {
      const s = said[k]
      if (s?.kind !== 'unsat') out.push(l)
      else for (const c of s.core) core.add(c)
    })
  }
  return { labels: out, core: [...core] }
}

/** Where a lemma has to be given up for an obligation that is not met. */
async function lost(w: Work, lemma: Lemma, o: Obligation): Promise<Lost> {
  switch (o.whose) {
    case 'own':
      return { labels: o.to === undefined ? undefined : [o.to], core: [] }
    case 'step':
      return { labels: o.from === undefined ? undefined : [o.from], core: [] }
    case 'other':
      return brokenLabels(w, lemma, o)
    case 'start':
    case 'world':
      return { labels: undefined, core: [] }
  }
}

const labelName = (w: Work, i: number | undefined): string =>
  i === undefined ? '' : (w.e.system.labels[i]?.name ?? '')

async function atStart(w: Work): Promise<void> {
  const start = startOf(w.e, w.setup)
  const entries = w.e.system.programs.map((p) => p.entry)
  const asked = w.entries.flatMap((x) =>
    x.whole === undefined || x.whole.ofSteps === true ? [] : [{ x, whole: x.whole }],
  )
  const fails = asked.map(({ whole }) => [failsOf(w.e, whole, before(w.e), WITNESS_THREAD)])
  await flush(w.session, w.e, w.told, [])
  await tell(w.session, ['(push 1)', ...start.map((a) => `(assert ${a})`)].join('\n'))
  const said = await ask(w.session, fails, [])
  await tell(w.session, '(pop 1)')
  for (const [i, { x, whole }] of asked.entries()) {
    const s = said[i]
    if (s?.kind === 'unsat') continue
    w.unmet.push({ lemma: whole, whose: 'start', said: s?.kind ?? 'nothing', place: x.id })
    const left = whole.labels && new Set([...whole.labels].filter((l) => !entries.includes(l)))
    x.whole = left === undefined || left.size === 0 ? undefined : { ...whole, labels: left }
  }
}

interface Question {
  readonly entry: Entry
  readonly key: string
  readonly o: Obligation
}

function questionsOf(w: Work, x: Entry, current: ReadonlySet<Term>): readonly Question[] {
  if (x.lemma === undefined) return []
  return obligationsOf(w.transitions, x.lemma, unreachedOf(w)).flatMap((o) => {
    const key = `${x.id} ${o.whose} ${o.way}`
    const proof = w.proofs.get(key)
    return proof?.every((l) => current.has(l)) === true ? [] : [{ entry: x, key, o }]
  })
}

/** Opens what can be opened, and claims of the new labels what is claimed of all. */
async function widen(w: Work, log: (text: string) => void): Promise<boolean> {
  let some = false
  while (await opened(w, new Set(literals(w)), log)) {
    some = true
    for (const x of w.entries)
      if (x.whole?.labels !== undefined && !sameLabels(within(x.whole, w.reached), x.lemma)) await assume(w, x)
  }
  return some
}

/** Asks one message of questions about a lemma; gives it up where it is lost. */
async function part(w: Work, x: Entry, questions: readonly Question[], log: (text: string) => void): Promise<void> {
  const { lemma } = x
  if (lemma === undefined) return
  const said = await ask(
    w.session,
    questions.map((q) => q.o.assertions),
    literals(w),
  )
  const gone = new Set<number>()
  for (const [k, s] of said.entries()) {
    const q = questions[k]
    if (q === undefined) continue
    if (s.kind === 'unsat') {
      w.proofs.set(q.key, s.core)
      continue
    }
    if ((q.o.whose === 'own' && gone.has(q.o.to ?? -1)) || x.lemma === undefined) continue
    const { labels, core } = await lost(w, x.lemma, q.o)
    if (labels?.length === 0) {
      // Label by label there is nothing to break.
      if (x.lemma === lemma) w.proofs.set(q.key, core)
      continue
    }
    const [from, to] = [labelName(w, q.o.from), labelName(w, q.o.to)]
    const why = s.kind === 'unknown' ? s.reason : 'it can be broken'
    const loss = { from, to, whose: q.o.whose, said: why, place: x.id }
    w.unmet.push({ lemma, ...loss })
    w.journal?.note({ ...loss, ...(labels === undefined ? {} : { labels }) })
    for (const l of labels ?? []) gone.add(l)
    const where = labels === undefined ? 'all' : labels.map((l) => labelName(w, l)).join(' ')
    log(`lost ${lemma.name.slice(0, 120)} at ${where} by ${from} (${q.o.whose})`)
    giveUp(x, labels)
    await assume(w, x)
  }
  w.report()
}

/**
 * One look at all that is not shown yet, each lemma until it is lost no further, so that what rests on it is asked
 * again once and not label by label. False where nothing was left to look at.
 */
async function round(w: Work, log: (text: string) => void): Promise<boolean> {
  let some = await widen(w, log)
  for (const x of w.entries)
    for (let before: Lemma | undefined; x.lemma !== undefined && x.lemma !== before;) {
      before = x.lemma
      const todo = questionsOf(w, x, new Set(literals(w)))
      if (todo.length > 0) some = true
      for (let i = 0; i < todo.length; i += CHUNK) await part(w, x, todo.slice(i, i + CHUNK), log)
      if (x.lemma !== before) await widen(w, log)
    }
  return some
}

const sameLabels = (a: Lemma | undefined, b: Lemma | undefined): boolean => a?.labels?.size === b?.labels?.size

/** Takes labels (or whole lemmas) away until all that is left is shown. */
export async function inductivePart(
  setup: Setup,
  lemmas: readonly Lemma[],
  seen: ReadonlySet<number>,
  options: CheckOptions,
  log: (text: string) => void = () => undefined,
): Promise<Inductive> {
  const begun = Date.now()
  const e = unboundedEncoding(setup)
  const transitions = transitionsOf(e)
  const session = openSession(options.queryMs, options.solver, options.trace)
  const entries = lemmas.map((lemma, id): Entry => ({ id, whole: lemma, lemma, literal: '', version: 0 }))
  const reached = new Set([...seen, ...e.system.programs.map((p) => p.entry)])
  const journal = options.journal?.(questionDigest(setup, lemmas))
  const report = (): void =>
    options.onProgress?.({ asked: session.queries.count, left: entries.filter((x) => x.lemma !== undefined).length })
  const w: Work = {
    ...{ setup, e, transitions, session, entries, reached, journal, report },
    ...{
      told: new Set<string>(),
      proofs: new Map<string, readonly Term[]>(),
      unmet: replay(entries, journal?.before ?? []),
      closed: new Map<number, readonly Term[]>(),
    },
  }
  try {
    await begin(session, setup, e, w.told, lemmas)
    await atStart(w)
    for (const x of entries) await assume(w, x)
    while (await round(w, log));
    journal?.end()
    const byLiteral = new Map(entries.map((x) => [x.literal, x.id]))
    const uses = entries.map(() => new Set<number>())
    const unreached = unreachedOf(w)
    // What keeps threads from labels is rested on by all.
    const gates = [...w.closed].flatMap(([i, core]) =>
      reached.has(transitions.ways[i]?.label ?? -1) && unreached.has(transitions.ways[i]?.way.target ?? -1) ? core : [],
    )
    for (const x of entries) for (const l of gates) uses[x.id]?.add(byLiteral.get(l) ?? x.id)
    for (const x of entries)
      for (const o of x.lemma === undefined ? [] : obligationsOf(transitions, x.lemma, unreached))
        for (const l of w.proofs.get(`${x.id} ${o.whose} ${o.way}`) ?? []) uses[x.id]?.add(byLiteral.get(l) ?? x.id)
    return {
      left: entries.map((x) => x.lemma),
      unreached,
      uses,
      unmet: w.unmet,
      queries: session.queries.count,
      ms: Date.now() - begun,
    }
  } finally {
    closeSession(session)
  }
}
