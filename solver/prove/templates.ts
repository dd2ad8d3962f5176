/**
 * Candidate lemmas, made of what the code of a system talks about and of nothing else: a label implies a
 * lock; a local is what it was loaded from; a place holds a value; an entry of some range of pages is empty,
 * or no guard; what tables of a state hold.
 */
import {
  and,
  bound,
  contains,
  eq,
  hasAny,
  implies,
  le,
  lt,
  ne,
  not,
  self,
  type Expr,
  type FieldExpr,
} from '../../model/language/expr.ts'
import type { LockClass } from '../../model/language/lock.ts'
import type { Type } from '../../model/language/types.ts'
import { page, pmd, table, vma } from '../../model/mm/mm_types.ts'
import type { Lemma } from './lemma.ts'
import { ownReads } from './liveness.ts'
import type { System } from './system.ts'
import { keyOf, vocabularyOf, type Vocabulary } from './vocabulary.ts'

const number = (type: Type, value: number): Expr => ({ kind: 'const', type, value })
const bit = (e: Expr, mask: number): Expr =>
  ne({ kind: 'binary', type: e.type, op: 'band', left: e, right: number(e.type, mask) }, { ...number(e.type, 0) })

/** What may be said of a value of one variable: equal to a constant that the code knows, or not. */
function facts(place: Expr, values: ReadonlySet<number>): readonly Expr[] {
  const { type } = place
  switch (type.kind) {
    case 'bool':
      return [place, not(place)]
    case 'enum':
    case 'int':
      return [...values].flatMap((v) => [eq(place, number(type, v)), ne(place, number(type, v))])
    case 'ref':
      return type.nonNil === true ? [] : [eq(place, number(type, 0)), ne(place, number(type, 0))]
    case 'flags':
      return [...values].flatMap((mask) =>
        type.bits.flatMap((_, i) => ((mask >> i) & 1 ? [bit(place, 1 << i), not(bit(place, 1 << i))] : [])),
      )
    case 'subset':
      return []
  }
}

interface Draft {
  readonly vars: Lemma['vars']
  readonly body: Expr
  /** Of threads at some labels; otherwise of the world alone. */
  readonly local: boolean
}

const ofThread = (body: Expr, vars: Lemma['vars'] = []): Draft => ({ vars, body, local: true })
const ofWorld = (body: Expr, ...vars: Lemma['vars']): Draft => ({ vars, body, local: false })

/** A label implies that a lock is held. */
const locks = (v: Vocabulary): readonly Draft[] =>
  v.locks.flatMap(({ lock, mode }) => {
    const { owner, readers } = lock.lock
    return mode === 'read' && readers !== undefined
      ? [ofThread(contains(readers(...lock.index), self))]
      : [ofThread(eq(owner(...lock.index), self))]
  })

/** Who waits for readers to go finds none. */
const exclusions = (classes: readonly LockClass[]): readonly Draft[] =>
  classes.flatMap((c) => {
    const set = c.owner.decl.sets[0] ?? ''
    const o = bound('o', set)
    const u = bound('u', 'thread')
    const untaken = ofWorld(eq(c.owner(o), 'nil'), { name: 'o', set })
    if (c.readers === undefined) return [untaken]
    return [
      untaken,
      ofWorld(
        implies(contains(c.readers(o), u), eq(c.owner(o), 'nil')),
        { name: 'o', set },
        { name: 'u', set: 'thread' },
      ),
    ]
  })

const p = bound('p', 'page')
const pVar = { name: 'p', set: 'page' }
const t = bound('t', 'table')
const tVar = { name: 't', set: 'table' }
const entry = (of: Expr, at: Expr): FieldExpr => table.pte(of, page.slot(at))
const linked = pmd.table(page.pmd(p))

/** What may be said of an entry. */
const entryFacts = (e: Expr): readonly Expr[] => [eq(e, 'none'), ne(e, 'none'), eq(e, 'guard'), ne(e, 'guard')]

function ranges(v: Vocabulary): readonly Expr[] {
  const pages = v.locals.filter((l) => l.type.kind === 'ref' && l.type.set === 'page')
  const out: Expr[] = []
  for (const b of pages) out.push(lt(p, b), le(p, b))
  return out
}

function entries(v: Vocabulary): readonly Draft[] {
  const tables = v.locals.filter((l) => l.type.kind === 'ref' && l.type.set === 'table')
  const holders: Expr[] = [...tables, linked]
  const within = ranges(v)
  const ghosts = [contains(page.installers(p), self), contains(page.removers(p), self)]
  return holders.flatMap((of) =>
    entryFacts(entry(of, p)).flatMap((f) => [
      ofThread(f, [pVar]),
      ...within.map((r) => ofThread(implies(r, f), [pVar])),
      ...(of === linked
        ? ghosts.flatMap((g) => [
            ofThread(implies(g, f), [pVar]),
            ...within.map((r) => ofThread(implies(and(g, r), f), [pVar])),
          ])
        : []),
    ]),
  )
}

/** Who is in the books for which pages. */
function books(v: Vocabulary): readonly Draft[] {
  const [installing, removing] = [contains(page.installers(p), self), contains(page.removers(p), self)]
  return [
    ofThread(not(installing), [pVar]),
    ofThread(not(removing), [pVar]),
    ...ranges(v).flatMap((r) => [
      ofThread(implies(installing, r), [pVar]),
      ofThread(implies(removing, r), [pVar]),
      ofThread(implies(r, removing), [pVar]),
    ]),
  ]
}

/** What holds of the world whoever stands where. */
function global(): readonly Draft[] {
  const states = [...Array(5).keys()].map((i) => eq(table.state(t), number(table.state.decl.type, i)))
  const kinds = [...Array(5).keys()].map((i) => number(pmd.kind.decl.type, i))
  const kind = pmd.kind(page.pmd(p))
  const here = entry(linked, p)
  const flags = page.vma(p)
  const uGhost = bound('u', 'thread')
  const uVar = { name: 'u', set: 'thread' }
  const promised = page.promised(p)
  return [
    ...states.flatMap((s) => [
      ...entryFacts(entry(t, p)).map((f) => ofWorld(implies(s, f), tVar, pVar)),
      ofWorld(implies(s, ne(linked, t)), tVar, pVar),
      ofWorld(implies(eq(linked, t), s), tVar, pVar),
    ]),
    ...kinds.flatMap((k) => [
      ofWorld(ne(kind, k), pVar),
      ofWorld(implies(eq(kind, k), eq(linked, 'nil')), pVar),
      ofWorld(implies(eq(kind, k), ne(linked, 'nil')), pVar),
      ofWorld(implies(ne(linked, 'nil'), eq(kind, k)), pVar),
      ofWorld(implies(promised, eq(kind, k)), pVar),
    ]),
    ofWorld(implies(promised, ne(linked, 'nil')), pVar),
    ...entryFacts(here).map((f) => ofWorld(implies(promised, f), pVar)),
    ...[vma.vm_flags.decl].flatMap(({ type }) =>
      type.kind === 'flags'
        ? type.bits.flatMap((_, i) => [
            ofWorld(bit(vma.vm_flags(flags), 1 << i), pVar),
            ofWorld(not(bit(vma.vm_flags(flags), 1 << i)), pVar),
            ofWorld(implies(eq(here, 'guard'), bit(vma.vm_flags(flags), 1 << i)), pVar),
          ])
        : [],
    ),
    ofWorld(implies(eq(here, 'guard'), ne(vma.anon_vma(flags), 'NULL')), pVar),
    ofWorld(implies(eq(entry(t, p), 'guard'), ne(vma.anon_vma(flags), 'NULL')), tVar, pVar),
    ofWorld(implies(eq(entry(t, p), 'guard'), hasAny(vma.vm_flags(flags), 'VM_MAYBE_GUARD')), tVar, pVar),
    ofWorld(implies(contains(page.removers(p), uGhost), not(promised)), pVar, uVar),
    ofWorld(implies(contains(page.removers(p), uGhost), eq(page.installers(p), 0)), pVar, uVar),
    ...fixedReferences(),
  ]
}

/** References of the world that no step of a core model may ever change. */
function fixedReferences(): readonly Draft[] {
  const v = bound('v', 'vma')
  const vVar = { name: 'v', set: 'vma' }
  return [
    ofWorld(ne(page.vma(p), 'nil'), pVar),
    ofWorld(vma.attached(v), vVar),
    ofWorld(vma.linked(v), vVar),
    ofWorld(not(vma.write_locked(v)), vVar),
    ofWorld(eq(vma.anon_vma(v), 'NULL'), vVar),
    ofWorld(implies(ne(page.vma(p), 'nil'), le(vma.start(page.vma(p)), p)), pVar),
    ofWorld(implies(ne(page.vma(p), 'nil'), le(p, vma.end(page.vma(p)))), pVar),
  ]
}

/** Single locals and pairs of them: constants, and the order of pages. */
function own(v: Vocabulary): readonly Draft[] {
  const pages = v.locals.filter((l) => l.type.kind === 'ref' && l.type.set === 'page')
  return [
    ...v.locals.flatMap((l) => facts(l, v.values.get(l.field) ?? new Set()).map((f) => ofThread(f))),
    ...pages.flatMap((a) => pages.flatMap((b) => (a === b ? [] : [ofThread(le(a, b))]))),
    ...v.conditions.flatMap((c) =>
      (c.kind === 'binary' && c.left.kind === 'ite') || ownReads(c).size === 0 ? [] : [ofThread(c), ofThread(not(c))],
    ),
  ]
}

/** A local reference is what some place holds, or what another local is: loads that went through a return value. */
const copies = (v: Vocabulary): readonly Expr[] =>
  v.locals.flatMap((l) =>
    l.type.kind !== 'ref' || l.type.nonNil === true
      ? []
      : [...v.places, ...v.locals].flatMap((x) =>
          x !== l && x.type.kind === 'ref' && l.type.kind === 'ref' && x.type.set === l.type.set ? [eq(l, x)] : [],
        ),
  )

const placeFacts = (v: Vocabulary): readonly Expr[] =>
  v.places.flatMap((x) => facts(x, v.values.get(x.field) ?? new Set<number>()))

/** Candidates that no condition stands before. */
export function candidatesOf(system: System): readonly Draft[] {
  const v = vocabularyOf(system)
  const classes = [...new Map(v.locks.map((l) => [l.lock.lock.name, l.lock.lock])).values()]
  const drafts = [
    ...locks(v),
    ...exclusions(classes),
    ...v.loads.map((l) => ofThread(eq(l.local, l.from))),
    ...copies(v).map((f) => ofThread(f)),
    ...placeFacts(v).map((f) => ofThread(f)),
    ...own(v),
    ...entries(v),
    ...books(v),
    ...global(),
  ]
  const known = new Map<string, Draft>()
  for (const d of drafts) known.set(`${String(d.local)}${d.vars.map((x) => x.set).join()}${keyOf(d.body)}`, d)
  return [...known.values()]
}

export type { Draft }
