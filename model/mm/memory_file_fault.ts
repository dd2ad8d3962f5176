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
import { frame, hold } from './frame_types.ts'
import { file, folio, page, Pte, vma } from './mm_types.ts'
import { ioError, sigbusInDoFault, sigbusLocals } from './nosigbus.ts'
import { answers, FallocWait, shmem_falloc_wait, shmem_fault } from './shmem.ts'

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
  /** The contents of the private copy, in scenarios with page frames. */
  readonly copied: readonly Local[]
  /** What some proposals of MAP_NOSIGBUS call. */
  readonly do_anonymous_page: Routine
}

/** Of the file that the page belongs to, so that it is decided when the model is built. */
const ofShmem = file.shmem(folio.file(page.folio(addr)))

/** Whether the scenario has reads that fail, and somebody who asks. */
const failures = (k: Build): readonly Local[] => (k.io === true && k.has('nosigbus') ? [ioError] : [])

/** __do_fault(): the ->fault of shmem or of a plain file, which leaves the folio in `f`, locked. */
function doFault(finish: Finish, write: boolean): readonly Stmt[] {
  const { k, do_anonymous_page } = finish
  const sigbus = sigbusInDoFault(k, { write, vmaLocked, fault, do_anonymous_page })
  // Where SIGBUS stays SIGBUS there is nothing to do about it.
  const answered: readonly Stmt[] =
    sigbus.length === 1 ? [ret(fault)] : [if_(eq(fault, 'VM_FAULT_SIGBUS'), sigbus), ret(fault)]
  const [early, late] = [answers(k) ? [v] : [], answers(k) ? [fault] : []]
  const locked = k.uffd === undefined ? [] : [vmaLocked]
  return [
    if_(
      ofShmem,
      [
        call('falloc_wait', shmem_falloc_wait, [v, addr, vmaLocked, tried], waited),
        if_(eq(waited, 'VM_FAULT_RETRY'), [ret('VM_FAULT_RETRY', VmFault)]),
        if_(eq(waited, 'VM_FAULT_NOPAGE'), [ret('done', VmFault)]),
        ...(answers(k) ? [let_(fault, 'VM_FAULT_SIGBUS')] : []),
        call('fault', shmem_fault(k), [addr, ...early, ...locked, ...late, ...failures(k)], f),
        // v1 of MAP_NOSIGBUS answers within shmem.
        if_(eq(f, 'nil'), !answers(k) ? sigbus : k.has('nosigbus-in-shmem') ? [ret(fault)] : answered),
      ],
      [
        call('filemap_fault', filemap_fault(k), [v, addr, vmaLocked, tried, f, ...failures(k)], fault),
        if_(ne(fault, 'VM_FAULT_LOCKED'), answered),
      ],
    ),
  ]
}
const folio_unlock = unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f))
const localsOf = (k: Build): readonly Local[] => [f, fault, waited, kindOfPage, ...sigbusLocals(k)]
const paramsOf = ({ k, marker }: Finish): readonly Local[] => [v, addr, vmaLocked, tried, ...failures(k), ...marker]

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

export const do_read_fault = (finish: Finish): Routine =>
  routine({
    name: 'do_read_fault',
    file: 'mm/memory.c',
    read: READ,
    params: paramsOf(finish),
    locals: [...localsOf(finish.k), ok, ...finish.copied],
    returns: VmFault,
    body: [
      ...faultAround(finish.k),
      ...doFault(finish, false),
      let_(kindOfPage, 'file'),
      call('finish', finish.finish_fault(false), [v, addr, f, kindOfPage, ...finish.marker, ...finish.copied], fault),
      folio_unlock,
      ret(fault),
    ],
  })

export const do_cow_fault = (finish: Finish): Routine =>
  routine({
    name: 'do_cow_fault',
    file: 'mm/memory.c',
    read: READ,
    params: paramsOf(finish),
    locals: [...localsOf(finish.k), ...finish.copied],
    returns: VmFault,
    body: [
      call('anon_prepare', finish.vmf_anon_prepare, [v, addr, vmaLocked], fault),
      if_(ne(fault, 'done'), [ret(fault)]),
      ...doFault(finish, true),
      // Where contents are modelled at all.
      ...finish.copied.map((contents) =>
        step('copy_user_highpage', 'copy_mc_user_highpage(vmf->cow_page, vmf->page, vmf->address, vma)', [
          set(contents, frame.content(hold.cache(addr))),
        ]),
      ),
      let_(kindOfPage, 'anon'),
      call('finish', finish.finish_fault(true), [v, addr, f, kindOfPage, ...finish.marker, ...finish.copied], fault),
      folio_unlock,
      ret(fault),
    ],
  })

export const do_shared_fault = (finish: Finish): Routine =>
  routine({
    name: 'do_shared_fault',
    file: 'mm/memory.c',
    read: READ,
    params: paramsOf(finish),
    locals: [...localsOf(finish.k), ...finish.copied],
    returns: VmFault,
    body: [
      ...doFault(finish, true),
      if_(not(ofShmem), [
        unlock('folio_unlock_mkwrite', 'folio_unlock(folio)', folio.lock(f)),
        call('mkwrite', do_page_mkwrite, [addr, f], fault),
        if_(ne(fault, 'VM_FAULT_LOCKED'), [ret(fault)]),
      ]),
      let_(kindOfPage, 'file'),
      call('finish', finish.finish_fault(true), [v, addr, f, kindOfPage, ...finish.marker, ...finish.copied], fault),
      folio_unlock,
      ret(fault),
    ],
  })
