/** What every state of an encoding satisfies by its types and by the shape of the world. */
import { FILE_PAGES_MAX, page } from '../../model/mm/mm_types.ts'
import type { Expr, Field } from '../../model/language/expr.ts'
import type { IntType } from '../../model/language/types.ts'
import {
  before,
  evaluate,
  forAll,
  isFinite,
  isForked,
  nilOf,
  objectOf,
  readAt,
  sortOfSet,
  standsIn,
  symbolOf,
  termOf,
  type Encoding,
} from './encode.ts'
import { and, equal, implies, ite, not, or, quoted, TRUE, type Term } from './smt.ts'
import { pc, type Tail } from './system.ts'

function sortText(e: Encoding, set: string): string {
  const s = sortOfSet(set)
  const nil = nilOf(set)
  const le = quoted(`${set}.le`)
  const succ = quoted(`${set}.succ`)
  if (isFinite(e, set)) {
    const objects = Array.from({ length: e.domain[set] ?? 0 }, (_, i) => objectOf(set, i + 1))
    const below = (i: number): Term => or(...objects.slice(i).map((o) => `(= y ${o})`))
    const rows = objects.map((o, i) => and(`(= x ${o})`, below(i)))
    const next = objects.reduceRight<Term>((rest, o, i) => ite(`(= x ${o})`, objects[i + 1] ?? o, rest), nil)
    return [
      `(declare-datatypes ((${s} 0)) (((${nil}) ${objects.map((o) => `(${o})`).join(' ')})))`,
      `(define-fun ${le} ((x ${s}) (y ${s})) Bool ${or(`(= x ${nil})`, ...rows)})`,
      `(define-fun ${succ} ((x ${s})) ${s} ${next})`,
    ].join('\n')
  }
  const least = quoted(`${set}.least`)
  // Of successors that somebody has named: each has one of its own.
  const named = (text: Term): Term => (isForked(e) ? `(! ${text} :pattern ((${succ} x) (${le} x y)))` : text)
  const xy = `((x ${s}) (y ${s}))`
  return [
    `(declare-sort ${s} 0)`,
    `(declare-const ${nil} ${s})`,
    `(declare-const ${least} ${s})`,
    `(declare-fun ${le} (${s} ${s}) Bool)`,
    `(declare-fun ${succ} (${s}) ${s})`,
    `(assert (not (= ${nil} ${least})))`,
    `(assert (forall ((x ${s})) (${le} ${nil} x)))`,
    `(assert (forall ((x ${s})) (${le} x x)))`,
    `(assert (forall ((x ${s})) (or (= x ${nil}) (${le} ${least} x))))`,
    `(assert (forall ${xy} (or (${le} x y) (${le} y x))))`,
    `(assert (forall ${xy} (=> (and (${le} x y) (${le} y x)) (= x y))))`,
    `(assert (forall ((x ${s}) (y ${s}) (z ${s})) (=> (and (${le} x y) (${le} y z)) (${le} x z))))`,
    // The next object of the order, where there is one above.
    `(assert (forall ${xy} ${named(`(=> (and (${le} x y) (not (= x y))) (and (${le} (${succ} x) y) (${le} x (${succ} x)) (not (= x (${succ} x)))))`)}))`,
  ].join('\n')
}

/** Declarations of sorts, then of what was met while encoding. Only after all terms of a query have been made. */
export function preamble(e: Encoding, sets: readonly string[]): string {
  return [...sets.map((s) => sortText(e, s)), ...e.sorts.values(), ...e.declared.values()].join('\n')
}

/** A quantified formula over the places of a variable, or its instances where all its sets are finite. */
function everywhere(e: Encoding, sets: readonly string[], body: (args: readonly Term[]) => Term): Term {
  const go = (rest: readonly string[], args: readonly Term[]): Term => {
    const [set, ...more] = rest
    if (set === undefined) return body(args)
    return forAll(e, set, (o) => go(more, [...args, o]))
  }
  return go(sets, [])
}

/**
 * What the type of a variable says: references that are not nil, and numbers in their range. Nothing is said of
 * what is read at nil, where the model reads 0, and of references into a set of which the world has no object: that
 * only allows more.
 */
export function typing(e: Encoding, f: Field): readonly Term[] {
  const of = typeOf(e, f)
  return of === undefined ? [] : [everywhere(e, f.sets, of)]
}

/** The same of one thread: asked before a proof is believed, since types that nothing fits would prove anything. */
export function typingAt(e: Encoding, f: Field, thread: Term): Term {
  return typeOf(e, f)?.([thread]) ?? TRUE
}

function typeOf(e: Encoding, f: Field): ((args: readonly Term[]) => Term) | undefined {
  const { type } = f
  if (f.role === 'geometry' && e.geometry.has(f.name)) return undefined
  const points = type.kind === 'ref' && type.nonNil === true && e.domain[type.set] !== 0
  if (type.kind !== 'int' && !points) return undefined
  const read = symbolOf(e, f)
  return (args) => {
    const value = read(args)
    if (value.kind !== 'one') return TRUE
    if (type.kind === 'ref') return not(equal(value.term, nilOf(type.set)))
    return type.kind === 'int' ? inRange(type, value.term) : TRUE
  }
}

/** A number in the range of its type; numbers of a file's pages have no upper end, as files of any size have pages. */
export const inRange = (type: IntType, term: Term): Term =>
  `(<= ${type.lo} ${term}${type.hi >= FILE_PAGES_MAX - 1 ? '' : ` ${type.hi}`})`

/** Labels lie in 1..n. */
export function labelTyping(e: Encoding): Term {
  const read = symbolOf(e, pc.decl)
  const n = e.system.labels.length
  return everywhere(e, ['thread'], ([t = '']) => {
    const value = read([t])
    return `(<= 1 ${value.kind === 'one' ? value.term : ''} ${n})`
  })
}

const leadsOut = (t: Tail, to: ReadonlySet<number>): boolean => {
  switch (t.kind) {
    case 'goto':
      return !to.has(t.label)
    case 'if':
      return leadsOut(t.then, to) || leadsOut(t.else, to)
    case 'set':
      return leadsOut(t.next, to)
  }
}

/**
 * One thread forks: whoever stands in that body is the one thread that began there, since no step leads from one
 * body to another. Throws where one does.
 */
export function aloneTyping(e: Encoding): readonly Term[] {
  if (!isForked(e)) return []
  const { programs, labels, steps } = e.system
  return programs.flatMap((p, program) => {
    const own = new Set(labels.flatMap((l, i) => (l.program === program ? [i] : [])))
    if (steps.some((s) => own.has(s.label) && leadsOut(s.tail, own))) throw new Error(`a step leads out of ${p.name}`)
    if (!p.single) return []
    const stands = (t: Term): Term => standsIn(termOf(symbolOf(e, pc.decl)([t])), own, labels.length)
    return [forAll(e, 'thread', (t) => forAll(e, 'thread', (u) => implies(and(stands(t), stands(u)), equal(t, u))))]
  })
}

/** Slots are the pages of the parent: a page of it has itself, one of the child that which it is a copy of. */
export function slotTyping(e: Encoding): readonly Term[] {
  if (!isForked(e) || isFinite(e, 'page')) return []
  const at = before(e)
  const of = (f: Field, x: Term): Term => termOf(readAt(at, f)([x]))
  const [parent, child] = [objectOf('mm', 1), objectOf('mm', 2)]
  return [
    forAll(
      e,
      'page',
      (x) => {
        const slot = of(page.slot.decl, x)
        const mm = of(page.mm.decl, x)
        const back = [equal(of(page.mm.decl, slot), parent), equal(of(page.child.decl, slot), x)]
        return and(
          implies(equal(mm, parent), equal(slot, x)),
          implies(equal(mm, child), and(...back, not(equal(slot, nilOf('page'))))),
        )
      },
      (x) => of(page.slot.decl, x),
    ),
  ]
}

/**
 * A closed formula of the modelling language, in the state of the function symbols; of any number of objects, said of
 * one where the solver meets `on` of it.
 */
export function closed(e: Encoding, x: Expr, on?: Field): Term {
  if (x.kind === 'quantifier' && x.which === 'forall' && on !== undefined && !isFinite(e, x.set))
    return forAll(
      e,
      x.set,
      (o) => termOf(evaluate(e, { state: before(e), self: '', bound: new Map([[x.bound, o]]), side: [] }, x.body)),
      (o) => termOf(symbolOf(e, on)([o])),
    )
  const value = evaluate(e, { state: before(e), self: '', bound: new Map(), side: [] }, x)
  if (value.kind !== 'bool') throw new Error('a formula was expected')
  return value.term
}
