/** Steps, executed symbolically in any state, once for each way through what follows them. */
import type { Expr, Field, FieldExpr } from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import { page } from '../../model/mm/mm_types.ts'
import {
  before,
  declare,
  evaluate,
  isFinite,
  isForked,
  nilOf,
  objectOf,
  readAt,
  sortOfSet,
  symbolOf,
  termOf,
  type Encoding,
  type Reading,
  type SymEnv,
  type SymState,
} from './encode.ts'
import { guardsOf } from './finite.ts'
import { and, choose, equal, FALSE, not, or, quoted, TRUE, type Term, type Value } from './smt.ts'
import { pc, type PStep, type Tail } from './system.ts'
import { inRange } from './theory.ts'

const written = (state: SymState, f: Field, reading: Reading): SymState => ({
  at: new Map([...state.at, [f.name, reading]]),
})

function store(env: SymEnv, e: Encoding, target: FieldExpr, value: Value, when: Term): SymEnv {
  const index = target.index.map((x) => termOf(evaluate(e, env, x)))
  const there = target.field.sets.map((s, i) => not(equal(index[i] ?? '', nilOf(s))))
  // A thread that runs is an object.
  const safe = and(...there.filter((_, i) => index[i] !== env.self))
  const old = readAt(env.state, target.field)
  const cond = and(when, safe)
  if (cond === FALSE) return env
  const reading: Reading = (args) =>
    choose(and(cond, ...args.map((a, i) => equal(a, index[i] ?? ''))), value, old(args))
  return { ...env, state: written(env.state, target.field, reading) }
}

function act(e: Encoding, env: SymEnv, a: Action, when: Term): SymEnv {
  if (when === FALSE) return env
  const member = (target: FieldExpr, add: boolean): SymEnv => {
    const now = evaluate(e, env, target)
    if (now.kind !== 'subset') throw new Error('no subset')
    const value: Value = {
      kind: 'subset',
      has: (x) => (add ? or(equal(x, env.self), now.has(x)) : and(not(equal(x, env.self)), now.has(x))),
    }
    return store(env, e, target, value, when)
  }
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'local') throw new Error('a local with no thread')
      return store(env, e, a.target, evaluate(e, env, a.value), when)
    case 'when': {
      const cond = termOf(evaluate(e, env, a.cond))
      const then = a.then.reduce((s, x) => act(e, s, x, and(when, cond)), env)
      return a.else.reduce((s, x) => act(e, s, x, and(when, not(cond))), then)
    }
    case 'forEach':
      return forEach(e, env, a, when)
    case 'acquire':
    case 'release': {
      const take = a.kind === 'acquire'
      const { owner, readers } = a.lock.lock
      if (a.mode === 'read' && readers !== undefined) return member(readers(...a.lock.index), take)
      const held = owner(...a.lock.index)
      const nil: Value = { kind: 'one', term: nilOf('thread') }
      const now = evaluate(e, env, held)
      const freed = e.guardedRelease ? choose(equal(termOf(now), env.self), nil, now) : nil
      return store(env, e, held, take ? { kind: 'one', term: env.self } : freed, when)
    }
    case 'member':
      return member(a.target, a.add)
    case 'note':
    case 'assert':
      return env
    case 'tryAcquire':
      throw new Error('tryAcquire is inlined')
  }
}

/** Every object of a set in turn; where there is any number of them, each must write at its own place alone. */
function forEach(e: Encoding, env: SymEnv, a: Extract<Action, { kind: 'forEach' }>, when: Term): SymEnv {
  const run = (o: Term): SymEnv =>
    a.body.reduce<SymEnv>((s, x) => act(e, s, x, when), { ...env, bound: new Map([...env.bound, [a.bound, o]]) })
  if (isFinite(e, a.set)) {
    const n = e.domain[a.set] ?? 0
    let now = env
    for (let i = 1; i <= n; i++) {
      const bound = new Map([...env.bound, [a.bound, objectOf(a.set, i)]])
      now = a.body.reduce<SymEnv>((s, x) => act(e, s, x, when), { ...now, bound })
    }
    return { ...now, bound: env.bound }
  }
  const places = new Map<string, Place>()
  a.body.forEach((x) => {
    ownPlaces(e, env, x, a.bound, places)
  })
  const at = new Map(env.state.at)
  const then = (s: SymEnv, o: Term): SymEnv =>
    a.body.reduce<SymEnv>((t, x) => act(e, t, x, when), { ...s, bound: new Map([...env.bound, [a.bound, o]]) })
  const of = (f: Field, o: Term): Term => termOf(symbolOf(e, f)([o]))
  for (const [name, { index, by }] of places)
    at.set(name, (args) => {
      const o = args[index] ?? ''
      const own = readNamed(run(o).state, name)(args)
      if (!isForked(e)) return own
      switch (by) {
        case 'itself':
          return own
        // A slot is that of a page of the parent, and of its copy.
        case 'slot':
          return readNamed(then(run(o), of(page.child.decl, o)).state, name)(args)
        // A page of the child is written in the turn of what it is a copy of, and then in its own.
        case 'child': {
          const twice = readNamed(then(run(of(page.slot.decl, o)), o).state, name)(args)
          return choose(equal(of(page.mm.decl, o), objectOf('mm', 2)), twice, own)
        }
      }
    })
  return { ...env, state: { at } }
}

/** The index of a variable that is the bound object, its slot, or the page that fork makes of it. */
interface Place {
  readonly index: number
  readonly by: 'itself' | 'slot' | 'child'
}

const readNamed = (s: SymState, name: string): Reading => s.at.get(name) ?? fail(`no variable '${name}'`)
function fail(text: string): never {
  throw new Error(text)
}

/** For each variable that is written, which of its indices is the bound object. Throws where none is, so that turns could touch one another. */
function ownPlaces(e: Encoding, env: SymEnv, a: Action, bound: string, places: Map<string, Place>): void {
  const own = (target: FieldExpr): void => {
    const isBound = (x: Expr): boolean => x.kind === 'bound' && x.name === bound
    const isOf = (f: Field, x: Expr): boolean => x.kind === 'field' && x.field === f && x.index.every(isBound)
    const isSlot = (x: Expr): boolean => isOf(page.slot.decl, x)
    const isChild = (x: Expr): boolean => isForked(e) && isOf(page.child.decl, x)
    const index = target.index.findIndex((x) => isBound(x) || isSlot(x) || isChild(x))
    const by = target.index.some(isSlot) ? 'slot' : target.index.some(isChild) ? 'child' : 'itself'
    const known = places.get(target.field.name) ?? { index, by }
    if (index < 0 || known.index !== index || (known.by === 'slot') !== (by === 'slot'))
      fail(`a loop over any number of objects writes '${target.field.name}' elsewhere than at its object`)
    places.set(target.field.name, by === 'child' ? { index, by } : known)
  }
  switch (a.kind) {
    case 'assign':
      if (a.target.kind === 'field') own(a.target)
      return
    case 'member':
      own(a.target)
      return
    case 'when': {
      // What the geometry rules out is never written.
      const o = quoted('probe')
      const cond = termOf(evaluate(e, { ...env, bound: new Map([...env.bound, [bound, o]]), side: [] }, a.cond))
      if (cond !== FALSE)
        a.then.forEach((x) => {
          ownPlaces(e, env, x, bound, places)
        })
      if (cond !== TRUE)
        a.else.forEach((x) => {
          ownPlaces(e, env, x, bound, places)
        })
      return
    }
    case 'note':
    case 'assert':
      return
    case 'forEach':
    case 'acquire':
    case 'release':
    case 'tryAcquire':
      fail(`a loop over any number of objects does '${a.kind}'`)
  }
}

/** One way through a step: what is assumed of the state before it, the state after it, and where the thread is then. */
export interface Way {
  readonly assume: readonly Term[]
  readonly after: SymState
  readonly target: number
}

export const SELF: Term = quoted('self')

/** The ways through a step of the thread `self`, in any state. */
export function waysOf(e: Encoding, step: PStep): readonly Way[] {
  declare(e, SELF, `(declare-const ${SELF} ${sortOfSet('thread')})\n(assert (not (= ${SELF} ${nilOf('thread')})))`)
  const side: Term[] = []
  let env: SymEnv = { state: before(e), self: SELF, bound: new Map(), side }
  const own: Expr = { kind: 'self', type: { kind: 'ref', set: 'thread', nonNil: true } }
  for (const f of step.choose) {
    const target: FieldExpr = { kind: 'field', type: f.type, field: f, index: [own] }
    const chosen = symbolOf(e, { ...f, name: `choice.${f.name}`, sets: [], role: 'register' })([])
    if (f.type.kind === 'ref' && f.type.nonNil === true) side.push(not(equal(termOf(chosen), nilOf(f.type.set))))
    if (f.type.kind === 'int') side.push(inRange(f.type, termOf(chosen)))
    env = store(env, e, target, chosen, TRUE)
  }
  for (const g of guardsOf(step.guard, step.actions)) side.push(termOf(evaluate(e, env, g)))
  env = step.actions.reduce((s, a) => act(e, s, a, TRUE), env)
  const ways: Way[] = []
  follow(e, env, step.tail, [], ways)
  return ways
}

function follow(e: Encoding, env: SymEnv, tail: Tail, path: readonly Term[], out: Way[]): void {
  if (path.includes(FALSE)) return
  switch (tail.kind) {
    case 'goto': {
      const old = readAt(env.state, pc.decl)
      const label: Value = { kind: 'one', term: objectOf('label', tail.label + 1) }
      const state = written(env.state, pc.decl, (args) => choose(equal(args[0] ?? '', env.self), label, old(args)))
      out.push({ assume: [...env.side, ...path], after: state, target: tail.label })
      return
    }
    case 'if': {
      const cond = termOf(evaluate(e, env, tail.cond))
      follow(e, env, tail.then, [...path, cond], out)
      follow(e, env, tail.else, [...path, not(cond)], out)
      return
    }
    case 'set':
      follow(e, store(env, e, tail.target, evaluate(e, env, tail.value), TRUE), tail.next, path, out)
  }
}
