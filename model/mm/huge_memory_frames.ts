/**
 * mm/huge_memory.c: huge pages of anonymous memory in scenarios whose folios have several frames (the setting `large`):
 * fork, write and unsharing faults, and mprotect(). Compared step by step with mm/huge_memory.c of a stored tree of
 * v7.0-rc (copy_huge_pmd(), do_huge_pmd_wp_page(), can_change_pmd_writable(), __split_huge_pmd_locked()); for earlier
 * kernels the facts gup-cow-nosigbus, A.9 and A.11. What a PMD maps is exclusive or not as a whole: PageAnonExclusive()
 * of its first page.
 *
 * Not modelled yet: a folio that is locked (there the fault waits, and looks at the PMD again; here it waits for nobody,
 * and splits), the page table that is deposited, PMD migration entries, huge pages that are made at the first touch, the
 * huge zero page (do_huge_zero_wp_pmd() of later kernels allocates a folio for it and splits it if there is none;
 * memory.ts splits it). folio_try_dup_anon_rmap_pmd() of v7.0 asks for pins before it asks whether the page is exclusive,
 * and here the other way round; the mmap lock and the lock of the PMD keep either from changing in between for the worse.
 */
import { and, eq, hasAny, isOneOf, ite, literal, local, ne, not, num, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, let_, lock, ret, set, step, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { addMappings, getFrame, isPinned, isUnlocked, noSwapEntry, putFrame } from './frame.ts'
import { entry, frame, gupMm } from './frame_types.ts'
import { splitOf } from './huge_memory.ts'
import type { Flavour } from './memory_wp.ts'
import { HUGE_ANON, page, pmd, PmdKind, vma, VmFlags } from './mm_types.ts'

const READ = 'v7.0-rc; v6.2 to v6.15 by the facts'
const p: Local = local('src_pmd', refTo('pmd'))
const dp: Local = local('dst_pmd', refTo('pmd'))
const f: Local = local('src_folio', nilable('frame'))
const asked: Local = local('exclusive', bool)
const pinned: Local = local('maybe_pinned', bool)
const addr: Local = local('address', refTo('page'))
const v: Local = local('vma', nilable('vma'))
const kind: Local = local('pmdval', PmdKind)
const folio: Local = local('folio', nilable('frame'))
const reuse: Local = local('reuse', bool)
const under = page.pmd(addr)

/**
 * The child maps the same folio, and neither may write it. False where it may be pinned: the PMD is split, and the pages
 * are copied one by one (-EAGAIN). Both mmap locks are held.
 */
export const copy_huge_pmd_frames = (k: Build): Routine =>
  routine({
    name: 'copy_huge_pmd',
    file: 'mm/huge_memory.c',
    read: READ,
    params: [dp, p],
    locals: [kind, f, asked, pinned],
    returns: bool,
    body: [
      lock('dst_lock', 'dst_ptl = pmd_lock(dst_mm, dst_pmd)', pmd.lock(dp)),
      lock('src_lock', 'spin_lock_nested(src_ptl, SINGLE_DEPTH_NESTING)', pmd.lock(p)),
      step(
        'pmd_page',
        'if (unlikely(!pmd_trans_huge(pmd))); src_folio = page_folio(pmd_page(pmd)); folio_get(src_folio)',
        [
          set(kind, pmd.kind(p)),
          set(f, 'nil'),
          when(isOneOf(kind, ...HUGE_ANON), [set(f, entry.huge(p)), getFrame(k, f)]),
        ],
      ),
      // An rmap walk may have split it meanwhile: -EAGAIN.
      if_(ne(f, 'nil'), [
        step('PageAnonExclusive', 'folio_try_dup_anon_rmap_pmd(): PageAnonExclusive(page)', [
          set(asked, frame.exclusive(f)),
        ]),
        let_(pinned, false),
        if_(asked, [
          step('has_pinned', 'folio_needs_cow_for_dma(): MMF_HAS_PINNED', [set(pinned, gupMm.hasPinned(pmd.mm(p)))]),
          if_(pinned, [step('maybe_dma_pinned', 'folio_maybe_dma_pinned(folio)', [set(pinned, isPinned(k, f))])]),
        ]),
        check('may_be_pinned', pinned, [
          step('put_pinned', 'folio_put(src_folio)', [...putFrame(k, f)]),
          unlock('src_unlock_pinned', 'spin_unlock(src_ptl)', pmd.lock(p)),
          unlock('dst_unlock_pinned', 'spin_unlock(dst_ptl)', pmd.lock(dp)),
          call('split', splitOf(k), [p]),
          ret(false, bool),
        ]),
        step('try_dup_anon_rmap', 'folio_try_dup_anon_rmap_pmd(src_folio, src_page, dst_vma, src_vma)', [
          ...addMappings(k, f, pmd.mm(dp), 1),
          set(frame.exclusive(f), false),
        ]),
        step('set_wrprotect', 'pmdp_set_wrprotect(src_mm, addr, src_pmd)', [set(pmd.kind(p), 'huge_anon_ro')]),
        step('set_pmd_at', 'set_pmd_at(dst_mm, addr, dst_pmd, pmd)', [
          set(pmd.kind(dp), 'huge_anon_ro'),
          set(entry.huge(dp), f),
        ]),
      ]),
      unlock('src_unlock', 'spin_unlock(src_ptl)', pmd.lock(p)),
      unlock('dst_unlock', 'spin_unlock(dst_ptl)', pmd.lock(dp)),
      ret(ne(f, 'nil')),
    ],
  })

const writable: Local = local('writable', bool)
/** A write to, or an unsharing of, a huge page that may not be written: kept if nobody else has it, split otherwise. */
export const do_huge_pmd_wp_page_frames = (k: Build, flavour: Flavour): Routine =>
  routine({
    name: flavour === 'plain' ? 'do_huge_pmd_wp_page' : `do_huge_pmd_wp_page(${flavour})`,
    file: 'mm/huge_memory.c',
    read: READ,
    params: [v, addr],
    locals: [kind, folio, reuse, writable],
    returns: VmFault,
    body: [
      lock('pmd_lock', 'spin_lock(vmf->ptl)', pmd.lock(under)),
      step('pmd_same', 'if (unlikely(!pmd_same(*vmf->pmd, orig_pmd)))', [
        set(kind, pmd.kind(under)),
        set(folio, entry.huge(under)),
      ]),
      check('pmd_changed', ne(kind, 'huge_anon_ro'), [
        unlock('pmd_unlock_changed', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
        ret('done', VmFault),
      ]),
      step('PageAnonExclusive', 'if (PageAnonExclusive(page))', [set(reuse, frame.exclusive(folio))]),
      if_(not(reuse), [
        step(
          'ref_count',
          'folio_trylock(folio); folio_free_swap(folio); folio_ref_count(folio) == 1: SetPageAnonExclusive(page)',
          [
            // The swap cache's references, as many as there are pages, are one here.
            set(
              reuse,
              and(
                isUnlocked(k, folio),
                eq(frame.refs(folio), ite(frame.swapcache(folio), num(2), num(1))),
                not(isPinned(k, folio)),
              ),
            ),
            when(and(reuse, frame.swapcache(folio)), [
              when(noSwapEntry(k, folio), [set(frame.swapcache(folio), false), ...putFrame(k, folio)]),
              set(reuse, not(frame.swapcache(folio))),
            ]),
            when(reuse, [set(frame.exclusive(folio), true)]),
          ],
        ),
      ]),
      check('reuse', reuse, [
        ...(flavour === 'unshare'
          ? []
          : [
              step('maybe_pmd_mkwrite', 'maybe_pmd_mkwrite(): vma->vm_flags & VM_WRITE', [
                set(writable, hasAny(vma.vm_flags(v), 'VM_WRITE')),
              ]),
              if_(writable, [
                step('set_access_flags', 'pmdp_set_access_flags(vma, haddr, vmf->pmd, entry, 1)', [
                  set(pmd.kind(under), 'huge_anon'),
                ]),
              ]),
            ]),
        unlock('pmd_unlock_reused', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
        ret('done', VmFault),
      ]),
      unlock('pmd_unlock', 'spin_unlock(vmf->ptl)', pmd.lock(under)),
      call('fallback', splitOf(k), [under]),
      ret('VM_FAULT_FALLBACK', VmFault),
    ],
  })

const flags: Local = local('newflags', VmFlags)
const exclusive: Local = local('anon_exclusive', bool)
/** A huge page that lies in the range whole gets the protection of its VMA; false where it has gone meanwhile. */
export const change_huge_pmd = (k: Build): Routine =>
  routine({
    name: 'change_huge_pmd',
    file: 'mm/huge_memory.c',
    read: READ,
    params: [p, flags],
    locals: [kind, f, exclusive, asked],
    returns: bool,
    body: [
      lock('pmd_lock', 'ptl = __pmd_trans_huge_lock(pmd, vma)', pmd.lock(p)),
      step('pmd', 'oldpmd = pmdp_invalidate_ad(vma, addr, pmd)', [set(kind, pmd.kind(p)), set(f, entry.huge(p))]),
      if_(not(isOneOf(kind, 'huge_anon', 'huge_anon_ro')), [
        unlock('pmd_unlock_gone', 'spin_unlock(ptl)', pmd.lock(p)),
        ret(false, bool),
      ]),
      let_(exclusive, false),
      ...canChangePmdWritable(k),
      step('set_pmd_at', 'set_pmd_at(mm, addr, pmd, entry)', [
        set(
          pmd.kind(p),
          ite(
            and(hasAny(flags, 'VM_WRITE'), exclusive),
            literal(PmdKind, 'huge_anon'),
            literal(PmdKind, 'huge_anon_ro'),
          ),
        ),
      ]),
      unlock('pmd_unlock', 'spin_unlock(ptl)', pmd.lock(p)),
      ret(true, bool),
    ],
  })

/** can_change_pmd_writable(): as A.10 has it of entries. */
function canChangePmdWritable(k: Build): readonly Stmt[] {
  if (k.has('mprotect-never-upgrades')) return [if_(eq(kind, 'huge_anon'), [let_(exclusive, true)])]
  return [
    if_(hasAny(flags, 'VM_WRITE'), [
      step('can_change_writable', 'can_change_pmd_writable(vma, addr, entry): PageAnonExclusive(page)', [
        set(asked, frame.exclusive(f)),
      ]),
      let_(exclusive, true),
      check('page_anon_exclusive', not(asked), [let_(exclusive, false)]),
    ]),
  ]
}
