/** The shape of a world of two mms, of which one is forked from the other: each has one mapping, VMA and PMD. */
import { and, eq, forall, implies, le, lt, ne, object, or, type Expr } from '../../model/language/expr.ts'
import { mapping, page, pmd } from '../../model/mm/mm_types.ts'
import type { Axiom } from './axiom.ts'
import { CHILD, PARENT } from './core.ts'

const each = (body: (x: Expr) => Expr): Expr => forall('page', 'x', body)
const isOf = (mm: Expr, x: Expr): Expr => eq(page.mm(x), mm)

/** Where the pages of one of the mms lie. */
const lies = (mm: Expr, i: number): Expr => {
  const [m, d] = [object('mapping', i), object('pmd', i)]
  return each((x) =>
    implies(
      isOf(mm, x),
      and(eq(page.mapping(x), m), eq(page.pmd(x), d), le(mapping.first(m), x), le(x, mapping.last(m))),
    ),
  )
}

const ends = (mm: Expr, i: number): Expr => {
  const [m, d] = [object('mapping', i), object('pmd', i)]
  return and(
    isOf(mm, mapping.first(m)),
    isOf(mm, mapping.last(m)),
    eq(pmd.first(d), mapping.first(m)),
    eq(pmd.last(d), mapping.last(m)),
    eq(page.prev(mapping.first(m)), 'nil'),
    eq(page.next(mapping.last(m)), 'nil'),
  )
}

const [ofMm, ofChild] = [page.mm.decl, page.child.decl]

/** What the geometry of such a world says of any number of pages; of files and their folios nothing, as fork asks nothing. */
export function forkAxioms(): readonly Axiom[] {
  return [
    { name: 'a page is of one of the mms', expr: each((x) => or(isOf(PARENT, x), isOf(CHILD, x))), on: ofMm },
    { name: 'where the pages of the parent lie', expr: lies(PARENT, 0), on: ofMm },
    { name: 'where the pages of the child lie', expr: lies(CHILD, 1), on: ofMm },
    {
      name: 'a page of the child has none',
      expr: each((x) => implies(isOf(CHILD, x), eq(page.child(x), 'nil'))),
      on: ofChild,
    },
    { name: "the ends of the parent's mapping", expr: ends(PARENT, 0) },
    { name: "the ends of the child's mapping", expr: ends(CHILD, 1) },
    {
      name: "the child's pages lie behind the parent's",
      expr: lt(mapping.last(object('mapping', 0)), mapping.first(object('mapping', 1))),
    },
    {
      name: 'a page of the parent has a page of the child, in the same slot',
      expr: each((x) =>
        implies(
          isOf(PARENT, x),
          and(ne(page.child(x), 'nil'), isOf(CHILD, page.child(x)), eq(page.slot(page.child(x)), page.slot(x))),
        ),
      ),
      on: ofChild,
    },
    {
      name: 'the mapping is copied from end to end',
      expr: and(
        eq(page.child(mapping.first(object('mapping', 0))), mapping.first(object('mapping', 1))),
        eq(page.child(mapping.last(object('mapping', 0))), mapping.last(object('mapping', 1))),
      ),
    },
  ]
}
