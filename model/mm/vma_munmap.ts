/**
 * mm/vma.c, mm/mmap.c and mm/memory.c: taking VMAs out of a range, their entries and their page tables.
 * Read at v7.0-rc6; the order of its parts is that of v6.12 (guard-regions facts 4.1, 8.1).
 *
 * Not modelled: mseal, accounting, TLB flushes. A page table goes to RCU at once, where the mmu_gather
 * does so when it is flushed.
 */
import {
  and,
  bound,
  eq,
  firstThat,
  forall,
  le,
  local,
  lt,
  ne,
  not,
  or,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  call,
  for_,
  forEach,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  unlock,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { framesOf, zap_page_range_single } from './memory_zap.ts'
import { mmap_write_downgrade, vma_start_write } from './mmap_lock.ts'
import { file, page, pmd, table, vma } from './mm_types.ts'
import { pte_free_defer } from './pgtable_generic.ts'
import { __split_vma, vm_area_free, vma_mark_detached } from './vma.ts'

const READ = 'v6.12, v7.0-rc6'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const v: Local = local('next', nilable('vma'))
const at: Local = local('addr', nilable('page'))
const splitStart: Local = local('split_start', bool)
const splitEnd: Local = local('split_end', bool)
const ok: Local = local('ok', bool)
/** Something is mapped in the range. */
const any: Local = local('any', bool)
const p: Local = local('pmd', refTo('pmd'))
const t: Local = local('table', nilable('table'))
const gone: Local = local('gone', bool)
const eachPage = bound('p', 'page')

const nextMapped = (from: Expr, inclusive: boolean): Expr =>
  firstThat('page', 'p', (x) => and(inclusive ? le(from, x) : lt(from, x), le(x, last), ne(page.vma(x), 'nil')))

/**
 * Splits VMAs at the ends of the range, write-locks and detaches those in it, if there are `any`. They
 * stay in the tree. False: no memory for a split.
 */
export const vms_gather_munmap_vmas = (k: Build): Routine =>
  routine({
    name: 'vms_gather_munmap_vmas',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last, any],
    locals: [v, at, splitStart, splitEnd, ok],
    returns: bool,
    body: [
      step('vma_find', 'vms->vma = vma_find(vmi, end); vms->start > vms->vma->vm_start', [
        set(at, nextMapped(first, true)),
        when(ne(at, 'nil'), [set(v, page.vma(at)), set(splitStart, lt(vma.start(v), first))]),
      ]),
      let_(any, ne(at, 'nil')),
      if_(eq(at, 'nil'), [ret(true, bool)]),
      if_(splitStart, [
        call('split_start', __split_vma(k), [v, first, truth(true)], ok),
        if_(not(ok), [ret(false, bool)]),
      ]),
      while_(ne(at, 'nil'), [
        step('for_each_vma_range', 'for_each_vma_range(*vms->vmi, next, vms->end): next->vm_end > vms->end', [
          set(v, page.vma(at)),
          set(splitEnd, lt(last, vma.end(v))),
        ]),
        if_(splitEnd, [
          call('split_end', __split_vma(k), [v, page.next(last), truth(false)], ok),
          if_(not(ok), [
            // reattach_vmas(): those that were detached before are put back.
            step('reattach_vmas', 'reattach_vmas(mas_detach)', [
              forEach('page', 'p', [
                when(and(le(first, eachPage), le(eachPage, last), ne(page.vma(eachPage), 'nil')), [
                  set(vma.attached(page.vma(eachPage)), true),
                ]),
              ]),
            ]),
            ret(false, bool),
          ]),
        ]),
        call('vma_start_write', vma_start_write(k), [v]),
        call('vma_mark_detached', vma_mark_detached(k), [v]),
        step('vma_next', 'vma_next(vms->vmi)', [set(at, nextMapped(vma.end(v), false))]),
      ]),
      ret(true, bool),
    ],
  })

/** vma_iter_clear(): the tree finds nothing in the range any more. */
export const vma_iter_clear: Stmt = step('vma_iter_clear_gfp', 'vma_iter_clear_gfp(vmi, start, end, GFP_KERNEL)', [
  forEach('page', 'p', [when(and(le(first, eachPage), le(eachPage, last)), [set(page.vma(eachPage), 'nil')])]),
])

/** Whether nothing is left of what a page table maps once start..end is gone: its range lies in the hole. */
const inHole = (under: Expr): Expr =>
  forall('page', 'x', (x) => or(ne(page.pmd(x), under), and(le(first, x), le(x, last)), eq(page.vma(x), 'nil')))

/** unmap_region(): unmap_vmas(), which drops markers, then free_pgtables(). Frees no VMA. */
export const unmap_region = (k: Build): Routine =>
  routine({
    name: 'unmap_region',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last],
    locals: [v, p, t, gone],
    body: [
      call(
        'unmap_vmas',
        zap_page_range_single({ evenCows: true, dropMarkers: true, reclaimPt: false, ...framesOf(k) }),
        [first, last],
      ),
      // free_pgtables(): each VMA leaves the interval tree of its file before its tables go.
      step('mas_find', 'vma = mas_find(unmap->mas, unmap->tree_end - 1)', [set(v, nextDetached())]),
      while_(ne(v, 'nil'), [
        if_(ne(vma.file(v), 'nil'), [
          lock('i_mmap_lock_write', 'i_mmap_lock_write(mapping)', file.i_mmap(vma.file(v))),
          step('unlink_file_vma', '__remove_shared_vm_struct(vma, mapping)', [set(vma.linked(v), false)]),
          unlock('i_mmap_unlock_write', 'i_mmap_unlock_write(mapping)', file.i_mmap(vma.file(v))),
        ]),
        step('mas_find_next', 'vma = mas_find(unmap->mas, unmap->tree_end - 1)', [set(v, nextDetached())]),
      ]),
      for_(p, page.pmd(first), page.pmd(last), [
        step('free_pgd_range', 'free_pgd_range(tlb, addr, end, floor, ceiling): pmd_none_or_clear_bad(pmd)', [
          set(t, pmd.table(p)),
          set(gone, inHole(p)),
        ]),
        if_(and(ne(t, 'nil'), gone), [
          step('free_pte_range', 'free_pte_range(): pmd_clear(pmd)', [
            set(pmd.kind(p), 'none'),
            set(pmd.table(p), 'nil'),
            set(table.state(t), 'unlinked'),
          ]),
          call('pte_free_tlb', pte_free_defer, [t]),
        ]),
      ]),
    ],
  })

/**
 * The VMA of mas_detach after `next`. Who holds the mmap lock finds no detached VMA in its range but
 * those that it has detached itself.
 */
function nextDetached(): Expr {
  return firstThat('vma', 'x', (x) =>
    and(lt(v, x), ne(vma.start(x), 'nil'), not(vma.attached(x)), le(first, vma.start(x)), le(vma.start(x), last)),
  )
}

/** remove_vma() of everything in `mas_detach`. `locked`: the mmap lock is still held for writing. */
export const remove_vmas = (locked: boolean): Routine =>
  routine({
    name: 'remove_vma',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last],
    locals: [v],
    body: [
      step('mas_for_each', 'mas_for_each(mas_detach, vma, ULONG_MAX)', [set(v, nextDetached())]),
      while_(ne(v, 'nil'), [
        vm_area_free('vm_area_free', v, locked),
        step('mas_next', 'mas_for_each(mas_detach, vma, ULONG_MAX)', [set(v, nextDetached())]),
      ]),
    ],
  })

/**
 * do_vmi_align_munmap() under the mmap write lock, which it turns into a read lock before it zaps if
 * `unlock` says so, and keeps otherwise. False: no memory, nothing unmapped, lock kept as it was.
 */
export const do_vmi_munmap = (k: Build, downgrade: boolean): Routine =>
  routine({
    name: 'do_vmi_align_munmap',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last],
    locals: [any, ok],
    returns: bool,
    body: [
      call('gather', vms_gather_munmap_vmas(k), [first, last, any], ok),
      if_(not(ok), [ret(false, bool)]),
      vma_iter_clear,
      ...(downgrade ? [call('downgrade', mmap_write_downgrade, [page.mm(first)])] : []),
      if_(any, [
        call('vms_clear_ptes', unmap_region(k), [first, last]),
        call('remove_vma', remove_vmas(!downgrade), [first, last]),
      ]),
      ret(true, bool),
    ],
  })
