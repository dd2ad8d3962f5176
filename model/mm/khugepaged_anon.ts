/**
 * mm/khugepaged.c on anonymous memory: hpage_collapse_scan_pmd() and collapse_huge_page(), as khugepaged
 * and MADV_COLLAPSE call them. Read in torvalds/linux at 00f58104202c (v6.12); what v6.17, v6.18 and
 * v7.0-rc6 have otherwise from guard-regions facts 5.7, 5.8 and B24.
 *
 * The limits of khugepaged are at their widest: max_ptes_none is one less than a table has entries (its
 * default), and max_ptes_swap and max_ptes_shared stop nothing, so that no guard is kept by a limit alone.
 * The page table that is deposited under the huge page goes back to the pool of tables, and a split
 * takes one from there: nobody may look at it meanwhile, since a zap of the huge page frees it at once.
 *
 * With page frames the references of each page are asked for, it is copied, and before the table is
 * used again an IPI waits for GUP-fast (2ba99c5e0881). TLB flushes are no IPIs here, as on some machines.
 *
 * Not modelled yet: which pages are young, on the LRU, locked, or (without page frames) pinned, failing allocations,
 * poisoned memory, an mm that exits, a VMA that may not be written (from v6.18 on
 * it gets a read-only huge page; here it is refused, as up to v6.17).
 */
import {
  and,
  bound,
  eq,
  hasAny,
  isEmpty as noMember,
  isOneOf,
  le,
  literal,
  local,
  ne,
  not,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  break_,
  call,
  check,
  for_,
  forEach,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable } from '../language/types.ts'
import type { Build } from './build.ts'
import { newAnonPage } from './cow.ts'
import { ScanResult, VmFault } from './errno.ts'
import { addRmap, ALLOCATES, copied, fresh, ifFrames, newFrame } from './frame.ts'
import { entry, frame, irq } from './frame_types.ts'
import { isHuge } from './huge_memory.ts'
import { at, busy, clearFrame, copyFrame, f, isolateFrame, p, result, t, takeLarge } from './khugepaged_frames.ts'
import { do_swap_page } from './memory_wp_kinds.ts'
import { mmap_read_lock, mmap_read_unlock, mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { AnonVma, mapping, mm, page, pmd, PmdKind, Pte, table, vma, VmFlags } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'v6.12 (00f58104202c); v6.17 to v7.0-rc6 by the facts'
const v: Local = local('vma', nilable('vma'))
const kind: Local = local('pmdval', PmdKind)
const pte: Local = local('pteval', Pte)
const anon: Local = local('anon_vma', AnonVma)
const flags: Local = local('vm_flags', VmFlags)
const allowed: Local = local('allowable', bool)
const armed: Local = local('userfaultfd_armed', bool)
const writable: Local = local('writable', bool)
/** none_or_zero < HPAGE_PMD_NR */
const occupied: Local = local('some_present', bool)
const unmapped: Local = local('unmapped', bool)
const got: Local = local('got', bool)
const fault: Local = local('ret', VmFault)

const isEmpty = isOneOf(pte, 'none', 'zero')
const isSwapPte = isOneOf(pte, 'swap', 'migration', 'guard', 'uffd_wp', 'poison')
const noTable = literal(nilable('table'), 'nil')

/** thp_vma_allowable_order() and thp_vma_suitable_order(): all of the pmd in one VMA that may be huge. */
const findVma = (label: string, text: string): readonly Stmt[] => [
  let_(flags, ''),
  step(label, text, [
    set(v, page.vma(pmd.first(p))),
    set(allowed, and(pmd.whole(p), ne(v, 'nil'), le(vma.start(v), pmd.first(p)), le(pmd.last(p), vma.end(v)))),
    when(allowed, [set(flags, vma.vm_flags(v))]),
  ]),
  if_(not(hasAny(flags, 'VM_WRITE')), [let_(allowed, false)]),
  if_(hasAny(flags, 'VM_NOHUGEPAGE'), [let_(allowed, false)]),
  let_(armed, hasAny(flags, 'VM_UFFD_MISSING|VM_UFFD_WP')),
]

/** hugepage_vma_revalidate() after the mmap lock was let go of. */
const revalidate = (label: string): readonly Stmt[] => [
  ...findVma(label, 'hugepage_vma_revalidate(mm, address, true, &vma, cc)'),
  let_(result, 'SCAN_VMA_CHECK'),
  if_(allowed, [
    step(`${label}_anon_vma`, 'if (expect_anon && !(*vmap)->anon_vma)', [set(anon, vma.anon_vma(v))]),
    let_(result, 'SCAN_SUCCEED'),
    if_(eq(anon, 'NULL'), [let_(result, 'SCAN_PAGE_ANON')]),
  ]),
]

const findPmd = (label: string): readonly Stmt[] => [
  step(label, 'find_pmd_or_thp_or_none(mm, address, &pmd)', [set(kind, pmd.kind(p))]),
  let_(result, 'SCAN_SUCCEED'),
  if_(eq(kind, 'none'), [let_(result, 'SCAN_PMD_NULL')]),
  if_(isHuge(kind), [let_(result, 'SCAN_PMD_MAPPED')]),
]

/**
 * Looks through the table under ptl, in a VMA that is allowable: is there something to collapse, and is
 * part of it not present? Any marker counts as swapped out; only userfaultfd's end the scan.
 */
const hpage_collapse_scan_pmd = (k: Build, khugepaged: boolean): Routine =>
  routine({
    name: 'hpage_collapse_scan_pmd',
    file: 'mm/khugepaged.c',
    read: READ,
    params: [p, armed, unmapped],
    locals: [kind, t, at, pte, occupied, writable, result],
    returns: ScanResult,
    body: [
      ...findPmd('find_pmd'),
      if_(ne(result, 'SCAN_SUCCEED'), [ret(result)]),
      call('map', pte_offset_map_lock, [p], t),
      if_(eq(t, noTable), [ret('SCAN_PMD_NULL', ScanResult)]),
      for_(at, pmd.first(p), pmd.last(p), [
        step('ptep_get', 'pteval = ptep_get(_pte)', [set(pte, table.pte(t, page.slot(at)))]),
        if_(
          isEmpty,
          [if_(armed, [let_(result, 'SCAN_EXCEED_NONE_PTE'), break_])],
          [
            let_(occupied, true),
            if_(isOneOf(pte, 'uffd_wp', 'anon_wp', 'anon_wp_none'), [let_(result, 'SCAN_PTE_UFFD_WP'), break_]),
            if_(isSwapPte, [let_(unmapped, true)]),
            if_(eq(pte, 'anon'), [let_(writable, true)]),
          ],
        ),
      ]),
      ...(khugepaged ? [if_(not(occupied), [let_(result, 'SCAN_EXCEED_NONE_PTE')])] : []),
      ...(k.has('collapse-read-only')
        ? []
        : [if_(and(eq(result, 'SCAN_SUCCEED'), not(writable)), [let_(result, 'SCAN_PAGE_RO')])]),
      call('unmap', pte_unmap_unlock, [t]),
      ret(result),
    ],
  })

/** Faults in what is not present. A guard or poison is a fault that cannot be resolved. */
const __collapse_huge_page_swapin = (k: Build): Routine =>
  routine({
    name: '__collapse_huge_page_swapin',
    file: 'mm/khugepaged.c',
    read: READ,
    params: [p],
    locals: [at, t, pte, fault],
    returns: ScanResult,
    body: [
      let_(t, noTable),
      for_(at, pmd.first(p), pmd.last(p), [
        if_(eq(t, noTable), [
          step('map', 'pte = pte_offset_map_ro_nolock(mm, pmd, address, &ptl)', [
            set(t, pmd.table(p)),
            when(ne(t, noTable), rcu_read_lock),
          ]),
          if_(eq(t, noTable), [ret('SCAN_PMD_NULL', ScanResult)]),
        ]),
        step('ptep_get_lockless', 'vmf.orig_pte = ptep_get_lockless(pte)', [
          set(pte, table.pte(t, page.slot(at))),
          // do_swap_page() unmaps it.
          when(isSwapPte, rcu_read_unlock),
        ]),
        if_(isSwapPte, [
          let_(t, noTable),
          // handle_pte_marker(): VM_FAULT_SIGSEGV, VM_FAULT_HWPOISON.
          check('vm_fault_error', isOneOf(pte, 'guard', 'poison'), [ret('SCAN_FAIL', ScanResult)]),
          if_(eq(pte, 'swap'), [
            call('do_swap_page', do_swap_page(k), [at, pte], fault),
            if_(ne(fault, 'done'), [ret('SCAN_FAIL', ScanResult)]),
          ]),
        ]),
      ]),
      if_(ne(t, noTable), [step('pte_unmap', 'pte_unmap(pte)', [...rcu_read_unlock])]),
      ret('SCAN_SUCCEED', ScanResult),
    ],
  })

/** Under the mmap write lock. Which of the two comes first decides B24. */
const lockVmaAndCheckPmd = (k: Build): readonly Stmt[] => {
  const lockVma = call('vma_start_write', vma_start_write(k), [v])
  const checkPmd = [
    step('check_pmd_still_valid', 'check_pmd_still_valid(mm, address, pmd)', [set(kind, pmd.kind(p))]),
    check('pmd_still_valid', ne(kind, 'table'), [
      let_(result, 'SCAN_PMD_NULL'),
      if_(isHuge(kind), [let_(result, 'SCAN_PMD_MAPPED')]),
    ]),
  ]
  return k.has('collapse-locks-vma-first')
    ? [lockVma, ...checkPmd]
    : [...checkPmd, if_(eq(result, 'SCAN_SUCCEED'), [lockVma])]
}

const anonVmaLock = mapping.anon_rwsem(vma.anon_root(v))
const each = bound('pg', 'page')

/** __collapse_huge_page_isolate(): under ptl, of a table that only this thread can reach. */
const isolate = (k: Build): readonly Stmt[] => [
  lock('pte_lock', 'pte = pte_offset_map_lock(mm, &_pmd, address, &pte_ptl)', table.ptl(t)),
  for_(at, pmd.first(p), pmd.last(p), [
    step('isolate', '__collapse_huge_page_isolate(): pteval = ptep_get(_pte)', [set(pte, table.pte(t, page.slot(at)))]),
    if_(and(isEmpty, armed), [let_(result, 'SCAN_EXCEED_NONE_PTE'), break_]),
    check('pte_present', isSwapPte, [let_(result, 'SCAN_PTE_NON_PRESENT'), break_]),
    if_(isOneOf(pte, 'anon_wp', 'anon_wp_none'), [let_(result, 'SCAN_PTE_UFFD_WP'), break_]),
    ...ifFrames(k, ...isolateFrame(k)),
  ]),
  unlock('pte_unlock', 'spin_unlock(pte_ptl)', table.ptl(t)),
]

/** From the flush of the pmd to the huge one, or back to the table where something in it cannot go. */
const isolateAndCopy = (k: Build): readonly Stmt[] => [
  lock('anon_vma_lock_write', 'anon_vma_lock_write(vma->anon_vma)', anonVmaLock),
  lock('pmd_lock', 'pmd_ptl = pmd_lock(mm, pmd)', pmd.lock(p)),
  step('pmdp_collapse_flush', '_pmd = pmdp_collapse_flush(vma, address, pmd)', [
    set(t, pmd.table(p)),
    // pmd_pgtable(_pmd) is put back or deposited, whatever _pmd is.
    assert('NoNilDereference', ne(t, noTable)),
    set(pmd.kind(p), 'none'),
    set(pmd.table(p), 'nil'),
    set(pmd.collapsing(p), t),
  ]),
  unlock('pmd_unlock', 'spin_unlock(pmd_ptl)', pmd.lock(p)),
  ...(k.frames === true && !k.has('collapse-no-ipi')
    ? [
        step('tlb_remove_table_sync_one', 'tlb_remove_table_sync_one()', [], {
          await: noMember(irq.off()),
          sleeps: true,
        }),
      ]
    : []),
  ...isolate(k),
  if_(
    eq(result, 'SCAN_SUCCEED'),
    [
      unlock('anon_vma_unlock_write', 'anon_vma_unlock_write(vma->anon_vma)', anonVmaLock),
      ...ifFrames(k, ...takeLarge(k)),
      // The kernel lets go of ptl after each entry.
      lock('copy_lock', '__collapse_huge_page_copy_succeeded(): spin_lock(ptl)', table.ptl(t)),
      for_(at, pmd.first(p), pmd.last(p), [
        ...ifFrames(k, ...copyFrame(k)),
        step('ptep_clear', 'ptep_clear(vma->vm_mm, address, _pte)', [
          ...ifFrames(k, ...clearFrame(k)),
          set(table.pte(t, page.slot(at)), 'none'),
        ]),
      ]),
      unlock('copy_unlock', 'spin_unlock(ptl)', table.ptl(t)),
      lock('pmd_lock_huge', 'spin_lock(pmd_ptl)', pmd.lock(p)),
      step(
        'set_pmd_at',
        'pgtable_trans_huge_deposit(mm, pmd, pgtable); set_pmd_at(mm, address, pmd, _pmd)',
        [
          set(pmd.kind(p), 'huge_anon'),
          set(pmd.collapsing(p), 'nil'),
          set(table.state(t), 'free'),
          ...(k.frames === true
            ? [
                ...(k.large !== undefined
                  ? [...addRmap(k, fresh, pmd.mm(p)), set(frame.exclusive(fresh), true)]
                  : newFrame(k, fresh, copied)),
                set(entry.huge(p), fresh),
              ]
            : [forEach('page', 'pg', [when(eq(page.pmd(each), p), newAnonPage(each))])]),
        ],
        k.frames === true ? ALLOCATES : {},
      ),
      unlock('pmd_unlock_huge', 'spin_unlock(pmd_ptl)', pmd.lock(p)),
    ],
    [
      lock('pmd_lock_back', 'spin_lock(pmd_ptl)', pmd.lock(p)),
      step('pmd_populate', 'pmd_populate(mm, pmd, pmd_pgtable(_pmd))', [
        set(pmd.kind(p), 'table'),
        set(pmd.table(p), t),
        set(pmd.collapsing(p), 'nil'),
      ]),
      unlock('pmd_unlock_back', 'spin_unlock(pmd_ptl)', pmd.lock(p)),
      unlock('anon_vma_unlock_back', 'anon_vma_unlock_write(vma->anon_vma)', anonVmaLock),
    ],
  ),
]

/** Replaces a table of anonymous pages by one huge page. Called with the mmap lock held for reading; lets go of it. */
const collapse_huge_page = (k: Build): Routine =>
  routine({
    name: 'collapse_huge_page',
    file: 'mm/khugepaged.c',
    read: READ,
    params: [p, unmapped],
    locals: [v, flags, allowed, armed, anon, kind, t, at, pte, result, ...ifFrames(k, f, busy, copied, fresh)],
    returns: ScanResult,
    body: [
      mmap_read_unlock('drop_to_allocate', pmd.mm(p)),
      mmap_read_lock('mmap_read_lock', pmd.mm(p)),
      ...revalidate('revalidate'),
      if_(eq(result, 'SCAN_SUCCEED'), findPmd('find_pmd')),
      if_(and(eq(result, 'SCAN_SUCCEED'), unmapped), [call('swapin', __collapse_huge_page_swapin(k), [p], result)]),
      mmap_read_unlock('mmap_read_unlock', pmd.mm(p)),
      if_(ne(result, 'SCAN_SUCCEED'), [ret(result)]),
      mmap_write_lock('mmap_write_lock', pmd.mm(p)),
      ...revalidate('revalidate_locked'),
      if_(eq(result, 'SCAN_SUCCEED'), lockVmaAndCheckPmd(k)),
      if_(eq(result, 'SCAN_SUCCEED'), isolateAndCopy(k)),
      call('mmap_write_unlock', mmap_write_unlock, [pmd.mm(p)]),
      ret(result),
    ],
  })

/** One PMD of anonymous memory, from its scan on; the caller holds the mmap lock for reading, and `v` and the rest are its. */
const scanAndCollapse = (k: Build, khugepaged: boolean): readonly Stmt[] => [
  let_(unmapped, false),
  call('scan', hpage_collapse_scan_pmd(k, khugepaged), [p, armed, unmapped], result),
  if_(
    eq(result, 'SCAN_SUCCEED'),
    [call('collapse', collapse_huge_page(k), [p, unmapped], result)],
    [mmap_read_unlock('mmap_read_unlock', pmd.mm(p))],
  ),
]

/** khugepaged at one PMD of anonymous memory. */
export const khugepaged_scan_anon = (k: Build): Routine =>
  routine({
    name: 'khugepaged_scan_mm_slot',
    file: 'mm/khugepaged.c',
    read: READ,
    params: [p],
    locals: [v, flags, allowed, armed, got, unmapped, result],
    body: [
      step('mmap_read_trylock', 'mmap_read_trylock(mm)', [tryAcquire(mm.mmap_lock(pmd.mm(p)), got, 'read')]),
      if_(eq(got, false), [ret()]),
      ...findVma('thp_vma_allowable_order', 'thp_vma_allowable_order(vma, vma->vm_flags, TVA_KHUGEPAGED, PMD_ORDER)'),
      if_(not(allowed), [mmap_read_unlock('mmap_read_unlock_skip', pmd.mm(p)), ret()]),
      ...scanAndCollapse(k, true),
    ],
  })

/**
 * madvise_collapse() on the anonymous memory of one pmd. A VMA without a whole pmd is not allowable.
 * Called with the mmap lock held for reading; lets go of it.
 */
export const madvise_collapse_anon = (k: Build): Routine =>
  routine({
    name: 'madvise_collapse(anon)',
    file: 'mm/khugepaged.c',
    read: READ,
    params: [p],
    locals: [v, flags, allowed, armed, unmapped, result],
    returns: ScanResult,
    body: [
      ...findVma(
        'thp_vma_allowable_order',
        'thp_vma_allowable_order(vma, vma->vm_flags, TVA_FORCED_COLLAPSE, PMD_ORDER)',
      ),
      let_(result, 'SCAN_VMA_CHECK'),
      if_(allowed, scanAndCollapse(k, false), [mmap_read_unlock('mmap_read_unlock_skip', pmd.mm(p))]),
      ret(result),
    ],
  })
