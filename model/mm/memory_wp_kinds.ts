/**
 * do_wp_page() and do_swap_page() of mm/memory.c, where entries say no more than what kind of page they map; and
 * do_wp_page() of shared mappings in every scenario. memory_wp.ts has the private ones of scenarios with page frames.
 * Read at v7.0-rc6 (guard-regions facts 3).
 */
import { and, eq, isOneOf, ite, literal, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, call, check, if_, let_, ret, set, step, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { isShared, newAnonPage } from './cow.ts'
import { VmFault } from './errno.ts'
import { cachedFolio, do_page_mkwrite } from './filemap_fault.ts'
import { deliver, deliverLocals } from './handle_userfault.ts'
import { vmf_anon_prepare } from './memory_anon_prepare.ts'
import { file, folio, mapping, page, Pte, table, UFFD_WP_PTES } from './mm_types.ts'
import { wpSharedZero } from './nosigbus.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'

const READ = 'v7.0-rc6'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const t: Local = local('table', nilable('table'))
const orig: Local = local('orig_pte', Pte)
const now: Local = local('pte', Pte)
const ok: Local = local('ok', bool)
const reuse: Local = local('reuse', bool)
const others: Local = local('shared_page', bool)
const fault: Local = local('ret', VmFault)
const f: Local = local('folio', nilable('folio'))
const ifUffd = <T>(k: Build, ...items: readonly T[]): readonly T[] => (k.uffd === undefined ? [] : items)
const under = page.pmd(addr)
const slot = page.slot(addr)

/** Locks the table and looks whether the entry is still what was seen; gives up with `done` where it is not. */
export const lockIfSame = (when_: string): readonly Stmt[] => [
  call(`${when_}_map`, pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [ret('done', VmFault)]),
  step(`${when_}_pte_same`, 'pte_same(ptep_get(vmf->pte), vmf->orig_pte)', [set(now, table.pte(t, slot))]),
  check(`${when_}_changed`, ne(now, orig), [
    call(`${when_}_unmap_changed`, pte_unmap_unlock, [t]),
    ret('done', VmFault),
  ]),
]

/** A page of a shared mapping; what has lost its registration and not its protection is like any other. */
const sharedReadOnly = (k: Build): Expr => {
  const readOnly = eq(orig, 'file_ro')
  return k.uffd === undefined ? readOnly : or(readOnly, and(eq(orig, 'file_wp'), mapping.shared(page.mapping(addr))))
}

/**
 * A write to a read-only entry. A shared page is made writable; an anonymous one too where nobody else
 * can have it (wp_can_reuse_anon_folio(), either answer here); anything else is copied, and the copy put
 * there if the entry is still the same.
 */
export const do_wp_page = (k: Build): Routine =>
  routine({
    name: 'do_wp_page',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, orig, vmaLocked],
    locals: [fault, t, now, reuse, others, f, ...deliverLocals(k)],
    returns: VmFault,
    body: [
      ...lockIfSame('wp'),
      ...ifUffd(
        k,
        if_(
          isOneOf(orig, ...UFFD_WP_PTES),
          deliver(k, 'VM_UFFD_WP', [call('wp_unmap_userfault', pte_unmap_unlock, [t])]),
        ),
      ),
      if_(sharedReadOnly(k), [
        if_(not(file.shmem(folio.file(page.folio(addr)))), [
          step('vm_normal_page', 'wp_page_shared(): folio = page_folio(vmf->page)', [set(f, cachedFolio(addr))], {
            atomic: 'what the entry maps is in the page cache',
          }),
          call('wp_unmap_mkwrite', pte_unmap_unlock, [t]),
          call('mkwrite', do_page_mkwrite, [addr, f], fault),
          if_(ne(fault, 'VM_FAULT_LOCKED'), [ret(fault)]),
          call('finish_mkwrite_map', pte_offset_map_lock, [under], t),
          if_(eq(t, 'nil'), [
            unlock('folio_unlock_no_table', 'folio_unlock(folio)', folio.lock(f)),
            ret('done', VmFault),
          ]),
          step('finish_mkwrite_fault', 'if (pte_same(ptep_get(vmf->pte), vmf->orig_pte)) wp_page_reuse(vmf, folio)', [
            when(eq(table.pte(t, slot), orig), [set(table.pte(t, slot), 'file')]),
          ]),
          call('finish_mkwrite_unmap', pte_unmap_unlock, [t]),
          unlock('folio_unlock_mkwrite', 'folio_unlock(folio)', folio.lock(f)),
          ret('done', VmFault),
        ]),
        step('wp_page_shared', 'wp_page_reuse(vmf, folio)', [set(table.pte(t, slot), 'file')]),
        call('wp_unmap_shared', pte_unmap_unlock, [t]),
        ret('done', VmFault),
      ]),
      ...wpSharedZero(k, t, orig),
      if_(isOneOf(orig, 'anon_ro', ...ifUffd(k, 'anon_wp')), [
        step(
          'wp_can_reuse',
          'PageAnonExclusive(vmf->page) || wp_can_reuse_anon_folio(folio, vma)',
          [set(others, isShared(addr))],
          { choose: [reuse] },
        ),
        check('not_exclusive', others, [let_(reuse, false)]),
        if_(reuse, [
          step('wp_page_reuse', 'wp_page_reuse(vmf, folio)', [set(table.pte(t, slot), 'anon')]),
          call('wp_unmap_reused', pte_unmap_unlock, [t]),
          ret('done', VmFault),
        ]),
      ]),
      call('wp_unmap', pte_unmap_unlock, [t]),
      call('anon_prepare', vmf_anon_prepare(k), [v, addr, vmaLocked], fault),
      if_(ne(fault, 'done'), [ret(fault)]),
      ...lockIfSame('copy'),
      step('set_pte_at', 'set_pte_at_notify(mm, vmf->address, vmf->pte, entry)', [
        // What another CPU writes through an old TLB entry while the page is copied is not in the copy.
        assert('CowIsolation', not(page.tlb_stale(addr))),
        set(table.pte(t, slot), 'anon'),
        ...newAnonPage(addr),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret('done', VmFault),
    ],
  })

/**
 * Brings a page back from swap, read-only: the write that follows finds out whether it may have the
 * page to itself. Swap cache and folio lock are not modelled.
 */
export const do_swap_page = (k: Build): Routine =>
  routine({
    name: 'do_swap_page',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, orig],
    locals: k.oom ? [t, now, ok] : [t, now],
    returns: VmFault,
    body: [
      ...(k.oom
        ? [
            step('may_fail', 'folio = alloc_swap_folio(vmf)', [], { choose: [ok], sleeps: true }),
            if_(not(ok), [ret('VM_FAULT_OOM', VmFault)]),
          ]
        : []),
      ...lockIfSame('swap'),
      step('set_ptes', 'set_ptes(vma->vm_mm, address, ptep, pte, nr_pages)', [
        set(table.pte(t, slot), ite(eq(orig, 'swap_wp'), literal(Pte, 'anon_wp'), 'anon_ro')),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret('done', VmFault),
    ],
  })
