/** Which locks a thread holds at each label by the text of its code: the sections whose exclusion is to be proved. */
import {
  and,
  bound,
  contains,
  eq,
  implies,
  le,
  ne,
  self,
  type Expr,
  type Field,
  type FieldExpr,
} from '../../model/language/expr.ts'
import type { LockClass, LockRef } from '../../model/language/lock.ts'
import type { Action } from '../../model/language/stmt.ts'
import { bool } from '../../model/language/types.ts'
import { isOwn, sameExpr } from './fold.ts'
import { liveLocals, ownReads } from './liveness.ts'
import { mapExpr } from './rename.ts'
import type { Lemma } from './lemma.ts'
import type { System, Tail } from './system.ts'
import { keyOf, vocabularyOf } from './vocabulary.ts'

interface Held {
  readonly lock: LockRef
  readonly mode: 'read' | 'write'
  /** A trylock: held if this local is true. */
  readonly onlyIf?: string
}

/** What is known at a label: locks held, and references that are not nil. */
interface Known {
  readonly held: ReadonlyMap<string, Held>
  readonly set: ReadonlyMap<string, FieldExpr>
}
const NOTHING: Known = { held: new Map(), set: new Map() }

const lockKey = (lock: LockRef, mode: string): string => `${lock.lock.name}/${mode}/${lock.index.map(keyOf).join()}`
const names = (h: Held, local: string): boolean =>
  h.onlyIf === local || h.lock.index.some((e) => ownReads(e).has(local))

/** Without what names a local that has just been assigned to. */
const forgetting = (k: Known, local: string): Known => ({
  held: new Map([...k.held].filter(([, h]) => !names(h, local))),
  set: new Map([...k.set].filter(([name]) => name !== local)),
})

/** A local that takes over what another holds a reference to. */
function copying(k: Known, to: FieldExpr, from: FieldExpr): Known {
  const put = (e: Expr): Expr => mapExpr(e, (x) => (sameExpr(x, from) ? to : undefined))
  const clean = forgetting(k, to.field.name)
  const more = [...k.held.values()]
    .filter((h) => names(h, from.field.name) && h.onlyIf === undefined)
    .map((h): Held => ({ ...h, lock: { ...h.lock, index: h.lock.index.map(put) } }))
  return {
    held: new Map([...clean.held, ...more.map((h): [string, Held] => [lockKey(h.lock, h.mode), h])]),
    set: k.set.has(from.field.name) ? new Map([...clean.set, [to.field.name, to]]) : clean.set,
  }
}

function assigning(k: Known, to: FieldExpr, value: Expr): Known {
  if (!isOwn(to)) return k
  if (value.kind === 'field' && isMine(value)) return copying(k, to, value)
  return forgetting(k, to.field.name)
}
const isMine = (e: Expr): boolean => isOwn(e)

function afterAction(k: Known, a: Action): Known {
  switch (a.kind) {
    case 'acquire':
      return { ...k, held: new Map([...k.held, [lockKey(a.lock, a.mode), { lock: a.lock, mode: a.mode }]]) }
    case 'release': {
      const released = lockKey(a.lock, a.mode)
      return { ...k, held: new Map([...k.held].filter(([key]) => key !== released)) }
    }
    case 'assign':
      return a.target.kind === 'field' ? assigning(k, a.target, a.value) : k
    case 'when': {
      const [first, second] = a.then
      const tried = first?.kind === 'acquire' && second?.kind === 'assign' && second.target.kind === 'field'
      const both = meet(a.then.reduce<Known>(afterAction, k), a.else.reduce<Known>(afterAction, k))
      if (!tried) return both
      const held: Held = { lock: first.lock, mode: first.mode, onlyIf: second.target.field.name }
      return { ...both, held: new Map([...both.held, [`${lockKey(first.lock, first.mode)}?`, held]]) }
    }
    case 'forEach':
    case 'member':
    case 'note':
    case 'assert':
    case 'tryAcquire':
      return k
  }
}

const meet = (a: Known, b: Known): Known => ({
  held: new Map([...a.held].filter(([key]) => b.held.has(key))),
  set: new Map([...a.set].filter(([key]) => b.set.has(key))),
})

/** What a condition on locals says where it came out true, or false. */
function learning(k: Known, cond: Expr, outcome: boolean): Known {
  if (cond.kind === 'not') return learning(k, cond.arg, !outcome)
  if (cond.kind === 'field' && isMine(cond)) return decided(k, cond, outcome)
  if (cond.kind !== 'binary') return k
  if (cond.op === (outcome ? 'and' : 'or')) return learning(learning(k, cond.left, outcome), cond.right, outcome)
  if ((cond.op !== 'eq' && cond.op !== 'ne') || cond.right.kind !== 'const' || cond.left.kind !== 'field') return k
  if (!isMine(cond.left)) return k
  const same = (cond.op === 'eq') === outcome
  const { value } = cond.right
  if (cond.left.type.kind === 'bool') return decided(k, cond.left, same === (value === 1))
  if (cond.left.type.kind === 'ref' && value === 0 && !same)
    return { ...k, set: new Map([...k.set, [cond.left.field.name, cond.left]]) }
  return k
}

/** A trylock's outcome is looked at. */
function decided(k: Known, of: FieldExpr, outcome: boolean): Known {
  const held = new Map<string, Held>()
  for (const [key, h] of k.held)
    if (h.onlyIf !== of.field.name) held.set(key, h)
    else if (outcome) held.set(lockKey(h.lock, h.mode), { lock: h.lock, mode: h.mode })
  return { ...k, held }
}

function afterTail(k: Known, t: Tail, arrive: (label: number, k: Known) => void): void {
  switch (t.kind) {
    case 'goto':
      arrive(t.label, k)
      return
    case 'if':
      afterTail(learning(k, t.cond, true), t.then, arrive)
      afterTail(learning(k, t.cond, false), t.else, arrive)
      return
    case 'set':
      afterTail(assigning(k, t.target, t.value), t.next, arrive)
  }
}

/** By label, what is known there on every way to it. */
function knowledge(system: System): readonly (Known | undefined)[] {
  const at: (Known | undefined)[] = system.labels.map(() => undefined)
  const todo: number[] = []
  const arrive = (label: number, k: Known): void => {
    const known = at[label]
    const now = known === undefined ? k : meet(known, k)
    if (known !== undefined && now.held.size === known.held.size && now.set.size === known.set.size) return
    at[label] = now
    todo.push(label)
  }
  for (const p of system.programs) arrive(p.entry, NOTHING)
  for (let l = todo.pop(); l !== undefined; l = todo.pop()) {
    const step = system.steps[l]
    if (step === undefined) continue
    const start = step.choose.reduce<Known>((k, f) => forgetting(k, f.name), at[l] ?? NOTHING)
    afterTail(step.actions.reduce<Known>(afterAction, start), step.tail, arrive)
  }
  return at
}

/** The lemmas that say of one class of locks that it excludes. */
export interface Exclusion {
  readonly lock: LockClass
  readonly lemmas: readonly Lemma[]
  /** Labels of the sections. */
  readonly labels: number
}

/** What the exclusion of all locks of a system comes to. */
export interface Exclusions {
  readonly classes: readonly Exclusion[]
  /** Lemmas besides, of lists of locked objects. */
  readonly support: readonly Lemma[]
}

/** For each class of locks that the code takes: who stands in a section of it is its owner, or among its readers, and no lock has both. */
export function exclusions(system: System): Exclusions {
  const sections = new Map<string, { held: Held; labels: Set<number> }>()
  const live = liveLocals(system)
  knowledge(system).forEach((k, label) => {
    for (const [key, held] of k?.held ?? []) {
      // A name that is not used again may by now be that of a lock released under another.
      const own = [
        ...held.lock.index.flatMap((e) => [...ownReads(e)]),
        ...(held.onlyIf === undefined ? [] : [held.onlyIf]),
      ]
      if (own.some((n) => live[label]?.has(n) !== true)) continue
      const known = sections.get(key) ?? { held, labels: new Set<number>() }
      known.labels.add(label)
      sections.set(key, known)
    }
  })
  const classes = new Map(vocabularyOf(system).locks.map((l) => [l.lock.lock.name, l.lock.lock]))
  return {
    classes: [...classes.values()].map((lock) => {
      const mine = [...sections.values()].filter((s) => s.held.lock.lock === lock)
      const holds = mine.map(({ held, labels }) => lemma(heldBody(held), labels))
      return {
        lock,
        lemmas: [...holds, ...together(lock), ...releases(system, lock)],
        labels: new Set(mine.flatMap((s) => [...s.labels])).size,
      }
    }),
    support: [...lists(system, [...classes.values()])],
  }
}

const lemma = (body: Expr, labels: ReadonlySet<number>, vars: Lemma['vars'] = []): Lemma => ({
  name: keyOf(body),
  vars,
  labels,
  body,
})

/** Who lets go of a lock holds it. */
const releases = (system: System, lock: LockClass): readonly Lemma[] =>
  system.steps.flatMap((s) =>
    s.actions.flatMap((a) =>
      a.kind === 'release' && a.lock.lock.name === lock.name
        ? [lemma(heldBody({ lock: a.lock, mode: a.mode }), new Set([s.label]))]
        : [],
    ),
  )

/** Every object on a thread's list of locked objects is locked by it. */
function lists(system: System, classes: readonly LockClass[]): readonly Lemma[] {
  const live = liveLocals(system)
  return system.locals.flatMap((f) => {
    const { type } = f
    if (type.kind !== 'subset') return []
    const list: FieldExpr = { kind: 'field', type, field: f, index: [self] }
    const o = bound('o', type.set)
    const vars = [{ name: 'o', set: type.set }]
    const counters = system.locals.filter(
      (l) => l.type.kind === 'ref' && l.type.set === type.set && l.type.nonNil === true,
    )
    const at = (...names: readonly string[]): ReadonlySet<number> =>
      new Set(live.flatMap((l, i) => (names.every((n) => l.has(n)) ? [i] : [])))
    return classes
      .filter((c) => c.owner.decl.sets.length === 1 && c.owner.decl.sets[0] === type.set)
      .flatMap((c) => {
        const locked = eq(c.owner(o), self)
        return [
          lemma(implies(contains(list, o), locked), at(f.name), vars),
          // While the list is gone through, in order.
          ...counters.map((l) => {
            const counter: FieldExpr = { kind: 'field', type: l.type, field: l, index: [self] }
            return lemma(implies(and(contains(list, o), le(counter, o)), locked), at(f.name, l.name), vars)
          }),
        ]
      })
  })
}

function heldBody({ lock, mode, onlyIf }: Held): Expr {
  const { owner, readers } = lock.lock
  if (onlyIf !== undefined) {
    const field: Field = { name: onlyIf, sets: ['thread'], type: bool, role: 'register', initial: 0 }
    return implies({ kind: 'field', type: bool, field, index: [self] }, heldBody({ lock, mode }))
  }
  const holds =
    mode === 'read' && readers !== undefined ? contains(readers(...lock.index), self) : eq(owner(...lock.index), self)
  // There is no lock at nil, and taking it does nothing.
  return lock.index.reduce<Expr>(
    (body, i) => (neverNil(i) ? body : implies(ne(i, { kind: 'const', type: i.type, value: 0 }), body)),
    holds,
  )
}

const neverNil = (e: Expr): boolean => e.kind === 'const' && e.value !== 0

/** A lock with readers has no writer. */
function together(lock: LockClass): readonly Lemma[] {
  if (lock.readers === undefined) return []
  const set = lock.owner.decl.sets[0] ?? ''
  const o = bound('o', set)
  const body = implies(contains(lock.readers(o), bound('u', 'thread')), eq(lock.owner(o), 'nil'))
  return [
    {
      name: keyOf(body),
      vars: [
        { name: 'o', set },
        { name: 'u', set: 'thread' },
      ],
      body,
    },
  ]
}
