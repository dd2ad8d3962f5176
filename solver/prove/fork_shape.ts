/** The shape of a world of two mms, of which one is forked from the other: each has one mapping, VMA and PMD. */
import { and, eq, forall, implies, le, lt, ne, object, or, type Expr } from '../../model/language/expr.ts'
import { chunk, folio, mapping, page, pmd } from '../../model/mm/mm_types.ts'
import { CHILD, PARENT } from './core.ts'

const each = (body: (x: Expr) => Expr): Expr => forall('page', 'x', body)
const two = (set: string, body: (x: Expr, y: Expr) => Expr): Expr =>
  forall(set, 'x', (x) => forall(set, 'y', (y) => body(x, y)))
const isOf = (mm: Expr, x: Expr): Expr => eq(page.mm(x), mm)

/** Where the pages of one of the mms lie. */
const lies = (mm: Expr, i: number): Expr => {
  const [m, d] = [object('mapping', i), object('pmd', i)]
  return each((x) =>
    implies(
      isOf(mm, x),
      and(
        eq(page.mapping(x), m),
        eq(page.pmd(x), d),
        le(mapping.first(m), x),
        le(x, mapping.last(m)),
        ...(i === 0 ? [ne(page.child(x), 'nil')] : [eq(page.child(x), 'nil')]),
      ),
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

/** What the geometry of such a world says of any number of pages. */
export function forkAxioms(files: boolean): readonly { readonly name: string; readonly expr: Expr }[] {
  const theChunk = object('chunk', 0)
  return [
    { name: 'a page is of one of the mms', expr: each((x) => or(isOf(PARENT, x), isOf(CHILD, x))) },
    { name: 'where the pages of the parent lie', expr: lies(PARENT, 0) },
    { name: 'where the pages of the child lie', expr: lies(CHILD, 1) },
    { name: "the ends of the parent's mapping", expr: ends(PARENT, 0) },
    { name: "the ends of the child's mapping", expr: ends(CHILD, 1) },
    {
      name: "the child's pages lie behind the parent's",
      expr: two('page', (x, y) => implies(and(isOf(PARENT, x), isOf(CHILD, y)), lt(x, y))),
    },
    {
      name: 'a page of the parent has a page of the child, in the same slot',
      expr: each((x) =>
        implies(isOf(PARENT, x), and(isOf(CHILD, page.child(x)), eq(page.slot(page.child(x)), page.slot(x)))),
      ),
    },
    {
      name: 'copies lie in the order of what they are copied from',
      expr: two('page', (x, y) =>
        implies(
          and(isOf(PARENT, x), isOf(PARENT, y)),
          and(
            implies(le(x, y), le(page.child(x), page.child(y))),
            implies(eq(page.child(x), page.child(y)), eq(x, y)),
          ),
        ),
      ),
    },
    {
      name: 'the mapping is copied from end to end',
      expr: and(
        eq(page.child(mapping.first(object('mapping', 0))), mapping.first(object('mapping', 1))),
        eq(page.child(mapping.last(object('mapping', 0))), mapping.last(object('mapping', 1))),
      ),
    },
    ...(files
      ? [
          {
            name: 'pages of one mm have folios of their own, in the chunk',
            expr: and(
              two('page', (x, y) => implies(and(eq(page.folio(x), page.folio(y)), eq(page.mm(x), page.mm(y))), eq(x, y))),
              each((x) =>
                and(
                  ne(page.folio(x), 'nil'),
                  eq(folio.chunk(page.folio(x)), theChunk),
                  ne(page.folio(x), chunk.huge(theChunk)),
                  eq(page.huge(x), chunk.huge(theChunk)),
                ),
              ),
            ),
          },
          {
            name: 'a page and its copy have one folio',
            expr: each((x) => implies(isOf(PARENT, x), eq(page.folio(page.child(x)), page.folio(x)))),
          },
          {
            name: 'the chunk begins and ends with folios of its own',
            expr: and(
              le(chunk.first(theChunk), chunk.last(theChunk)),
              lt(chunk.last(theChunk), chunk.huge(theChunk)),
              forall('folio', 'x', (f) =>
                implies(
                  ne(f, chunk.huge(theChunk)),
                  and(le(chunk.first(theChunk), f), le(f, chunk.last(theChunk))),
                ),
              ),
            ),
          },
        ]
      : []),
  ]
}
