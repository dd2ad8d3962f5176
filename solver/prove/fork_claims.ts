/** What is claimed of fork, and guesses about two mms that may help to show it. */
import {
  and,
  bound,
  eq,
  hasAny,
  implies,
  lt,
  ne,
  not,
  object,
  or,
  type Expr,
  type Field,
  type FieldExpr,
} from '../../model/language/expr.ts'
import type { Action } from '../../model/language/stmt.ts'
import { page, pmd, table, vma } from '../../model/mm/mm_types.ts'
import { PARENT } from './core.ts'
import { isOwn } from './fold.ts'
import { always, common, guarded, labelsOf, lemma, liveIn, PAGE, q, valueIn, type Live } from './fork_words.ts'
import type { Lemma } from './lemma.ts'
import { liveLocals, ownReads } from './liveness.ts'
import { atLive } from './own.ts'
import type { System } from './system.ts'
import { keyOf, namesBound, vocabularyOf } from './vocabulary.ts'

const [source, copy] = [object('vma', 0), object('vma', 1)]

/** Flags for which fork leaves a VMA, or its guards, out. */
const LEFT_OUT = ['VM_DONTCOPY', 'VM_WIPEONFORK'] as const
export type LeftOut = (typeof LEFT_OUT)[number]

/** Each guard of the parent has its copy, unless its VMA has a flag for which it has none by right. */
const copied = (...unless: readonly LeftOut[]): Expr =>
  implies(
    and(eq(page.mm(q), PARENT), guarded(q, 0), ...unless.map((flag) => not(hasAny(vma.vm_flags(source), flag)))),
    guarded(q, 1),
  )

/** The labels of the thread that forks. */
const forkLabels = (system: System): ReadonlySet<number> => labelsOf(system, 'forker')

/** Locals of the thread that forks. */
const ofFork = (system: System, wanted: (f: Field) => boolean): Live => liveIn(system, forkLabels(system), wanted)

const pointsTo =
  (set: string) =>
  (f: Field): boolean =>
    f.type.kind === 'ref' && f.type.set === set

const isResult = (f: Field): boolean => f.type.kind === 'enum' && f.type.values.includes('-ENOMEM')
const ok = (of: FieldExpr): Expr => valueIn(of, '0')

/**
 * Where fork lets go of its parent's VMAs: the child has the guards of its parent, if fork succeeds. `unless` are
 * flags that some call of the model sets.
 */
export function copiedAtUnlock(system: System, unless: readonly LeftOut[]): readonly Lemma[] {
  const unlock = labelsOf(system, 'forker', (name) => name.endsWith('.unlock_old.vma_end_write_all'))
  return ofFork(system, isResult).flatMap(([result, live]) => {
    const labels = common(live, unlock)
    return labels.size === 0 ? [] : [lemma(implies(ok(result), copied(...unless)), labels, [PAGE])]
  })
}

/** Locals that point to one object of a set of two, if they point to any; pages, to those of one mm; tables, to that of one pmd. */
function belonging(system: System): readonly Lemma[] {
  const unlessNil = (of: FieldExpr, body: Expr): Expr =>
    of.type.kind === 'ref' && of.type.nonNil === true ? body : or(eq(of, 'nil'), body)
  const fork = forkLabels(system)
  // The calls are made in the parent.
  const each = (set: string, body: (of: FieldExpr, i: number) => Expr): readonly Lemma[] =>
    atLive(system, pointsTo(set)).flatMap(([of, labels]) =>
      (common(labels, fork).size === 0 ? [0] : [0, 1]).map((i) => lemma(unlessNil(of, body(of, i)), labels)),
    )
  return [
    ...['vma', 'pmd', 'mm', 'mapping'].flatMap((set) => each(set, (of, i) => eq(of, object(set, i)))),
    ...each('page', (of, i) => eq(page.mm(of), object('mm', i))),
    ...each('table', (of, i) => eq(of, pmd.table(object('pmd', i)))),
  ]
}

/** The routine that a local is of. */
const routineOf = (of: FieldExpr): string => of.field.name.split('.').slice(0, -1).join('.')

/** How far the copy of a table has come: up to a counter, or all of it. */
function copying(system: System): readonly Lemma[] {
  const tables = ofFork(system, pointsTo('table'))
  const counters = ofFork(system, (f) => pointsTo('page')(f) && f.type.kind === 'ref' && f.type.nonNil === true)
  return tables.flatMap(([from, a]) =>
    tables.flatMap(([to, b]): readonly Lemma[] => {
      const both = common(a, b)
      if (from.field === to.field || both.size === 0 || routineOf(from) !== routineOf(to)) return []
      const body = (...more: readonly Expr[]): Expr =>
        implies(
          and(
            eq(page.mm(q), PARENT),
            ne(from, 'nil'),
            ne(to, 'nil'),
            eq(table.pte(from, page.slot(q)), 'guard'),
            ...more,
          ),
          eq(table.pte(to, page.slot(q)), 'guard'),
        )
      return [
        lemma(body(), both, [PAGE]),
        ...counters.flatMap(([at, c]) => {
          const labels = common(both, c)
          return labels.size === 0 || routineOf(at) !== routineOf(to) ? [] : [lemma(body(lt(q, at)), labels, [PAGE])]
        }),
      ]
    }),
  )
}

/** Variables of the world that fork stores a value in, as long as they hold it. */
function storedByFork(system: System): readonly Lemma[] {
  const live = liveLocals(system)
  const labels = forkLabels(system)
  const found = new Map<string, Expr>()
  const look = (a: Action): void => {
    if (a.kind === 'when') [...a.then, ...a.else].forEach(look)
    if (a.kind !== 'assign' || a.target.kind !== 'field' || isOwn(a.target)) return
    if (a.value.kind === 'const' || namesBound(a.target) || namesBound(a.value)) return
    const same = eq(a.target, a.value)
    found.set(keyOf(same), same)
  }
  for (const i of labels) system.steps[i]?.actions.forEach(look)
  return [...found.values()].flatMap((body) => {
    const reads = [...ownReads(body)]
    const here = new Set([...labels].filter((i) => reads.every((n) => live[i]?.has(n) === true)))
    return here.size === 0 ? [] : [lemma(body, here)]
  })
}

/** The entry that fork has read, while it is there. */
function entriesRead(system: System): readonly Lemma[] {
  const live = liveLocals(system)
  const labels = forkLabels(system)
  return vocabularyOf(system)
    .loads.filter(({ from }) => from.field.name === table.pte.decl.name)
    .flatMap(({ local, from }) => {
      const body = eq(local, from)
      const reads = [...ownReads(body)]
      const here = new Set([...labels].filter((i) => reads.every((n) => live[i]?.has(n) === true)))
      return here.size === 0 ? [] : [lemma(body, here)]
    })
}

/** Pages that a call has in hand are the first or the last of those that it was given: it meets one VMA, which has them all. */
function wholeRange(system: System): readonly Lemma[] {
  const all = atLive(system, pointsTo('page'))
  const ends = all.filter(([of]) => GIVEN.includes(of.field.name))
  return ends.flatMap(([end, b]) =>
    all.flatMap(([of, a]) => {
      const labels = common(a, b)
      return labels.size === 0 || GIVEN.includes(of.field.name) ? [] : [lemma(eq(of, end), labels)]
    }),
  )
}
const GIVEN: readonly string[] = ['user.first', 'user.last']

/** What fork may rely on while it holds its locks: of flags, of marks, and of what was copied. */
export function forkGuesses(system: System, unless: readonly LeftOut[]): readonly Lemma[] {
  const labels = forkLabels(system)
  const flagged = (v: Expr): Expr => hasAny(vma.vm_flags(v), 'VM_MAYBE_GUARD')
  const prepared = (v: Expr): Expr => ne(vma.anon_vma(v), 'NULL')
  const d = bound('d', 'pmd')
  return [
    always(implies(ne(pmd.table(d), 'nil'), eq(pmd.kind(d), 'table')), [{ name: 'd', set: 'pmd' }]),
    always(implies(eq(pmd.kind(d), 'table'), ne(pmd.table(d), 'nil')), [{ name: 'd', set: 'pmd' }]),
    ...LEFT_OUT.flatMap((flag) => [
      ...[source, copy].map((v) => always(not(hasAny(vma.vm_flags(v), flag)))),
      // Words that a thread has read, and may store.
      ...atLive(system, (f) => f.type.kind === 'flags').map(([of, live]) => lemma(not(hasAny(of, flag)), live)),
    ]),
    lemma(eq(vma.start(copy), 'nil'), labels),
    lemma(implies(flagged(source), flagged(copy)), labels),
    lemma(implies(prepared(source), prepared(copy)), labels),
    ...[source, copy].map((v) => lemma(vma.write_locked(v), labels)),
    lemma(copied(...unless), labels, [PAGE]),
    ...ofFork(system, isResult).map(([result, live]) => lemma(implies(ok(result), copied(...unless)), live, [PAGE])),
    ...storedByFork(system),
    ...entriesRead(system),
    ...wholeRange(system),
    ...belonging(system),
    ...copying(system),
  ]
}
