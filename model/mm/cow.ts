/**
 * Anonymous pages that a fork has made two processes share, told by a ghost of each page of the child
 * (`page.cow_shared`). Where an entry gets a page of its own, newAnonPage() says so; where one goes
 * away, nobody need say anything, since the ghost means something only while both entries hold a page.
 *
 * Not modelled yet: swap entries and migration entries of a shared page, mremap() of one, KSM, GUP pins (a pinned page is copied by fork at once).
 */
import { and, ite, ne, or, truth, type Expr } from '../language/expr.ts'
import { set, when, type Action } from '../language/stmt.ts'
import { page } from './mm_types.ts'

/** The other process may map the anonymous page of this address too. */
export const isShared = (at: Expr): Expr =>
  or(page.cow_shared(at), ite(ne(page.child(at), 'nil'), page.cow_shared(page.child(at)), truth(false)))

/** The entry of this address now holds a page that nobody else has. */
export const newAnonPage = (at: Expr): readonly Action[] => [
  set(page.cow_shared(at), false),
  when(ne(page.child(at), 'nil'), [set(page.cow_shared(page.child(at)), false)]),
]

/** Fork has given the child the anonymous page that this address of the parent holds. */
export const shareAnonPage = (at: Expr): Action =>
  when(and(ne(page.child(at), 'nil')), [set(page.cow_shared(page.child(at)), true)])
