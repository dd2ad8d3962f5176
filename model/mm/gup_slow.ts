/**
 * mm/gup.c: get_user_pages() and pin_user_pages() of one page in scenarios with page frames, under the mmap read
 * lock (facts gup-cow-nosigbus, A.5, A.6, E7).
 *
 * Each turn of the loop decides from what stands in the tables alone; nothing is remembered of the turn before.
 * Which page is taken, and whether, is one section under ptl, as in the kernel.
 *
 * Not modelled yet: faults that drop the mmap lock (FAULT_FLAG_TRIED is set from the start), several pages at once,
 * pages that FOLL_LONGTERM migrates (CMA, ZONE_MOVABLE), devices, secretmem, fsdax, signals.
 */
import { and, eq, hasAny, isOneOf, local, ne, not, or, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  break_,
  call,
  check,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  unlock,
  when,
  while_,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable } from '../language/types.ts'
import type { Build } from './build.ts'
import { Result, VmFault } from './errno.ts'
import { frameOf, mappedFrame, pageOfHuge } from './frame.ts'
import { entry, frame, gupMm } from './frame_types.ts'
import {
  addr,
  anonEntry,
  asksExclusive,
  exclusive,
  f,
  FOLL,
  grab,
  gup_must_unshare,
  pte,
  pmdPage,
  pteWrite,
  recordHold,
  shared,
  uncounted,
  wantsWrite,
  zeroTest,
  type GupFlags,
} from './gup_flags.ts'
import { isHuge } from './huge_memory.ts'
import { handle_mm_fault } from './memory.ts'
import { brokeCow } from './memory_wp.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { page, pmd, PmdKind, READABLE_PTES, table, vma } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v6.2 (84209e87c696), a copy of about v6.14; older ones by the facts'
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const unshare: Local = local('unshare', bool)
const got: Local = local('page', bool)
const allowed: Local = local('allowed', bool)
const fault: Local = local('ret', VmFault)
const result: Local = local('result', Result)
const under = page.pmd(addr)

/** FOLL_PIN: mm_set_has_pinned_flag(), before anything is looked at. */
export const setHasPinned = (k: Build, flags: GupFlags): readonly Stmt[] =>
  flags.pin && !k.has('fork-shares-pinned')
    ? [step('has_pinned', 'mm_set_has_pinned_flag(&mm->flags)', [set(gupMm.hasPinned(page.mm(addr)), true)])]
    : []

/** Takes the page that the entry maps, unless it has to be unshared first. The lock of the entry is held. */
const take = (k: Build, flags: GupFlags, writable: Expr, anonymous: Expr, asked: Expr): readonly Stmt[] => [
  ...(asksExclusive(k, flags)
    ? [
        let_(exclusive, true),
        if_(and(not(writable), anonymous), [
          step('PageAnonExclusive', 'gup_must_unshare(): PageAnonExclusive(page)', [
            set(exclusive, frame.exclusive(asked)),
          ]),
        ]),
        check('gup_must_unshare', and(not(writable), gup_must_unshare(k, flags, anonymous, false)), [
          let_(unshare, true),
        ]),
      ]
    : []),
  if_(not(unshare), [
    ...zeroTest(k, flags),
    step(
      'try_grab_folio',
      `try_grab_folio(folio, 1, ${FOLL(flags)})`,
      [assert('PinSnapshot', eq(mappedFrame(k, addr), f)), ...grab(k, flags, f), ...recordHold(flags, f)],
      { atomic: 'what the tables map is noted for a property' },
    ),
    let_(got, true),
  ]),
]

/**
 * What FOLL_FORCE remembers from one turn to the next, up to v5.19: that copy-on-write was broken (FOLL_COW), or,
 * before v4.9, that it was, in that it asks for no write any more. From v6.0 on nothing (A.6, C6, C8).
 */
const cow: Local = local('foll_cow', bool)
const wasDirty: Local = local('dirty', bool)
const mayWrite: Local = local('vm_write', bool)
const forceLocals = (flags: GupFlags): readonly Local[] => (flags.force === true ? [cow, mayWrite] : [])

/** can_follow_write_pte() */
function canFollowWrite(k: Build, flags: GupFlags): Expr {
  if (flags.force !== true) return pteWrite
  if (k.has('gup-forgets-write')) return or(pteWrite, cow)
  if (k.has('force-by-foll-cow')) return or(pteWrite, and(cow, wasDirty))
  return or(pteWrite, and(not(shared), not(mayWrite), anonEntry, exclusive))
}
const readForForce = (k: Build, flags: GupFlags): readonly Action[] => {
  if (flags.force !== true) return []
  if (k.has('force-by-foll-cow')) return [set(wasDirty, entry.dirty(t, page.slot(addr)))]
  return [set(exclusive, false), when(and(anonEntry, ne(f, 'nil')), [set(exclusive, frame.exclusive(f))])]
}

const follow_page_pte = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'follow_page_pte',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, unshare, got, ...forceLocals(flags)],
    locals: [t, pte, f, exclusive, uncounted, ...(flags.force === true ? [wasDirty] : [])],
    body: [
      call('map', pte_offset_map_lock, [under], t),
      if_(eq(t, 'nil'), [ret()]),
      step('ptep_get', 'pte = ptep_get(ptep); page = vm_normal_page(vma, address, pte)', [
        set(pte, table.pte(t, page.slot(addr))),
        set(f, frameOf(pte, entry.frame(t, page.slot(addr)), addr)),
        ...readForForce(k, flags),
      ]),
      if_(not(isOneOf(pte, ...READABLE_PTES)), [call('unmap_none', pte_unmap_unlock, [t]), ret()]),
      check('can_follow_write', and(wantsWrite(k, flags), not(canFollowWrite(k, flags))), [
        call('unmap_write', pte_unmap_unlock, [t]),
        ret(),
      ]),
      ...take(k, flags, pteWrite, anonEntry, f),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

const pmdWrite: Expr = eq(kind, 'huge_anon')
const follow_trans_huge_pmd = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'follow_trans_huge_pmd',
    file: 'mm/huge_memory.c',
    read: READ,
    params: [addr, unshare, got],
    locals: [kind, f, exclusive, uncounted],
    body: [
      lock('pmd_lock', 'ptl = pmd_lock(mm, pmd)', pmd.lock(under)),
      step('pmd', 'pmdval = *pmd; page = pmd_page(*pmd)', [
        set(kind, pmd.kind(under)),
        set(f, pageOfHuge(k, entry.huge(under), addr)),
      ]),
      if_(and(isOneOf(kind, 'huge_anon', 'huge_anon_ro', 'huge_zero'), or(not(wantsWrite(k, flags)), pmdWrite)), [
        ...take(k, flags, pmdWrite, isOneOf(kind, 'huge_anon', 'huge_anon_ro'), pmdPage(k, f)),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(under)),
    ],
  })

const follow_page_mask = (k: Build, flags: GupFlags): Routine =>
  routine({
    name: 'follow_page_mask',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, unshare, got, ...forceLocals(flags)],
    locals: [kind],
    body: [
      let_(unshare, false),
      let_(got, false),
      step('pmd', 'pmdval = pmdp_get_lockless(pmd)', [set(kind, pmd.kind(under))]),
      if_(isHuge(kind), [call('huge', follow_trans_huge_pmd(k, flags), [addr, unshare, got]), ret()]),
      if_(eq(kind, 'table'), [call('pte', follow_page_pte(k, flags), [addr, unshare, got, ...forceLocals(flags)])]),
    ],
  })

const failed = (code: string): readonly Stmt[] => [let_(result, code), break_]
const faultin = (label: string, of: Routine, write: Expr): readonly Stmt[] => [
  call(label, of, [v, addr, write, shared, truth(false), truth(true)], fault),
  if_(eq(fault, 'VM_FAULT_OOM'), failed('-ENOMEM')),
  if_(isOneOf(fault, 'VM_FAULT_SIGSEGV', 'VM_FAULT_SIGBUS', 'VM_FAULT_HWPOISON'), failed('-EFAULT')),
]

/**
 * should_force_cow_break() of v5.8: FOLL_WRITE of a private mapping that may not be written ends as FOLL_FORCE does, with
 * FOLL_COW, which can_follow_write_pte() takes without FOLL_FORCE there.
 */
const asTaken = (k: Build, asked: GupFlags): GupFlags =>
  k.has('gup-breaks-cow') && !asked.write ? { ...asked, force: true } : asked

/** FAULT_FLAG_WRITE of a VMA that may not be written: its page is copied, and stays read-only. */
const faultinForce = (k: Build, flags: GupFlags): readonly Stmt[] => [
  let_(brokeCow, false),
  call(
    'force',
    handle_mm_fault(k, 'force'),
    [
      v,
      addr,
      k.has('gup-forgets-write') ? not(cow) : wantsWrite(k, flags),
      shared,
      truth(false),
      truth(true),
      brokeCow,
    ],
    fault,
  ),
  if_(eq(fault, 'VM_FAULT_OOM'), failed('-ENOMEM')),
  if_(isOneOf(fault, 'VM_FAULT_SIGSEGV', 'VM_FAULT_SIGBUS', 'VM_FAULT_HWPOISON'), failed('-EFAULT')),
  // (ret & VM_FAULT_WRITE) && !(vma->vm_flags & VM_WRITE): *flags |= FOLL_COW, or before v4.9 *flags &= ~FOLL_WRITE
  if_(and(brokeCow, not(mayWrite)), [let_(cow, true)]),
]

/** get_user_pages() or pin_user_pages() of one page: 0, or an errno. */
export const gup_slow = (k: Build, asked: GupFlags): Routine => {
  const flags = asTaken(k, asked)
  return routine({
    name: flags.pin ? 'pin_user_pages' : 'get_user_pages',
    file: 'mm/gup.c',
    read: READ,
    params: [addr],
    locals: [
      v,
      allowed,
      unshare,
      got,
      fault,
      result,
      ...forceLocals(flags),
      ...(flags.force === true ? [brokeCow] : []),
    ],
    returns: Result,
    body: [
      ...setHasPinned(k, flags),
      mmap_read_lock('mmap_read_lock', page.mm(addr)),
      step('gup_vma_lookup', 'vma = gup_vma_lookup(mm, start)', [set(v, page.vma(addr))]),
      let_(result, '-EFAULT'),
      if_(ne(v, 'nil'), [
        step('check_vma_flags', 'check_vma_flags(vma, gup_flags)', [
          set(allowed, hasAny(vma.vm_flags(v), asked.write ? 'VM_WRITE' : 'VM_READ')),
          ...(flags.force === true ? [set(mayWrite, hasAny(vma.vm_flags(v), 'VM_WRITE'))] : []),
          ...(asked.force === true ? [when(not(shared), [set(allowed, truth(true))])] : []),
        ]),
        if_(allowed, [
          while_(truth(true), [
            call('follow', follow_page_mask(k, flags), [addr, unshare, got, ...forceLocals(flags)]),
            if_(got, [let_(result, '0'), break_]),
            if_(
              unshare,
              asksExclusive(k, flags) ? faultin('unshare', handle_mm_fault(k, 'unshare'), truth(false)) : [],
              flags.force === true
                ? faultinForce(k, flags)
                : faultin('faultin_page', handle_mm_fault(k), wantsWrite(k, flags)),
            ),
          ]),
        ]),
      ]),
      mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
      ret(result),
    ],
  })
}
