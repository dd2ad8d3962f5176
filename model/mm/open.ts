/**
 * fs/open.c and a file system's part, as ext4 has it: ftruncate(), fallocate(FALLOC_FL_PUNCH_HOLE),
 * direct writes and drop_caches, as far as the page cache and the page tables feel them. The order of
 * the locks is that of guard-regions facts 4.2.6; the bodies of ext4 are UNVERIFIED, from memory of v6.6.
 *
 * Not modelled yet: blocks, I/O, journals, waiting for direct I/O, permissions, file systems with other
 * locks (XFS).
 */
import { local, lt, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, lock, set, step, unlock } from '../language/stmt.ts'
import { int, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { FILE_PAGES_MAX, file } from './mm_types.ts'
import { noted, noteZeroPages } from './nosigbus.ts'
import { shmem_fallocate, shmem_setattr } from './shmem_truncate.ts'
import {
  END_OF_FILE,
  invalidate_inode_pages2_range,
  mapping_try_invalidate,
  truncate_pagecache,
  truncate_pagecache_range,
} from './truncate.ts'
import { nothingBeyondEnd } from './truncate_end.ts'

const inode: Local = local('inode', refTo('file'))
const newsize: Local = local('newsize', int(0, FILE_PAGES_MAX))
const first: Local = local('start', int(0, FILE_PAGES_MAX))
const last: Local = local('end', int(0, FILE_PAGES_MAX))
const result: Local = local('ret', Result)

/** A plain file: i_size first, then truncate_pagecache(), all under i_rwsem and invalidate_lock. */
const ext4_setattr = (k: Build): Routine =>
  routine({
    name: 'ext4_setattr',
    file: 'fs/ext4/inode.c',
    read: 'UNVERIFIED: from memory of v6.6',
    params: [inode, newsize],
    locals: [],
    body: [
      lock('invalidate_lock', 'filemap_invalidate_lock(inode->i_mapping)', file.invalidate_lock(inode)),
      noted(
        k,
        step('i_size_write', 'truncate_setsize(): i_size_write(inode, newsize)', [
          ...noteZeroPages(k, inode, newsize, END_OF_FILE, lt(newsize, file.i_size(inode))),
          set(file.i_size(inode), newsize),
        ]),
      ),
      call('truncate_pagecache', truncate_pagecache(k), [inode, newsize]),
      nothingBeyondEnd(k, inode),
      unlock('invalidate_unlock', 'filemap_invalidate_unlock(inode->i_mapping)', file.invalidate_lock(inode)),
    ],
  })

/** ftruncate(), from system call to return. */
export const sys_ftruncate = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'ftruncate',
    file: 'fs/open.c',
    read: 'v6.6 and later: do_truncate()',
    params: [inode, newsize],
    locals: [result],
    body: [
      ...io.enter,
      lock('inode_lock', 'inode_lock(dentry->d_inode)', file.i_rwsem(inode)),
      if_(
        file.shmem(inode),
        [call('setattr', shmem_setattr(k), [inode, newsize])],
        [call('setattr_plain', ext4_setattr(k), [inode, newsize])],
      ),
      unlock('inode_unlock', 'inode_unlock(dentry->d_inode)', file.i_rwsem(inode)),
      let_(result, '0'),
      ...io.leave(result),
    ],
  })

const ext4_punch_hole = (k: Build): Routine =>
  routine({
    name: 'ext4_punch_hole',
    file: 'fs/ext4/inode.c',
    read: 'UNVERIFIED: from memory of v6.6',
    params: [inode, first, last],
    locals: [],
    body: [
      lock('inode_lock', 'inode_lock(inode)', file.i_rwsem(inode)),
      lock('invalidate_lock', 'filemap_invalidate_lock(mapping)', file.invalidate_lock(inode)),
      call('truncate_pagecache', truncate_pagecache_range(k), [inode, first, last]),
      unlock('invalidate_unlock', 'filemap_invalidate_unlock(mapping)', file.invalidate_lock(inode)),
      unlock('inode_unlock', 'inode_unlock(inode)', file.i_rwsem(inode)),
    ],
  })

/** vfs_fallocate() with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE on the pages start..end. */
export const vfs_fallocate = (k: Build): Routine =>
  routine({
    name: 'vfs_fallocate',
    file: 'fs/open.c',
    read: 'v6.6 and later',
    params: [inode, first, last],
    locals: [],
    body: [
      if_(
        file.shmem(inode),
        [call('shmem', shmem_fallocate(k), [inode, first, last])],
        [call('plain', ext4_punch_hole(k), [inode, first, last])],
      ),
    ],
  })

export const sys_fallocate = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'fallocate(PUNCH_HOLE)',
    file: 'fs/open.c',
    read: 'v6.6 and later',
    params: [inode, first, last],
    locals: [result],
    body: [...io.enter, call('punch', vfs_fallocate(k), [inode, first, last]), let_(result, '0'), ...io.leave(result)],
  })

/**
 * What a direct write does to the pages that it writes: kiocb_invalidate_pages() before it. It holds
 * i_rwsem (ext4, shared where it overwrites; exclusive here), and no invalidate_lock.
 */
export const direct_write = (k: Build): Routine =>
  routine({
    name: 'kiocb_invalidate_pages',
    file: 'mm/filemap.c',
    read: 'v6.6 and later',
    params: [inode, first, last],
    locals: [],
    body: [
      lock('inode_lock', 'inode_lock(inode)', file.i_rwsem(inode)),
      call('invalidate', invalidate_inode_pages2_range(k), [inode, first, last]),
      unlock('inode_unlock', 'inode_unlock(inode)', file.i_rwsem(inode)),
    ],
  })

/** /proc/sys/vm/drop_caches and POSIX_FADV_DONTNEED: what nobody uses leaves the page cache. */
export const drop_pagecache: Routine = routine({
  name: 'drop_pagecache_sb',
  file: 'fs/drop_caches.c',
  read: 'v6.6 and later',
  params: [inode, first, last],
  locals: [],
  body: [call('invalidate', mapping_try_invalidate, [inode, first, last])],
})
