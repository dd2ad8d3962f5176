/**
 * mm/shmem.c: finding or making the page-cache folio of a fault, locked. Read at v6.12 and v7.0-rc6
 * (guard-regions facts 3.1.15).
 *
 * Not modelled yet: swap, huge allocation, dropping locks for I/O, quotas; a fault that waited for a hole
 * to be punched and retried waits the second time with the mmap lock held. A folio that has left the page cache and the one that takes its place are one
 * object here, so a fault waits for the old one to be unlocked.
 */
import { and, hasAny, le, literal, local, lt, ne, not, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  call,
  check,
  if_,
  lock,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, enumeration, nilable, refTo, type EnumType } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { cachedFolio, hugeCached, release_fault_lock } from './filemap_fault.ts'
import { handle_userfault } from './handle_userfault.ts'
import { file, folio, page, vma } from './mm_types.ts'

const addr: Local = local('address', refTo('page'))
const f: Local = local('folio', nilable('folio'))
const still: Local = local('mapped', bool)
const added: Local = local('added', bool)
const nil = literal(nilable('folio'), 'nil')
const of = folio.file(page.folio(addr))

const inFile: Local = local('in_file', bool)

const beyondEnd = (label: string): readonly Stmt[] => [
  step(label, 'index << PAGE_SHIFT >= i_size_read(inode)', [set(inFile, lt(page.index(addr), file.i_size(of)))]),
]

/** What the wait for a hole punch gives: nothing to wait for, waited, or waited with the fault's lock let go of. */
export const FallocWait: EnumType = enumeration('falloc_wait', ['0', 'VM_FAULT_NOPAGE', 'VM_FAULT_RETRY'])

const v: Local = local('vma', nilable('vma'))
const vmaLocked: Local = local('vma_locked', bool)
const tried: Local = local('tried', bool)
const armed: Local = local('armed', bool)
const fault: Local = local('ret', VmFault)
const inHole: Local = local('in_hole', bool)
const punched = and(le(file.falloc_start(of), page.index(addr)), lt(page.index(addr), file.falloc_next(of)))

/** A fault on a page that is being punched out waits until the punch is over, with no lock held if it can. */
export const shmem_falloc_wait: Routine = routine({
  name: 'shmem_falloc_wait',
  file: 'mm/shmem.c',
  read: 'copies of v6.6 and later',
  params: [v, addr, vmaLocked, tried],
  locals: [inHole],
  returns: FallocWait,
  body: [
    step('i_private', 'if (unlikely(inode->i_private))', [set(inHole, punched)], {
      atomic: 'what is seen of the window is looked at again under inode->i_lock',
    }),
    check('wait', inHole, [
      if_(not(tried), [release_fault_lock('drop_for_wait', vmaLocked, v, addr)]),
      step('schedule', 'schedule()', [], {
        await: not(punched),
        sleeps: true,
        atomic: 'what is seen of the window is looked at again under inode->i_lock',
      }),
      if_(tried, [ret('VM_FAULT_NOPAGE', FallocWait)]),
      ret('VM_FAULT_RETRY', FallocWait),
    ]),
    ret('0', FallocWait),
  ],
})

/**
 * Where userfaultfd may have to bring the page, nil with what it makes of the fault in the caller's `ret`;
 * whether something stands in the page table is not asked here.
 */
const missing = (k: Build): readonly Stmt[] =>
  k.uffd === undefined
    ? []
    : [
        step('userfaultfd_missing', 'if (vma && userfaultfd_missing(vma))', [
          set(armed, hasAny(vma.vm_flags(v), 'VM_UFFD_MISSING')),
        ]),
        check('missing', armed, [
          call('handle_userfault', handle_userfault(k, 'VM_UFFD_MISSING'), [v, addr, vmaLocked], fault),
          ret(nil),
        ]),
      ]

/** Gives back the folio that caches the page, locked; nil beyond the end of the file. */
export const shmem_fault = (k: Build): Routine =>
  routine({
    name: 'shmem_fault',
    file: 'mm/shmem.c',
    read: 'v6.12, v7.0-rc6: shmem_get_folio_gfp()',
    params: k.uffd === undefined ? [addr] : [addr, v, vmaLocked, fault],
    locals: k.uffd === undefined ? [f, still, added, inFile] : [f, still, added, inFile, armed],
    returns: nilable('folio'),
    body: [
      while_(truth(true), [
        ...beyondEnd('i_size'),
        if_(not(inFile), [ret(nil)]),
        step('filemap_get_entry', 'folio = filemap_get_entry(inode->i_mapping, index)', [set(f, cachedFolio(addr))], {
          atomic: 'one load of one page-cache index',
        }),
        if_(
          ne(f, 'nil'),
          [
            lock('folio_lock', 'folio_lock(folio)', folio.lock(f)),
            step('recheck_mapping', 'if (unlikely(folio->mapping != inode->i_mapping))', [set(still, folio.cached(f))]),
            if_(still, [ret(f)]),
            unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
          ],
          [
            ...missing(k),
            step(
              'add_to_page_cache',
              'shmem_alloc_and_add_folio(vmf, gfp, inode, index, ...)',
              [
                set(added, and(not(hugeCached(addr)), not(folio.cached(page.folio(addr))))),
                when(added, [tryAcquire(folio.lock(page.folio(addr)), added)]),
                when(added, [set(folio.cached(page.folio(addr)), true)]),
              ],
              { atomic: 'one store under the xarray lock; the folio is born locked' },
            ),
            if_(added, [
              ...beyondEnd('i_size_again'),
              if_(inFile, [ret(page.folio(addr))]),
              step('filemap_remove_folio', 'filemap_remove_folio(folio)', [set(folio.cached(page.folio(addr)), false)]),
              unlock('folio_unlock_truncated', 'folio_unlock(folio)', folio.lock(page.folio(addr))),
              ret(nil),
            ]),
          ],
        ),
      ]),
    ],
  })
