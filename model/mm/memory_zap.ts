/**
 * The zap half of mm/memory.c: zap_page_range_single() with details == NULL, as guard install calls
 * it: present entries go, copies made by CoW included, guard markers stay (guard-regions facts
 * 1.1.18, 4.2). Read at v7.0-rc6.
 *
 * Not modelled yet: other callers' zap_details, PT_RECLAIM, the early exit for rescheduling or a
 * full batch (the lock is held for the whole table here), TLB flushes and delayed rmap removal.
 */
import { and, eq, isOneOf, ite, le, literal, local, lt, ne, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, for_, if_, set, step, when, while_ } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import { __split_huge_pmd, zap_huge_pmd } from './huge_memory.ts'
import { page, Pte, pmd, PmdKind, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v7.0-rc6; v6.13 and later agree for details == NULL'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const p: Local = local('pmd', refTo('pmd'))
const at: Local = local('addr', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const ptent: Local = local('ptent', Pte)

/** First and last page of start..end that lie under a pmd: [max(start, pmd's), min(end, pmd's)]. */
export const clampFirst = (under: Expr, from: Expr): Expr => ite(lt(pmd.first(under), from), from, pmd.first(under))
export const clampLast = (under: Expr, to: Expr): Expr => ite(lt(to, pmd.last(under)), to, pmd.last(under))

/** Empties the entries start..end, all in one VMA, except guard markers. */
export const zap_page_range_single: Routine = routine({
  name: 'zap_page_range_single',
  file: 'mm/memory.c',
  read: READ,
  params: [first, last],
  locals: [p, kind],
  body: [
    for_(p, page.pmd(first), page.pmd(last), [
      while_(truth(true), [
        step('pmd', 'zap_pmd_range(): pmd_none_or_trans_huge(*pmd)', [set(kind, pmd.kind(p))]),
        if_(eq(kind, 'none'), [break_]),
        if_(eq(kind, 'huge'), [
          if_(
            and(le(first, pmd.first(p)), le(pmd.last(p), last)),
            [call('huge', zap_huge_pmd, [p]), break_],
            [call('split', __split_huge_pmd, [p]), break_],
          ),
        ]),
        call('ptes', zap_pte_range(), [p, first, last], kind),
        // A table that vanished under the walk makes it look at this pmd again.
        if_(ne(kind, 'table'), [break_]),
      ]),
    ]),
  ],
})

/** Empties entries of one table; gives back `table` where the table had vanished, `none` where it is done. */
function zap_pte_range(): Routine {
  return routine({
    name: 'zap_pte_range',
    file: 'mm/memory.c',
    read: READ,
    params: [p, first, last],
    locals: [t, at, ptent],
    returns: PmdKind,
    body: [
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, 'nil'), [{ kind: 'return', value: literal(PmdKind, 'table') }]),
      for_(at, clampFirst(p, first), clampLast(p, last), [
        step('pte', 'ptent = ptep_get(pte); ptep_get_and_clear_full()', [
          set(ptent, table.pte(t, page.slot(at))),
          when(isOneOf(ptent, 'file', 'anon', 'zero'), [set(table.pte(t, page.slot(at)), 'none')]),
        ]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      { kind: 'return', value: literal(PmdKind, 'none') },
    ],
  })
}
