/**
 * mm/filemap.c: the ->fault and ->page_mkwrite of a plain file. Read in copies of v6.12 and of a kernel
 * between v6.15 and v7.0; ext4_page_mkwrite() is UNVERIFIED, from memory of v6.6 (facts 3.1.10-15).
 *
 * Not modelled yet: readahead, which fills the page cache and maps nothing, so that it cannot matter to
 * a guard (seeds/000, "Readahead"); read errors; folios that are cached and not up to date (one is read
 * in under the lock that it is born with); the second time that the kernel lets go of the mmap lock where
 * no I/O was needed.
 */
import { and, eq, ite, literal, local, lt, ne, not, truth, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  check,
  continue_,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
} from '../language/stmt.ts'
import type { Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { mmap_read_unlock, vma_end_read } from './mmap_lock.ts'
import { file, folio, page } from './mm_types.ts'
import { ioError } from './nosigbus.ts'

const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
/** FAULT_FLAG_TRIED: the locks have been let go of once, and are not again. */
const tried: Local = local('tried', bool)
const f: Local = local('folio', nilable('folio'))
const inFile: Local = local('in_file', bool)
const got: Local = local('got', bool)
const still: Local = local('mapped', bool)
const added: Local = local('added', bool)
/** fpin: the mmap lock or the VMA lock has been let go of. */
const dropped: Local = local('fpin', bool)
const mappingLocked: Local = local('mapping_locked', bool)

const nil = literal(nilable('folio'), 'nil')
const own = page.folio(addr)
const of = folio.file(own)

/** A PMD-sized folio caches the page; in the last part of a file there may be no room for one. */
export const hugeCached = (at: Expr): Expr =>
  ite(ne(page.huge(at), 'nil'), folio.cached(page.huge(at)), literal(bool, false))

/** The folio that a look-up of the page's index finds. */
export const cachedFolio = (at: Expr): Expr =>
  ite(hugeCached(at), page.huge(at), ite(folio.cached(page.folio(at)), page.folio(at), nil))

/** release_fault_lock(). */
export const release_fault_lock = (label: string, inVma: Expr, vma: Expr, at: Expr): Stmt =>
  if_(inVma, [vma_end_read(`${label}_vma`, vma)], [mmap_read_unlock(`${label}_mmap`, page.mm(at))])

const maxIdx = (label: string): Stmt =>
  step(label, 'max_idx = DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE)', [
    set(inFile, lt(page.index(addr), file.i_size(of))),
  ])
/** maybe_unlock_mmap_for_io() */
const unlockForIo = (label: string): Stmt =>
  if_(not(dropped), [if_(not(tried), [release_fault_lock(label, vmaLocked, v, addr), let_(dropped, true)])])
const unlockMapping = (label: string): Stmt =>
  if_(mappingLocked, [
    unlock(label, 'filemap_invalidate_unlock_shared(mapping)', file.invalidate_lock(of), 'read'),
    let_(mappingLocked, false),
  ])

/** lock_folio_maybe_drop_mmap() */
const lockFolio: readonly Stmt[] = [
  step('folio_trylock', 'lock_folio_maybe_drop_mmap(): folio_trylock(folio)', [tryAcquire(folio.lock(f), got)]),
  if_(not(got), [unlockForIo('drop_for_lock'), lock('folio_lock', '__folio_lock(folio)', folio.lock(f))]),
]

const failed: Local = local('error', bool)

/** -EIO: the folio is not up to date, which is to say that it is not there; SIGBUS, or another try where the lock was let go of. */
const readFailed = (k: Build): readonly Stmt[] => [
  if_(failed, [
    step('folio_error', 'folio_end_read(folio, false)', [set(folio.cached(own), false)]),
    unlock('folio_unlock_error', 'folio_unlock(folio)', folio.lock(own)),
    unlockMapping('invalidate_unlock_error'),
    if_(dropped, [ret('VM_FAULT_RETRY', VmFault)]),
    ...(k.has('nosigbus') ? [let_(ioError, true)] : []),
    ret('VM_FAULT_SIGBUS', VmFault),
  ]),
]

/**
 * Gives back VM_FAULT_LOCKED with the cached folio locked in the caller's `folio` (vmf->page), or
 * VM_FAULT_RETRY with the fault's lock let go of.
 */
export const filemap_fault = (k: Build): Routine =>
  routine({
    name: 'filemap_fault',
    file: 'mm/filemap.c',
    read: 'v6.12; a copy between v6.15 and v7.0',
    params:
      k.io === true && k.has('nosigbus') ? [v, addr, vmaLocked, tried, f, ioError] : [v, addr, vmaLocked, tried, f],
    locals: [inFile, got, still, added, dropped, mappingLocked, ...(k.io === true ? [failed] : [])],
    returns: VmFault,
    body: [
      let_(dropped, false),
      let_(mappingLocked, false),
      maxIdx('max_idx'),
      if_(not(inFile), [ret('VM_FAULT_SIGBUS', VmFault)]),
      while_(truth(true), [
        step('filemap_get_folio', 'folio = filemap_get_folio(mapping, index)', [set(f, cachedFolio(addr))], {
          atomic: 'one load of one page-cache index',
        }),
        if_(eq(f, 'nil'), [
          if_(not(mappingLocked), [
            lock('invalidate_lock', 'filemap_invalidate_lock_shared(mapping)', file.invalidate_lock(of), 'read'),
            let_(mappingLocked, true),
            // Looked up again under the lock, by FGP_CREAT.
            continue_,
          ]),
          step(
            'filemap_add_folio',
            'folio = __filemap_get_folio(mapping, index, FGP_CREAT | FGP_FOR_MMAP, vmf->gfp_mask)',
            [
              set(added, and(not(hugeCached(addr)), not(folio.cached(own)))),
              when(added, [tryAcquire(folio.lock(own), added)]),
              when(added, [set(folio.cached(own), true)]),
            ],
            { atomic: 'one store under the xarray lock; the folio is born locked' },
          ),
          if_(added, [
            unlockForIo('drop_for_io'),
            step('filemap_read_folio', 'filemap_read_folio(file, mapping->a_ops->read_folio, folio)', [], {
              sleeps: true,
              ...(k.io === true ? { choose: [failed] } : {}),
            }),
            ...(k.io === true ? readFailed(k) : []),
            unlock('folio_end_read', 'folio_end_read(folio, true)', folio.lock(own)),
            if_(dropped, [unlockMapping('invalidate_unlock_io'), ret('VM_FAULT_RETRY', VmFault)]),
          ]),
          continue_,
        ]),
        ...lockFolio,
        step('recheck_mapping', 'if (unlikely(folio->mapping != mapping))', [set(still, folio.cached(f))]),
        check('truncated', not(still), [
          unlock('folio_unlock_truncated', 'folio_unlock(folio)', folio.lock(f)),
          continue_,
        ]),
        if_(dropped, [
          unlock('folio_unlock_retry', 'folio_unlock(folio)', folio.lock(f)),
          unlockMapping('invalidate_unlock_retry'),
          ret('VM_FAULT_RETRY', VmFault),
        ]),
        maxIdx('max_idx_again'),
        check('beyond_end', not(inFile), [
          unlock('folio_unlock_beyond', 'folio_unlock(folio)', folio.lock(f)),
          unlockMapping('invalidate_unlock_beyond'),
          ret('VM_FAULT_SIGBUS', VmFault),
        ]),
        unlockMapping('invalidate_unlock'),
        ret('VM_FAULT_LOCKED', VmFault),
      ]),
    ],
  })

/**
 * do_page_mkwrite() with a file system's ->page_mkwrite, before a page of a shared mapping becomes
 * writable. VM_FAULT_LOCKED, or `done` (VM_FAULT_NOPAGE) where the folio has left the file.
 */
export const do_page_mkwrite: Routine = routine({
  name: 'do_page_mkwrite',
  file: 'mm/memory.c',
  read: 'v6.12; ext4_page_mkwrite() from memory of v6.6',
  params: [addr, f],
  locals: [still],
  returns: VmFault,
  body: [
    lock('invalidate_lock', 'filemap_invalidate_lock_shared(mapping)', file.invalidate_lock(of), 'read'),
    lock('folio_lock', 'folio_lock(folio)', folio.lock(f)),
    step('recheck_mapping', 'if (folio->mapping != mapping || page_offset(page) > size)', [
      set(still, and(ne(f, 'nil'), folio.cached(f))),
    ]),
    check('truncated', not(still), [
      unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
      unlock('invalidate_unlock_nopage', 'filemap_invalidate_unlock_shared(mapping)', file.invalidate_lock(of), 'read'),
      ret('done', VmFault),
    ]),
    unlock('invalidate_unlock', 'filemap_invalidate_unlock_shared(mapping)', file.invalidate_lock(of), 'read'),
    ret('VM_FAULT_LOCKED', VmFault),
  ],
})
