/**
 * The fault half of mm/memory.c: faults on anonymous and shmem mappings, each with its lockless
 * snapshot of the entry and its second look under ptl. Read at v7.0-rc6 (guard-regions facts 3);
 * the steps modelled are those of v6.12 as well.
 *
 * Not modelled yet: NUMA, mTHP, the asynchronous mode of userfaultfd, mapping a large folio by more than the
 * faulting entry in finish_fault(), accessed and dirty bits.
 */
import {
  and,
  eq,
  hasAny,
  isOneOf,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  or,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, let_, ret, set, step, when, type Action, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { newAnonPage } from './cow.ts'
import { VmFault } from './errno.ts'
import { fileEntry } from './filemap.ts'
import { ALLOCATES, copied, fresh, ifFrames, mapNewFrame, origFrame, setDirty } from './frame.ts'
import { entry as entryOf, hold } from './frame_types.ts'
import { deliver, deliverLocals } from './handle_userfault.ts'
import { isHuge, splitOf } from './huge_memory.ts'
import { hugetlb_fault } from './hugetlb.ts'
import { do_huge_pmd_wp_page } from './huge_memory_cow.ts'
import { do_huge_pmd_wp_page_frames } from './huge_memory_frames.ts'
import { do_huge_pmd_anonymous_page } from './huge_memory_fault.ts'
import { vmf_anon_prepare } from './memory_anon_prepare.ts'
import { do_set_pmd } from './memory_pmd.ts'
import { do_swap_page, do_wp_page, lockIfSame } from './memory_wp_kinds.ts'
import { brokeCow, do_swap_page_frame, do_wp_page_private, type Flavour } from './memory_wp.ts'
import { do_cow_fault, do_read_fault, do_shared_fault, type Finish } from './memory_file_fault.ts'
import { ioError, newZero, nosigbusFlags, sigbusInPteFault } from './nosigbus.ts'
import { file, folio, page, Pte, pmd, PmdKind, SWAP_PTES, table, UFFD_WP_PTES, vma } from './mm_types.ts'
import { __pte_alloc, pte_offset_map_lock, pte_unmap_unlock } from './pgtable_generic.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

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
const writable: Local = local('writable', bool)
const kind: Local = local('pmdval', PmdKind)
/** The VMA is a shared mapping: vm_flags as the caller read them. */
const shared: Local = local('shared', bool)
const fault: Local = local('ret', VmFault)
const f: Local = local('folio', nilable('folio'))
const kindOfPage: Local = local('entry', Pte)
/** vmf_orig_pte_uffd_wp(): a marker of userfaultfd's write protection stood in the entry. */
const marker: Local = local('orig_uffd_wp', bool)
/** What only scenarios have where something is registered with userfaultfd. */
const ifUffd = <T>(k: Build, ...items: readonly T[]): readonly T[] => (k.uffd === undefined ? [] : items)

const under = page.pmd(addr)
const slot = page.slot(addr)

/** Under the protection that the marker stood for, the entry that takes its place is protected as well. */
const marked = (k: Build, entry: Expr): Expr => {
  if (k.uffd === undefined) return entry
  const wp = ite(
    isOneOf(entry, 'file', 'file_ro'),
    literal(Pte, 'file_wp'),
    ite(eq(entry, 'anon'), literal(Pte, 'anon_wp'), entry),
  )
  return ite(marker, wp, entry)
}

/**
 * Makes sure there is a table, locks it and puts `entry` where nothing is; a lost race means the access is
 * tried again. `locked` are questions that are asked under the lock.
 */
const setEntry = (k: Build, entry: Local, write: boolean, locked: readonly Stmt[] = []): readonly Stmt[] => [
  step('pmd_none', 'pmd_none(*vmf->pmd)', [set(kind, pmd.kind(under))]),
  if_(eq(kind, 'none'), [call('pte_alloc', __pte_alloc(k), [under], ok), if_(not(ok), [ret('VM_FAULT_OOM', VmFault)])]),
  call('map', pte_offset_map_lock, [under], t),
  if_(eq(t, 'nil'), [ret('done', VmFault)]),
  step('vmf_pte_changed', 'vmf_pte_changed(vmf)', [
    set(now, table.pte(t, slot)),
    // maybe_mkwrite(): only FOLL_FORCE comes to a VMA that may not be written.
    ...ifFrames(k, set(writable, hasAny(vma.vm_flags(v), 'VM_WRITE'))),
  ]),
  check('pte_changed', changed(k), [call('unmap_changed', pte_unmap_unlock, [t]), ret('done', VmFault)]),
  ...locked,
  step(
    'set_pte_at',
    'set_pte_at(vma->vm_mm, addr, vmf->pte, entry)',
    [
      set(table.pte(t, slot), marked(k, ite(eq(entry, 'file'), fileEntry(k, v, addr, write), entry))),
      ...(k.frames === true ? mapFrame(k, entry) : newAnonPage(addr)),
      ...(k.has('nosigbus') ? [when(eq(entry, 'zero'), newZero(k, t, addr, vma.vm_flags(v)))] : []),
    ],
    k.frames === true ? ALLOCATES : {},
  ),
  call('unmap', pte_unmap_unlock, [t]),
]

/** Where there are page frames: a new one under an anonymous entry, which a write has made dirty. */
const mapFrame = (k: Build, entry: Local): readonly Action[] => [
  ...setDirty(k, t, slot, false),
  when(eq(entry, 'anon'), [
    ...mapNewFrame(k, fresh, t, slot, copied),
    ...setDirty(k, t, slot, true),
    when(not(writable), [set(table.pte(t, slot), 'anon_ro')]),
  ]),
]

/** vmf_pte_changed(): the entry is no longer the empty one, or the marker, that the fault found. */
const changed = (k: Build): Expr =>
  k.uffd === undefined ? ne(now, 'none') : ne(now, ite(marker, literal(Pte, 'uffd_wp'), 'none'))

const do_anonymous_page = (k: Build): Routine =>
  routine({
    name: 'do_anonymous_page',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, vmaLocked],
    locals: [
      ...[kind, ok, t, now, fault, kindOfPage],
      ...ifUffd(k, marker),
      ...deliverLocals(k),
      ...ifFrames(k, fresh, copied, writable),
    ],
    returns: VmFault,
    body: [
      // Anonymous memory has markers with UFFD_FEATURE_WP_UNPOPULATED only, which is not modelled.
      ...ifUffd(k, let_(marker, false)),
      let_(kindOfPage, 'zero'),
      if_(write, [
        call('anon_prepare', vmf_anon_prepare(k), [v, addr, vmaLocked], fault),
        if_(ne(fault, 'done'), [ret(fault)]),
        let_(kindOfPage, 'anon'),
      ]),
      ...setEntry(k, kindOfPage, false, deliver(k, 'VM_UFFD_MISSING', [call('unmap_missing', pte_unmap_unlock, [t])])),
      ret('done', VmFault),
    ],
  })

/** Maps the locked folio (or the private copy made of it) at the address. */
const finish_fault = (k: Build, write: boolean): Routine =>
  routine({
    name: 'finish_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, f, kindOfPage, ...ifUffd(k, marker), ...ifFrames(k, copied)],
    locals: [
      ...(k.has('map-within-i_size') ? [covered, within] : [covered]),
      ...[kind, ok, t, now],
      ...ifFrames(k, fresh, writable),
    ],
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
    k,
    finish_fault: (isWrite) => finish_fault(k, isWrite),
    vmf_anon_prepare: vmf_anon_prepare(k),
    marker: ifUffd(k, marker),
    copied: ifFrames(k, copied),
    do_anonymous_page: do_anonymous_page(k),
  }
  const args = [v, addr, vmaLocked, tried, ...failures(k), ...ifUffd(k, marker)]
  return routine({
    name: 'do_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, shared, vmaLocked, tried, ...failures(k), ...ifUffd(k, marker)],
    locals: [fault],
    returns: VmFault,
    body: [
      if_(
        not(write),
        [call('read', do_read_fault(finish), args, fault)],
        [
          if_(
            not(shared),
            [call('cow', do_cow_fault(finish), args, fault)],
            [call('shared', do_shared_fault(finish), args, fault)],
          ),
        ],
      ),
      ret(fault),
    ],
  })
}

/**
 * pte_marker_handle_uffd_wp(): a marker in a VMA that is not write-protected any more goes; any other stands
 * for an empty entry whose page comes back protected.
 */
const pte_marker_clear: Routine = routine({
  name: 'pte_marker_clear',
  file: 'mm/memory.c',
  read: READ,
  params: [addr, orig],
  locals: [t, now],
  returns: VmFault,
  body: [
    ...lockIfSame('marker'),
    step('pte_clear', 'pte_clear(vmf->vma->vm_mm, vmf->address, vmf->pte)', [set(table.pte(t, slot), 'none')]),
    call('unmap', pte_unmap_unlock, [t]),
    ret('done', VmFault),
  ],
})
const ofMarker: readonly Stmt[] = [
  if_(eq(orig, 'uffd_wp'), [
    step('userfaultfd_wp', 'pte_marker_handle_uffd_wp(): userfaultfd_wp(vmf->vma)', [
      set(marker, hasAny(vma.vm_flags(v), 'VM_UFFD_WP')),
    ]),
    if_(not(marker), [call('pte_marker_clear', pte_marker_clear, [addr, orig], fault), ret(fault)]),
  ]),
]

/** FAULT_FLAG_WRITE, or FAULT_FLAG_UNSHARE, which sanitize_fault_flags() takes away where nothing can be unshared. */
const breaksCow = (flavour: Flavour): Expr => (flavour === 'unshare' ? not(shared) : write)
/** VM_FAULT_WRITE, which GUP alone asks for. */
const ofForce = (flavour: Flavour): readonly Local[] => (flavour === 'force' ? [brokeCow] : [])
const named = (name: string, flavour: Flavour): string => (flavour === 'plain' ? name : `${name}(${flavour})`)

/** What a write cannot go through, and do_wp_page() is for. */
const readOnly = (k: Build): readonly string[] => ['zero', 'file_ro', 'anon_ro', ...ifUffd(k, ...UFFD_WP_PTES)]

/** From the lockless snapshot of the entry to the handler for what was seen there. */
const handle_pte_fault = (k: Build, flavour: Flavour): Routine =>
  routine({
    name: named('handle_pte_fault', flavour),
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, shared, vmaLocked, tried, ...ofForce(flavour)],
    locals: [
      ...[t, orig, kind, fault],
      ...ifFrames(k, origFrame),
      ...ifUffd(k, marker),
      ...failures(k),
      ...(k.has('nosigbus-in-pte-fault') ? [nosigbusFlags] : []),
    ],
    returns: VmFault,
    body: [
      ...ifUffd(k, let_(marker, false)),
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
          ...ifFrames(k, set(origFrame, entryOf.frame(t, slot))),
          ...rcu_read_unlock,
        ]),
        // do_swap_page() -> handle_pte_marker(), on the snapshot alone.
        if_(eq(orig, 'guard'), [ret('VM_FAULT_SIGSEGV', VmFault)]),
        if_(eq(orig, 'poison'), [ret('VM_FAULT_HWPOISON', VmFault)]),
        if_(isOneOf(orig, ...SWAP_PTES), [
          k.frames === true
            ? call('swap', do_swap_page_frame(k), [addr, orig, origFrame, write], fault)
            : call('swap', do_swap_page(k), [addr, orig], fault),
          ret(fault),
        ]),
        ...ifUffd(k, ...ofMarker),
        if_(not(isOneOf(orig, ...(k.uffd === undefined ? ['none'] : ['none', 'uffd_wp']))), [
          if_(and(breaksCow(flavour), or(isOneOf(orig, ...readOnly(k)), and(eq(orig, 'file'), not(shared)))), [
            ...(k.frames === true
              ? [
                  // do_wp_page() asks first whether the mapping is shared.
                  check('wp_shared', shared, [
                    call('wp', do_wp_page(k), [v, addr, orig, vmaLocked], fault),
                    ret(fault),
                  ]),
                  call(
                    'wp_private',
                    do_wp_page_private(k, flavour),
                    [v, addr, orig, origFrame, vmaLocked, ...ofForce(flavour)],
                    fault,
                  ),
                ]
              : [call('wp', do_wp_page(k), [v, addr, orig, vmaLocked], fault)]),
            ret(fault),
          ]),
          ret('done', VmFault),
        ]),
      ]),
      if_(
        eq(vma.file(v), 'nil'),
        [call('anonymous', do_anonymous_page(k), [v, addr, write, vmaLocked], fault)],
        [
          call(
            'file',
            do_fault(k),
            [v, addr, write, shared, vmaLocked, tried, ...failures(k), ...ifUffd(k, marker)],
            fault,
          ),
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
export const handle_mm_fault = (k: Build, flavour: Flavour = 'plain'): Routine =>
  routine({
    name: named('__handle_mm_fault', flavour),
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, write, shared, vmaLocked, tried, ...ofForce(flavour)],
    locals: [kind, fault],
    returns: VmFault,
    body: [
      // handle_mm_fault(): if (is_vm_hugetlb_page(vma))
      ...ifFrames(
        k,
        if_(hold.hugetlb(addr), [call('hugetlb', hugetlb_fault(k, flavour), [v, addr, write], fault), ret(fault)]),
      ),
      step('pmd', 'vmf.orig_pmd = pmdp_get_lockless(vmf.pmd)', [set(kind, pmd.kind(under))]),
      if_(isHuge(kind), [
        if_(or(not(breaksCow(flavour)), shared, eq(kind, 'huge_anon')), [ret('done', VmFault)]),
        ...(k.thp === true
          ? [
              if_(eq(kind, 'huge_anon_ro'), [
                call('wp_anon', do_huge_pmd_wp_page, [v, addr], fault),
                if_(ne(fault, 'VM_FAULT_FALLBACK'), [ret(fault)]),
              ]),
            ]
          : []),
        ...(k.large !== undefined
          ? [
              if_(eq(kind, 'huge_anon_ro'), [
                call('wp_large', do_huge_pmd_wp_page_frames(k, flavour), [v, addr], fault),
                if_(ne(fault, 'VM_FAULT_FALLBACK'), [ret(fault)]),
              ]),
            ]
          : []),
        // wp_huge_pmd(): a private copy is made of one page, so the pmd is split first.
        if_(k.frames === true ? isOneOf(kind, 'huge', 'huge_zero') : eq(kind, 'huge'), [
          call('wp_huge_pmd', splitOf(k), [under]),
        ]),
      ]),
      ...(k.thp === true
        ? [
            if_(and(eq(kind, 'none'), eq(vma.file(v), 'nil')), [
              call('huge', do_huge_pmd_anonymous_page(k, vmf_anon_prepare(k)), [v, addr, vmaLocked], fault),
              if_(ne(fault, 'VM_FAULT_FALLBACK'), [ret(fault)]),
            ]),
          ]
        : []),
      call('pte', handle_pte_fault(k, flavour), [v, addr, write, shared, vmaLocked, tried, ...ofForce(flavour)], fault),
      ret(fault),
    ],
  })
