/** What has to be shown of a lemma: that it holds at the start, and that each step of any thread keeps it. */
import {
  constant,
  evaluate,
  symbolOf,
  termOf,
  before,
  forAll,
  leastOf,
  nilOf,
  objectOf,
  type Encoding,
} from './encode.ts'
import { SELF, waysOf, type Way } from './ways.ts'
import { failsOf, readsOf, stepFails, WITNESS_THREAD, type Lemma } from './lemma.ts'
import { mapExpr } from './rename.ts'
import { beginningOf, lastPage, type Beginning } from './shape.ts'
import type { Setup } from './setup.ts'
import { and, equal, FALSE, implies, not, or, quoted, TRUE, type Term } from './smt.ts'
import { pc, type PStep, type Tail } from './system.ts'
import type { Expr, Field } from '../../model/language/expr.ts'
import { page } from '../../model/mm/mm_types.ts'
import type { Action } from '../../model/language/stmt.ts'

/** The steps of a system, encoded once. */
export interface Transitions {
  readonly encoding: Encoding
  readonly ways: readonly { readonly label: number; readonly way: Way; readonly step: PStep }[]
  /** By label: the variables that its step may write, locals of the thread among them. */
  readonly writes: readonly ReadonlySet<string>[]
}

function written(a: Action, out: Set<string>): void {
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'field') out.add(a.target.field.name)
      return
    case 'when':
      for (const x of [...a.then, ...a.else]) written(x, out)
      return
    case 'forEach':
      for (const x of a.body) written(x, out)
      return
    case 'acquire':
    case 'release': {
      const { owner, readers } = a.lock.lock
      out.add(a.mode === 'read' && readers !== undefined ? readers.decl.name : owner.decl.name)
      return
    }
    case 'member':
      out.add(a.target.field.name)
      return
    case 'tryAcquire':
    case 'note':
    case 'assert':
      return
  }
}

function writtenAfter(t: Tail, out: Set<string>): void {
  switch (t.kind) {
    case 'goto':
      return
    case 'if':
      writtenAfter(t.then, out)
      writtenAfter(t.else, out)
      return
    case 'set':
      out.add(t.target.field.name)
      writtenAfter(t.next, out)
  }
}

export function transitionsOf(encoding: Encoding): Transitions {
  const { steps } = encoding.system
  const writes = steps.map((s) => {
    const out = new Set<string>(s.choose.map((f) => f.name))
    for (const a of s.actions) written(a, out)
    writtenAfter(s.tail, out)
    return out
  })
  return {
    encoding,
    ways: steps.flatMap((step) => waysOf(encoding, step).map((way) => ({ label: step.label, way, step }))),
    writes,
  }
}

/** One thing to be shown: the assertions cannot all hold. */
export interface Obligation {
  /** The step that might break the lemma, and where it leads; absent at the start. */
  readonly from?: number
  readonly to?: number
  /** Number of the way through the step. */
  readonly way: number
  /** Whether the lemma might fail of the thread that makes the step, or of another. */
  readonly whose: 'start' | 'own' | 'other' | 'world' | 'step'
  readonly assertions: readonly Term[]
}

/** What is said of a variable's value at some objects by how it begins. */
function begins(e: Encoding, f: Field, b: Beginning, args: readonly Term[]): Term {
  const value = symbolOf(e, f)(args)
  switch (b.kind) {
    case 'any':
      return TRUE
    case 'last':
      return equal(termOf(value), closedTerm(e, lastPage))
    case 'greatest': {
      const { type } = f
      if (type.kind === 'ref' && type.set === 'page') return equal(termOf(value), closedTerm(e, lastPage))
      return type.kind === 'ref'
        ? and(
            not(equal(termOf(value), nilOf(type.set))),
            forAll(e, type.set, (o) => `(${quoted(`${type.set}.le`)} ${o} ${termOf(value)})`),
          )
        : FALSE
    }
    case 'least': {
      const [set = ''] = f.sets
      const [x = ''] = args
      const isLeast = equal(x, leastOf(set))
      return and(implies(isLeast, begins(e, f, b.least, args)), implies(not(isLeast), begins(e, f, b.others, args)))
    }
    case 'parts': {
      const [set = ''] = f.sets
      const [x = ''] = args
      const of = set === 'page' ? termOf(symbolOf(e, page.mm.decl)([x])) : x
      const named = set === 'page' ? 'mm' : set
      return and(...b.parts.map((part, i) => implies(equal(of, objectOf(named, i + 1)), begins(e, f, part, args))))
    }
    case 'all': {
      const first = constant(e, f.type, b.value)
      if (value.kind === 'flags' && first.kind === 'flags')
        return and(...value.bits.map((bit, i) => equal(bit, first.bits[i] ?? '')))
      if (value.kind === 'subset')
        return f.type.kind === 'subset' ? forAll(e, f.type.set, (o) => not(value.has(o))) : TRUE
      return equal(termOf(value), termOf(first))
    }
  }
}

/** The state at the start, for any number of objects. */
export function startOf(e: Encoding, setup: Setup): readonly Term[] {
  const out: Term[] = []
  for (const f of e.system.fields) {
    if (f.role === 'geometry') continue
    const beginning = beginningOf(f, setup.worlds)
    if (beginning.kind === 'any') continue
    const go = (rest: readonly string[], args: readonly Term[]): Term => {
      const [set, ...more] = rest
      return set === undefined ? begins(e, f, beginning, args) : forAll(e, set, (o) => go(more, [...args, o]))
    }
    out.push(go(f.sets, []))
  }
  const { programs } = e.system
  const label = (t: Term): Term => {
    const value = symbolOf(e, pc.decl)([t])
    return termOf(value)
  }
  const single = programs.filter((p) => p.single)
  const at = (t: Term): Term => or(...programs.map((p) => equal(label(t), objectOf('label', p.entry + 1))))
  out.push(forAll(e, 'thread', at))
  for (const p of single) {
    const here = objectOf('label', p.entry + 1)
    out.push(
      forAll(e, 'thread', (t) =>
        forAll(e, 'thread', (u) => implies(and(equal(label(t), here), equal(label(u), here)), equal(t, u))),
      ),
    )
  }
  return out
}

const closedTerm = (e: Encoding, x: Expr): Term =>
  termOf(evaluate(e, { state: before(e), self: '', bound: new Map(), side: [] }, x))

/** What a lemma needs of each step. Steps that cannot touch it are left out, and those of labels that no thread comes to. */
export function obligationsOf(
  t: Transitions,
  l: Lemma,
  unreached: ReadonlySet<number> = new Set(),
): readonly Obligation[] {
  const { encoding: e } = t
  const reads = readsOf(l)
  const own = new Set(e.system.locals.map((f) => f.name))
  const others = namesThreads(l)
  const out: Obligation[] = []
  const label = termOf(
    evaluate(
      e,
      { state: before(e), self: SELF, bound: new Map(), side: [] },
      pc({ kind: 'self', type: { kind: 'ref', set: 'thread', nonNil: true } }),
    ),
  )
  for (const [number, { label: from, way, step }] of t.ways.entries()) {
    if (unreached.has(from)) continue
    const writes = t.writes[step.label] ?? new Set<string>()
    const touches = [...writes].some((w) => reads.has(w))
    const shared = [...writes].some((w) => reads.has(w) && (!own.has(w) || others))
    const common = [equal(label, objectOf('label', from + 1)), ...way.assume]
    const to = way.target
    const push = (whose: Obligation['whose'], ...more: readonly Term[]): void => {
      const assertions = [...common, ...more].filter((a) => a !== TRUE)
      if (!assertions.includes(FALSE)) out.push({ from, to, way: number, whose, assertions })
    }
    if (l.ofSteps === true) {
      if (l.labels?.has(from) !== false && touches) push('step', stepFails(e, l, before(e), way.after, SELF))
      continue
    }
    // A lemma that names where other threads stand is touched by every step.
    const wide = reads.has(pc.decl.name) && l.labels === undefined ? true : namesPlaces(l)
    if (l.labels === undefined) {
      if (touches || wide) push('world', failsOf(e, l, way.after, SELF))
      continue
    }
    if (l.labels.has(to) && (touches || wide || !l.labels.has(from))) push('own', failsOf(e, l, way.after, SELF))
    if (shared || wide) push('other', not(equal(WITNESS_THREAD, SELF)), failsOf(e, l, way.after, WITNESS_THREAD))
  }
  return out
}

/** Whether it looks at locals of threads other than the one it is about. */
function namesThreads(l: Lemma): boolean {
  let found = l.vars.some((v) => v.set === 'thread')
  mapExpr(l.body, (x) => {
    if ((x.kind === 'quantifier' || x.kind === 'first') && x.set === 'thread') found = true
    return undefined
  })
  return found
}

const namesPlaces = (l: Lemma): boolean => {
  const reads = readsOf({ name: l.name, vars: l.vars, body: l.body })
  return reads.has(pc.decl.name)
}
