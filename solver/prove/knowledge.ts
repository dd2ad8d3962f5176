/**
 * What is known at each label by the text of the code alone: locks held, and what a branch, a load or a store
 * has just told. Ways that differ in a local that says what was locked are kept apart. Other threads are not
 * looked at, so that all of this is a guess until it is asked of them.
 */
import { eq, ne, not, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import type { LockRef } from '../../model/language/lock.ts'
import type { Action } from '../../model/language/stmt.ts'
import { isOwn, sameExpr } from './fold.ts'
import { ownReads, type Names } from './liveness.ts'
import { mapExpr } from './rename.ts'
import type { PStep, System, Tail } from './system.ts'
import { keyOf, namesBound, ownOnly } from './vocabulary.ts'
import { written } from './written.ts'

export interface Held {
  readonly lock: LockRef
  readonly mode: 'read' | 'write'
  /** Conditions on own locals under which it is held: the outcome of a trylock, and the like. */
  readonly given: readonly Expr[]
}

/** What is known at a label on one kind of way to it. */
export interface Known {
  readonly held: ReadonlyMap<string, Held>
  /** Conditions that came out true. */
  readonly facts: ReadonlyMap<string, Expr>
  /** Own locals, and the shared variable that each was last loaded from. */
  readonly loads: ReadonlyMap<string, { readonly local: FieldExpr; readonly from: FieldExpr }>
}
const NOTHING: Known = { held: new Map(), facts: new Map(), loads: new Map() }

/** The kinds of ways to a label, by the values of the locals that tell them apart. */
export type Cases = ReadonlyMap<string, { readonly modes: ReadonlyMap<string, number>; readonly known: Known }>

const lockKey = (lock: LockRef, mode: string): string => `${lock.lock.name}/${mode}/${lock.index.map(keyOf).join()}`
export const heldKey = (h: Held): string => `${lockKey(h.lock, h.mode)} ${h.given.map(keyOf).join()}`
const allHeld = (list: Iterable<Held>): ReadonlyMap<string, Held> => new Map([...list].map((h) => [heldKey(h), h]))
const heldNames = (h: Held, local: string): boolean => [...h.given, ...h.lock.index].some((e) => ownReads(e).has(local))
const reads = (e: Expr, name: string): boolean => {
  let found = false
  mapExpr(e, (x) => {
    if (x.kind === 'field' && x.field.name === name) found = true
    return undefined
  })
  return found
}
const keep = <V>(map: ReadonlyMap<string, V>, when: (v: V, key: string) => boolean): ReadonlyMap<string, V> =>
  new Map([...map].filter(([key, v]) => when(v, key)))

/** Without what names a variable that has just been written. */
const forgetting = (k: Known, f: Field): Known => ({
  held: keep(k.held, (h) => !heldNames(h, f.name)),
  facts: keep(k.facts, (e) => !reads(e, f.name)),
  loads: keep(k.loads, (l) => !reads(l.local, f.name) && !reads(l.from, f.name)),
})

export const withFact = (k: Known, ...facts: readonly Expr[]): Known => ({
  ...k,
  facts: new Map([...k.facts, ...facts.map((f): [string, Expr] => [keyOf(f), f])]),
})

/** A local that takes over the value of another. */
function copying(k: Known, to: FieldExpr, from: FieldExpr): Known {
  const put = (e: Expr): Expr => mapExpr(e, (x) => (sameExpr(x, from) ? to : undefined))
  const clean = forgetting(k, to.field)
  const held = [...k.held.values()]
    .filter((h) => heldNames(h, from.field.name) && !heldNames(h, to.field.name))
    .map((h): Held => ({ ...h, lock: { ...h.lock, index: h.lock.index.map(put) }, given: h.given.map(put) }))
  const facts = [...k.facts.values()].filter((e) => reads(e, from.field.name) && !reads(e, to.field.name)).map(put)
  return withFact(
    { ...clean, held: allHeld([...clean.held.values(), ...held]) },
    ...facts,
    ...(to.type.kind === 'ref' && to.type.set !== 'page' ? [eq(to, from)] : []),
  )
}

const truthOf = (e: Expr, value: boolean): Expr => (value ? e : not(e))

/** What a store of a value tells of its target. */
function stored(target: FieldExpr, value: Expr): readonly Expr[] {
  if (value.kind === 'const')
    return target.type.kind === 'bool' ? [truthOf(target, value.value !== 0)] : [eq(target, value)]
  if (value.kind === 'self') return [eq(target, value)]
  if (value.kind === 'binary' && value.op === 'bor' && value.right.kind === 'const' && value.type.kind === 'flags')
    return [ne({ ...value, op: 'band', left: target }, { ...value.right, value: 0 })]
  return []
}

function assigning(k: Known, to: FieldExpr, value: Expr): Known {
  if (isOwn(to) && value.kind === 'field' && isOwn(value)) return copying(k, to, value)
  const clean = forgetting(k, to.field)
  if (namesBound(to) || namesBound(value)) return clean
  if (isOwn(to) && value.kind === 'field' && value.field.role !== 'geometry' && !reads(value, to.field.name))
    return { ...clean, loads: new Map([...clean.loads, [to.field.name, { local: to, from: value }]]) }
  return withFact(clean, ...stored(to, value))
}

function afterAction(k: Known, a: Action): Known {
  switch (a.kind) {
    case 'acquire':
      return { ...k, held: allHeld([...k.held.values(), { lock: a.lock, mode: a.mode, given: [] }]) }
    case 'release': {
      const released = lockKey(a.lock, a.mode)
      // Another name for it may be known, too.
      const held = keep(
        k.held,
        (h) =>
          lockKey(h.lock, h.mode) !== released &&
          !(h.lock.lock === a.lock.lock && h.mode === a.mode && h.lock.index.some((i) => ownReads(i).size > 0)),
      )
      return { ...forgetting(k, a.lock.lock.owner.decl), held }
    }
    case 'assign':
      return a.target.kind === 'field' ? assigning(k, a.target, a.value) : k
    case 'when':
      return meet(
        a.then.reduce(afterAction, learning(k, a.cond, true)),
        a.else.reduce(afterAction, learning(k, a.cond, false)),
      )
    case 'member':
      return forgetting(k, a.target.field)
    case 'forEach':
      return written(a.body).reduce(forgetting, k)
    case 'note':
    case 'assert':
    case 'tryAcquire':
      return k
  }
}

/** What is known whichever of two ways was taken. A lock that was taken on one alone is held where they are told apart. */
function meet(a: Known, b: Known): Known {
  const both = keep(a.held, (_, key) => b.held.has(key))
  return {
    held: allHeld([...both.values(), ...told(a, b), ...told(b, a)]),
    facts: keep(a.facts, (_, key) => b.facts.has(key)),
    loads: keep(a.loads, (l, key) => keyOf(b.loads.get(key)?.from ?? l.local) === keyOf(l.from)),
  }
}

/** Locks held on one way, under a condition on own locals that is not so on the other. */
function told(here: Known, there: Known): readonly Held[] {
  return [...here.held].flatMap(([key, h]): readonly Held[] => {
    if (there.held.has(key)) return []
    if (h.given.some((g) => there.facts.has(keyOf(normal(g, false))))) return [h]
    if (h.given.length >= GIVEN_MAX) return []
    return [...here.facts.values()]
      .filter((f) => ownOnly(f) && there.facts.has(keyOf(normal(f, false))))
      .slice(0, APART_MAX)
      .map((f) => ({ ...h, given: [...h.given, f] }))
  })
}
const GIVEN_MAX = 2
const APART_MAX = 3

/** What a condition says where it came out true, or false: of locals, and of what they were loaded from. */
function learning(k: Known, cond: Expr, outcome: boolean): Known {
  if (cond.kind === 'not') return learning(k, cond.arg, !outcome)
  if (cond.kind === 'binary' && cond.op === (outcome ? 'and' : 'or'))
    return learning(learning(k, cond.left, outcome), cond.right, outcome)
  if (cond.kind === 'const' || namesBound(cond)) return k
  if (
    cond.kind === 'binary' &&
    cond.left.type.kind === 'bool' &&
    cond.right.kind === 'const' &&
    (cond.op === 'eq' || cond.op === 'ne')
  )
    return learning(k, cond.left, ((cond.op === 'eq') === outcome) === (cond.right.value === 1))
  return fact(k, cond, outcome)
}

function fact(k: Known, cond: Expr, outcome: boolean): Known {
  const atom = normal(cond, outcome)
  const loaded = mapExpr(atom, (x) => (x.kind === 'field' && isOwn(x) ? k.loads.get(x.field.name)?.from : undefined))
  const against = keyOf(normal(atom, false))
  const held = [...k.held.values()].flatMap((h): readonly Held[] =>
    h.given.some((g) => keyOf(g) === against) ? [] : [{ ...h, given: h.given.filter((g) => keyOf(g) !== keyOf(atom)) }],
  )
  return withFact({ ...k, held: allHeld(held) }, atom, loaded)
}

/** `!(a == b)` as `a != b`, and the other way round. */
function normal(e: Expr, outcome: boolean): Expr {
  if (outcome) return e
  if (e.kind === 'not') return e.arg
  if (e.kind === 'binary' && (e.op === 'eq' || e.op === 'ne')) return { ...e, op: e.op === 'eq' ? 'ne' : 'eq' }
  return not(e)
}

/** The labels that a tail leads to, whatever the conditions on the way. */
function leadsTo(t: Tail): readonly number[] {
  switch (t.kind) {
    case 'goto':
      return [t.label]
    case 'set':
      return leadsTo(t.next)
    case 'if':
      return [...leadsTo(t.then), ...leadsTo(t.else)]
  }
}

/** Truth values that steps on locks depend on, and that tell how some other local came out, as `vma_locked` of a fault. */
function lockBools(system: System): ReadonlySet<string> {
  const derived = new Set<string>()
  const tested = new Set<string>()
  const spoiled = new Set<string>()
  const onLock = (label: number): boolean => {
    const [first] = system.steps[label]?.actions ?? []
    return first?.kind === 'acquire' || first?.kind === 'release'
  }
  const tail = (t: Tail): void => {
    if (t.kind === 'set') {
      if (t.target.type.kind === 'bool' && t.value.kind !== 'const')
        (ownOnly(t.value) && t.value.kind !== 'field' ? derived : spoiled).add(t.target.field.name)
      tail(t.next)
    } else if (t.kind === 'if') {
      const cond = t.cond.kind === 'not' ? t.cond.arg : t.cond
      if (isOwn(cond) && cond.type.kind === 'bool' && leadsTo(t).some(onLock)) tested.add(cond.field.name)
      tail(t.then)
      tail(t.else)
    }
  }
  for (const s of system.steps) {
    for (const f of [...s.choose, ...written(s.actions)]) spoiled.add(f.name)
    tail(s.tail)
  }
  return new Set([...derived].filter((n) => tested.has(n) && !spoiled.has(n)))
}

/**
 * Locals that say what was locked, and how: enumerations of a thread that nothing but constants are stored in, and
 * truth values that steps on locks depend on.
 */
function modeLocals(system: System): ReadonlySet<string> {
  const all = new Set(system.locals.filter((f) => f.type.kind === 'enum').map((f) => f.name))
  const assign = (to: Expr, value: Expr): void => {
    if (to.kind === 'field' && value.kind !== 'const') all.delete(to.field.name)
  }
  const tail = (t: Tail): void => {
    if (t.kind === 'set') {
      assign(t.target, t.value)
      tail(t.next)
    } else if (t.kind === 'if') {
      tail(t.then)
      tail(t.else)
    }
  }
  const action = (a: Action): void => {
    if (a.kind === 'assign') assign(a.target, a.value)
    if (a.kind === 'when') [...a.then, ...a.else].forEach(action)
    if (a.kind === 'forEach') a.body.forEach(action)
  }
  for (const s of system.steps) {
    s.actions.forEach(action)
    tail(s.tail)
    for (const f of s.choose) all.delete(f.name)
  }
  return new Set([...all, ...lockBools(system)])
}

interface Flow {
  readonly modes: ReadonlyMap<string, number>
  readonly known: Known
}

/** What a condition on such a local comes to; undefined of any other. */
function outcomeOf(cond: Expr, modes: ReadonlyMap<string, number>): boolean | undefined {
  if (cond.kind === 'not') {
    const inner = outcomeOf(cond.arg, modes)
    return inner === undefined ? undefined : !inner
  }
  if (cond.kind === 'field' && isOwn(cond)) {
    const value = modes.get(cond.field.name)
    return value === undefined ? undefined : value !== 0
  }
  if (cond.kind !== 'binary' || (cond.op !== 'eq' && cond.op !== 'ne') || cond.right.kind !== 'const') return undefined
  const value = cond.left.kind === 'field' && isOwn(cond.left) ? modes.get(cond.left.field.name) : undefined
  return value === undefined ? undefined : (value === cond.right.value) === (cond.op === 'eq')
}

const modesAfter = (f: Flow, to: FieldExpr, value: Expr, tracked: ReadonlySet<string>): Flow['modes'] =>
  tracked.has(to.field.name) && value.kind === 'const' ? new Map([...f.modes, [to.field.name, value.value]]) : f.modes

function afterTail(f: Flow, t: Tail, tracked: ReadonlySet<string>, arrive: (label: number, f: Flow) => void): void {
  switch (t.kind) {
    case 'goto':
      arrive(t.label, f)
      return
    case 'if': {
      const known = outcomeOf(t.cond, f.modes)
      if (known !== false) afterTail({ ...f, known: learning(f.known, t.cond, true) }, t.then, tracked, arrive)
      if (known !== true) afterTail({ ...f, known: learning(f.known, t.cond, false) }, t.else, tracked, arrive)
      return
    }
    case 'set': {
      const { target, value } = t
      if (tracked.has(target.field.name) && value.kind !== 'const') {
        for (const outcome of [0, 1]) {
          const told: Expr = { kind: 'const', type: target.type, value: outcome }
          const known = assigning(learning(f.known, value, outcome === 1), target, told)
          afterTail({ known, modes: modesAfter(f, target, told, tracked) }, t.next, tracked, arrive)
        }
        return
      }
      const known = assigning(f.known, t.target, t.value)
      afterTail({ known, modes: modesAfter(f, t.target, t.value, tracked) }, t.next, tracked, arrive)
    }
  }
}

function afterStep(f: Flow, s: PStep, tracked: ReadonlySet<string>): Flow {
  let known = s.choose.reduce<Known>(forgetting, f.known)
  for (const g of s.guard) known = learning(known, g, true)
  let { modes } = f
  for (const a of s.actions) {
    if (a.kind === 'assign' && a.target.kind === 'field')
      modes = modesAfter({ modes, known }, a.target, a.value, tracked)
    known = afterAction(known, a)
  }
  return { modes, known }
}

const sizeOf = (k: Known): number => k.held.size + k.facts.size + k.loads.size

/** By label, what is known there on every way to it, way by kind of way; undefined where no way leads. */
export function knowledge(system: System, live: readonly Names[]): readonly (Cases | undefined)[] {
  const tracked = modeLocals(system)
  const at: (Map<string, Flow> | undefined)[] = system.labels.map(() => undefined)
  const todo: { label: number; key: string }[] = []
  const arrive = (label: number, f: Flow): void => {
    const modes = new Map([...f.modes].filter(([name]) => live[label]?.has(name) === true))
    const key = [...modes].sort().join(';')
    const here = (at[label] ??= new Map<string, Flow>())
    const old = here.get(key)
    const known = old === undefined ? f.known : meet(old.known, f.known)
    if (old !== undefined && sizeOf(known) === sizeOf(old.known)) return
    here.set(key, { modes, known })
    todo.push({ label, key })
  }
  for (const p of system.programs) arrive(p.entry, { modes: new Map(), known: NOTHING })
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const step = system.steps[next.label]
    const f = at[next.label]?.get(next.key)
    if (step === undefined || f === undefined) continue
    afterTail(afterStep(f, step, tracked), step.tail, tracked, arrive)
  }
  return at
}
