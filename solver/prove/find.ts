/**
 * Invariants found, not written: a goal is asked for; where a step might break it, the counterexample to
 * induction is shown to the candidates, and one that rules it out is taken on as the next thing to be shown.
 * A candidate that nothing can save is given up at the label where it fails. All this at a small finite size.
 */
import { finiteEncoding, type Setup } from './setup.ts'
import { before, SELF, termOf, type Encoding, objectOf, symbolOf } from './encode.ts'
import type { Candidate } from './filter.ts'
import type { Env, State } from './finite.ts'
import { encodeLemma, readsOf, witnessDeclarations, WITNESS_THREAD, type Lemma } from './lemma.ts'
import { obligationsOf, transitionsOf, type Obligation, type Transitions } from './obligations.ts'
import { ask, closeSession, model, openSession, tell, type SExpr, type Session } from './session.ts'
import { labelTyping, preamble, typing } from './theory.ts'
import { implies, type Term } from './smt.ts'
import { pc } from './system.ts'
import { keyOf } from './vocabulary.ts'
import { show, type Type } from '../../model/language/types.ts'

/** A lemma that was taken on: a goal, or a candidate at some of its labels. */
interface Taken {
  readonly id: number
  readonly goal: boolean
  readonly candidate: Candidate | undefined
  lemma: Lemma
  /** The literal that stands for it among the assumptions; a new one where it has been weakened. */
  literal: Term
  version: number
  /** Those that its proof was found to rest on. */
  readonly uses: Set<number>
  dead: boolean
  checked: boolean
  /** What there is to be shown of it, and how much of that has been; thrown away where it is weakened. */
  obligations: readonly Obligation[] | undefined
  done: number
}

export interface Cti {
  readonly lemma: Lemma
  readonly state: State
  readonly from: number
  readonly to: number
  readonly whose: Obligation['whose']
  /** The thread that makes the step, and the one that the lemma fails of. */
  readonly thread: number
  readonly witness: number
}

export interface Found {
  readonly lemmas: readonly Lemma[]
  /** Goals that could not be kept, with what broke them. */
  readonly failed: readonly Cti[]
  readonly queries: number
  readonly solverMs: number
  readonly unknown: readonly string[]
}

/** A candidate that stands among the hypotheses only where it is asked to. */
interface Offer {
  readonly candidate: Candidate
  readonly lemma: Lemma
  readonly literal: Term
}

interface Finder {
  readonly offers: Map<string, Offer>
  readonly setup: Setup
  readonly encoding: Encoding
  readonly transitions: Transitions
  readonly session: Session
  readonly told: Set<string>
  readonly taken: Taken[]
  readonly candidates: readonly Candidate[]
  readonly unknown: string[]
  readonly failed: Cti[]
  readonly log: (text: string) => void
}

/** Declares at the solver what was met since the last time. */
async function flush(f: Finder, more: ReadonlyMap<string, string> = new Map()): Promise<void> {
  const { encoding: e } = f
  const out: string[] = []
  for (const [name, text] of [...e.sorts, ...e.declared, ...more])
    if (!f.told.has(name)) {
      f.told.add(name)
      out.push(text)
    }
  if (out.length > 0) await tell(f.session, out.join('\n'))
}

async function begin(f: Finder): Promise<void> {
  const { encoding: e } = f
  const sets = Object.keys(e.domain).filter((s) => s !== 'slot')
  const axioms = [...[...e.system.fields, ...e.system.locals].flatMap((x) => typing(e, x)), labelTyping(e)]
  const head = ['(set-option :produce-unsat-cores true)', '(set-option :produce-models true)']
  await tell(f.session, [...head, preamble({ ...e, sorts: new Map(), declared: new Map() }, sets)].join('\n'))
  await flush(f)
  await tell(f.session, axioms.map((a) => `(assert ${a})`).join('\n'))
}

function take(f: Finder, lemma: Lemma, candidate: Candidate | undefined, goal: boolean): Taken {
  const id = f.taken.length
  const t: Taken = {
    id,
    goal,
    candidate,
    lemma,
    literal: '',
    version: 0,
    uses: new Set(),
    dead: false,
    checked: false,
    obligations: undefined,
    done: 0,
  }
  f.taken.push(t)
  return t
}

/** Puts a lemma among the hypotheses. */
async function assume(f: Finder, t: Taken): Promise<void> {
  const { encoding: e } = f
  const text = encodeLemma(e, t.lemma, before(e))
  t.literal = `h${t.id}.${t.version}`
  await flush(f, witnessDeclarations(t.lemma))
  await tell(f.session, `(declare-const ${t.literal} Bool)\n(assert ${implies(t.literal, text)})`)
}

const literals = (f: Finder): readonly Term[] => f.taken.filter((t) => !t.dead).map((t) => t.literal)

/** Every place of the state that the solver knows of, as a term, with how its value is read. */
interface Places {
  readonly terms: readonly Term[]
  readonly read: (values: readonly SExpr[]) => State
}

function placesOf(f: Finder): Places {
  const { encoding: e, setup } = f
  const { finite } = setup
  const terms: Term[] = []
  const sinks: ((values: readonly SExpr[], state: State) => void)[] = []
  const want = (term: Term, store: (state: State, value: SExpr) => void): void => {
    const i = terms.push(term) - 1
    sinks.push((values, state) => {
      store(state, values[i] ?? '')
    })
  }
  const named = new Set([
    pc.decl.name,
    ...f.candidates.flatMap((c) => [...readsOf({ name: '', vars: c.draft.vars, body: c.draft.body })]),
  ])
  for (const x of [...e.system.fields, ...e.system.locals, pc.decl]) {
    if (x.role === 'geometry' || !named.has(x.name)) continue
    const base = finite.base.get(x.name) ?? 0
    const read = symbolOf(e, x)
    const counts = x.sets.map((s) => finite.sizes[s] ?? 0)
    const n = counts.reduce((a, b) => a * b, 1)
    for (let i = 0; i < n; i++) {
      let rest = i
      const args = counts.map((_, d) => {
        const stride = counts.slice(d + 1).reduce((a, b) => a * b, 1)
        const k = Math.floor(rest / stride)
        rest %= stride
        return objectOf(x.sets[d] ?? '', k + 1)
      })
      const value = read(args)
      const at = base + i
      if (value.kind === 'flags')
        value.bits.forEach((b, k) => {
          want(b, (s, v) => {
            if (v === 'true') s[at] = (s[at] ?? 0) | (1 << k)
          })
        })
      else if (value.kind === 'subset' && x.type.kind === 'subset') {
        const { set } = x.type
        for (let k = 1; k <= (finite.sizes[set] ?? 0); k++)
          want(value.has(objectOf(set, k)), (s, v) => {
            if (v === 'true') s[at] = (s[at] ?? 0) | (1 << (k - 1))
          })
      } else
        want(termOf(value), (s, v) => {
          s[at] = decode(x.type, v)
        })
    }
  }
  return {
    terms,
    read: (values) => {
      const state: State = new Array<number>(finite.width).fill(0)
      for (const s of sinks) s(values, state)
      return state
    },
  }
}

function decode(type: Type, value: SExpr): number {
  if (typeof value !== 'string') return value[0] === '-' ? -Number(value[1]) : 0
  // Z3 leaves the bars out where a name does without.
  const v = value.startsWith('|') ? value.slice(1, -1) : value
  switch (type.kind) {
    case 'bool':
      return v === 'true' ? 1 : 0
    case 'int':
      return Number(v)
    case 'enum':
      return type.values.findIndex((_, i) => v === `=${type.name}.${show(type, i)}`)
    case 'ref': {
      if (type.set === 'label') return Number(v)
      const m = /#(nil|\d+)$/.exec(v)
      return m === null || m[1] === 'nil' ? 0 : Number(m[1])
    }
    case 'flags':
    case 'subset':
      return 0
  }
}

/** Candidates that rule a state out, each with the label at which it does; the likeliest to matter first. */
function blocking(
  f: Finder,
  state: State,
  unmet: Obligation,
  near: readonly number[],
): readonly { readonly candidate: Candidate; readonly label: number }[] {
  const { finite } = f.setup
  const at = finite.base.get(pc.decl.name) ?? 0
  const env: Env = { state, self: 0, bound: [] }
  const text = unmet.assertions.join(' ')
  const out: { candidate: Candidate; label: number; score: number }[] = []
  for (const c of f.candidates) {
    const scored = (label: number, thread: number): void => {
      const reads = [...readsOf({ name: '', vars: c.draft.vars, body: c.draft.body })]
      const foreign = reads.filter((r) => !text.includes(`|${r}|`) && !text.includes(`|${r}.`)).length
      const far = thread > 0 && !near.includes(thread) ? 60 : 0
      // What holds of the world whoever stands where needs fewest lemmas of its own.
      const world = c.draft.local ? (c.draft.body.kind === 'const' ? 40 : 0) : -60
      out.push({ candidate: c, label, score: world + foreign * 40 + far + keyOf(c.draft.body).length / 4 })
    }
    if (!c.draft.local) {
      if (c.alive[0] === 1 && c.holds(env) === 0) scored(-1, 0)
      continue
    }
    for (const t of [...near, 1, 2, 3].filter((x) => x >= 1 && x <= finite.threads)) {
      const label = (state[at + t - 1] ?? 1) - 1
      env.self = t
      if (c.alive[label] === 1 && c.holds(env) === 0) {
        scored(label, t)
        break
      }
    }
  }
  return out.sort((a, b) => a.score - b.score)
}

/** The labels where a candidate is not refuted that hang together with one of them. */
function region(f: Finder, c: Candidate, label: number): ReadonlySet<number> {
  const next = new Map<number, number[]>()
  for (const { label: from, way } of f.transitions.ways) {
    next.set(from, [...(next.get(from) ?? []), way.target])
    next.set(way.target, [...(next.get(way.target) ?? []), from])
  }
  const seen = new Set([label])
  const todo = [label]
  for (let l = todo.pop(); l !== undefined; l = todo.pop())
    for (const n of next.get(l) ?? [])
      if (!seen.has(n) && c.alive[n] === 1) {
        seen.add(n)
        todo.push(n)
      }
  return seen
}

const lemmaOf = (c: Candidate, labels: ReadonlySet<number> | undefined): Lemma => ({
  name: keyOf(c.draft.body),
  vars: c.draft.vars,
  body: c.draft.body,
  ...(labels === undefined ? {} : { labels }),
})

/** Questions of one message to the solver, at most. */
const CHUNK = 32

/** Goes on with what is to be shown of a lemma, up to the first that is not so. Notes what the proofs rest on. */
async function firstUnmet(f: Finder, t: Taken): Promise<Obligation | undefined> {
  if (t.obligations === undefined) {
    t.obligations = obligationsOf(f.transitions, t.lemma)
    t.done = 0
    t.uses.clear()
    await flush(f, witnessDeclarations(t.lemma))
  }
  const byLiteral = new Map(f.taken.map((x) => [x.literal, x.id]))
  for (let chunk = 2; t.done < t.obligations.length; chunk = Math.min(CHUNK, chunk * 2)) {
    const part = t.obligations.slice(t.done, t.done + chunk)
    const said = await ask(
      f.session,
      part.map((o) => o.assertions),
      literals(f),
    )
    for (const [k, answer] of said.entries()) {
      if (answer.kind === 'unsat') {
        for (const l of answer.core) t.uses.add(byLiteral.get(l) ?? -1)
        t.done++
        continue
      }
      if (answer.kind === 'unknown') f.unknown.push(`${t.lemma.name}: ${answer.reason}`)
      return part[k]
    }
  }
  return undefined
}

/** Gives a lemma up where it failed; those that rest on it must be looked at again. */
async function weaken(f: Finder, t: Taken, label: number | undefined): Promise<void> {
  const { candidate } = t
  if (label === undefined || t.lemma.labels === undefined) t.dead = true
  else {
    if (candidate !== undefined) candidate.alive[label] = 0
    const labels = new Set(t.lemma.labels)
    labels.delete(label)
    t.lemma = { ...t.lemma, labels }
    t.version++
    if (labels.size === 0) t.dead = true
  }
  if (t.dead && candidate !== undefined && t.lemma.labels === undefined) candidate.alive[0] = 0
  if (!t.dead) await assume(f, t)
  for (const x of f.taken)
    if (x.uses.has(t.id) || x.id === t.id) {
      x.checked = false
      x.obligations = undefined
    }
}

export interface FindOptions {
  readonly queryMs: number
  readonly deadline: number
  readonly log?: (text: string) => void
  /** A program to ask instead of the package z3-solver. */
  readonly solver?: string
  /** Everything that the solver is sent. */
  readonly trace?: (text: string) => void
}

/** Finds what the goals need, from the candidates. */
export async function find(
  setup: Setup,
  goals: readonly Lemma[],
  candidates: readonly Candidate[],
  options: FindOptions,
): Promise<Found> {
  const encoding = finiteEncoding(setup)
  const transitions = transitionsOf(encoding)
  const f: Finder = {
    setup,
    encoding,
    transitions,
    session: openSession(options.queryMs, options.solver, options.trace),
    told: new Set(),
    taken: [],
    candidates,
    unknown: [],
    failed: [],
    offers: new Map(),
    log: options.log ?? (() => undefined),
  }
  try {
    await begin(f)
    for (const g of goals) await assume(f, take(f, g, undefined, true))
    const places = placesOf(f)
    await flush(f)
    for (;;) {
      const t = f.taken.find((x) => !x.dead && !x.checked)
      if (t === undefined) break
      if (Date.now() > options.deadline) {
        f.unknown.push('the time is over')
        break
      }
      await settle(f, t, places)
    }
    const used = reached(f)
    return {
      lemmas: used.map((t) => t.lemma),
      failed: f.failed,
      queries: f.session.queries.count,
      solverMs: f.session.queries.ms,
      unknown: f.unknown,
    }
  } finally {
    closeSession(f.session)
  }
}

/** A candidate at a region, told to the solver under a literal of its own. */
async function offer(f: Finder, c: Candidate, label: number): Promise<Offer> {
  const lemma = lemmaOf(c, label < 0 ? undefined : region(f, c, label))
  const key = `${lemma.name} ${[...(lemma.labels ?? [])].sort((a, b) => a - b).join()}`
  const known = f.offers.get(key)
  if (known !== undefined) return known
  const literal = `o${f.offers.size}`
  const made: Offer = { candidate: c, lemma, literal }
  f.offers.set(key, made)
  const text = encodeLemma(f.encoding, lemma, before(f.encoding))
  await flush(f, witnessDeclarations(lemma))
  await tell(f.session, `(declare-const ${literal} Bool)\n(assert ${implies(literal, text)})`)
  return made
}

interface Bad {
  readonly state: State
  readonly self: number
  readonly other: number
}

async function counterexample(
  f: Finder,
  o: Obligation,
  extra: readonly Term[],
  places: Places,
): Promise<Bad | undefined> {
  const terms = [...places.terms, SELF, WITNESS_THREAD]
  const values = await model(f.session, o.assertions, [...literals(f), ...extra], terms)
  if (values === undefined) return undefined
  const thread = { kind: 'ref', set: 'thread' } as const
  const n = places.terms.length
  return {
    state: places.read(values),
    self: decode(thread, values[n] ?? ''),
    other: decode(thread, values[n + 1] ?? ''),
  }
}

/** Candidates that together meet an obligation, as few as can be told; or the state that none rules out. */
async function rescue(f: Finder, o: Obligation, places: Places): Promise<readonly Offer[] | Bad> {
  const offers: Offer[] = []
  for (;;) {
    const literalsNow = offers.map((x) => x.literal)
    const bad = await counterexample(f, o, literalsNow, places)
    if (bad === undefined) {
      const [said] = await ask(f.session, [o.assertions], [...literals(f), ...literalsNow])
      if (said?.kind !== 'unsat') {
        f.unknown.push('no model')
        return []
      }
      let kept = offers.filter((x) => said.core.includes(x.literal))
      for (const x of kept) {
        const fewer = kept.filter((y) => y !== x)
        const [again] = await ask(f.session, [o.assertions], [...literals(f), ...fewer.map((y) => y.literal)])
        if (again?.kind === 'unsat') kept = fewer
      }
      return kept
    }
    const near = o.whose === 'other' ? [bad.self, bad.other] : [bad.self]
    const options = blocking(f, bad.state, o, near)
    const before = offers.length
    // One for each thread and one of the world, so that few models are needed.
    for (const choice of options.slice(0, 2)) {
      const made = await offer(f, choice.candidate, choice.label)
      if (!offers.includes(made)) offers.push(made)
    }
    if (offers.length === before) {
      if (options[0]) f.log(`again: ${keyOf(options[0].candidate.draft.body)} at ${options[0].label}`)
      return bad
    }
  }
}

/** The parts of a state that a lemma might speak of, for the log. */
function describe(f: Finder, state: State): string {
  const { finite } = f.setup
  const at = finite.base.get(pc.decl.name) ?? 0
  const labels = Array.from({ length: finite.threads }, (_, t) => f.setup.system.labels[(state[at + t] ?? 1) - 1]?.name)
  const parts = [...f.setup.system.fields, ...f.setup.system.locals].flatMap((x) => {
    const base = finite.base.get(x.name)
    if (base === undefined) return []
    const n = x.sets.reduce((m, s) => m * (finite.sizes[s] ?? 0), 1)
    const values = state.slice(base, base + n)
    return values.some((v) => v !== 0) ? [`${x.name}=${values.join()}`] : []
  })
  return `       ${labels.join(' | ')}; ${parts.join(' ')}`
}

async function settle(f: Finder, t: Taken, places: Places): Promise<void> {
  const unmet = await firstUnmet(f, t)
  const labels = f.setup.system.labels
  if (unmet === undefined) {
    t.checked = true
    f.log(`kept   ${t.lemma.name.slice(0, 100)} [${t.lemma.labels?.size ?? 'world'}]`)
    return
  }
  const step = `${labels[unmet.from ?? 0]?.name ?? ''} (${unmet.whose})`
  const outcome = await rescue(f, unmet, places)
  if (!('state' in outcome)) {
    for (const o of outcome) {
      f.log(
        `needs  ${o.lemma.name.slice(0, 100)} [${o.lemma.labels?.size ?? 'world'}] for ${t.lemma.name.slice(0, 40)} at ${step}`,
      )
      await assume(f, take(f, o.lemma, o.candidate, false))
    }
    return
  }
  const { state, self, other } = outcome
  const at = f.setup.finite.base.get(pc.decl.name) ?? 0
  const witness = unmet.whose === 'other' ? other : self
  const label =
    unmet.whose === 'own' ? unmet.to : unmet.whose === 'other' ? (state[at + other - 1] ?? 1) - 1 : undefined
  f.log(describe(f, state))
  f.log(
    `LOST   ${t.lemma.name.slice(0, 100)} at ${label === undefined ? 'all' : (labels[label]?.name ?? '')} by ${step}`,
  )
  if (t.goal) {
    const { from = 0, to = 0, whose } = unmet
    f.failed.push({ lemma: t.lemma, state, from, to, whose, thread: self, witness })
    t.dead = true
    return
  }
  await weaken(f, t, label)
}

/** What the goals rest on, and what that rests on. */
function reached(f: Finder): readonly Taken[] {
  const seen = new Set<number>()
  const todo = f.taken.filter((t) => t.goal && !t.dead).map((t) => t.id)
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    for (const u of f.taken[id]?.uses ?? []) if (u >= 0) todo.push(u)
  }
  return f.taken.filter((t) => seen.has(t.id) && !t.dead)
}
