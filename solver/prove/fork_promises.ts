/**
 * What is claimed of promises across a fork, and guesses that may help: that what was promised is there, how far a
 * walk has come that will make a promise, and that a removal takes promises back before it begins.
 */
import {
  and,
  bound,
  contains,
  eq,
  implies,
  isOneOf,
  le,
  lt,
  ne,
  not,
  object,
  or,
  self,
  type Expr,
  type Field,
  type FieldExpr,
} from '../../model/language/expr.ts'
import { mm, page, pmd, table } from '../../model/mm/mm_types.ts'
import { CHILD, PARENT } from './core.ts'
import { always, common, guarded, labelsOf, lemma, liveIn, PAGE, q, valueIn, type Live } from './fork_words.ts'
import type { Lemma } from './lemma.ts'
import { atLive } from './own.ts'
import { pc, type System } from './system.ts'
import { keyOf } from './vocabulary.ts'

const u = bound('u', 'thread')
const w = bound('w', 'thread')
const U = { name: 'u', set: 'thread' }
const W = { name: 'w', set: 'thread' }

/** The entry of the page that a guess is about, in the tables of the parent or the child. */
const guard = (mm: number): Expr => guarded(q, mm)

/** Ghosts that the claim speaks of. */
export const PROMISES: readonly string[] = [page.promised, page.installers, page.removers].map((f) => f.decl.name)

const ofParent = eq(page.mm(q), PARENT)
const inChild = page.promised(page.child(q))
const heir = (result: readonly Expr[]): Expr => implies(and(ofParent, ...result, inChild), guard(1))

/** Where the child is about to run, it has a guard wherever it has inherited a promise that nobody has taken back. */
export const promisedInChild = (system: System): readonly Lemma[] => [
  lemma(
    heir([]),
    labelsOf(system, 'forker', (n) => n.endsWith('.wake_up_new_task')),
    [PAGE],
  ),
]

const enumWith =
  (value: string) =>
  (f: Field): boolean =>
    f.type.kind === 'enum' && f.type.values.includes(value)
const pages = (f: Field): boolean => f.type.kind === 'ref' && f.type.set === 'page'

const mine = contains(page.installers(q), self)
const removing = contains(page.removers(q), self)

/** What the books say of any page, and those of the child while nobody runs in it. */
function ofBooks(fork: ReadonlySet<number>): readonly Lemma[] {
  return [
    always(implies(and(ofParent, page.promised(q)), guard(0)), [PAGE]),
    always(not(and(contains(page.installers(q), u), contains(page.removers(q), w))), [PAGE, U, W]),
    always(not(and(ofParent, page.promised(q), contains(page.removers(q), w))), [PAGE, W]),
    always(implies(and(ofParent, not(mm.live(CHILD)), inChild), page.promised(q)), [PAGE]),
    always(implies(and(ofParent, not(mm.live(CHILD))), not(inChild)), [PAGE]),
    lemma(not(mm.live(CHILD)), fork),
    lemma(not(inChild), fork, [PAGE]),
  ]
}

/** The pages that a call was given: those that it is in the books of, and within which its locals point. */
function ofRange(all: Live, user: ReadonlySet<number>): readonly Lemma[] {
  const [begin, end] = ['user.first', 'user.last'].map((n) => all.find(([of]) => of.field.name === n))
  if (begin === undefined || end === undefined) return []
  const both = common(begin[1], end[1])
  const within = [le(begin[0], q), le(q, end[0])]
  return [
    lemma(implies(ofParent, not(mine)), user, [PAGE]),
    lemma(implies(and(ofParent, mine), and(...within)), both, [PAGE]),
    lemma(implies(and(ofParent, ...within), removing), both, [PAGE]),
    ...all.flatMap(([at, a]) =>
      [begin, end].flatMap(([of, b]) => {
        const labels = common(a, b)
        const body = of.field === begin[0].field ? le(of, at) : le(at, of)
        return labels.size === 0 || of.field === at.field ? [] : [lemma(body, labels)]
      }),
    ),
  ]
}

/** How far an install has come: markers before its counter, all of the table that is done, and all where it has succeeded. */
function ofInstall(system: System, user: ReadonlySet<number>): readonly Lemma[] {
  const inWalk = (f: Field): boolean => f.name.startsWith(`${WALK}.`)
  const tables = liveIn(system, user, (f) => inWalk(f) && f.type.kind === 'ref' && f.type.set === 'table')
  const counters = liveIn(system, user, (f) => inWalk(f) && pages(f))
  const entries = liveIn(system, user, (f) => inWalk(f) && enumWith('guard')(f) && enumWith('uffd_wp')(f))
  const marker = (t: Expr): Expr => eq(table.pte(t, page.slot(q)), 'guard')
  return [
    ...liveIn(system, user, enumWith('0')).map(([of, labels]) =>
      lemma(implies(and(ofParent, valueIn(of, '0'), mine), guard(0)), labels, [PAGE]),
    ),
    ...tables.flatMap(([t, a]) => [
      ...counters.flatMap(([at, b]) => {
        const labels = common(a, b)
        const body = implies(and(ofParent, mine, lt(q, at), ne(t, 'nil')), marker(t))
        return labels.size === 0 ? [] : [lemma(body, labels, [PAGE])]
      }),
      ...entries.flatMap(([of, b]) => {
        const labels = common(a, b)
        const body = implies(and(ofParent, mine, isOneOf(of, 'none', 'guard'), ne(t, 'nil')), marker(t))
        return labels.size === 0 ? [] : [lemma(body, labels, [PAGE])]
      }),
    ]),
    ...entries.map(([of, b]) => lemma(implies(and(ofParent, mine, isOneOf(of, 'none', 'guard')), guard(0)), b, [PAGE])),
  ]
}
const WALK = 'walk_pte_range'

/** What two threads have in hand at some labels is not the same. */
function apart(of: FieldExpr, labels: ReadonlySet<number>): Lemma {
  const stands = or(...[...labels].map((l) => eq(pc(u), { kind: 'const', type: pc.decl.type, value: l + 1 })))
  const theirs: FieldExpr = { ...of, index: [u] }
  const body = implies(and(ne(u, self), stands, ne(of, 'nil')), ne(of, theirs))
  return { name: `${keyOf(of)} is not ${keyOf(theirs)}`, vars: [U], labels, body }
}

/** Tables of the two mms are two tables, since what is taken is free, and is nobody else's then. */
function ofTables(system: System): readonly Lemma[] {
  const d = bound('d', 'pmd')
  const [p0, p1] = [pmd.table(object('pmd', 0)), pmd.table(object('pmd', 1))]
  const fresh = atLive(system, (f) => f.name.startsWith('__pte_alloc.new'))
  const populated = atLive(system, (f) => f.name.startsWith('__pte_alloc.populated'))
  return [
    always(implies(ne(p0, 'nil'), ne(p0, p1))),
    always(implies(ne(pmd.table(d), 'nil'), eq(table.state(pmd.table(d)), 'linked')), [{ name: 'd', set: 'pmd' }]),
    ...fresh.flatMap(([of, labels]) => [
      lemma(implies(ne(of, 'nil'), eq(table.state(of), 'allocated')), labels),
      lemma(implies(ne(of, 'nil'), ne(table.state(of), 'free')), labels),
      ...populated.flatMap(([put, there]) => {
        const both = common(labels, there)
        const body = implies(and(ne(of, 'nil'), not(put)), eq(table.state(of), 'allocated'))
        return both.size === 0 ? [] : [lemma(body, both)]
      }),
    ]),
    // The calls are many threads', and fork is one's.
    ...fresh.slice(0, 1).map(([of, labels]) => apart(of, labels)),
  ]
}

export function promiseGuesses(system: System): readonly Lemma[] {
  const user = labelsOf(system, 'user')
  const fork = labelsOf(system, 'forker')
  return [
    ...ofBooks(fork),
    ...ofRange(liveIn(system, user, pages), user),
    ...ofInstall(system, user),
    ...liveIn(system, fork, enumWith('-ENOMEM')).map(([of, labels]) => lemma(heir([valueIn(of, '0')]), labels, [PAGE])),
    ...ofTables(system),
  ]
}
