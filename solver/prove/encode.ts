/**
 * The system as SMT-LIB: sets as sorts, finite ones as datatypes and unbounded ones uninterpreted, with
 * `nil` below all their objects; variables as functions. Steps are in ways.ts.
 */
import type { Expr, Field } from '../../model/language/expr.ts'
import type { Type } from '../../model/language/types.ts'
import { page } from '../../model/mm/mm_types.ts'
import {
  and,
  choose,
  constantName,
  equal,
  FALSE,
  implies,
  ite,
  not,
  or,
  quoted,
  TRUE,
  truth,
  type Term,
  type Value,
} from './smt.ts'
import { pc, type System } from './system.ts'

/** How many objects each set has; sets that are not named have any number. */
export type Domain = Readonly<Record<string, number>>

/** How `label` is told apart: by number, or by the number of its class. */
export interface Encoding {
  readonly system: System
  readonly domain: Domain
  /** Values of geometry, where they are constants: by field, in the order of its objects; one value stands for all. */
  readonly geometry: ReadonlyMap<string, readonly number[]>
  readonly guardedRelease: boolean
  /** What the names made so far stand for is declared by these. */
  readonly declared: Map<string, string>
  /** Enumerations met so far. */
  readonly sorts: Map<string, string>
  fresh: number
}

/** A variable in some state: its value at some objects. */
export type Reading = (args: readonly Term[]) => Value
export interface SymState {
  readonly at: ReadonlyMap<string, Reading>
}

export interface SymEnv {
  readonly state: SymState
  /** The state before the step, of a property of steps. */
  readonly old?: SymState
  readonly self: Term
  readonly bound: ReadonlyMap<string, Term>
  /** What terms made on the way stand for: to be assumed. */
  readonly side: Term[]
}

/** A core model's mm has one PMD, so that its slots are its pages, or those of its parent (\`setUp\` asks the worlds). */
export const sharedSort = (set: string): string => (set === 'slot' ? 'page' : set)
export const sortOfSet = (set: string): Term => (set === 'label' ? 'Int' : quoted(`${sharedSort(set)}#`))
export const nilOf = (set: string): Term => (set === 'label' ? '0' : constantName(`${sharedSort(set)}#nil`))
/** The first object of a set of any size. */
export const leastOf = (set: string): Term => quoted(`${set}.least`)
/** Object number `i`, from 1, of a finite set. */
export const objectOf = (set: string, i: number): Term =>
  set === 'label' ? String(i) : constantName(`${sharedSort(set)}#${i}`)
export const isFinite = (e: Encoding, set: string): boolean => set in e.domain
/** There are a parent and a child. */
export const isForked = (e: Encoding): boolean => (e.domain['mm'] ?? 1) > 1
/** Those of some sets that have any number of objects. */
export const unboundedSets = (e: Encoding, sets: readonly string[]): readonly string[] =>
  sets.filter((s) => !isFinite(e, s))
const lessEqual = (set: string): Term => quoted(`${sharedSort(set)}.le`)
const successor = (set: string): Term => quoted(`${set}.succ`)

export function declare(e: Encoding, name: string, text: string): void {
  if (!e.declared.has(name)) e.declared.set(name, text)
}

export function sortOf(e: Encoding, type: Type): Term {
  switch (type.kind) {
    case 'bool':
      return 'Bool'
    case 'int':
      return 'Int'
    case 'enum': {
      const name = quoted(type.name)
      const values = type.values.map((v) => `(${constantName(`${type.name}.${v}`)})`).join(' ')
      if (!e.sorts.has(name)) e.sorts.set(name, `(declare-datatypes ((${name} 0)) ((${values})))`)
      return name
    }
    case 'ref':
      return sortOfSet(type.set)
    case 'flags':
    case 'subset':
      throw new Error(`${type.kind} is no sort`)
  }
}

export function constant(e: Encoding, type: Type, value: number): Value {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool', term: truth(value !== 0) }
    case 'int':
      return { kind: 'one', term: value < 0 ? `(- ${-value})` : String(value) }
    case 'enum':
      sortOf(e, type)
      return { kind: 'one', term: constantName(`${type.name}.${type.values[value] ?? ''}`) }
    case 'ref':
      if (value === 0) return { kind: 'one', term: nilOf(type.set) }
      if (isFinite(e, type.set) || type.set === 'label') return { kind: 'one', term: objectOf(type.set, value) }
      // The first value of a type: the least object of a set of any size.
      if (value === 1) return { kind: 'one', term: leastOf(type.set) }
      throw new Error(`object ${value} of the unbounded set '${type.set}'`)
    case 'flags':
      return { kind: 'flags', bits: type.bits.map((_, i) => truth(((value >> i) & 1) === 1)) }
    case 'subset':
      if (value !== 0) throw new Error('a subset that is constant and not empty')
      return { kind: 'subset', has: () => FALSE }
  }
}

function functionOf(e: Encoding, name: string, sets: readonly string[], sort: Term): (args: readonly Term[]) => Term {
  const symbol = quoted(name)
  declare(e, symbol, `(declare-fun ${symbol} (${sets.map(sortOfSet).join(' ')}) ${sort})`)
  return (args) => (args.length === 0 ? symbol : `(${symbol} ${args.join(' ')})`)
}

/** A variable as a function symbol (several, for flags), with `suffix` behind its name. */
export function symbolOf(e: Encoding, f: Field): Reading {
  if (f.name === page.slot.decl.name && !isForked(e)) return ([x = '']) => ({ kind: 'one', term: x })
  const fixed = f.role === 'geometry' ? e.geometry.get(f.name) : undefined
  if (fixed !== undefined) return constantGeometry(e, f, fixed)
  switch (f.type.kind) {
    case 'flags': {
      const bits = f.type.bits.map((b) => functionOf(e, `${f.name}.${b}`, f.sets, 'Bool'))
      return (args) => ({ kind: 'flags', bits: bits.map((b) => b(args)) })
    }
    case 'subset': {
      const has = functionOf(e, f.name, [...f.sets, f.type.set], 'Bool')
      return (args) => ({ kind: 'subset', has: (x) => has([...args, x]) })
    }
    case 'bool': {
      const value = functionOf(e, f.name, f.sets, 'Bool')
      return (args) => ({ kind: 'bool', term: value(args) })
    }
    case 'int':
    case 'enum':
    case 'ref': {
      const value = functionOf(e, f.name, f.sets, sortOf(e, f.type))
      return (args) => ({ kind: 'one', term: value(args) })
    }
  }
}

function constantGeometry(e: Encoding, f: Field, values: readonly number[]): Reading {
  const [set = ''] = f.sets
  if (set === 'label') {
    const members = new Set(values.flatMap((v, i) => (v === 0 ? [] : [i])))
    return ([x = '']) => ({ kind: 'bool', term: standsIn(x, members, values.length) })
  }
  const zero = constant(e, f.type, 0)
  const distinct = [...new Set(values)]
  const [only] = distinct
  if (only !== undefined && distinct.length === 1) {
    const value = constant(e, f.type, only)
    return ([x = '']) => (f.sets.length === 0 ? value : choose(equal(x, nilOf(set)), zero, value))
  }
  return ([x = '']) =>
    values.reduceRight<Value>(
      (rest, v, i) => choose(equal(x, objectOf(set, i + 1)), constant(e, f.type, v), rest),
      zero,
    )
}

/** A label lies in a set of them (from 0, where labels count from 1): as a disjunction of intervals. */
export function standsIn(label: Term, labels: ReadonlySet<number>, all: number): Term {
  if (labels.size === all) return TRUE
  if (/^\d+$/.test(label)) return truth(labels.has(Number(label) - 1))
  const sorted = [...labels].sort((a, b) => a - b)
  const parts: Term[] = []
  for (let i = 0; i < sorted.length; i++) {
    const from = sorted[i] ?? 0
    let to = from
    while (sorted[i + 1] === to + 1) {
      i++
      to++
    }
    parts.push(from === to ? equal(label, String(from + 1)) : `(<= ${from + 1} ${label} ${to + 1})`)
  }
  return or(...parts)
}

/** The state whose values are the function symbols themselves. */
export function before(e: Encoding): SymState {
  const at = new Map<string, Reading>()
  for (const f of [...e.system.fields, ...e.system.locals, pc.decl]) {
    let made: Reading | undefined
    at.set(f.name, (args) => {
      made ??= symbolOf(e, f)
      return made(args)
    })
  }
  return { at }
}

export const readAt = (s: SymState, f: Field): Reading => {
  const found = s.at.get(f.name)
  if (found === undefined) throw new Error(`no variable '${f.name}' here`)
  return found
}

export const termOf = (v: Value): Term => {
  if (v.kind !== 'one' && v.kind !== 'bool') throw new Error(`a ${v.kind} is no term`)
  return v.term
}

/**
 * All objects of a set: as a conjunction where they can be counted. `trigger` is what the solver is to wait for before
 * it says so of an object.
 */
export function forAll(e: Encoding, set: string, body: (x: Term) => Term, trigger?: (x: Term) => Term): Term {
  if (isFinite(e, set)) return and(...Array.from({ length: e.domain[set] ?? 0 }, (_, i) => body(objectOf(set, i + 1))))
  const x = quoted(`${set}!${e.fresh++}`)
  const inner = body(x)
  if (inner === TRUE || inner === FALSE) return inner
  const text = or(equal(x, nilOf(set)), inner)
  const whole = trigger === undefined ? text : `(! ${text} :pattern (${trigger(x)}))`
  return `(forall ((${x} ${sortOfSet(set)})) ${whole})`
}

const membership = (e: Expr): { of: Expr; object: Expr } | undefined => {
  if (e.kind !== 'binary' || (e.op !== 'ne' && e.op !== 'eq') || e.right.kind !== 'const') return undefined
  const { left } = e
  if (left.kind !== 'binary' || left.op !== 'band' || left.type.kind !== 'subset') return undefined
  return left.right.kind === 'singleton' ? { of: left.left, object: left.right.arg } : undefined
}

export function evaluate(e: Encoding, env: SymEnv, x: Expr): Value {
  const term = (y: Expr): Term => termOf(evaluate(e, env, y))
  const bool = (t: Term): Value => ({ kind: 'bool', term: t })
  switch (x.kind) {
    case 'const':
      return constant(e, x.type, x.value)
    case 'self':
      return { kind: 'one', term: env.self }
    case 'bound': {
      const found = env.bound.get(x.name)
      if (found === undefined) throw new Error(`'${x.name}' is bound by nothing here`)
      return { kind: 'one', term: found }
    }
    case 'field':
      return readAt(env.state, x.field)(x.index.map(term))
    case 'not':
      return bool(not(term(x.arg)))
    case 'ite':
      return choose(term(x.cond), evaluate(e, env, x.then), evaluate(e, env, x.else))
    case 'quantifier': {
      const negated = x.which === 'exists'
      const all = forAll(e, x.set, (o) => {
        const inner = termOf(evaluate(e, { ...env, bound: new Map([...env.bound, [x.bound, o]]) }, x.body))
        return negated ? not(inner) : inner
      })
      return bool(negated ? not(all) : all)
    }
    case 'singleton': {
      const one = term(x.arg)
      const set = x.type.kind === 'subset' ? x.type.set : ''
      return { kind: 'subset', has: (y) => and(equal(y, one), not(equal(one, nilOf(set)))) }
    }
    case 'first':
      return { kind: 'one', term: first(e, env, x) }
    case 'binary':
      return binary(e, env, x)
    case 'old':
      if (env.old === undefined) throw new Error("'old' has no meaning in a state")
      return evaluate(e, { ...env, state: env.old }, x.arg)
    case 'local':
      throw new Error(`'${x.kind}' has no meaning in a state`)
  }
}

function first(e: Encoding, env: SymEnv, x: Extract<Expr, { kind: 'first' }>): Term {
  const holds = (o: Term): Term => termOf(evaluate(e, { ...env, bound: new Map([...env.bound, [x.bound, o]]) }, x.body))
  const nil = nilOf(x.set)
  if (isFinite(e, x.set)) {
    const objects = Array.from({ length: e.domain[x.set] ?? 0 }, (_, i) => objectOf(x.set, i + 1))
    return objects.reduceRight((rest, o) => ite(holds(o), o, rest), nil)
  }
  if (env.bound.size > 0) throw new Error('the first of any number of objects, of each object of a set')
  const found = quoted(`first!${e.fresh++}`)
  declare(e, found, `(declare-const ${found} ${sortOfSet(x.set)})`)
  env.side.push(
    implies(not(equal(found, nil)), holds(found)),
    forAll(e, x.set, (o) => implies(holds(o), and(not(equal(found, nil)), `(${lessEqual(x.set)} ${found} ${o})`))),
  )
  return found
}

function binary(e: Encoding, env: SymEnv, x: Extract<Expr, { kind: 'binary' }>): Value {
  const bool = (t: Term): Value => ({ kind: 'bool', term: t })
  const asTerm = (y: Expr): Term => termOf(evaluate(e, env, y))
  const member = membership(x)
  if (member !== undefined) {
    const set = evaluate(e, env, member.of)
    const object = asTerm(member.object)
    const inIt =
      set.kind === 'subset' && member.object.type.kind === 'ref'
        ? and(not(equal(object, nilOf(member.object.type.set))), set.has(object))
        : FALSE
    return bool(x.op === 'ne' ? inIt : not(inIt))
  }
  switch (x.op) {
    case 'and': {
      const left = asTerm(x.left)
      return bool(left === FALSE ? FALSE : and(left, asTerm(x.right)))
    }
    case 'or': {
      const left = asTerm(x.left)
      return bool(left === TRUE ? TRUE : or(left, asTerm(x.right)))
    }
    case 'eq':
    case 'ne': {
      const same = sameValue(e, x.left.type, evaluate(e, env, x.left), evaluate(e, env, x.right))
      return bool(x.op === 'eq' ? same : not(same))
    }
    case 'lt':
    case 'le': {
      const [a, b] = [asTerm(x.left), asTerm(x.right)]
      if (x.left.type.kind !== 'ref') return bool(x.op === 'le' ? `(<= ${a} ${b})` : `(< ${a} ${b})`)
      const le = a === b ? TRUE : `(${lessEqual(x.left.type.set)} ${a} ${b})`
      return bool(x.op === 'le' ? le : and(le, not(equal(a, b))))
    }
    case 'add':
    case 'sub': {
      if (x.type.kind !== 'ref')
        return { kind: 'one', term: `(${x.op === 'add' ? '+' : '-'} ${asTerm(x.left)} ${asTerm(x.right)})` }
      if (x.op === 'sub' || x.right.kind !== 'const' || x.right.value !== 1)
        throw new Error('objects can be counted up by one only')
      return { kind: 'one', term: `(${successor(x.type.set)} ${asTerm(x.left)})` }
    }
    case 'band':
    case 'bor':
    case 'bandnot':
      return mask(x.op, evaluate(e, env, x.left), evaluate(e, env, x.right))
  }
}

function mask(op: 'band' | 'bor' | 'bandnot', a: Value, b: Value): Value {
  const bit = (p: Term, q: Term): Term => (op === 'band' ? and(p, q) : op === 'bor' ? or(p, q) : and(p, not(q)))
  if (a.kind === 'flags' && b.kind === 'flags')
    return { kind: 'flags', bits: a.bits.map((p, i) => bit(p, b.bits[i] ?? FALSE)) }
  if (a.kind === 'subset' && b.kind === 'subset') return { kind: 'subset', has: (o) => bit(a.has(o), b.has(o)) }
  throw new Error('masks of different kinds')
}

function sameValue(e: Encoding, type: Type, a: Value, b: Value): Term {
  if (a.kind === 'flags' && b.kind === 'flags') return and(...a.bits.map((p, i) => equal(p, b.bits[i] ?? FALSE)))
  if (a.kind === 'subset' && b.kind === 'subset') {
    if (type.kind !== 'subset') return FALSE
    return forAll(e, type.set, (o) => equal(a.has(o), b.has(o)))
  }
  return equal(termOf(a), termOf(b))
}
