/** Lemmas that say of each class of locks that it excludes: where its sections are is read off the code. */
import {
  and,
  bound,
  contains,
  eq,
  implies,
  le,
  ne,
  not,
  or,
  self,
  type Expr,
  type Field,
  type FieldExpr,
} from '../../model/language/expr.ts'
import type { LockClass } from '../../model/language/lock.ts'
import type { Action } from '../../model/language/stmt.ts'
import { knowledge, type Cases, type Held } from './knowledge.ts'
import type { Lemma } from './lemma.ts'
import { liveLocals, ownReads, type Names } from './liveness.ts'
import { withinBounds } from './own.ts'
import { mapExpr } from './rename.ts'
import { neverNil } from './shape.ts'
import type { System } from './system.ts'
import { keyOf, vocabularyOf } from './vocabulary.ts'

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
  /** Guesses besides, of which as many are kept as can be shown. */
  readonly support: readonly Lemma[]
  /** Of them, those that say how far loops have come. */
  readonly counters: readonly Lemma[]
}

/** Something said of a thread, and the labels at which it is said. */
interface Said {
  readonly body: Expr
  readonly labels: Set<number>
}

/** A section of a lock. */
interface Section extends Said {
  readonly held: Held
}

/** Collects what is said, label by label. */
interface Notebook {
  readonly sections: Map<string, Section>
  readonly facts: Map<string, Said>
  readonly modes: Map<string, Said>
}

const at = (said: Said, label: number): void => {
  said.labels.add(label)
}

/** A way of the kind of `modes`, in words; nothing where there is one kind only. */
const caseText = (modes: ReadonlyMap<string, number>, locals: ReadonlyMap<string, Field>): Expr =>
  and(
    ...[...modes].flatMap(([name, value]) => {
      const f = locals.get(name)
      if (f === undefined) return []
      const of: FieldExpr = { kind: 'field', type: f.type, field: f, index: [self] }
      return [eq(of, { kind: 'const', type: f.type, value })]
    }),
  )

/** What is known in some of the cases of a label, as one condition. */
function among<V>(
  cases: Cases,
  locals: ReadonlyMap<string, Field>,
  of: (known: Cases extends ReadonlyMap<string, infer C> ? C : never) => ReadonlyMap<string, V>,
  say: (key: string, value: V, when: (body: Expr) => Expr) => void,
): void {
  const all = [...cases.values()]
  const keys = new Map(all.flatMap((c) => [...of(c)]))
  for (const [key, value] of keys) {
    const having = all.filter((c) => of(c).has(key))
    const only = having.length === all.length ? undefined : or(...having.map((c) => caseText(c.modes, locals)))
    say(key, value, (body) => (only === undefined ? body : implies(only, body)))
  }
}

const isLive = (e: Expr, live: Names): boolean => [...ownReads(e)].every((n) => live.has(n))

function written(system: System, relevant: ReadonlySet<string>): Notebook {
  const live = liveLocals(system)
  const locals = new Map(system.locals.map((f) => [f.name, f]))
  const book: Notebook = { sections: new Map(), facts: new Map(), modes: new Map() }
  const put = (map: Map<string, Said>, body: Expr, label: number): void => {
    const key = keyOf(body)
    const said = map.get(key) ?? { body, labels: new Set<number>() }
    map.set(key, said)
    at(said, label)
  }
  knowledge(system, live).forEach((cases, label) => {
    const here = live[label]
    if (cases === undefined || here === undefined) return
    const some = [...cases.values()].map((c) => caseText(c.modes, locals))
    if (some.every((c) => ownReads(c).size > 0)) put(book.modes, or(...some), label)
    among(
      cases,
      locals,
      (c) => c.known.held,
      (key, held, when) => {
        // A name that is not used again may by now be that of a lock released under another.
        const body = when(heldBody(held))
        if (!isLive(body, here)) return
        const name = `${key} ${keyOf(body)}`
        const section = book.sections.get(name) ?? { held, body, labels: new Set<number>() }
        book.sections.set(name, section)
        at(section, label)
      },
    )
    among(
      cases,
      locals,
      (c) => c.known.facts,
      (_, fact, when) => {
        if (isRelevant(fact, relevant) && isLive(fact, here)) put(book.facts, when(guarded(fact)), label)
      },
    )
    among(
      cases,
      locals,
      (c) => c.known.loads,
      (_, { local, from }, when) => {
        const fact = eq(local, from)
        if (isRelevant(fact, relevant) && isLive(fact, here)) put(book.facts, when(guarded(fact)), label)
      },
    )
  })
  return book
}

/** Own locals may be spoken of in any case; of the world, the variables of locks and those that are asked about. */
function isRelevant(e: Expr, relevant: ReadonlySet<string>): boolean {
  let fits = true
  mapExpr(e, (x) => {
    if (x.kind !== 'field' || x.field.role === 'lock') return undefined
    if (x.field.role === 'geometry') fits = false
    else if (x.field.sets[0] !== 'thread' && !relevant.has(x.field.name)) fits = false
    return undefined
  })
  return fits
}

const unlessNil = (index: readonly Expr[], body: Expr): Expr =>
  index.reduce<Expr>(
    (rest, i) =>
      neverNil(i) || i.type.kind !== 'ref' ? rest : implies(ne(i, { kind: 'const', type: i.type, value: 0 }), rest),
    body,
  )

/** Nothing is said of a variable of nil. */
function guarded(e: Expr): Expr {
  const nils = new Map<string, Expr>()
  mapExpr(e, (x) => {
    if (x.kind === 'field') for (const i of x.index) nils.set(keyOf(i), i)
    return undefined
  })
  return unlessNil(
    [...nils.values()].filter((i) => i.kind !== 'self' && i.kind !== 'bound'),
    e,
  )
}

const lemma = (body: Expr, labels: ReadonlySet<number>, vars: Lemma['vars'] = []): Lemma => ({
  name: keyOf(body),
  vars,
  labels,
  body,
})

/**
 * For each class of locks that the code takes: who stands in a section of it is its owner, or among its readers,
 * and no lock has both. `relevant` are variables of the world that guesses may speak of, beside those of locks.
 */
export function exclusions(system: System, relevant: ReadonlySet<string> = new Set()): Exclusions {
  const book = written(system, relevant)
  const classes = new Map(vocabularyOf(system).locks.map((l) => [l.lock.lock.name, l.lock.lock]))
  const built = notedLocks(system)
  const support = [...book.modes.values(), ...book.facts.values()].map((s) => lemma(s.body, s.labels))
  const made = [...classes.values()].map((lock) => {
    const mine = [...book.sections.values()].filter((s) => s.held.lock.lock === lock)
    const holds = mine.map((s) => lemma(s.body, s.labels))
    const noted = built.get(lock.name)
    const sure = [...holds, ...releases(system, lock)]
    const labels = new Set(mine.flatMap((s) => [...s.labels])).size
    if (noted === undefined) return { lock, lemmas: [...sure, ...together(lock)], labels }
    support.push(...together(lock), ...noted.support(book))
    return { lock, lemmas: [...sure, ...noted.goals(book, mine)], labels }
  })
  const counters = withinBounds(system)
  return { classes: made, support: [...support, ...counters, ...lists(system, [...classes.values()])], counters }
}

/** A lock that is built of other variables: what a writer leaves behind when it has let go of the lock itself. */
interface Noted {
  readonly goals: (book: Notebook, sections: readonly Section[]) => readonly Lemma[]
  readonly support: (book: Notebook) => readonly Lemma[]
}

const noted = (actions: readonly Action[]): readonly LockClass[] =>
  actions.flatMap((a) => (a.kind === 'note' && a.mode === 'write' && a.held ? [a.lock.lock] : []))

/** By class: locks whose writers a step of their own notes, as vma_start_write() does. */
function notedLocks(system: System): ReadonlyMap<string, Noted> {
  const marks = new Map<string, { lock: LockClass; mark: Field }>()
  const takers = new Map<string, Set<string>>()
  for (const s of system.steps) {
    for (const lock of noted(s.actions)) {
      const mark = system.fields.find((f) => f.role === 'lock' && f.type.kind === 'bool' && sameSets(f, lock))
      if (mark !== undefined) marks.set(lock.name, { lock, mark })
    }
    for (const name of acquired(s.actions)) {
      const set = takers.get(name) ?? new Set<string>()
      set.add(system.labels[s.label]?.routine ?? '')
      takers.set(name, set)
    }
  }
  const routineOf = (label: number): string => system.labels[label]?.routine ?? ''
  return new Map(
    [...marks].map(([name, { lock, mark }]): [string, Noted] => {
      const marked = (index: readonly Expr[]): FieldExpr => ({ kind: 'field', type: mark.type, field: mark, index })
      // Locks that are held for writing wherever the mark is set.
      const setters = system.steps.filter((x) => x.actions.some((y) => sets(y, mark))).map((x) => x.label)
      const over = (book: Notebook): readonly Section[] =>
        [...book.sections.values()].filter(
          (x) =>
            x.held.mode === 'write' &&
            x.held.lock.lock !== lock &&
            x.held.lock.index.every((i) => i.kind === 'const') &&
            setters.length > 0 &&
            setters.every((l) => x.labels.has(l)),
        )
      // Where the mark is known to be set, and such a lock is held.
      const writers = (book: Notebook): readonly Said[] =>
        [...book.facts.values()].flatMap((f): readonly Said[] => {
          const labels = new Set([...f.labels].filter((l) => over(book).some((x) => x.labels.has(l))))
          return asserts(f.body, mark) && labels.size > 0 ? [{ body: f.body, labels }] : []
        })
      return [
        name,
        {
          goals: (book, sections) => [
            // A reader, once the routine that takes the lock has let it through.
            ...sections
              .filter((s) => s.held.mode === 'read')
              .flatMap((s) => {
                const labels = new Set([...s.labels].filter((l) => takers.get(name)?.has(routineOf(l)) !== true))
                const body = mapHeld(s, not(marked(s.held.lock.index)))
                return labels.size === 0 ? [] : [lemma(body, labels)]
              }),
            ...writers(book).map((w) => lemma(w.body, w.labels)),
            ...over(book).map((s) => lemma(s.body, new Set(writers(book).flatMap((w) => [...w.labels])))),
          ],
          support: (book) => {
            const o = bound('o', mark.sets[0] ?? '')
            return over(book).map((s) => {
              const body = implies(marked([o]), ne(s.held.lock.lock.owner(...s.held.lock.index), 'nil'))
              return { name: keyOf(body), vars: [{ name: 'o', set: mark.sets[0] ?? '' }], body }
            })
          },
        },
      ]
    }),
  )
}
const sameSets = (f: Field, lock: LockClass): boolean => f.sets.join() === lock.owner.decl.sets.join()

const sets = (a: Action, f: Field): boolean =>
  a.kind === 'assign' &&
  a.target.kind === 'field' &&
  a.target.field === f &&
  a.value.kind === 'const' &&
  a.value.value === 1

/** `body` under the conditions that a section is under. */
function mapHeld(s: Section, body: Expr): Expr {
  const bare = heldBody(s.held)
  const guarded = unlessNil(s.held.lock.index, s.held.given.length === 0 ? body : implies(and(...s.held.given), body))
  const key = keyOf(bare)
  return mapExpr(s.body, (x) => (keyOf(x) === key ? guarded : undefined))
}

/** Whether a condition says of a variable that it is true. */
const asserts = (e: Expr, f: Field): boolean => {
  if (e.kind === 'field') return e.field === f
  // `index == nil || mark`
  return e.kind === 'binary' && e.op === 'or' && e.left.kind === 'not' && asserts(e.right, f)
}

function acquired(actions: readonly Action[]): readonly string[] {
  return actions.flatMap((a): readonly string[] => {
    if (a.kind === 'acquire' && a.mode === 'read') return [a.lock.lock.name]
    return a.kind === 'when' ? acquired([...a.then, ...a.else]) : []
  })
}

/** Who lets go of a lock holds it. */
const releases = (system: System, lock: LockClass): readonly Lemma[] =>
  system.steps.flatMap((s) =>
    s.actions.flatMap((a) =>
      a.kind === 'release' && a.lock.lock.name === lock.name
        ? [lemma(heldBody({ lock: a.lock, mode: a.mode, given: [] }), new Set([s.label]))]
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
    const where = (...names: readonly string[]): ReadonlySet<number> =>
      new Set(live.flatMap((l, i) => (names.every((n) => l.has(n)) ? [i] : [])))
    return classes
      .filter((c) => c.owner.decl.sets.length === 1 && c.owner.decl.sets[0] === type.set)
      .flatMap((c) => {
        const locked = eq(c.owner(o), self)
        const apart = vocabularyOf(system).locks.flatMap(({ lock }) => {
          const [index] = lock.index
          return lock.lock === c && index !== undefined && ownReads(index).size === 0 ? [index] : []
        })
        return [
          // What is locked under a name of its own is on no list.
          ...apart.map((x) => lemma(implies(contains(list, o), ne(o, x)), where(f.name), vars)),
          lemma(implies(contains(list, o), locked), where(f.name), vars),
          // While the list is gone through, in order.
          ...counters.map((l) => {
            const counter: FieldExpr = { kind: 'field', type: l.type, field: l, index: [self] }
            return lemma(implies(and(contains(list, o), le(counter, o)), locked), where(f.name, l.name), vars)
          }),
        ]
      })
  })
}

function heldBody({ lock, mode, given }: Held): Expr {
  const { owner, readers } = lock.lock
  const holds =
    mode === 'read' && readers !== undefined ? contains(readers(...lock.index), self) : eq(owner(...lock.index), self)
  // There is no lock at nil, and taking it does nothing.
  const body = unlessNil(lock.index, holds)
  return given.length === 0 ? body : implies(and(...given), body)
}

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
