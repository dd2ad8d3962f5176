/**
 * mm/madvise.c: MADV_REMOVE, a hole punched through a mapping. Read in copies of v6.17 and later
 * (guard-regions facts 4.2.8).
 *
 * Not modelled yet: VM_MAYWRITE (a shared mapping is taken to be of a file opened for writing),
 * userfaultfd_remove().
 */
import { eq, hasAny, local, not, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, ret, set, step } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { sys_madvise } from './madvise.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { page, vma, VmFlags } from './mm_types.ts'
import { vfs_fallocate } from './open.ts'

const v: Local = local('vma', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const flags: Local = local('vm_flags', VmFlags)
const f: Local = local('f', nilable('file'))

/** Lets go of the mmap lock for the file system's sake, so that the VMA may be another one afterwards. */
const madvise_remove = (k: Build): Routine =>
  routine({
    name: 'madvise_remove',
    file: 'mm/madvise.c',
    read: 'v6.17, v7.0-rc6',
    params: [v, first, last],
    locals: [flags, f],
    returns: Result,
    body: [
      step('flags', 'vma->vm_flags', [set(flags, vma.vm_flags(v))]),
      if_(hasAny(flags, 'VM_LOCKED'), [ret('-EINVAL', Result)]),
      let_(f, vma.file(v)),
      if_(eq(f, 'nil'), [ret('-EINVAL', Result)]),
      if_(not(hasAny(flags, 'VM_SHARED')), [ret('-EACCES', Result)]),
      mmap_read_unlock('mmap_read_unlock', page.mm(first)),
      call('fallocate', vfs_fallocate(k), [f, page.index(first), page.index(last)]),
      mmap_read_lock('mmap_read_lock', page.mm(first)),
      ret('0', Result),
    ],
  })

export const sys_madvise_remove = (k: Build, io: Syscall): Routine =>
  sys_madvise(k, { name: 'MADV_REMOVE', visit: madvise_remove(k), mode: 'mmap read', install: false }, io)
