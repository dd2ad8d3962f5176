/**
 * mm/shmem.c: finding or making the page-cache folio of a fault, locked. Read at v6.12 and v7.0-rc6
 * (guard-regions facts 3.1.15).
 *
 * Not modelled yet: swap, the hole-punch window that faults wait for, huge allocation, dropping locks
 * for I/O, quotas. A folio that has left the page cache and the one that takes its place are one
 * object here, so a fault waits for the old one to be unlocked.
 */
import { and, ite, literal, local, lt, ne, not, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { if_, lock, ret, set, step, tryAcquire, unlock, when, while_, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import { file, folio, page } from './mm_types.ts'

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

/** Gives back the folio that caches the page, locked; nil beyond the end of the file. */
export const shmem_fault: Routine = routine({
  name: 'shmem_fault',
  file: 'mm/shmem.c',
  read: 'v6.12, v7.0-rc6: shmem_get_folio_gfp()',
  params: [addr],
  locals: [f, still, added, inFile],
  returns: nilable('folio'),
  body: [
    while_(truth(true), [
      ...beyondEnd('i_size'),
      if_(not(inFile), [ret(nil)]),
      step(
        'filemap_get_entry',
        'folio = filemap_get_entry(inode->i_mapping, index)',
        [
          set(
            f,
            ite(
              folio.cached(page.huge(addr)),
              page.huge(addr),
              ite(folio.cached(page.folio(addr)), page.folio(addr), nil),
            ),
          ),
        ],
        { atomic: 'one load of one page-cache index' },
      ),
      if_(
        ne(f, 'nil'),
        [
          lock('folio_lock', 'folio_lock(folio)', folio.lock(f)),
          step('recheck_mapping', 'if (unlikely(folio->mapping != inode->i_mapping))', [set(still, folio.cached(f))]),
          if_(still, [ret(f)]),
          unlock('folio_unlock', 'folio_unlock(folio)', folio.lock(f)),
        ],
        [
          step(
            'add_to_page_cache',
            'shmem_alloc_and_add_folio(vmf, gfp, inode, index, ...)',
            [
              set(added, and(not(folio.cached(page.huge(addr))), not(folio.cached(page.folio(addr))))),
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
