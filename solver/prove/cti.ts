/**
 * A counterexample to induction: a state in which all lemmas hold, and one step of one thread after which one of
 * them does not. Looked for at a small size, where a solver can name every value; the step is then made by the
 * system itself.
 */
import { render } from '../../model/language/expr.ts'
import { show } from '../../model/language/types.ts'
import { before } from './encode.ts'
import { successorsOf, type Finite, type State } from './finite.ts'
import { encodeLemma, readsOf, witnessDeclarations, witness, WITNESS_THREAD, type Lemma } from './lemma.ts'
import { obligationsOf, transitionsOf, type Obligation } from './obligations.ts'
import { closeSession, model, openSession, tell } from './session.ts'
import { finiteEncoding, type Setup } from './setup.ts'
import { SELF } from './ways.ts'
import type { CheckOptions, Unmet } from './check.ts'
import { aloneTyping, labelTyping, preamble, typing } from './theory.ts'
import { pc, type PStep, type Tail } from './system.ts'
import { decode, elementOf, placesOf } from './values.ts'
import { namesOf } from './vocabulary.ts'

/** A variable of a state, in words. */
export interface Shown {
  readonly variable: string
  readonly before: string
  /** Where the step changes it. */
  readonly after?: string
}

export interface Cti {
  readonly lemmaText: string
  readonly from: string
  readonly to: string
  /** What the step does, as C. */
  readonly text: string
  /** Threads that matter, and where each stands before the step; the first one makes it. */
  readonly threads: readonly { readonly name: string; readonly at: string }[]
  /** The objects that the lemma fails of. */
  readonly objects: readonly string[]
  readonly shown: readonly Shown[]
}

const THREAD = { kind: 'ref', set: 'thread' } as const

/** The variables that a step looks at or writes. */
function ofStep(s: PStep): ReadonlySet<string> {
  const out = new Set<string>(s.choose.map((f) => f.name))
  const add = (names: ReadonlySet<string>): void => {
    for (const n of names) out.add(n)
  }
  for (const g of s.guard) add(namesOf(g))
  for (const a of s.actions) add(namesOf(a))
  const tail = (t: Tail): void => {
    if (t.kind === 'if') {
      add(namesOf(t.cond))
      tail(t.then)
      tail(t.else)
    } else if (t.kind === 'set') {
      out.add(t.target.field.name)
      add(namesOf(t.value))
      tail(t.next)
    }
  }
  tail(s.tail)
  return out
}

/** A state that keeps all of `lemmas` and from which a step breaks one of them; undefined where no small size has one. */
export async function ctiOf(
  setup: Setup,
  lemmas: readonly Lemma[],
  unmet: Unmet,
  options: CheckOptions,
): Promise<Cti | undefined> {
  const e = finiteEncoding(setup)
  const { finite, system } = setup
  const name = (i: number | undefined): string => (i === undefined ? '' : (system.labels[i]?.name ?? ''))
  const obligations = obligationsOf(transitionsOf(e), unmet.lemma).filter(
    (o) => o.whose === unmet.whose && name(o.from) === unmet.from && name(o.to) === unmet.to,
  )
  const places = placesOf(e, finite)
  const session = openSession(options.queryMs, options.solver, options.trace)
  try {
    const hypotheses = lemmas.filter((l) => l.ofSteps !== true).map((l) => encodeLemma(e, l, before(e)))
    const axioms = [
      ...[...e.system.fields, ...e.system.locals].flatMap((f) => typing(e, f)),
      labelTyping(e),
      ...aloneTyping(e),
    ]
    const witnesses = new Map(witnessDeclarations(unmet.lemma))
    const text = [
      '(set-option :produce-models true)',
      ...(session.dialect === 'z3' ? [] : ['(set-logic ALL)']),
      preamble(
        { ...e, declared: new Map([...e.declared, ...witnesses]) },
        Object.keys(e.domain).filter((s) => s !== 'slot'),
      ),
      ...[...axioms, ...hypotheses].map((a) => `(assert ${a})`),
    ]
    await tell(session, text.join('\n'))
    const objects = unmet.lemma.vars.map((v) => ({ ...v, term: witness(v.name, v.set) }))
    for (const o of obligations) {
      const values = await model(
        session,
        o.assertions,
        [],
        [...places.terms, SELF, WITNESS_THREAD, ...objects.map((x) => x.term)],
      )
      if (values === undefined) continue
      const n = places.terms.length
      const self = decode(THREAD, values[n] ?? '')
      const other = o.whose === 'other' ? decode(THREAD, values[n + 1] ?? '') : undefined
      const named = objects.map((x, i) =>
        show({ kind: 'ref', set: x.set }, decode({ kind: 'ref', set: x.set }, values[n + 2 + i] ?? '')),
      )
      return described(setup, unmet.lemma, o, places.read(values), self, other, named)
    }
    return undefined
  } finally {
    closeSession(session)
  }
}

function described(
  setup: Setup,
  lemma: Lemma,
  o: Obligation,
  state: State,
  self: number,
  other: number | undefined,
  objects: readonly string[],
): Cti | undefined {
  const { finite, system } = setup
  const at = finite.base.get(pc.decl.name) ?? 0
  const after = successorsOf(finite)(state, self).find((s) => (s[at + self - 1] ?? 0) - 1 === o.to)
  const step = system.steps[o.from ?? -1]
  if (step === undefined) return undefined
  const where = (t: number): string => system.labels[(state[at + t - 1] ?? 1) - 1]?.name ?? ''
  const threads = [self, ...(other === undefined ? [] : [other])]
  return {
    lemmaText: render(lemma.body),
    from: system.labels[o.from ?? -1]?.name ?? '',
    to: system.labels[o.to ?? -1]?.name ?? '',
    text: system.labels[o.from ?? -1]?.text ?? '',
    threads: threads.map((t) => ({ name: threadName(t), at: where(t) })),
    objects: lemma.vars.map((v, i) => `${v.name} = ${objects[i] ?? ''}`),
    shown: differences(finite, new Set([...readsOf(lemma), ...ofStep(step)]), state, after ?? state, threads),
  }
}

const threadName = (t: number): string => `thread${t - 1}`

/** What some variables hold before and after; locals of the threads that matter alone, and of the world what is not at its first value. */
function differences(
  finite: Finite,
  names: ReadonlySet<string>,
  state: State,
  after: State,
  threads: readonly number[],
): readonly Shown[] {
  const { system } = finite
  return [...system.fields, ...system.locals].flatMap((f) => {
    const base = finite.base.get(f.name)
    if (base === undefined || !names.has(f.name)) return []
    const counts = f.sets.map((s) => finite.sizes[s] ?? 0)
    const n = counts.reduce((a, b) => a * b, 1)
    return Array.from({ length: n }, (_, i) => i).flatMap((i): readonly Shown[] => {
      const index = elementOf(i, counts)
      if (f.sets[0] === 'thread' && !threads.includes(index[0] ?? 0)) return []
      const [was, is] = [state[base + i] ?? 0, after[base + i] ?? 0]
      if (f.sets[0] !== 'thread' && was === 0 && is === 0) return []
      const of = index.map((k, d) => show({ kind: 'ref', set: f.sets[d] ?? '' }, k)).join(', ')
      const shown: Shown = { variable: of === '' ? f.name : `${f.name}[${of}]`, before: show(f.type, was) }
      return [was === is ? shown : { ...shown, after: show(f.type, is) }]
    })
  })
}
