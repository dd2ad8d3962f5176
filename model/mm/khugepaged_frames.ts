/**
 * mm/khugepaged.c on anonymous memory, as far as page frames go: what __collapse_huge_page_isolate() asks of each page,
 * and how its contents come into the huge one. khugepaged_anon.ts has the walk and its locks.
 */
import { and, eq, ite, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { assert, break_, check, if_, let_, set, step, when, type Action, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { ScanResult } from './errno.ts'
import { ALLOCATES, copied, folioOf, freeLarge, fresh, isUnlocked, pageOfHuge, putFrame, removeRmap } from './frame.ts'
import { entry, frame } from './frame_types.ts'
import { page, pmd } from './mm_types.ts'

/** Of collapse_huge_page(), whose steps these are. */
export const p: Local = local('pmd', refTo('pmd'))
export const t: Local = local('table', nilable('table'))
export const at: Local = local('addr', refTo('page'))
export const result: Local = local('result', ScanResult)
export const f: Local = local('folio', nilable('frame'))
export const busy: Local = local('referenced', bool)
/** is_refcount_suitable(): as many references as mappings, and one of the swap cache. */
const suitable = (k: Build): Expr => {
  const of = folioOf(k, f)
  return and(
    eq(frame.pins(of), 0),
    or(
      ...(k.large !== undefined ? [1, 2, 3, 4] : [1, 2, 3]).map((n) =>
        and(eq(frame.mapcount(of), n), ite(frame.swapcache(of), eq(frame.refs(of), n + 1), eq(frame.refs(of), n))),
      ),
    ),
  )
}
export const isolateFrame = (k: Build): readonly Stmt[] => [
  step('vm_normal_page', 'folio = page_folio(vm_normal_page(vma, address, pteval))', [
    set(f, entry.frame(t, page.slot(at))),
  ]),
  if_(ne(f, 'nil'), [
    step('is_refcount_suitable', 'folio_trylock(folio); is_refcount_suitable(folio)', [
      set(busy, or(not(suitable(k)), not(isUnlocked(k, f)))),
    ]),
    check('refcount_suitable', busy, [let_(result, 'SCAN_FAIL'), break_]),
  ]),
]
const COPY = '__collapse_huge_page_copy(): copy_mc_user_highpage()'
export const copyFrame = (k: Build): readonly Stmt[] => {
  if (k.large === undefined)
    return [step('copy_mc_user_highpage', COPY, [set(copied, 0), when(ne(f, 'nil'), [set(copied, frame.content(f))])])]
  const into = pageOfHuge(k, fresh, at)
  return [
    step('entry', 'pteval = ptep_get(_pte); src_page = pte_page(pteval)', [set(f, entry.frame(t, page.slot(at)))]),
    step('copy_mc_user_highpage', COPY, [
      set(frame.content(into), 0),
      when(ne(f, 'nil'), [set(frame.content(into), frame.content(f))]),
    ]),
  ]
}
/** alloc_charge_folio(): nobody sees the folio before it is mapped, so it is taken where it is first written. */
export const takeLarge = (k: Build): readonly Stmt[] =>
  k.large !== undefined
    ? [
        step(
          'alloc_charge_folio',
          'folio = vma_alloc_folio(gfp, HPAGE_PMD_ORDER, vma, address)',
          [
            set(fresh, freeLarge(k)),
            assert('WorldLargeEnough', ne(fresh, 'nil')),
            when(ne(fresh, 'nil'), [set(frame.refs(fresh), 1)]),
          ],
          ALLOCATES,
        ),
      ]
    : []
export const clearFrame = (k: Build): readonly Action[] => [
  set(entry.frame(t, page.slot(at)), 'nil'),
  when(ne(f, 'nil'), [...removeRmap(k, f, pmd.mm(p)), ...putFrame(k, f)]),
]
