/**
 * mm/shmem.c: changing the size of a shmem file, and punching holes into it. Read in copies of v6.6 and
 * later; guard-regions facts 4.2.6, 4.2.7.
 *
 * Not modelled yet: seals, quotas, swap, fallocate() other than FALLOC_FL_PUNCH_HOLE.
 */
import { le, local, lt, plus, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, lock, set, step, unlock, type Stmt } from '../language/stmt.ts'
import { int, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { FILE_PAGES_MAX, file } from './mm_types.ts'
import { noted, noteZeroPages, zeroPagesGone } from './nosigbus.ts'
import { END_OF_FILE, truncate_inode_pages_range } from './truncate.ts'
import { nothingBeyondEnd } from './truncate_end.ts'
import { unmap_mapping_pages } from './unmap_mapping.ts'

const READ = 'copies of v6.6 and later'
const inode: Local = local('inode', refTo('file'))
const oldsize: Local = local('oldsize', int(0, FILE_PAGES_MAX))
const newsize: Local = local('newsize', int(0, FILE_PAGES_MAX))
const first: Local = local('start', int(0, FILE_PAGES_MAX))
const last: Local = local('end', int(0, FILE_PAGES_MAX))

/**
 * In whole pages `oldsize > round_up(newsize, PAGE_SIZE)` is what stands here: 8192 to 4097 bytes is two pages
 * before and after, and unmaps nothing.
 */
const unmapTail = (k: Build, name: string): ReturnType<typeof check> =>
  check(name, lt(newsize, oldsize), [call(name, unmap_mapping_pages(k, true), [inode, newsize, END_OF_FILE])])

/** What nobody has posted: the zero pages of what the file grows by make room for its own. */
const unmapGrown = (k: Build): readonly Stmt[] =>
  k.has('nosigbus-grow-unmaps')
    ? [
        check('grown', lt(oldsize, newsize), [
          call('unmap_grown', unmap_mapping_pages(k, false), [inode, oldsize, END_OF_FILE]),
        ]),
      ]
    : []

/** ftruncate() on shmem; the caller holds i_rwsem. */
export const shmem_setattr = (k: Build): Routine =>
  routine({
    name: 'shmem_setattr',
    file: 'mm/shmem.c',
    read: READ,
    params: [inode, newsize],
    locals: [oldsize],
    body: [
      noted(
        k,
        step('i_size_write', 'i_size_write(inode, newsize)', [
          set(oldsize, file.i_size(inode)),
          ...noteZeroPages(k, inode, newsize, END_OF_FILE, lt(newsize, oldsize)),
          set(file.i_size(inode), newsize),
        ]),
      ),
      if_(le(newsize, oldsize), [
        unmapTail(k, 'unmap'),
        call('truncate_range', truncate_inode_pages_range(k, true, true), [inode, newsize, END_OF_FILE]),
        // What was copied privately between the first pass and the folio's leaving the page cache.
        unmapTail(k, 'unmap_again'),
      ]),
      ...unmapGrown(k),
      nothingBeyondEnd(k, inode),
    ],
  })

/** fallocate(FALLOC_FL_PUNCH_HOLE) on shmem: faults on the hole wait, private copies of it stay. */
export const shmem_fallocate = (k: Build): Routine =>
  routine({
    name: 'shmem_fallocate',
    file: 'mm/shmem.c',
    read: READ,
    params: [inode, first, last],
    locals: [],
    body: [
      lock('inode_lock', 'inode_lock(inode)', file.i_rwsem(inode)),
      noted(
        k,
        step('publish_falloc', 'inode->i_private = &shmem_falloc', [
          set(file.falloc_start(inode), first),
          set(file.falloc_next(inode), plus(last, 1)),
          ...noteZeroPages(k, inode, first, last, truth(true)),
        ]),
      ),
      check('unmap', truth(true), [call('unmap', unmap_mapping_pages(k, false), [inode, first, last])]),
      call('truncate_range', truncate_inode_pages_range(k, true, false), [inode, first, last]),
      // wake_up_all(): whoever waits looks at the window itself.
      step('clear_falloc', 'inode->i_private = NULL', [
        ...(k.has('nosigbus') ? [zeroPagesGone('HolePunchUnmapsZero')] : []),
        set(file.falloc_start(inode), 0),
        set(file.falloc_next(inode), 0),
      ]),
      unlock('inode_unlock', 'inode_unlock(inode)', file.i_rwsem(inode)),
    ],
  })
