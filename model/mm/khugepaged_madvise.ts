/**
 * mm/khugepaged.c, MADV_COLLAPSE on a shmem mapping: collapse_file(), then the caller's own page
 * table. Read at v7.0-rc6 (guard-regions facts 5.5, 5.6, 5.9); the shape is that of v6.6.
 *
 * Not modelled yet: userfaultfd-armed private VMAs (for which the pmd lock is held throughout,
 * a98460494b16), anonymous memory, THP settings, uprobes as a caller, mmu notifiers and counters.
 */
import { and, eq, hasAny, isOneOf, le, local, ne, not, or, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  check,
  for_,
  if_,
  let_,
  lock,
  release,
  ret,
  set,
  step,
  unlock,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result, ScanResult } from './errno.ts'
import { collapse_file } from './khugepaged.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { do_set_pmd } from './memory_pmd.ts'
import {
  ANON_PTES,
  chunk,
  FILE_PTES,
  folio,
  page,
  pmd,
  PmdKind,
  Pte,
  SWAP_PTES,
  table,
  vma,
  ZERO_PTES,
} from './mm_types.ts'
import { pte_free_defer, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'v7.0-rc6; v6.6 and later have the same steps'
const p: Local = local('pmd', refTo('pmd'))
const v: Local = local('vma', nilable('vma'))
const covered: Local = local('covered', bool)
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const same: Local = local('same', nilable('table'))
const at: Local = local('addr', refTo('page'))
const pte: Local = local('ptent', Pte)
const armed: Local = local('armed', bool)
const cached: Local = local('cached', bool)
const mapped: Local = local('mapped', bool)
const result: Local = local('result', ScanResult)
const errno: Local = local('errno', Result)

const huge = chunk.huge(pmd.chunk(p))

const nonPresent = isOneOf(pte, 'guard', 'uffd_wp', 'poison', ...SWAP_PTES, 'migration')
const otherPage = isOneOf(pte, ...ANON_PTES, ...ZERO_PTES)

/** What an entry that is neither empty nor a mapping of the folio makes of the collapse. */
const abortOn: readonly Stmt[] = [
  if_(nonPresent, [let_(result, 'SCAN_PTE_NON_PRESENT'), break_]),
  if_(otherPage, [let_(result, 'SCAN_FAIL'), break_]),
]
const stopAtOther: Stmt = if_(or(nonPresent, otherPage), [break_])
const unmapUnlock = (label: string): Stmt =>
  step(label, 'pte_unmap_unlock(start_pte, ptl)', [release(table.ptl(t)), ...rcu_read_unlock])

/** Steps 1 to 4 of the function, as its comments number them. `break` is its `goto`. */
const removeTable: readonly Stmt[] = [
  call('step1_map', pte_offset_map_lock, [p], t),
  if_(eq(t, 'nil'), [let_(result, 'SCAN_FAIL'), break_]),
  for_(at, pmd.first(p), pmd.last(p), [
    step('step1_ptep_get', 'ptent = ptep_get(pte)', [set(pte, table.pte(t, page.slot(at)))]),
    stopAtOther,
  ]),
  call('step1_unmap', pte_unmap_unlock, [t]),
  ...abortOn,
  // The RCU read section that begins here lasts to the end of step 4.
  step('step2_map', 'start_pte = pte_offset_map_rw_nolock(mm, pmd, haddr, &pgt_pmd, &ptl)', [
    set(t, pmd.table(p)),
    when(ne(t, 'nil'), rcu_read_lock),
  ]),
  if_(eq(t, 'nil'), [let_(result, 'SCAN_FAIL'), break_]),
  lock('step2_lock', 'spin_lock(ptl)', table.ptl(t)),
  step('step2_pmd_same', 'pmd_same(pgt_pmd, pmdp_get_lockless(pmd))', [set(same, pmd.table(p))]),
  if_(ne(same, t), [unmapUnlock('step2_abort_pmd'), let_(result, 'SCAN_FAIL'), break_]),
  for_(at, pmd.first(p), pmd.last(p), [
    step('step2_clear_ptes', 'clear_ptes(mm, addr, pte, nr_batch_ptes)', [
      set(pte, table.pte(t, page.slot(at))),
      when(isOneOf(pte, ...FILE_PTES), [set(table.pte(t, page.slot(at)), 'none')]),
    ]),
    stopAtOther,
  ]),
  if_(or(nonPresent, otherPage), [unmapUnlock('step2_abort')]),
  ...abortOn,
  // No page-table lock is held between here and step 4; the folio lock still is.
  unlock('step2_unlock', 'spin_unlock(ptl)', table.ptl(t)),
  lock('step4_pmd_lock', 'pml = pmd_lock(mm, pmd)', pmd.lock(p)),
  lock('step4_ptl_lock', 'spin_lock_nested(ptl, SINGLE_DEPTH_NESTING)', table.ptl(t)),
  step('step4_pmd_same', 'pmd_same(pgt_pmd, pmdp_get_lockless(pmd))', [set(same, pmd.table(p))]),
  if_(eq(same, t), [
    step('step4_pmdp_collapse_flush', 'pgt_pmd = pmdp_collapse_flush(vma, haddr, pmd)', [
      set(pmd.kind(p), 'none'),
      set(pmd.table(p), 'nil'),
      set(table.state(t), 'unlinked'),
    ]),
  ]),
  unmapUnlock('step4_unmap'),
  unlock('step4_pmd_unlock', 'spin_unlock(pml)', pmd.lock(p)),
  if_(ne(same, t), [let_(result, 'SCAN_FAIL'), break_]),
  call('step4_free', pte_free_defer, [t]),
]

/** Replaces a table of small mappings of a huge folio by a huge pmd. The caller holds the mmap lock. */
export const try_collapse_pte_mapped_thp = (k: Build): Routine =>
  routine({
    name: 'try_collapse_pte_mapped_thp',
    file: 'mm/khugepaged.c',
    read: READ,
    params: k.uffd === undefined ? [p] : [p, v],
    locals: [kind, t, same, at, pte, cached, mapped, result, ...(k.uffd === undefined ? [] : [armed])],
    returns: ScanResult,
    body: [
      step('find_pmd', 'find_pmd_or_thp_or_none(mm, haddr, &pmd)', [set(kind, pmd.kind(p))]),
      if_(eq(kind, 'huge'), [ret('SCAN_SUCCEED', ScanResult)]),
      ...(k.uffd === undefined
        ? []
        : [
            step('userfaultfd_wp', 'userfaultfd_wp(vma)', [set(armed, hasAny(vma.vm_flags(v), 'VM_UFFD_WP'))]),
            check('uffd_wp', armed, [ret('SCAN_PTE_UFFD_WP', ScanResult)]),
          ]),
      lock('filemap_lock_folio', 'folio = filemap_lock_folio(mapping, pgoff)', folio.lock(huge)),
      while_(truth(true), [
        step('folio_order', 'if (folio_order(folio) != HPAGE_PMD_ORDER)', [set(cached, folio.cached(huge))]),
        if_(not(cached), [let_(result, 'SCAN_FAIL'), break_]),
        step('find_pmd_locked', 'find_pmd_or_thp_or_none(mm, haddr, &pmd)', [set(kind, pmd.kind(p))]),
        if_(eq(kind, 'huge'), [let_(result, 'SCAN_FAIL'), break_]),
        if_(eq(kind, 'table'), removeTable),
        call('install_pmd', do_set_pmd, [p], mapped),
        if_(mapped, [let_(result, 'SCAN_SUCCEED')], [let_(result, 'SCAN_FAIL')]),
        break_,
      ]),
      unlock('unlock_folio', 'folio_unlock(folio)', folio.lock(huge)),
      ret(result),
    ],
  })

/** madvise(MADV_COLLAPSE) on the PMD-sized range of one pmd of a shmem mapping. */
export const sys_madvise_collapse = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'madvise(MADV_COLLAPSE)',
    file: 'mm/khugepaged.c',
    read: 'v7.0-rc6: madvise_collapse()',
    params: [p],
    locals: [v, cached, covered, result, errno],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', pmd.mm(p)),
      step('find_vma', 'vma = find_vma_prev(mm, start, &prev)', [set(v, page.vma(pmd.first(p)))]),
      mmap_read_unlock('drop_for_file', pmd.mm(p)),
      let_(result, 'SCAN_VMA_NULL'),
      if_(ne(v, 'nil'), [
        step('scan', 'hpage_collapse_scan_file(mm, addr, file, pgoff)', [set(cached, folio.cached(huge))]),
        let_(result, 'SCAN_SUCCEED'),
        if_(not(cached), [call('collapse', collapse_file(k), [pmd.chunk(p)], result)]),
      ]),
      if_(eq(result, 'SCAN_SUCCEED'), [
        mmap_read_lock('mmap_read_lock_again', pmd.mm(p)),
        step('vma_lookup', 'vma = vma_lookup(mm, haddr), range_in_vma(vma, haddr, haddr + HPAGE_PMD_SIZE)', [
          set(v, page.vma(pmd.first(p))),
          set(covered, and(ne(v, 'nil'), le(vma.start(v), pmd.first(p)), le(pmd.last(p), vma.end(v)))),
        ]),
        let_(result, 'SCAN_VMA_CHECK'),
        if_(covered, [call('pte_mapped', try_collapse_pte_mapped_thp(k), k.uffd === undefined ? [p] : [p, v], result)]),
        mmap_read_unlock('mmap_read_unlock', pmd.mm(p)),
      ]),
      // madvise_collapse_errno()
      let_(errno, '-EINVAL'),
      if_(eq(result, 'SCAN_VMA_NULL'), [let_(errno, '-ENOMEM')]),
      if_(eq(result, 'SCAN_SUCCEED'), [let_(errno, '0')]),
      if_(isOneOf(result, 'SCAN_PAGE_LOCK', 'SCAN_PAGE_FILLED'), [let_(errno, '-EAGAIN')]),
      if_(eq(result, 'SCAN_EXCEED_NONE_PTE'), [let_(errno, '-EBUSY')]),
      ...io.leave(errno),
    ],
  })
