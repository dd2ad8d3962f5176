/**
 * The fault half of mm/memory.c: faults on anonymous and shmem mappings, each with its lockless
 * snapshot of the entry and its second look under ptl. Read at v7.0-rc6 (guard-regions facts 3);
 * the steps modelled are those of v6.12 as well.
 *
 * Not modelled yet: huge anonymous faults, swap, uffd, markers other than guards, NUMA, mTHP,
 * mapping a large folio by more than the faulting entry in finish_fault(), accessed and dirty bits,
 * reuse of an exclusive page by a write-protect fault (it always copies).
 */
import { and, eq, local, ne, not, or, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, let_, ret, set, step, tryAcquire, unlock, when, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { filemap_map_pages } from './filemap.ts'
import { __split_huge_pmd } from './huge_memory.ts'
import { do_set_pmd } from './memory_pmd.ts'
import { mmap_read_unlock } from './mmap_lock.ts'
import { AnonVma, folio, mm, page, Pte, pmd, PmdKind, table, vma } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'
import { anon_vma_prepare } from './rmap.ts'
import { shmem_fault } from './shmem.ts'

const READ = 'v7.0-rc6'
const addr: Local = local('address', refTo('page'))
const write: Local = local('write', bool)
const vmaLocked: Local = local('vma_locked', bool)
const t: Local = local('table', nilable('table'))
const orig: Local = local('orig_pte', Pte)
const now: Local = local('pte', Pte)
const ok: Local = local('ok', bool)
const trylocked: Local = local('trylocked', bool)
const anon: Local = local('anon_vma', AnonVma)
const kind: Local = local('pmdval', PmdKind)
/** The VMA is a shared mapping: vm_flags as the caller read them. */
const shared: Local = local('shared', bool)
const fault: Local = local('ret', VmFault)
const f: Local = local('folio', nilable('folio'))
const kindOfPage: Local = local('entry', Pte)

const under = page.pmd(addr)
const slot = page.slot(addr)
const v = page.vma(addr)

/** Under the VMA lock, making an anon_vma needs the mmap lock as well; VM_FAULT_RETRY without it. */
const vmf_anon_prepare = (k: Build): Routine =>
  routine({
    name: '__vmf_anon_prepare',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, vmaLocked],
    locals: [anon, trylocked, ok],
    returns: VmFault,
    body: [
      step('load', 'if (likely(vma->anon_vma))', [set(anon, vma.anon_vma(v))]),
      if_(ne(anon, 'NULL'), [ret('done', VmFault)]),
      if_(vmaLocked, [
        step('mmap_read_trylock', 'mmap_read_trylock(vma->vm_mm)', [
          tryAcquire(mm.mmap_lock(vma.mm(v)), trylocked, 'read'),
        ]),
        if_(not(trylocked), [ret('VM_FAULT_RETRY', VmFault)]),
      ]),
      call('prepare', anon_vma_prepare(k), [v], ok),
      if_(trylocked, [mmap_read_unlock('mmap_read_unlock', vma.mm(v))]),
      if_(not(ok), [ret('VM_FAULT_OOM', VmFault)]),
      ret('done', VmFault),
    ],
  })

/** Makes sure there is a table, locks it and puts `entry` where nothing is; a lost race means the access is tried again. */
const setEntry = (k: Build, entry: Local): readonly Stmt[] => [
  step('pmd_none', 'pmd_none(*vmf->pmd)', [set(kind, pmd.kind(under))]),
  if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [under], ok), if_(not(ok), [ret('VM_FAULT_OOM', VmFault)])]),
  call('map', pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [ret('done', VmFault)]),
  step('vmf_pte_changed', 'vmf_pte_changed(vmf)', [set(now, table.pte(t, slot))]),
  check('pte_changed', ne(now, 'none'), [call('unmap_changed', pte_unmap_unlock, [t]), ret('done', VmFault)]),
  step('set_pte_at', 'set_pte_at(vma->vm_mm, addr, vmf->pte, entry)', [set(table.pte(t, slot), entry)]),
  call('unmap', pte_unmap_unlock, [t]),
]

const do_anonymous_page = (k: Build): Routine =>
  routine({
    name: 'do_anonymous_page',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, write, vmaLocked],
    locals: [kind, ok, t, now, fault, kindOfPage],
    returns: VmFault,
    body: [
      let_(kindOfPage, 'zero'),
      if_(write, [
        call('anon_prepare', vmf_anon_prepare(k), [addr, vmaLocked], fault),
        if_(ne(fault, 'done'), [ret(fault)]),
        let_(kindOfPage, 'anon'),
      ]),
      ...setEntry(k, kindOfPage),
      ret('done', VmFault),
    ],
  })

/** Maps the locked folio (or the private copy made of it) at the address. */
const finish_fault = (k: Build): Routine =>
  routine({
    name: 'finish_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, f, kindOfPage],
    locals: [kind, ok, t, now],
    returns: VmFault,
    body: [
      if_(and(eq(f, page.huge(addr)), eq(kindOfPage, 'file'), ne(pmd.chunk(under), 'nil')), [
        step('pmd_none_huge', 'pmd_none(*vmf->pmd)', [set(kind, pmd.kind(under))]),
        if_(eq(kind, 'none'), [call('do_set_pmd', do_set_pmd, [under], ok), if_(ok, [ret('done', VmFault)])]),
      ]),
      ...setEntry(k, kindOfPage),
      ret('done', VmFault),
    ],
  })

/** do_read_fault(), do_cow_fault(), do_shared_fault(): the folio stays locked until the entry is set. */
const do_fault = (k: Build): Routine =>
  routine({
    name: 'do_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, write, shared, vmaLocked],
    locals: [f, fault, ok, kindOfPage],
    returns: VmFault,
    body: [
      let_(kindOfPage, 'file'),
      if_(not(write), [call('fault_around', filemap_map_pages(k), [addr], ok), if_(ok, [ret('done', VmFault)])]),
      if_(and(write, not(shared)), [
        call('anon_prepare', vmf_anon_prepare(k), [addr, vmaLocked], fault),
        if_(ne(fault, 'done'), [ret(fault)]),
        let_(kindOfPage, 'anon'),
      ]),
      call('fault', shmem_fault, [addr], f),
      call('finish', finish_fault(k), [addr, f, kindOfPage], fault),
      unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
      ret(fault),
    ],
  })

/** A write to a read-only entry: copy, and put the copy there if the entry is still the same. */
const do_wp_page = (k: Build): Routine =>
  routine({
    name: 'do_wp_page',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, orig, vmaLocked],
    locals: [fault, t, now],
    returns: VmFault,
    body: [
      call('anon_prepare', vmf_anon_prepare(k), [addr, vmaLocked], fault),
      if_(ne(fault, 'done'), [ret(fault)]),
      call('map', pte_offset_map_lock, [under], t),
      if_(eq(t, 'nil'), [ret('done', VmFault)]),
      step('pte_same', 'pte_same(ptep_get(vmf->pte), vmf->orig_pte)', [set(now, table.pte(t, slot))]),
      check('pte_changed', ne(now, orig), [call('unmap_changed', pte_unmap_unlock, [t]), ret('done', VmFault)]),
      step('set_pte_at', 'set_pte_at_notify(mm, vmf->address, vmf->pte, entry)', [set(table.pte(t, slot), 'anon')]),
      call('unmap', pte_unmap_unlock, [t]),
      ret('done', VmFault),
    ],
  })

/** From the lockless snapshot of the entry to the handler for what was seen there. */
const handle_pte_fault = (k: Build): Routine =>
  routine({
    name: 'handle_pte_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, write, shared, vmaLocked],
    locals: [t, orig, kind, fault],
    returns: VmFault,
    body: [
      step('pmd_none', 'if (unlikely(pmd_none(*vmf->pmd)))', [set(kind, pmd.kind(under))]),
      if_(ne(kind, 'none'), [
        step('map', 'vmf->pte = pte_offset_map_rw_nolock(...)', [
          set(t, pmd.table(under)),
          when(ne(t, 'nil'), rcu_read_lock),
        ]),
        if_(eq(t, 'nil'), [ret('done', VmFault)]),
        step('snapshot', 'vmf->orig_pte = ptep_get_lockless(vmf->pte)', [
          set(orig, table.pte(t, slot)),
          ...rcu_read_unlock,
        ]),
        // do_swap_page() -> handle_pte_marker(), on the snapshot alone.
        if_(eq(orig, 'guard'), [ret('VM_FAULT_SIGSEGV', VmFault)]),
        if_(ne(orig, 'none'), [
          if_(and(write, or(eq(orig, 'zero'), and(eq(orig, 'file'), not(shared)))), [
            call('wp', do_wp_page(k), [addr, orig, vmaLocked], fault),
            ret(fault),
          ]),
          ret('done', VmFault),
        ]),
      ]),
      if_(
        eq(vma.file(v), 'nil'),
        [call('anonymous', do_anonymous_page(k), [addr, write, vmaLocked], fault)],
        [call('file', do_fault(k), [addr, write, shared, vmaLocked], fault)],
      ),
      ret(fault),
    ],
  })

/**
 * handle_mm_fault() down to the pmd. A huge pmd that is there already needs nothing, unless a private
 * mapping is written to: wp_huge_pmd() splits it, and the copy is made at the level of entries.
 */
export const handle_mm_fault = (k: Build): Routine =>
  routine({
    name: '__handle_mm_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [addr, write, shared, vmaLocked],
    locals: [kind, fault],
    returns: VmFault,
    body: [
      step('pmd', 'vmf.orig_pmd = pmdp_get_lockless(vmf.pmd)', [set(kind, pmd.kind(under))]),
      if_(and(eq(kind, 'huge'), not(and(write, not(shared)))), [ret('done', VmFault)]),
      if_(eq(kind, 'huge'), [call('wp_huge_pmd', __split_huge_pmd, [under])]),
      call('pte', handle_pte_fault(k), [addr, write, shared, vmaLocked], fault),
      ret(fault),
    ],
  })
