/** What is claimed of fork, and guesses about two mms that may help to show it. */
import {
  and,
  eq,
  hasAny,
  implies,
  lt,
  ne,
  object,
  or,
  bound,
  type Expr,
  type Field,
  type FieldExpr,
} from '../../model/language/expr.ts'
import { page, pmd, table, vma } from '../../model/mm/mm_types.ts'
import { PARENT } from './core.ts'
import type { Lemma } from './lemma.ts'
import { atLive } from './own.ts'
import type { System } from './system.ts'
import { keyOf } from './vocabulary.ts'

const q = bound('q', 'page')
const PAGE = { name: 'q', set: 'page' }

const lemma = (body: Expr, labels: ReadonlySet<number>, vars: Lemma['vars'] = []): Lemma => ({
  name: keyOf(body),
  vars,
  labels,
  body,
})

/** What a walk of the page tables finds at a page. */
const guarded = (of: Expr, i: number): Expr =>
  and(
    eq(pmd.kind(object('pmd', i)), 'table'),
    ne(pmd.table(object('pmd', i)), 'nil'),
    eq(table.pte(pmd.table(object('pmd', i)), page.slot(of)), 'guard'),
  )

/** Each guard of the parent has its copy, where the VMA was copied at all. */
const copied: Expr = implies(
  and(eq(page.mm(q), PARENT), guarded(q, 0), ne(page.vma(page.child(q)), 'nil')),
  guarded(q, 1),
)

/** The labels of the thread that forks. */
function forkLabels(system: System): ReadonlySet<number> {
  const forker = system.programs.findIndex((p) => p.name === 'forker')
  return new Set(system.labels.flatMap((l, i) => (l.program === forker ? [i] : [])))
}

const common = (a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...a].filter((l) => b.has(l)))

type Live = readonly (readonly [FieldExpr, ReadonlySet<number>])[]

/** Locals of the thread that forks. */
const ofFork = (system: System, wanted: (f: Field) => boolean): Live => {
  const labels = forkLabels(system)
  return atLive(system, wanted).flatMap(([of, live]) => {
    const here = common(live, labels)
    return here.size === 0 ? [] : [[of, here]]
  })
}

const pointsTo =
  (set: string) =>
  (f: Field): boolean =>
    f.type.kind === 'ref' && f.type.set === set

const isResult = (f: Field): boolean => f.type.kind === 'enum' && f.type.values.includes('-ENOMEM')
const ok = (of: FieldExpr): Expr =>
  eq(of, { kind: 'const', type: of.type, value: of.type.kind === 'enum' ? of.type.values.indexOf('0') : 0 })

/**
 * Where fork lets go of its parent's VMAs: whatever it has copied has the guards of what it was copied from. What
 * becomes of them before the child runs is not said.
 */
export function forkClaim(system: System): readonly Lemma[] {
  const unlock = new Set(
    [...forkLabels(system)].filter((i) => system.labels[i]?.name.endsWith('.unlock_old.vma_end_write_all') === true),
  )
  return ofFork(system, isResult).flatMap(([result, live]) => {
    const labels = common(live, unlock)
    return labels.size === 0 ? [] : [lemma(implies(ok(result), copied), labels, [PAGE])]
  })
}

/** Locals that point to one object of a set of two, if they point to any; pages, to those of one mm. */
function belonging(system: System): readonly Lemma[] {
  const unlessNil = (of: FieldExpr, body: Expr): Expr =>
    of.type.kind === 'ref' && of.type.nonNil === true ? body : or(eq(of, 'nil'), body)
  const objects = ['vma', 'pmd', 'mm', 'mapping'].flatMap((set) =>
    atLive(system, pointsTo(set)).flatMap(([of, labels]) =>
      [0, 1].map((i) => lemma(unlessNil(of, eq(of, object(set, i))), labels)),
    ),
  )
  const pages = atLive(system, pointsTo('page')).flatMap(([of, labels]) =>
    [0, 1].map((i) => lemma(unlessNil(of, eq(page.mm(of), object('mm', i))), labels)),
  )
  return [...objects, ...pages]
}

/** How far the copy of a table has come: up to a counter, or all of it. */
function copying(system: System): readonly Lemma[] {
  const tables = ofFork(system, pointsTo('table'))
  const counters = ofFork(system, (f) => pointsTo('page')(f) && f.type.kind === 'ref' && f.type.nonNil === true)
  return tables.flatMap(([from, a]) =>
    tables.flatMap(([to, b]): readonly Lemma[] => {
      const both = common(a, b)
      if (from.field === to.field || both.size === 0) return []
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
          return labels.size === 0 ? [] : [lemma(body(lt(q, at)), labels, [PAGE])]
        }),
      ]
    }),
  )
}

/** What fork may rely on while it holds its locks: of flags, of marks, and of what was copied. */
export function forkGuesses(system: System): readonly Lemma[] {
  const labels = forkLabels(system)
  const [source, copy] = [object('vma', 0), object('vma', 1)]
  const flagged = (v: Expr): Expr => hasAny(vma.vm_flags(v), 'VM_MAYBE_GUARD')
  const prepared = (v: Expr): Expr => ne(vma.anon_vma(v), 'NULL')
  return [
    lemma(implies(flagged(source), flagged(copy)), labels),
    lemma(implies(prepared(source), prepared(copy)), labels),
    ...[source, copy].map((v) => lemma(vma.write_locked(v), labels)),
    lemma(copied, labels, [PAGE]),
    ...ofFork(system, isResult).map(([result, live]) => lemma(implies(ok(result), copied), live, [PAGE])),
    ...belonging(system),
    ...copying(system),
  ]
}
