/**
 * The fault half of mm/memory.c: faults on anonymous and shmem mappings, each with its lockless
 * snapshot of the entry and its second look under ptl. Read at v7.0-rc6 (guard-regions facts 3);
 * the steps modelled are those of v6.12 as well.
 *
 * Not modelled yet: huge anonymous faults, swap, uffd, markers other than guards, NUMA, mTHP,
 * mapping a large folio by more than the faulting entry in finish_fault(), accessed and dirty bits.
 */
import { and, eq, isOneOf, ite, le, local, lt, ne, not, or, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  call,
  check,
  if_,
  let_,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { isShared, newAnonPage } from './cow.ts'
import { VmFault } from './errno.ts'
import { fileEntry } from './filemap.ts'
import { cachedFolio, do_page_mkwrite } from './filemap_fault.ts'
import { __split_huge_pmd } from './huge_memory.ts'
import { do_set_pmd } from './memory_pmd.ts'
import { do_cow_fault, do_read_fault, do_shared_fault, type Finish } from './memory_file_fault.ts'
import { mmap_read_unlock, vma_end_read } from './mmap_lock.ts'
import { ioError, newZero, nosigbusFlags, sigbusInPteFault, wpSharedZero } from './nosigbus.ts'
import { AnonVma, file, folio, mm, page, Pte, pmd, PmdKind, table, vma } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'
import { anon_vma_prepare } from './rmap.ts'

const READ = 'v7.0-rc6'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const write: Local = local('write', bool)
const vmaLocked: Local = local('vma_locked', bool)
/** FAULT_FLAG_TRIED: the fault does not let go of its lock again. */
const tried: Local = local('tried', bool)
const t: Local = local('table', nilable('table'))
const orig: Local = local('orig_pte', Pte)
const now: Local = local('pte', Pte)
const ok: Local = local('ok', bool)
const covered: Local = local('covered', bool)
const within: Local = local('within_i_size', bool)
const reuse: Local = local('reuse', bool)
const others: Local = local('shared_page', bool)
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

/** Under the VMA lock, making an anon_vma needs the mmap lock as well; VM_FAULT_RETRY without it. */
const vmf_anon_prepare = (k: Build): Routine =>
  routine({
    name: '__vmf_anon_prepare',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, vmaLocked],
    locals: [anon, trylocked, ok],
    returns: VmFault,
    body: [
      step('load', 'if (likely(vma->anon_vma))', [set(anon, vma.anon_vma(v))]),
      if_(ne(anon, 'NULL'), [ret('done', VmFault)]),
      if_(vmaLocked, [
        step('mmap_read_trylock', 'mmap_read_trylock(vma->vm_mm)', [
          tryAcquire(mm.mmap_lock(page.mm(addr)), trylocked, 'read'),
        ]),
        if_(not(trylocked), [vma_end_read('vma_end_read', v), ret('VM_FAULT_RETRY', VmFault)]),
      ]),
      call('prepare', anon_vma_prepare(k), [v], ok),
      if_(trylocked, [mmap_read_unlock('mmap_read_unlock', page.mm(addr))]),
      if_(not(ok), [ret('VM_FAULT_OOM', VmFault)]),
      ret('done', VmFault),
    ],
  })

/** Makes sure there is a table, locks it and puts `entry` where nothing is; a lost race means the access is tried again. */
const setEntry = (k: Build, entry: Local, write = false): readonly Stmt[] => [
  step('pmd_none', 'pmd_none(*vmf->pmd)', [set(kind, pmd.kind(under))]),
  if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [under], ok), if_(not(ok), [ret('VM_FAULT_OOM', VmFault)])]),
  call('map', pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [ret('done', VmFault)]),
  step('vmf_pte_changed', 'vmf_pte_changed(vmf)', [set(now, table.pte(t, slot))]),
  check('pte_changed', ne(now, 'none'), [call('unmap_changed', pte_unmap_unlock, [t]), ret('done', VmFault)]),
  step('set_pte_at', 'set_pte_at(vma->vm_mm, addr, vmf->pte, entry)', [
    set(table.pte(t, slot), ite(eq(entry, 'file'), fileEntry(v, addr, write), entry)),
    ...newAnonPage(addr),
    ...(k.has('nosigbus') ? [when(eq(entry, 'zero'), newZero(k, t, addr, vma.vm_flags(v)))] : []),
  ]),
  call('unmap', pte_unmap_unlock, [t]),
]

const do_anonymous_page = (k: Build): Routine =>
  routine({
    name: 'do_anonymous_page',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, vmaLocked],
    locals: [kind, ok, t, now, fault, kindOfPage],
    returns: VmFault,
    body: [
      let_(kindOfPage, 'zero'),
      if_(write, [
        call('anon_prepare', vmf_anon_prepare(k), [v, addr, vmaLocked], fault),
        if_(ne(fault, 'done'), [ret(fault)]),
        let_(kindOfPage, 'anon'),
      ]),
      ...setEntry(k, kindOfPage),
      ret('done', VmFault),
    ],
  })

/** Maps the locked folio (or the private copy made of it) at the address. */
const finish_fault = (k: Build, write: boolean): Routine =>
  routine({
    name: 'finish_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, f, kindOfPage],
    locals: k.has('map-within-i_size') ? [covered, within, kind, ok, t, now] : [covered, kind, ok, t, now],
    returns: VmFault,
    body: [
      if_(and(eq(f, page.huge(addr)), eq(kindOfPage, 'file'), ne(pmd.chunk(under), 'nil')), [
        step('suitable', 'thp_vma_suitable_order(vma, haddr, PMD_ORDER)', [
          set(covered, and(le(vma.start(v), pmd.first(under)), le(pmd.last(under), vma.end(v)))),
        ]),
        ...(k.has('map-within-i_size')
          ? [
              if_(not(file.shmem(folio.file(page.folio(addr)))), [
                step('file_end', 'file_end = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE)', [
                  set(within, lt(folio.last(f), file.i_size(folio.file(f)))),
                ]),
                if_(not(within), [let_(covered, false)]),
              ]),
            ]
          : []),
        step('pmd_none_huge', 'pmd_none(*vmf->pmd)', [set(kind, pmd.kind(under))]),
        if_(and(eq(kind, 'none'), covered), [
          call('do_set_pmd', do_set_pmd, [under], ok),
          if_(ok, [ret('done', VmFault)]),
        ]),
      ]),
      ...setEntry(k, kindOfPage, write),
      ret('done', VmFault),
    ],
  })

/** Where a failed read is told of, for properties alone. */
const failures = (k: Build): readonly Local[] => (k.io === true && k.has('nosigbus') ? [ioError] : [])

const do_fault = (k: Build): Routine => {
  const finish: Finish = {
    finish_fault: (isWrite) => finish_fault(k, isWrite),
    vmf_anon_prepare: vmf_anon_prepare(k),
    do_anonymous_page: do_anonymous_page(k),
  }
  const args = [v, addr, vmaLocked, tried, ...failures(k)]
  return routine({
    name: 'do_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, shared, vmaLocked, tried, ...failures(k)],
    locals: [fault],
    returns: VmFault,
    body: [
      if_(
        not(write),
        [call('read', do_read_fault(k, finish), args, fault)],
        [
          if_(
            not(shared),
            [call('cow', do_cow_fault(k, finish), args, fault)],
            [call('shared', do_shared_fault(k, finish), args, fault)],
          ),
        ],
      ),
      ret(fault),
    ],
  })
}

/** Locks the table and looks whether the entry is still what was seen; gives up with `done` where it is not. */
const lockIfSame = (when_: string): readonly Stmt[] => [
  call(`${when_}_map`, pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [ret('done', VmFault)]),
  step(`${when_}_pte_same`, 'pte_same(ptep_get(vmf->pte), vmf->orig_pte)', [set(now, table.pte(t, slot))]),
  check(`${when_}_changed`, ne(now, orig), [
    call(`${when_}_unmap_changed`, pte_unmap_unlock, [t]),
    ret('done', VmFault),
  ]),
]

/**
 * A write to a read-only entry. A shared page is made writable; an anonymous one too where nobody else
 * can have it (wp_can_reuse_anon_folio(), either answer here); anything else is copied, and the copy put
 * there if the entry is still the same.
 */
const do_wp_page = (k: Build): Routine =>
  routine({
    name: 'do_wp_page',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, orig, vmaLocked],
    locals: [fault, t, now, reuse, others, f],
    returns: VmFault,
    body: [
      ...lockIfSame('wp'),
      if_(eq(orig, 'file_ro'), [
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
      if_(eq(orig, 'anon_ro'), [
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
const do_swap_page = (k: Build): Routine =>
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
      step('set_ptes', 'set_ptes(vma->vm_mm, address, ptep, pte, nr_pages)', [set(table.pte(t, slot), 'anon_ro')]),
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
    params: [v, addr, write, shared, vmaLocked, tried],
    locals: [t, orig, kind, fault, ...failures(k), ...(k.has('nosigbus-in-pte-fault') ? [nosigbusFlags] : [])],
    returns: VmFault,
    body: [
      ...failures(k).map((failed) => let_(failed, false)),
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
        if_(eq(orig, 'poison'), [ret('VM_FAULT_HWPOISON', VmFault)]),
        if_(eq(orig, 'swap'), [call('swap', do_swap_page(k), [addr, orig], fault), ret(fault)]),
        if_(ne(orig, 'none'), [
          if_(and(write, or(isOneOf(orig, 'zero', 'file_ro', 'anon_ro'), and(eq(orig, 'file'), not(shared)))), [
            call('wp', do_wp_page(k), [v, addr, orig, vmaLocked], fault),
            ret(fault),
          ]),
          ret('done', VmFault),
        ]),
      ]),
      if_(
        eq(vma.file(v), 'nil'),
        [call('anonymous', do_anonymous_page(k), [v, addr, write, vmaLocked], fault)],
        [
          call('file', do_fault(k), [v, addr, write, shared, vmaLocked, tried, ...failures(k)], fault),
          ...sigbusInPteFault(k, { write, vmaLocked, fault, do_anonymous_page: do_anonymous_page(k) }),
        ],
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
    params: [v, addr, write, shared, vmaLocked, tried],
    locals: [kind, fault],
    returns: VmFault,
    body: [
      step('pmd', 'vmf.orig_pmd = pmdp_get_lockless(vmf.pmd)', [set(kind, pmd.kind(under))]),
      if_(isOneOf(kind, 'huge', 'huge_anon'), [
        // wp_huge_pmd(): a private copy is made of one page, so the pmd is split first.
        if_(or(not(write), shared, eq(kind, 'huge_anon')), [ret('done', VmFault)]),
        call('wp_huge_pmd', __split_huge_pmd, [under]),
      ]),
      call('pte', handle_pte_fault(k), [v, addr, write, shared, vmaLocked, tried], fault),
      ret(fault),
    ],
  })
