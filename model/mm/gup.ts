/**
 * mm/gup.c as far as MADV_POPULATE_READ and _WRITE, mlock() and process_vm_readv() go: pages of a range
 * are faulted in one by one under the mmap read lock. Read at v6.12 and v7.0-rc6 (guard-regions facts
 * 8.1).
 *
 * Not modelled yet: pins and references, FOLL_LONGTERM, unsharing, GUP-fast, faults that drop the mmap
 * lock, fatal signals.
 */
import { and, eq, hasAny, isOneOf, local, ne, or, plus, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, ret, set, step, when, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { Result, VmFault } from './errno.ts'
import { ofKernelMode } from './handle_userfault.ts'
import { handle_mm_fault } from './memory.ts'
import { isHuge } from './huge_memory.ts'
import { page, READABLE_PTES, pmd, PmdKind, Pte, table, vma } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v6.12, v7.0-rc6'
const addr: Local = local('start', refTo('page'))
const at: Local = local('address', refTo('page'))
const last: Local = local('end', refTo('page'))
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const pte: Local = local('pte', Pte)
const kind: Local = local('pmdval', PmdKind)
const write: Local = local('write', bool)
const shared: Local = local('shared', bool)
const allowed: Local = local('allowed', bool)
const there: Local = local('page', bool)
const fault: Local = local('ret', VmFault)

/** Whether an entry lets the access through, as can_follow_write_pte() and pte_present() see it. */
const usable: Expr = or(
  and(eq(write, false), isOneOf(pte, ...READABLE_PTES)),
  and(eq(write, true), or(eq(pte, 'anon'), and(eq(pte, 'file'), shared))),
)

const follow_page_mask: Routine = routine({
  name: 'follow_page_mask',
  file: 'mm/gup.c',
  read: READ,
  params: [at, write, shared],
  locals: [kind, t, pte],
  returns: bool,
  body: [
    step('pmd', 'pmdval = pmdp_get_lockless(pmd)', [set(kind, pmd.kind(page.pmd(at)))]),
    if_(isHuge(kind), [ret(or(eq(write, false), eq(kind, 'huge_anon'), shared))]),
    if_(eq(kind, 'none'), [ret(false, bool)]),
    call('map', pte_offset_map_lock, [page.pmd(at)], t),
    if_(eq(t, 'nil'), [ret(false, bool)]),
    step('ptep_get', 'pte = ptep_get(ptep)', [set(pte, table.pte(t, page.slot(at)))]),
    call('unmap', pte_unmap_unlock, [t]),
    ret(usable),
  ],
})

/** Faults in start..end; the caller holds the mmap read lock. -EFAULT at the first page that cannot be had. */
export const __get_user_pages = (k: Build): Routine =>
  routine({
    name: '__get_user_pages',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, last, write],
    locals: [at, v, shared, allowed, there, fault],
    returns: Result,
    body: [
      let_(at, addr),
      while_(truth(true), [
        step('gup_vma_lookup', 'vma = gup_vma_lookup(mm, start)', [
          set(v, page.vma(at)),
          when(ne(v, 'nil'), [
            set(shared, hasAny(vma.vm_flags(v), 'VM_SHARED')),
            set(
              allowed,
              or(and(eq(write, false), hasAny(vma.vm_flags(v), 'VM_READ')), hasAny(vma.vm_flags(v), 'VM_WRITE')),
            ),
          ]),
        ]),
        if_(eq(v, 'nil'), [ret('-ENOMEM', Result)]),
        // check_vma_flags()
        if_(eq(allowed, false), [ret('-EINVAL', Result)]),
        call('follow', follow_page_mask, [at, write, shared], there),
        if_(
          there,
          [if_(eq(at, last), [ret('0', Result)]), let_(at, plus(at, 1))],
          [
            call(
              'faultin_page',
              handle_mm_fault(ofKernelMode(k)),
              [v, at, write, shared, truth(false), truth(true)],
              fault,
            ),
            if_(eq(fault, 'VM_FAULT_OOM'), [ret('-ENOMEM', Result)]),
            // vm_fault_to_errno() with FOLL_HWPOISON, which MADV_POPULATE asks for and others do not.
            if_(eq(fault, 'VM_FAULT_HWPOISON'), [ret('-EHWPOISON', Result)]),
            if_(isOneOf(fault, 'VM_FAULT_SIGSEGV', 'VM_FAULT_SIGBUS'), [ret('-EFAULT', Result)]),
          ],
        ),
      ]),
    ],
  })
