/** What the guesses about fork are put together of. */
import { and, bound, eq, ne, object, type Expr, type Field, type FieldExpr } from '../../model/language/expr.ts'
import { page, pmd, table } from '../../model/mm/mm_types.ts'
import type { Lemma } from './lemma.ts'
import { atLive } from './own.ts'
import type { System } from './system.ts'
import { keyOf } from './vocabulary.ts'

/** Any page, as a lemma's variable. */
export const q: Expr = bound('q', 'page')
export const PAGE: Lemma['vars'][number] = { name: 'q', set: 'page' }

export const lemma = (body: Expr, labels: ReadonlySet<number>, vars: Lemma['vars'] = []): Lemma => ({
  name: keyOf(body),
  vars,
  labels,
  body,
})

/** A lemma about the world alone. */
export const always = (body: Expr, vars: Lemma['vars'] = []): Lemma => ({ name: keyOf(body), vars, body })

/** What a walk of the page tables of one of the mms, by number, finds at a page. */
export const guarded = (of: Expr, mm: number): Expr =>
  and(
    eq(pmd.kind(object('pmd', mm)), 'table'),
    ne(pmd.table(object('pmd', mm)), 'nil'),
    eq(table.pte(pmd.table(object('pmd', mm)), page.slot(of)), 'guard'),
  )

export const common = (a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...a].filter((l) => b.has(l)))

/** The labels of one of the bodies. */
export function labelsOf(
  system: System,
  program: string,
  wanted: (name: string) => boolean = () => true,
): ReadonlySet<number> {
  const index = system.programs.findIndex((p) => p.name === program)
  return new Set(system.labels.flatMap((l, i) => (l.program === index && wanted(l.name) ? [i] : [])))
}

/** Locals of the running thread, with the labels at which each may still be read. */
export type Live = readonly (readonly [FieldExpr, ReadonlySet<number>])[]

/** Locals of one body, with the labels of it at which they may still be read. */
export const liveIn = (system: System, within: ReadonlySet<number>, wanted: (f: Field) => boolean): Live =>
  atLive(system, wanted).flatMap(([of, all]): Live => {
    const labels = common(all, within)
    return labels.size === 0 ? [] : [[of, labels]]
  })

/** A local of an enumeration has this value. */
export const valueIn = (of: FieldExpr, value: string): Expr =>
  eq(of, { kind: 'const', type: of.type, value: of.type.kind === 'enum' ? of.type.values.indexOf(value) : 0 })
