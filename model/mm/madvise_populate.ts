/**
 * mm/madvise.c, MADV_POPULATE_READ and MADV_POPULATE_WRITE; mm/process_vm_access.c. Read at v7.0-rc6
 * (guard-regions facts 8.1).
 *
 * Not modelled yet: the mmap lock being dropped and taken again within a call.
 */
import { local, truth, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_ } from '../language/stmt.ts'
import { eq } from '../language/expr.ts'
import { refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { __get_user_pages } from './gup.ts'
import { mmap_read_lock, mmap_read_unlock } from './mmap_lock.ts'
import { page } from './mm_types.ts'

const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const result: Local = local('ret', Result)

const underMmapLock = (k: Build, name: string, file: string, write: boolean, io: Syscall, remote: boolean): Routine =>
  routine({
    name,
    file,
    read: 'v7.0-rc6',
    params: [first, last],
    locals: [result],
    body: [
      ...io.enter,
      mmap_read_lock('mmap_read_lock', page.mm(first)),
      call('gup', __get_user_pages(k), [first, last, truth(write)], result),
      mmap_read_unlock('mmap_read_unlock', page.mm(first)),
      // A page that cannot be had, for whatever reason, ends process_vm_readv() with -EFAULT.
      ...(remote ? ['-EINVAL', '-ENOMEM', '-EHWPOISON'].map((e) => if_(eq(result, e), [let_(result, '-EFAULT')])) : []),
      ...io.leave(result),
    ],
  })

export const sys_madvise_populate = (k: Build, write: boolean, io: Syscall): Routine =>
  underMmapLock(k, `madvise(MADV_POPULATE_${write ? 'WRITE' : 'READ'})`, 'mm/madvise.c', write, io, false)

/** Reads another process's page, or one's own, through its page tables; never raises a signal. */
export const sys_process_vm_readv = (k: Build, io: Syscall): Routine =>
  underMmapLock(k, 'process_vm_readv', 'mm/process_vm_access.c', false, io, true)
