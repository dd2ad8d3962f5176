/**
 * Invariants found, not written: a goal is asked for; where a step might break it, the counterexample to
 * induction is shown to the candidates, and one that rules it out is taken on as the next thing to be shown.
 * A candidate that nothing can save is given up at the label where it fails. All this at a small finite size.
 */
import { finiteEncoding, type Setup } from './setup.ts'
import { before, SELF, termOf, type Encoding, objectOf, symbolOf } from './encode.ts'
import type { Candidate } from './filter.ts'
import type { Env, State } from './finite.ts'
import { encodeLemma, witnessDeclarations, WITNESS_THREAD, type Lemma } from './lemma.ts'
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
  readonly unknown: readonly string[]
}

interface Finder {
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
  const sets = Object.keys(e.domain)
  const axioms = [...[...e.system.fields, ...e.system.locals].flatMap((x) => typing(e, x)), labelTyping(e)]
  const head = ['(set-option :produce-unsat-cores true)', '(set-option :produce-models true)']
  await tell(f.session, [...head, preamble({ ...e, sorts: new Map(), declared: new Map() }, sets)].join('\n'))
  await flush(f)
  await tell(f.session, axioms.map((a) => `(assert ${a})`).join('\n'))
}

function take(f: Finder, lemma: Lemma, candidate: Candidate | undefined, goal: boolean): Taken {
  const id = f.taken.length
  const t: Taken = { id, goal, candidate, lemma, literal: '', version: 0, uses: new Set(), dead: false, checked: false }
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
  for (const x of [...e.system.fields, ...e.system.locals, pc.decl]) {
    if (x.role === 'geometry') continue
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

/** Candidates that rule a state out, each with the label at which it does; the simplest first. */
function blocking(f: Finder, state: State): readonly { readonly candidate: Candidate; readonly label: number }[] {
  const { finite } = f.setup
  const at = finite.base.get(pc.decl.name) ?? 0
  const env: Env = { state, self: 0, bound: [] }
  const out: { candidate: Candidate; label: number; size: number }[] = []
  for (const c of f.candidates) {
    const size = keyOf(c.draft.body).length
    if (!c.draft.local) {
      if (c.alive[0] === 1 && c.holds(env) === 0) out.push({ candidate: c, label: -1, size })
      continue
    }
    for (let t = 0; t < finite.threads; t++) {
      const label = (state[at + t] ?? 1) - 1
      env.self = t + 1
      if (c.alive[label] === 1 && c.holds(env) === 0) {
        out.push({ candidate: c, label, size })
        break
      }
    }
  }
  return out.sort((a, b) => a.size - b.size)
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

const CHUNK = 16

/** Looks for an obligation of a lemma that is not met. Notes what the proofs of the others rest on. */
async function firstUnmet(f: Finder, t: Taken): Promise<Obligation | undefined> {
  const list = obligationsOf(f.transitions, t.lemma)
  await flush(f, witnessDeclarations(t.lemma))
  const byLiteral = new Map(f.taken.map((x) => [x.literal, x.id]))
  t.uses.clear()
  for (let i = 0; i < list.length; i += CHUNK) {
    const part = list.slice(i, i + CHUNK)
    const said = await ask(f.session, part.map((o) => o.assertions), literals(f))
    for (const [k, answer] of said.entries()) {
      const o = part[k]
      if (answer.kind === 'unsat') for (const l of answer.core) t.uses.add(byLiteral.get(l) ?? -1)
      else if (answer.kind === 'unknown') {
        f.unknown.push(`${t.lemma.name}: ${answer.reason}`)
        return o
      } else return o
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
  for (const x of f.taken) if (x.uses.has(t.id) || x.id === t.id) x.checked = false
}

export interface FindOptions {
  readonly queryMs: number
  readonly deadline: number
  readonly log?: (text: string) => void
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
    session: openSession(options.queryMs),
    told: new Set(),
    taken: [],
    candidates,
    unknown: [],
    failed: [],
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
    return { lemmas: used.map((t) => t.lemma), failed: f.failed, queries: f.session.queries.count, unknown: f.unknown }
  } finally {
    closeSession(f.session)
  }
}

async function settle(f: Finder, t: Taken, places: Places): Promise<void> {
  const unmet = await firstUnmet(f, t)
  if (unmet === undefined) {
    t.checked = true
    f.log(`kept   ${t.lemma.name.slice(0, 100)} [${t.lemma.labels?.size ?? 'world'}]`)
    return
  }
  const values = await model(f.session, unmet.assertions, literals(f), [...places.terms, SELF, WITNESS_THREAD])
  const state = values === undefined ? undefined : places.read(values)
  const [choice] = state === undefined ? [] : blocking(f, state)
  if (choice !== undefined) {
    const { candidate: c, label } = choice
    const lemma = lemmaOf(c, label < 0 ? undefined : region(f, c, label))
    f.log(`needs  ${lemma.name.slice(0, 100)} [${lemma.labels?.size ?? 'world'}]`)
    await assume(f, take(f, lemma, c, false))
    return
  }
  const thread = { kind: 'ref', set: 'thread' } as const
  const self = decode(thread, values?.[places.terms.length] ?? '')
  const other = decode(thread, values?.[places.terms.length + 1] ?? '')
  const at = f.setup.finite.base.get(pc.decl.name) ?? 0
  const witness = unmet.whose === 'other' ? other : self
  const label = unmet.whose === 'own' ? unmet.to : unmet.whose === 'other' && state !== undefined ? (state[at + other - 1] ?? 1) - 1 : undefined
  f.log(`LOST   ${t.lemma.name.slice(0, 100)} at ${label === undefined ? 'all' : (f.setup.system.labels[label]?.name ?? '')} by ${f.setup.system.labels[unmet.from ?? 0]?.name ?? ''}`)
  if (t.goal && state !== undefined) {
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
