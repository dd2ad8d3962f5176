/**
 * mm/huge_memory.c, the first touch of anonymous memory that may be huge: do_huge_pmd_anonymous_page(),
 * to which create_huge_pmd() comes where the pmd is empty. For scenarios with the setting `thp`, which
 * stands for /sys/kernel/mm/transparent_hugepage/enabled at `always` with use_zero_page at 0. From
 * guard-regions facts 3.1.3 and 3.2 PF4 (v7.0-rc6).
 *
 * Not modelled yet: the huge zero page, the table that is deposited (it comes out of the pool of tables
 * when the page is split), mTHP, failing allocations other than with `oom`, userfaultfd, whose VMAs get
 * small pages here, and MADV_HUGEPAGE as the way to ask for huge pages.
 */
import { and, bound, eq, hasAny, le, local, ne, not, or, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, forEach, if_, let_, lock, ret, set, step, unlock, when } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { newAnonPage } from './cow.ts'
import { VmFault } from './errno.ts'
import { page, pmd, PmdKind, vma, VmFlags } from './mm_types.ts'

const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const flags: Local = local('vm_flags', VmFlags)
const suitable: Local = local('suitable', bool)
const kind: Local = local('pmdval', PmdKind)
const fail: Local = local('fail', bool)
const fault: Local = local('ret', VmFault)
const under = page.pmd(addr)
const each = bound('pg', 'page')

/** A huge page under an empty pmd; VM_FAULT_FALLBACK where small pages have to do. */
export const do_huge_pmd_anonymous_page = (k: Build, vmf_anon_prepare: Routine): Routine =>
  routine({
    name: 'do_huge_pmd_anonymous_page',
    file: 'mm/huge_memory.c',
    read: 'v7.0-rc6, by the facts',
    params: [v, addr, vmaLocked],
    locals: k.oom ? [flags, suitable, kind, fault, fail] : [flags, suitable, kind, fault],
    returns: VmFault,
    body: [
      step('suitable', 'thp_vma_allowable_order(vma, ...), thp_vma_suitable_order(vma, haddr, PMD_ORDER)', [
        set(suitable, and(pmd.whole(under), le(vma.start(v), pmd.first(under)), le(pmd.last(under), vma.end(v)))),
        set(flags, vma.vm_flags(v)),
      ]),
      if_(hasAny(flags, 'VM_NOHUGEPAGE|VM_UFFD_MISSING|VM_UFFD_WP'), [let_(suitable, false)]),
      if_(or(not(suitable), not(hasAny(flags, 'VM_WRITE'))), [ret('VM_FAULT_FALLBACK', VmFault)]),
      call('anon_prepare', vmf_anon_prepare, [v, addr, vmaLocked], fault),
      if_(ne(fault, 'done'), [ret(fault)]),
      ...(k.oom
        ? [
            step('may_fail', 'folio = vma_alloc_anon_folio_pmd(vma, vmf->address)', [], {
              choose: [fail],
              sleeps: true,
            }),
            if_(fail, [ret('VM_FAULT_FALLBACK', VmFault)]),
          ]
        : []),
      lock('pmd_lock', 'vmf->ptl = pmd_lock(vma->vm_mm, vmf->pmd)', pmd.lock(under)),
      step('pmd_none', 'if (unlikely(!pmd_none(*vmf->pmd)))', [set(kind, pmd.kind(under))]),
      check('pmd_changed', ne(kind, 'none'), [
        unlock('pmd_unlock_changed', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
        ret('done', VmFault),
      ]),
      step('set_pmd_at', 'map_anon_folio_pmd_pf(): set_pmd_at(vma->vm_mm, haddr, vmf->pmd, entry)', [
        set(pmd.kind(under), 'huge_anon'),
        forEach('page', 'pg', [when(eq(page.pmd(each), under), newAnonPage(each))]),
      ]),
      unlock('pmd_unlock', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
      ret('done', VmFault),
    ],
  })
