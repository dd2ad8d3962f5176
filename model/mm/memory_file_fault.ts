/**
 * mm/memory.c: do_read_fault(), do_cow_fault() and do_shared_fault(), each in its own order. Read at
 * v7.0-rc6 (guard-regions facts 3.1.10-15). The folio stays locked from ->fault until the entry is set.
 *
 * Not modelled yet: fault_dirty_shared_page(), the page table that do_cow_fault() allocates beforehand,
 * page_mkwrite of other file systems than ext4.
 */
import { eq, hasAny, local, ne, not, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, ret, set, step, unlock, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { filemap_map_pages } from './filemap.ts'
import { do_page_mkwrite, filemap_fault } from './filemap_fault.ts'
import { file, folio, page, Pte, vma } from './mm_types.ts'
import { FallocWait, shmem_falloc_wait, shmem_fault } from './shmem.ts'

const READ = 'v7.0-rc6'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const tried: Local = local('tried', bool)
const f: Local = local('folio', nilable('folio'))
const fault: Local = local('ret', VmFault)
const waited: Local = local('waited', FallocWait)
const ok: Local = local('ok', bool)
const kindOfPage: Local = local('entry', Pte)

/** What the three share with mm/memory.c; `finish` maps an entry as a read or as a write. */
export interface Finish {
  readonly k: Build
  readonly finish_fault: (write: boolean) => Routine
  readonly vmf_anon_prepare: Routine
  /** vmf_orig_pte_uffd_wp(), in scenarios that have such markers. */
  readonly marker: readonly Local[]
}

/** Of the file that the page belongs to, so that it is decided when the model is built. */
const ofShmem = file.shmem(folio.file(page.folio(addr)))

/** __do_fault(): the ->fault of shmem or of a plain file, which leaves the folio in `f`, locked. */
const doFault = (k: Build): readonly Stmt[] => [
  if_(
    ofShmem,
    [
      call('falloc_wait', shmem_falloc_wait, [v, addr, vmaLocked, tried], waited),
      if_(eq(waited, 'VM_FAULT_RETRY'), [ret('VM_FAULT_RETRY', VmFault)]),
      if_(eq(waited, 'VM_FAULT_NOPAGE'), [ret('done', VmFault)]),
      ...(k.uffd === undefined
        ? [call('fault', shmem_fault(k), [addr], f), if_(eq(f, 'nil'), [ret('VM_FAULT_SIGBUS', VmFault)])]
        : [
            let_(fault, 'VM_FAULT_SIGBUS'),
            call('fault', shmem_fault(k), [addr, v, vmaLocked, fault], f),
            if_(eq(f, 'nil'), [ret(fault)]),
          ]),
    ],
    [
      call('filemap_fault', filemap_fault, [v, addr, vmaLocked, tried, f], fault),
      if_(ne(fault, 'VM_FAULT_LOCKED'), [ret(fault)]),
    ],
  ),
]
const folio_unlock = unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f))
const locals = [f, fault, waited, kindOfPage]

/** should_fault_around(): not where userfaultfd write-protects. */
const faultAround = (k: Build): readonly Stmt[] => {
  const around = [call('fault_around', filemap_map_pages(k), [v, addr], ok), if_(ok, [ret('done', VmFault)])]
  if (k.uffd === undefined) return around
  return [
    step('uffd_disable_fault_around', 'should_fault_around(): uffd_disable_fault_around(vmf->vma)', [
      set(ok, hasAny(vma.vm_flags(v), 'VM_UFFD_WP')),
    ]),
    if_(not(ok), around),
  ]
}

export const do_read_fault = ({ k, finish_fault, marker }: Finish): Routine =>
  routine({
    name: 'do_read_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, vmaLocked, tried, ...marker],
    locals: [...locals, ok],
    returns: VmFault,
    body: [
      ...faultAround(k),
      ...doFault(k),
      let_(kindOfPage, 'file'),
      call('finish', finish_fault(false), [v, addr, f, kindOfPage, ...marker], fault),
      folio_unlock,
      ret(fault),
    ],
  })

export const do_cow_fault = ({ k, finish_fault, vmf_anon_prepare, marker }: Finish): Routine =>
  routine({
    name: 'do_cow_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, vmaLocked, tried, ...marker],
    locals,
    returns: VmFault,
    body: [
      call('anon_prepare', vmf_anon_prepare, [v, addr, vmaLocked], fault),
      if_(ne(fault, 'done'), [ret(fault)]),
      ...doFault(k),
      // copy_mc_user_highpage(vmf->cow_page, vmf->page, ...): contents are not modelled.
      let_(kindOfPage, 'anon'),
      call('finish', finish_fault(true), [v, addr, f, kindOfPage, ...marker], fault),
      folio_unlock,
      ret(fault),
    ],
  })

export const do_shared_fault = ({ k, finish_fault, marker }: Finish): Routine =>
  routine({
    name: 'do_shared_fault',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, vmaLocked, tried, ...marker],
    locals,
    returns: VmFault,
    body: [
      ...doFault(k),
      if_(not(ofShmem), [
        unlock('folio_unlock_mkwrite', 'folio_unlock(folio)', folio.lock(f)),
        call('mkwrite', do_page_mkwrite, [addr, f], fault),
        if_(ne(fault, 'VM_FAULT_LOCKED'), [ret(fault)]),
      ]),
      let_(kindOfPage, 'file'),
      call('finish', finish_fault(true), [v, addr, f, kindOfPage, ...marker], fault),
      folio_unlock,
      ret(fault),
    ],
  })
