/** What every state of an encoding satisfies by its types and by the shape of the world. */
import { FILE_PAGES_MAX } from '../../model/mm/mm_types.ts'
import type { Expr, Field } from '../../model/language/expr.ts'
import {
  constant,
  evaluate,
  isFinite,
  nilOf,
  objectOf,
  sortOfSet,
  symbolOf,
  before,
  type Encoding,
} from './encode.ts'
import { and, equal, ite, not, or, quoted, TRUE, type Term, type Value } from './smt.ts'
import { pc } from './system.ts'

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
    `(assert (forall ${xy} (=> (and (${le} x y) (not (= x y))) (and (${le} (${succ} x) y) (${le} x (${succ} x)) (not (= x (${succ} x)))))))`,
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
    if (isFinite(e, set)) {
      const all = [nilOf(set), ...Array.from({ length: e.domain[set] ?? 0 }, (_, i) => objectOf(set, i + 1))]
      return and(...all.map((o) => go(more, [...args, o])))
    }
    const x = quoted(`${set}!${e.fresh++}`)
    const inner = go(more, [...args, x])
    return inner === TRUE ? TRUE : `(forall ((${x} ${sortOfSet(set)})) ${inner})`
  }
  return go(sets, [])
}

const sameValue = (a: Value, b: Value): Term => {
  if (a.kind === 'flags' && b.kind === 'flags') return and(...a.bits.map((x, i) => equal(x, b.bits[i] ?? '')))
  if ((a.kind === 'one' || a.kind === 'bool') && (b.kind === 'one' || b.kind === 'bool')) return equal(a.term, b.term)
  return TRUE
}

/** What the type of a variable says: references that are not nil, numbers in their range, and 0 wherever an index is nil. */
export function typing(e: Encoding, f: Field): readonly Term[] {
  if (f.role === 'geometry' && e.geometry.has(f.name)) return []
  const read = symbolOf(e, f)
  const { type } = f
  const zero = constant(e, type, 0)
  const isNil = (args: readonly Term[]): Term => or(...args.map((a, i) => equal(a, nilOf(f.sets[i] ?? ''))))
  if (type.kind === 'subset') {
    const sets = [...f.sets, type.set]
    return [
      everywhere(e, sets, (args) => {
        const value = read(args.slice(0, -1))
        const has = value.kind === 'subset' ? value.has(args[args.length - 1] ?? '') : TRUE
        const nil = or(isNil(args.slice(0, -1)), equal(args[args.length - 1] ?? '', nilOf(type.set)))
        return or(not(nil), not(has))
      }),
    ]
  }
  return [
    everywhere(e, f.sets, (args) => {
      const value = read(args)
      const nil = isNil(args)
      const within =
        value.kind !== 'one'
          ? TRUE
          : type.kind === 'ref' && type.nonNil === true
            ? not(equal(value.term, nilOf(type.set)))
            : type.kind === 'int'
              ? `(<= ${type.lo} ${value.term}${type.hi >= FILE_PAGES_MAX - 1 ? '' : ` ${type.hi}`})`
              : TRUE
      return and(or(not(nil), sameValue(value, zero)), or(nil, within))
    }),
  ]
}

/** Labels lie in 1..n for a thread, and are 0 for nil. */
export function labelTyping(e: Encoding): Term {
  const read = symbolOf(e, pc.decl)
  const n = e.system.labels.length
  return everywhere(e, ['thread'], ([t = '']) => {
    const value = read([t])
    const term = value.kind === 'one' ? value.term : ''
    return ite(equal(t, nilOf('thread')), equal(term, '0'), `(<= 1 ${term} ${n})`)
  })
}

/** A closed formula of the modelling language, in the state of the function symbols. */
export function closed(e: Encoding, x: Expr): Term {
  const value = evaluate(e, { state: before(e), self: '', bound: new Map(), side: [] }, x)
  if (value.kind !== 'bool') throw new Error('a formula was expected')
  return value.term
}
