/**
 * mm/huge_memory.c: huge pages of anonymous memory that a fork has made two processes share. For
 * scenarios with the setting `thp`; without it fork splits what is huge. do_huge_pmd_wp_page() was read in
 * a stored copy of about v6.4 and in patches to it up to v6.13, copy_huge_pmd() in patches up to v6.19;
 * neither at v7.0-rc6 (UNVERIFIED there).
 *
 * Not modelled yet: pinned pages (the page is split and copied at once), the huge zero page, the page
 * tables that are deposited on both sides, userfaultfd, change_huge_pmd() (mprotect() splits here), a folio
 * that is locked or still in the swap cache (a write then splits; not to `reuse` stands for that as well).
 */
import { and, bound, eq, exists, local, ne, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, forEach, if_, let_, lock, ret, set, step, unlock, when } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { isShared, shareAnonPage } from './cow.ts'
import { VmFault } from './errno.ts'
import { __split_huge_pmd } from './huge_memory.ts'
import { page, pmd, PmdKind } from './mm_types.ts'

const READ = 'about v6.4, and patches up to v6.19'
const p: Local = local('src_pmd', refTo('pmd'))
const dp: Local = local('dst_pmd', refTo('pmd'))
const addr: Local = local('address', refTo('page'))
const kind: Local = local('pmdval', PmdKind)
const fail: Local = local('fail', bool)
const others: Local = local('shared_page', bool)
const reuse: Local = local('reuse', bool)
const v: Local = local('vma', nilable('vma'))
const under = page.pmd(addr)
const each = bound('pg', 'page')

/** The child maps the same huge page, and neither may write it. False where there is no memory. Both mmap locks are held. */
export const copy_huge_pmd = (k: Build): Routine =>
  routine({
    name: 'copy_huge_pmd',
    file: 'mm/huge_memory.c',
    read: READ,
    params: [dp, p],
    locals: k.oom ? [fail] : [],
    returns: bool,
    body: [
      ...(k.oom
        ? [
            step('may_fail', 'pgtable = pte_alloc_one(dst_mm)', [], { choose: [fail], sleeps: true }),
            if_(fail, [ret(false, bool)]),
          ]
        : []),
      lock('dst_lock', 'dst_ptl = pmd_lock(dst_mm, dst_pmd)', pmd.lock(dp)),
      lock('src_lock', 'spin_lock_nested(src_ptl, SINGLE_DEPTH_NESTING)', pmd.lock(p)),
      step('set_wrprotect', 'pmdp_set_wrprotect(src_mm, addr, src_pmd)', [
        when(eq(pmd.kind(p), 'huge_anon'), [
          set(pmd.kind(p), 'huge_anon_ro'),
          forEach('page', 'pg', [when(eq(page.pmd(each), p), [set(page.tlb_stale(each), true)])]),
        ]),
      ]),
      step('set_pmd_at', 'set_pmd_at(dst_mm, addr, dst_pmd, pmd)', [
        set(pmd.kind(dp), 'huge_anon_ro'),
        forEach('page', 'pg', [when(eq(page.pmd(each), p), [shareAnonPage(each)])]),
      ]),
      unlock('src_unlock', 'spin_unlock(src_ptl)', pmd.lock(p)),
      unlock('dst_unlock', 'spin_unlock(dst_ptl)', pmd.lock(dp)),
      ret(true, bool),
    ],
  })

/** Some page of the huge one may be another process's too. */
const anyShared = exists('page', 'pg', (x) => and(eq(page.pmd(x), under), isShared(x)))

/** A write to a huge page that may not be written: made writable if it is nobody else's, split otherwise. */
export const do_huge_pmd_wp_page: Routine = routine({
  name: 'do_huge_pmd_wp_page',
  file: 'mm/huge_memory.c',
  read: READ,
  params: [v, addr],
  locals: [kind, others, reuse],
  returns: VmFault,
  body: [
    lock('pmd_lock', 'spin_lock(vmf->ptl)', pmd.lock(under)),
    step('pmd_same', 'if (unlikely(!pmd_same(*vmf->pmd, orig_pmd)))', [set(kind, pmd.kind(under))]),
    check('pmd_changed', ne(kind, 'huge_anon_ro'), [
      unlock('pmd_unlock_changed', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
      ret('done', VmFault),
    ]),
    step('exclusive', 'PageAnonExclusive(page) || folio_ref_count(folio) == 1', [set(others, anyShared)], {
      choose: [reuse],
      atomic: 'one counter stands for whoever maps it',
    }),
    check('not_exclusive', others, [let_(reuse, false)]),
    if_(reuse, [
      step('set_access_flags', 'pmdp_set_access_flags(vma, haddr, vmf->pmd, entry, 1)', [
        set(pmd.kind(under), 'huge_anon'),
      ]),
      unlock('pmd_unlock_reused', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
      ret('done', VmFault),
    ]),
    unlock('pmd_unlock', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
    call('fallback', __split_huge_pmd, [under]),
    ret('VM_FAULT_FALLBACK', VmFault),
  ],
})
