/**
 * mm/hugetlb.c: faults on hugetlb mappings, in scenarios with page frames (facts gup-cow-nosigbus, A.9, E5). One entry
 * stands for a huge page of whatever size; private ones come out of the frames of the scenario.
 *
 * hugetlb_wp() keeps a page that nobody else maps, whoever holds a reference: huge pages are too scarce to copy on
 * suspicion. So vmsplice() can leak what is stored afterwards; the selftest cow.c expects its rows to fail.
 *
 * Not modelled yet: reservations, a pool that is empty (unmapping for the owner's sake, SIGBUS), PMD sharing and its
 * VMA lock, poisoned pages.
 */
import { and, eq, isOneOf, ite, literal, local, ne, not, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, let_, lock, ret, set, step, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { ALLOCATES, copied, fresh, frameOf, getFrame, mapNewFrame, origFrame, putFrame, removeRmap } from './frame.ts'
import { entry, faultMutex, frame } from './frame_types.ts'
import { vmf_anon_prepare } from './memory_anon_prepare.ts'
import { lockIfSameFrame, type Flavour } from './memory_wp.ts'
import { ANON_PTES, folio, mapping, page, pmd, PmdKind, Pte, table } from './mm_types.ts'
import { __pte_alloc, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'about v6.14 by the facts; v5.7 and later alike in what is modelled'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const write: Local = local('write', bool)
const t: Local = local('table', nilable('table'))
const kind: Local = local('pmdval', PmdKind)
const orig: Local = local('orig_pte', Pte)
const now: Local = local('pte', Pte)
const nowFrame: Local = local('pfn', nilable('frame'))
const f: Local = local('old_folio', nilable('frame'))
const cached: Local = local('cached', bool)
const reuse: Local = local('reuse', bool)
const ok: Local = local('ok', bool)
const fault: Local = local('ret', VmFault)
const under = page.pmd(addr)
const slot = page.slot(addr)
const shared: Expr = mapping.shared(page.mapping(addr))
const anonymous = isOneOf(orig, ...ANON_PTES)
const unlocked: Local = local('vma_locked', bool)

/** Fills an empty entry: with the page of the page cache, or with a page of one's own. */
const folioLock = folio.lock(page.folio(addr))
const folioUnlock = (label: string): Stmt => unlock(label, 'folio_unlock(folio)', folioLock)
const hugetlb_no_page = (k: Build): Routine =>
  routine({
    name: 'hugetlb_no_page',
    file: 'mm/hugetlb.c',
    read: READ,
    params: [v, addr, write],
    locals: [t, orig, origFrame, now, nowFrame, cached, fresh, copied, fault, kind, ok, unlocked],
    returns: VmFault,
    body: [
      lock('folio_lock', 'folio_lock(folio): of the one in the page cache, or a new one', folioLock),
      step('filemap_lock_folio', 'folio = filemap_lock_hugetlb_folio(h, mapping, vmf->pgoff)', [
        set(cached, folio.cached(page.folio(addr))),
      ]),
      if_(and(not(cached), shared), [
        step(
          'add_to_page_cache',
          'hugetlb_add_to_page_cache(folio, mapping, vmf->pgoff)',
          [set(folio.cached(page.folio(addr)), true)],
          { atomic: 'under the fault mutex of the page' },
        ),
        let_(cached, true),
      ]),
      if_(not(cached), [
        call('anon_prepare', vmf_anon_prepare(k), [v, addr, unlocked], fault),
        if_(ne(fault, 'done'), [folioUnlock('unlock_no_anon_vma'), ret(fault)]),
      ]),
      step('pmd_none', 'huge_pte_alloc(mm, vma, address, huge_page_size(h))', [set(kind, pmd.kind(under))]),
      if_(eq(kind, 'none'), [
        call('pte_alloc', __pte_alloc(k), [under], ok),
        if_(not(ok), [folioUnlock('unlock_oom'), ret('VM_FAULT_OOM', VmFault)]),
      ]),
      let_(orig, 'none'),
      let_(origFrame, 'nil'),
      ...lockIfSameFrame('no_page', (where) => [folioUnlock(`unlock_${where}`)]),
      if_(
        cached,
        [
          step(
            'set_huge_pte_at',
            'hugetlb_add_file_rmap(folio); set_huge_pte_at(mm, vmf->address, vmf->pte, new_pte, sz)',
            [set(table.pte(t, slot), 'file')],
          ),
        ],
        [
          step(
            'set_huge_pte_at_anon',
            'hugetlb_add_new_anon_rmap(folio, vma, vmf->address); set_huge_pte_at(...)',
            [
              ...mapNewFrame(k, fresh, t, slot, copied),
              set(table.pte(t, slot), ite(write, literal(Pte, 'anon'), literal(Pte, 'anon_ro'))),
            ],
            ALLOCATES,
          ),
        ],
      ),
      call('unmap', pte_unmap_unlock, [t]),
      folioUnlock('folio_unlock'),
      ret('done', VmFault),
    ],
  })

const put = (k: Build, label: string): Stmt =>
  if_(anonymous, [step(label, 'folio_put(old_folio)', [...putFrame(k, f)])])

/** A write, or an unsharing, of an entry that is not writable, in a private mapping. */
const hugetlb_wp = (k: Build, flavour: Flavour): Routine =>
  routine({
    name: flavour === 'unshare' ? 'hugetlb_wp(unshare)' : 'hugetlb_wp',
    file: 'mm/hugetlb.c',
    read: READ,
    params: [v, addr, orig, origFrame],
    locals: [t, now, nowFrame, f, reuse, fresh, copied, fault, unlocked],
    returns: VmFault,
    body: [
      ...lockIfSameFrame('wp'),
      let_(f, frameOf(orig, origFrame, addr)),
      if_(anonymous, [
        step('mapcount', 'folio_mapcount(old_folio) == 1 && folio_test_anon(old_folio): SetPageAnonExclusive()', [
          set(reuse, eq(frame.mapcount(f), 1)),
          when(reuse, [set(frame.exclusive(f), !k.has('no-anon-exclusive'))]),
        ]),
        check('reuse', reuse, [
          ...(flavour === 'unshare'
            ? []
            : [
                step('set_huge_ptep_writable', 'set_huge_ptep_maybe_writable(vma, vmf->address, vmf->pte)', [
                  set(table.pte(t, slot), 'anon'),
                ]),
              ]),
          call('wp_unmap_reused', pte_unmap_unlock, [t]),
          ret('done', VmFault),
        ]),
        step('folio_get', 'folio_get(old_folio)', [getFrame(k, f)]),
      ]),
      call('wp_unmap', pte_unmap_unlock, [t]),
      call('anon_prepare', vmf_anon_prepare(k), [v, addr, unlocked], fault),
      if_(ne(fault, 'done'), [put(k, 'put_no_anon_vma'), ret(fault)]),
      step('copy_user_large_folio', 'copy_user_large_folio(new_folio, old_folio, vmf->real_address, vma)', [
        set(copied, frame.content(f)),
      ]),
      ...lockIfSameFrame('copy', (where) => [put(k, `put_${where}`)]),
      step(
        'set_huge_pte_at',
        'huge_ptep_clear_flush(vma, vmf->address, vmf->pte); set_huge_pte_at(mm, vmf->address, vmf->pte, newpte, sz)',
        [
          ...mapNewFrame(k, fresh, t, slot, copied),
          set(table.pte(t, slot), flavour === 'unshare' ? 'anon_ro' : 'anon'),
        ],
        ALLOCATES,
      ),
      if_(anonymous, [step('remove_rmap', 'hugetlb_remove_rmap(old_folio)', removeRmap(k, f, page.mm(addr)))]),
      call('unmap', pte_unmap_unlock, [t]),
      if_(anonymous, [step('put_old', 'folio_put(new_folio); folio_put(old_folio)', putFrame(k, f, 2))]),
      ret('done', VmFault),
    ],
  })

const mutex = faultMutex(folio.file(page.folio(addr)))

/** A fault on a hugetlb mapping: one at a time for each page of the file. */
export const hugetlb_fault = (k: Build, flavour: Flavour): Routine =>
  routine({
    name: flavour === 'unshare' ? 'hugetlb_fault(unshare)' : 'hugetlb_fault',
    file: 'mm/hugetlb.c',
    read: READ,
    params: [v, addr, write],
    locals: [t, orig, origFrame, fault],
    returns: VmFault,
    body: [
      lock('fault_mutex', 'mutex_lock(&hugetlb_fault_mutex_table[hash])', mutex),
      let_(orig, 'none'),
      let_(origFrame, 'nil'),
      step('huge_ptep_get', 'vmf.orig_pte = huge_ptep_get(mm, vmf.address, vmf.pte)', [
        set(t, pmd.table(under)),
        when(ne(t, 'nil'), rcu_read_lock),
      ]),
      if_(ne(t, 'nil'), [
        step('orig_pte', 'vmf.orig_pte', [
          set(orig, table.pte(t, slot)),
          set(origFrame, entry.frame(t, slot)),
          ...rcu_read_unlock,
        ]),
      ]),
      let_(fault, 'done'),
      if_(
        eq(orig, 'none'),
        [call('no_page', hugetlb_no_page(k), [v, addr, write], fault)],
        [
          if_(
            and(not(shared), flavour === 'unshare' ? ne(orig, 'anon') : and(write, isOneOf(orig, 'file', 'anon_ro'))),
            [call('wp', hugetlb_wp(k, flavour), [v, addr, orig, origFrame], fault)],
          ),
          if_(and(shared, write, eq(orig, 'file_ro')), [
            // A shared entry that mprotect() has left read-only.
            call('shared', hugetlb_shared, [addr, orig, origFrame], fault),
          ]),
        ],
      ),
      unlock('fault_mutex_unlock', 'mutex_unlock(&hugetlb_fault_mutex_table[hash])', mutex),
      ret(fault),
    ],
  })

/** set_huge_ptep_writable() of a page that a shared mapping maps. */
const hugetlb_shared: Routine = routine({
  name: 'hugetlb_wp(shared)',
  file: 'mm/hugetlb.c',
  read: READ,
  params: [addr, orig, origFrame],
  locals: [t, now, nowFrame],
  returns: VmFault,
  body: [
    ...lockIfSameFrame('shared'),
    step('set_huge_ptep_writable', 'set_huge_ptep_writable(vma, vmf->address, vmf->pte)', [
      set(table.pte(t, slot), 'file'),
    ]),
    call('unmap', pte_unmap_unlock, [t]),
    ret('done', VmFault),
  ],
})
