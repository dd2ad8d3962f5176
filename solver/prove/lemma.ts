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
  /** Of each step that is taken at one of the labels: `body` looks at the state after it, and by `old` at the one before. */
  readonly ofSteps?: true
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

function bodyIn(
  e: Encoding,
  l: Lemma,
  state: SymState,
  self: Term,
  bound: ReadonlyMap<string, Term>,
  old?: SymState,
): Term {
  const value = evaluate(e, { state, self, bound, side: [], ...(old === undefined ? {} : { old }) }, l.body)
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
  return forAll(e, 'thread', (t) =>
    implies(standsIn(labelOf(state, t), labels, e.system.labels.length), go(l.vars, t, new Map())),
  )
}

/** The constants that stand for the objects that a lemma fails for: one for each name and set. */
export const witness = (name: string, set: string): Term => quoted(`sk.${name}.${set}`)
export const WITNESS_THREAD: Term = witness('self', 'thread')

/** Declarations of the witnesses of a lemma, by name. */
export function witnessDeclarations(l: Lemma): ReadonlyMap<Term, string> {
  const all = [...l.vars, { name: 'self', set: 'thread' }]
  return new Map(
    all.map(({ name, set }) => {
      const term = witness(name, set)
      return [term, `(declare-const ${term} ${sortOfSet(set)})\n(assert (not (= ${term} ${nilOf(set)})))`]
    }),
  )
}

/** The lemma fails of its witnesses, and of the thread `self` where it is about one. */
export function failsOf(e: Encoding, l: Lemma, state: SymState, self: Term): Term {
  const bound = new Map(l.vars.map((v) => [v.name, witness(v.name, v.set)]))
  const body = not(bodyIn(e, l, state, self, bound))
  return l.labels === undefined ? body : and(standsIn(labelOf(state, self), l.labels, e.system.labels.length), body)
}

/** A step breaks a lemma about steps. */
export function stepFails(e: Encoding, l: Lemma, old: SymState, state: SymState, self: Term): Term {
  const bound = new Map(l.vars.map((v) => [v.name, witness(v.name, v.set)]))
  return not(bodyIn(e, l, state, self, bound, old))
}
