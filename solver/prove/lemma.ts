/** Lemmas: candidates, goals, and what is found. */
import type { Expr } from '../../model/language/expr.ts'
import { evaluate, forAll, nilOf, sortOfSet, standsIn, type Encoding, type SymState } from './encode.ts'
import { and, implies, not, quoted, type Term } from './smt.ts'
import { pc } from './system.ts'
import { mapExpr } from './rename.ts'

/**
 * `body` holds of all objects in `vars`; where there are labels, of each thread `self` that stands at one
 * of them (from 0, as in the system).
 */
export interface Lemma {
  readonly name: string
  readonly vars: readonly { readonly name: string; readonly set: string }[]
  readonly labels?: ReadonlySet<number>
  readonly body: Expr
}

/** Names of the variables that a lemma looks at; `pc` where it looks at where threads stand. */
export function readsOf(l: Lemma): ReadonlySet<string> {
  const out = new Set<string>(l.labels === undefined ? [] : [pc.decl.name])
  mapExpr(l.body, (x) => {
    if (x.kind === 'field') out.add(x.field.name)
    return undefined
  })
  return out
}

function bodyIn(e: Encoding, l: Lemma, state: SymState, self: Term, bound: ReadonlyMap<string, Term>): Term {
  const value = evaluate(e, { state, self, bound, side: [] }, l.body)
  if (value.kind !== 'bool') throw new Error(`${l.name} is no truth value`)
  return value.term
}

const labelOf = (state: SymState, t: Term): Term => {
  const value = state.at.get(pc.decl.name)?.([t])
  return value?.kind === 'one' ? value.term : ''
}

/** The lemma of all its objects, in a state. */
export function encodeLemma(e: Encoding, l: Lemma, state: SymState): Term {
  const go = (rest: Lemma['vars'], self: Term, bound: ReadonlyMap<string, Term>): Term => {
    const [v, ...more] = rest
    if (v === undefined) return bodyIn(e, l, state, self, bound)
    return forAll(e, v.set, (o) => go(more, self, new Map([...bound, [v.name, o]])))
  }
  const { labels } = l
  if (labels === undefined) return go(l.vars, '', new Map())
  return forAll(e, 'thread', (t) => implies(standsIn(labelOf(state, t), labels, e.system.labels.length), go(l.vars, t, new Map())))
}

/** The objects that a lemma fails for: constants declared here, and the condition of their failing. */
export interface Failing {
  readonly declarations: string
  readonly of: (state: SymState, self: Term) => Term
  /** The thread of a lemma with labels. */
  readonly thread: Term
}

export function failing(e: Encoding, l: Lemma): Failing {
  const constants = l.vars.map((v) => ({ ...v, term: quoted(`sk.${v.name}`) }))
  const thread = quoted('sk.thread')
  const all = [...constants.map((c) => ({ term: c.term, set: c.set })), ...(l.labels ? [{ term: thread, set: 'thread' }] : [])]
  const declarations = all
    .map((c) => `(declare-const ${c.term} ${sortOfSet(c.set)})\n(assert (not (= ${c.term} ${nilOf(c.set)})))`)
    .join('\n')
  const bound = new Map(constants.map((c) => [c.name, c.term]))
  const of = (state: SymState, self: Term): Term => {
    const body = not(bodyIn(e, l, state, self, bound))
    return l.labels === undefined ? body : and(standsIn(labelOf(state, self), l.labels, e.system.labels.length), body)
  }
  return { declarations, of, thread }
}
