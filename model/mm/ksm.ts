/**
 * mm/ksm.c as far as it shares one page between two addresses, in scenarios with page frames:
 * try_to_merge_two_pages() (facts gup-cow-nosigbus, A.8, C9, E14). Each page is write-protected first, with the
 * entry cleared while references and pins are asked for; then the second address is given the first one's page.
 *
 * And clear_refs_write() of fs/proc/task_mmu.c, which write-protects for soft-dirty and asks nobody (C3a).
 *
 * Not modelled yet: the stable and unstable trees, unmerging, which pages ksmd picks; VMAs that go
 * while it waits (it holds the mmap read lock of each page's mm in turn, as the kernel does); soft-dirty bits.
 */
import { and, eq, isOneOf, ite, literal, local, ne, not, or, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, let_, ret, set, step, tryAcquire, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { addRmap, getFrame, isLarge, isPinned, mappedFrame, putFrame, removeRmap } from './frame.ts'
import { entry, frame, frameLock } from './frame_types.ts'
import { mmap_read_lock, mmap_read_unlock, mmap_write_lock, mmap_write_unlock } from './mmap_lock.ts'
import { ANON_PTES, page, Pte, table } from './mm_types.ts'
import { pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { shareLocals, tryShare } from './rmap_share.ts'

const READ = 'v6.2 and about v6.14 by the facts; write_protect_page() from memory of v5.19'
const addr: Local = local('addr', refTo('page'))
const other: Local = local('tree_addr', refTo('page'))
const f: Local = local('folio', nilable('frame'))
const kpage: Local = local('kfolio', nilable('frame'))
const was: Local = local('pfn', nilable('frame'))
const t: Local = local('table', nilable('table'))
const pteval: Local = local('entry', Pte)
const exclusive: Local = local('anon_exclusive', bool)
const pinned: Local = local('pinned', bool)
const busy: Local = local('busy', bool)
const ok: Local = local('ok', bool)
const slot: Expr = page.slot(addr)

/** folio_mapcount() + swapcache + 1 == folio_ref_count(): KSM has a reference itself. */
const onlyMapped = (k: Build): Expr =>
  and(
    not(isPinned(k, f)),
    ite(
      frame.swapcache(f),
      or(...[1, 2, 3].map((n) => and(eq(frame.mapcount(f), n), eq(frame.refs(f), n + 2)))),
      or(...[1, 2, 3].map((n) => and(eq(frame.mapcount(f), n), eq(frame.refs(f), n + 1)))),
    ),
  )

/** Leaves the page's entry read-only, and the page not exclusive; false where somebody holds on to it. */
const write_protect_page = (k: Build): Routine =>
  routine({
    name: 'write_protect_page',
    file: 'mm/ksm.c',
    read: READ,
    params: [addr, f],
    locals: [t, pteval, was, exclusive, pinned, busy, ...shareLocals(k)],
    returns: bool,
    body: [
      call('map', pte_offset_map_lock, [page.pmd(addr)], t),
      if_(eq(t, 'nil'), [ret(false, bool)]),
      step('ptep_get', 'page_vma_mapped_walk(&pvmw): entry = ptep_get(pvmw.pte)', [
        set(pteval, table.pte(t, slot)),
        set(was, entry.frame(t, slot)),
      ]),
      if_(or(not(isOneOf(pteval, ...ANON_PTES)), ne(was, f)), [
        call('unmap_gone', pte_unmap_unlock, [t]),
        ret(false, bool),
      ]),
      step('ptep_clear_flush', 'entry = ptep_clear_flush(vma, pvmw.address, pvmw.pte)', [
        set(table.pte(t, slot), 'none'),
        set(entry.frame(t, slot), 'nil'),
      ]),
      step('ref_count', 'folio_mapcount(folio) + 1 + swapped != folio_ref_count(folio)', [
        set(busy, not(onlyMapped(k))),
      ]),
      let_(pinned, false),
      let_(exclusive, false),
      if_(not(busy), [...tryShare(k, f, pinned, exclusive), if_(pinned, [let_(busy, true)])]),
      step('set_pte_at', 'set_pte_at(mm, pvmw.address, pvmw.pte, entry)', [
        set(table.pte(t, slot), ite(and(not(busy), eq(pteval, 'anon')), literal(Pte, 'anon_ro'), pteval)),
        set(entry.frame(t, slot), f),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
      ret(not(busy)),
    ],
  })

/** Gives an address another page of the same contents. */
const replace_page = (k: Build): Routine =>
  routine({
    name: 'replace_page',
    file: 'mm/ksm.c',
    read: READ,
    params: [addr, f, kpage],
    locals: [t, pteval, was],
    body: [
      call('map', pte_offset_map_lock, [page.pmd(addr)], t),
      if_(eq(t, 'nil'), [ret()]),
      step('pte_same', 'pte_same(ptep_get(ptep), orig_pte)', [
        set(pteval, table.pte(t, slot)),
        set(was, entry.frame(t, slot)),
      ]),
      check('changed', or(ne(pteval, 'anon_ro'), ne(was, f)), [call('unmap_changed', pte_unmap_unlock, [t]), ret()]),
      step('folio_add_anon_rmap', 'folio_get(kfolio); folio_add_anon_rmap_pte(kfolio, kpage, vma, addr, RMAP_NONE)', [
        getFrame(k, kpage),
        ...addRmap(k, kpage, page.mm(addr)),
      ]),
      step('set_pte_at_notify', 'ptep_clear_flush(vma, addr, ptep); set_pte_at(mm, addr, ptep, newpte)', [
        set(entry.frame(t, slot), kpage),
      ]),
      step('remove_rmap', 'folio_remove_rmap_pte(folio, page, vma); folio_put(folio)', [
        ...removeRmap(k, f, page.mm(addr)),
        ...putFrame(k, f),
      ]),
      call('unmap', pte_unmap_unlock, [t]),
    ],
  })

const find = (k: Build, label: string, of: Expr, into: Local): Stmt =>
  step(
    label,
    'get_mergeable_page(rmap_item): follow_page(vma, addr, FOLL_GET)',
    [
      set(into, mappedFrame(k, of)),
      when(and(ne(into, 'nil'), not(isOneOf(frame.kind(into), 'anon'))), [set(into, 'nil')]),
      // A page of a large folio would be split off first.
      ...(k.large !== undefined ? [when(isLarge(k, into), [set(into, 'nil')])] : []),
      when(ne(into, 'nil'), [getFrame(k, into)]),
    ],
    { atomic: 'a look-up, and the reference, under ptl' },
  )
const tryLock = (label: string, of: Local): Stmt => step(label, 'folio_trylock(folio)', [tryAcquire(frameLock(of), ok)])
const unlockPage = (label: string, of: Local): Stmt => unlock(label, 'folio_unlock(folio)', frameLock(of))
const putPage = (k: Build, label: string, of: Local): Stmt => step(label, 'put_page(page)', [...putFrame(k, of)])

/** The page at the first address becomes KSM's, and the second address is given it, if both hold the same. */
export const ksm_merge = (k: Build): Routine =>
  routine({
    name: 'try_to_merge_two_pages',
    file: 'mm/ksm.c',
    read: READ,
    params: [other, addr],
    locals: [f, kpage, ok],
    body: [
      mmap_read_lock('mmap_read_lock_first', page.mm(other)),
      find(k, 'first', other, kpage),
      let_(ok, false),
      if_(ne(kpage, 'nil'), [
        tryLock('trylock_first', kpage),
        if_(ok, [
          call('protect_first', write_protect_page(k), [other, kpage], ok),
          if_(ok, [step('set_stable_node', 'folio_set_stable_node(folio, NULL)', [set(frame.ksm(kpage), true)])]),
          unlockPage('unlock_first', kpage),
        ]),
      ]),
      mmap_read_unlock('mmap_read_unlock_first', page.mm(other)),
      if_(not(ok), [if_(ne(kpage, 'nil'), [putPage(k, 'put_first', kpage)]), ret()]),
      mmap_read_lock('mmap_read_lock', page.mm(addr)),
      find(k, 'second', addr, f),
      if_(and(ne(f, 'nil'), ne(f, kpage)), [tryLock('trylock', f)], [let_(ok, false)]),
      if_(ok, [
        call('protect', write_protect_page(k), [addr, f], ok),
        if_(ok, [
          step(
            'pages_identical',
            'pages_identical(page, kpage)',
            [set(ok, eq(frame.content(f), frame.content(kpage)))],
            { atomic: 'both pages are write-protected' },
          ),
          if_(ok, [call('replace', replace_page(k), [addr, f, kpage])]),
        ]),
        unlockPage('unlock', f),
      ]),
      if_(ne(f, 'nil'), [putPage(k, 'put_page', f)]),
      putPage(k, 'put_kpage', kpage),
      mmap_read_unlock('mmap_read_unlock', page.mm(addr)),
    ],
  })

const first: Local = local('start', refTo('page'))
/** clear_soft_dirty() at one page. */
const clear_soft_dirty: Routine = routine({
  name: 'clear_soft_dirty',
  file: 'fs/proc/task_mmu.c',
  read: 'about v6.14; v5.9 by the facts (C3a)',
  params: [addr],
  locals: [t, pteval],
  body: [
    call('map', pte_offset_map_lock, [page.pmd(addr)], t),
    if_(eq(t, 'nil'), [ret()]),
    step('ptep_get', 'ptent = ptep_get(pte)', [set(pteval, table.pte(t, slot))]),
    if_(eq(pteval, 'anon'), [
      step('wrprotect', 'ptent = pte_wrprotect(old_pte); ptep_modify_prot_commit(vma, addr, pte, old_pte, ptent)', [
        set(table.pte(t, slot), 'anon_ro'),
      ]),
    ]),
    call('unmap', pte_unmap_unlock, [t]),
  ],
})

/** Write-protects a page, so that the next store is noticed: echo 4 > /proc/PID/clear_refs. */
export const clear_refs_write = (_k: Build, io: Syscall): Routine =>
  routine({
    name: 'clear_refs_write',
    file: 'fs/proc/task_mmu.c',
    read: 'about v6.14',
    params: [first],
    locals: [],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      call('clear', clear_soft_dirty, [first]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(literal(Result, '0')),
    ],
  })
