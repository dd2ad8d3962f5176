/**
 * mm/shmem.c: changing the size of a shmem file, and punching holes into it. Read in copies of v6.6 and
 * later; guard-regions facts 4.2.6, 4.2.7.
 *
 * Not modelled yet: seals, quotas, swap, fallocate() other than FALLOC_FL_PUNCH_HOLE.
 */
import { le, local, lt, plus, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, if_, lock, set, step, unlock } from '../language/stmt.ts'
import { int, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { FILE_PAGES_MAX, file } from './mm_types.ts'
import { END_OF_FILE, truncate_inode_pages_range } from './truncate.ts'
import { nothingBeyondEnd } from './truncate_end.ts'
import { unmap_mapping_pages } from './unmap_mapping.ts'

const READ = 'copies of v6.6 and later'
const inode: Local = local('inode', refTo('file'))
const oldsize: Local = local('oldsize', int(0, FILE_PAGES_MAX))
const newsize: Local = local('newsize', int(0, FILE_PAGES_MAX))
const first: Local = local('start', int(0, FILE_PAGES_MAX))
const last: Local = local('end', int(0, FILE_PAGES_MAX))

const unmapTail = (name: string): ReturnType<typeof check> =>
  check(name, lt(newsize, oldsize), [call(name, unmap_mapping_pages(true), [inode, newsize, END_OF_FILE])])

/** ftruncate() on shmem; the caller holds i_rwsem. */
export const shmem_setattr = (k: Build): Routine =>
  routine({
    name: 'shmem_setattr',
    file: 'mm/shmem.c',
    read: READ,
    params: [inode, newsize],
    locals: [oldsize],
    body: [
      step('i_size_write', 'i_size_write(inode, newsize)', [
        set(oldsize, file.i_size(inode)),
        set(file.i_size(inode), newsize),
      ]),
      if_(le(newsize, oldsize), [
        unmapTail('unmap'),
        call('truncate_range', truncate_inode_pages_range(k, true, true), [inode, newsize, END_OF_FILE]),
        // What was copied privately between the first pass and the folio's leaving the page cache.
        unmapTail('unmap_again'),
      ]),
      nothingBeyondEnd(inode),
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
      step('publish_falloc', 'inode->i_private = &shmem_falloc', [
        set(file.falloc_start(inode), first),
        set(file.falloc_next(inode), plus(last, 1)),
      ]),
      check('unmap', truth(true), [call('unmap', unmap_mapping_pages(false), [inode, first, last])]),
      call('truncate_range', truncate_inode_pages_range(k, true, false), [inode, first, last]),
      // wake_up_all(): whoever waits looks at the window itself.
      step('clear_falloc', 'inode->i_private = NULL', [
        set(file.falloc_start(inode), 0),
        set(file.falloc_next(inode), 0),
      ]),
      unlock('inode_unlock', 'inode_unlock(inode)', file.i_rwsem(inode)),
    ],
  })
