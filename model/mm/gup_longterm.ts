/**
 * mm/gup.c: pin_user_pages(FOLL_LONGTERM) of one page, to read it, as far as the zero page of MAP_NOSIGBUS
 * needs it (facts gup-cow-nosigbus, A.6, E5, E7; scenarios X1 and X2). By those facts: v6.2 and a copy of
 * about v6.14; v5.13 has no FAULT_FLAG_UNSHARE.
 *
 * Not modelled yet: GUP-fast, reference counts, unpinning, pins for writing, an anonymous page that a fork
 * has made shared (taken for exclusive here), huge pmds, signals.
 */
import { and, eq, isOneOf, ite, literal, local, ne, not, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, check, if_, let_, ret, set, step, while_, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { newAnonPage } from './cow.ts'
import { Result, VmFault } from './errno.ts'
import { handle_mm_fault } from './memory.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { ANON_PTES, mapping, page, Pte, READABLE_PTES, table } from './mm_types.ts'
import { nosigbus, Pinned } from './nosigbus_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { anon_vma_prepare } from './rmap.ts'

const READ = 'v6.2 and a copy of about v6.14, by the facts'
const addr: Local = local('start', refTo('page'))
const v: Local = local('vma', nilable('vma'))
const t: Local = local('table', nilable('table'))
const pte: Local = local('pte', Pte)
const now: Local = local('now', Pte)
const unshare: Local = local('unshare', bool)
const pinned: Local = local('pinned', bool)
const ok: Local = local('ok', bool)
const fault: Local = local('ret', VmFault)
const result: Local = local('result', Result)
const shared: Expr = mapping.shared(page.mapping(addr))
const readEntry = (label: string, text: string, into: Local): Stmt =>
  step(label, text, [set(into, table.pte(t, page.slot(addr)))])

const holdOf = (entry: Expr): Expr =>
  ite(
    eq(entry, 'zero'),
    literal(Pinned, 'zero'),
    ite(isOneOf(entry, ...ANON_PTES), literal(Pinned, 'anon'), literal(Pinned, 'file')),
  )

/** A page that a private mapping shares with others cannot be pinned as it is: -EMLINK. */
const mustUnshare = (k: Build): readonly Stmt[] =>
  k.has('faults-mmap-lock')
    ? []
    : [check('gup_must_unshare', and(not(shared), not(isOneOf(pte, ...ANON_PTES))), [let_(unshare, true)])]

/** Takes hold of what is there, under ptl. */
const follow_page_pte = (k: Build): Routine =>
  routine({
    name: 'follow_page_pte',
    file: 'mm/gup.c',
    read: READ,
    params: [addr, unshare, pinned],
    locals: [t, pte],
    body: [
      let_(unshare, false),
      let_(pinned, false),
      call('map', pte_offset_map_lock, [page.pmd(addr)], t),
      if_(eq(t, 'nil'), [ret()]),
      readEntry('ptep_get', 'pte = ptep_get(ptep)', pte),
      if_(isOneOf(pte, ...READABLE_PTES), [
        ...mustUnshare(k),
        if_(not(unshare), [
          step('try_grab_folio', 'try_grab_folio(folio, 1, flags)', [set(nosigbus.pinned(addr), holdOf(pte))]),
          let_(pinned, true),
        ]),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

/** faultin_page() with FAULT_FLAG_UNSHARE, down to wp_page_copy(): a page of one's own, read-only. False: no memory. */
const unshare_page = (k: Build): Routine =>
  routine({
    name: 'do_wp_page_unshare',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr],
    locals: [t, pte, now, ok],
    returns: bool,
    body: [
      call('orig_map', pte_offset_map_lock, [page.pmd(addr)], t),
      if_(eq(t, 'nil'), [ret(true, bool)]),
      readEntry('orig_pte', 'pte_same(ptep_get(vmf->pte), vmf->orig_pte)', pte),
      call('orig_unmap', pte_unmap_unlock, [t]),
      if_(not(isOneOf(pte, 'zero', 'file')), [ret(true, bool)]),
      call('anon_prepare', anon_vma_prepare(k), [v], ok),
      if_(not(ok), [ret(false, bool)]),
      call('map', pte_offset_map_lock, [page.pmd(addr)], t),
      if_(eq(t, 'nil'), [ret(true, bool)]),
      readEntry('pte_same', 'wp_page_copy(): pte_same(ptep_get(vmf->pte), vmf->orig_pte)', now),
      check('changed', ne(now, pte), [call('unmap_changed', pte_unmap_unlock, [t]), ret(true, bool)]),
      step('set_pte_at', 'wp_page_copy(): set_pte_at_notify(mm, vmf->address, vmf->pte, entry)', [
        set(table.pte(t, page.slot(addr)), 'anon_ro'),
        ...newAnonPage(addr),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret(true, bool),
    ],
  })

/** pin_user_pages() of one page: 0, or an errno. */
export const pin_longterm = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'pin_user_pages(FOLL_LONGTERM)',
    file: 'mm/gup.c',
    read: READ,
    params: [addr],
    locals: [v, unshare, pinned, ok, fault, result],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(addr)),
      step('gup_vma_lookup', 'vma = gup_vma_lookup(mm, start)', [set(v, page.vma(addr))]),
      let_(result, '-EFAULT'),
      if_(ne(v, 'nil'), [
        while_(truth(true), [
          call('follow', follow_page_pte(k), [addr, unshare, pinned]),
          if_(pinned, [let_(result, '0'), break_]),
          if_(
            unshare,
            [call('unshare', unshare_page(k), [v, addr], ok), if_(not(ok), [let_(result, '-ENOMEM'), break_])],
            [
              call(
                'faultin_page',
                handle_mm_fault(k),
                [v, addr, truth(false), shared, truth(false), truth(true)],
                fault,
              ),
              if_(eq(fault, 'VM_FAULT_OOM'), [let_(result, '-ENOMEM'), break_]),
              if_(isOneOf(fault, 'VM_FAULT_SIGSEGV', 'VM_FAULT_SIGBUS', 'VM_FAULT_HWPOISON'), [break_]),
            ],
          ),
        ]),
      ]),
      mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
      ...io.leave(result),
    ],
  })
