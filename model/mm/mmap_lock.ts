/**
 * mm/mmap_lock.c and include/linux/mmap_lock.h: the mmap lock and the per-VMA lock. Read at
 * v7.0-rc6 (guard-regions facts 9.2-9.5).
 *
 * Not modelled yet: the two generations of the per-VMA lock apart (v6.4-v6.14 built it on an
 * rwsem, v6.15 on vm_refcnt; here, the second stands for both), detaching, slab reuse of VMAs,
 * downgrade, killable variants, and the fairness of the rwsem towards waiting writers.
 */
import { bound, eq, isEmpty, local, self, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  forEach,
  if_,
  let_,
  lock,
  noteDropped,
  noteHeld,
  release,
  ret,
  set,
  step,
  tryAcquire,
  unlock,
  when,
} from '../language/stmt.ts'
import type { Stmt } from '../language/stmt.ts'
import type { Expr } from '../language/expr.ts'
import { bool, refTo } from '../language/types.ts'
import { mm, vma } from './mm_types.ts'

const READ = 'v7.0-rc6; v6.15 and later'
const v: Local = local('vma', refTo('vma'))
const m: Local = local('mm', refTo('mm'))
const locked: Local = local('locked', bool)
const ok: Local = local('ok', bool)

export const mmap_read_lock = (label: string, of: Expr): Stmt =>
  lock(label, 'mmap_read_lock(mm)', mm.mmap_lock(of), 'read')
export const mmap_read_unlock = (label: string, of: Expr): Stmt =>
  unlock(label, 'mmap_read_unlock(mm)', mm.mmap_lock(of), 'read')
export const mmap_write_lock = (label: string, of: Expr): Stmt => lock(label, 'mmap_write_lock(mm)', mm.mmap_lock(of))
export const vma_end_read = (label: string, of: Expr): Stmt => unlock(label, 'vma_end_read(vma)', vma.lock(of), 'read')

const each = bound('v', 'vma')

export const mmap_write_unlock: Routine = routine({
  name: 'mmap_write_unlock',
  file: 'include/linux/mmap_lock.h',
  read: READ,
  params: [m],
  locals: [],
  body: [
    step('vma_end_write_all', 'vma_end_write_all(mm)', [
      forEach('vma', 'v', [
        when(eq(vma.mm(each), m), [set(vma.write_locked(each), false), noteDropped(vma.lock(each), 'write', true)]),
      ]),
    ]),
    unlock('up_write', 'up_write(&mm->mmap_lock)', mm.mmap_lock(m)),
  ],
})

/** Locks a VMA for a fault or a walk without the mmap lock. Gives up, never waits. */
export const lock_vma_under_rcu: Routine = routine({
  name: 'lock_vma_under_rcu',
  file: 'mm/mmap_lock.c',
  read: READ,
  params: [v],
  locals: [locked, ok],
  returns: bool,
  body: [
    step('seq', 'if (READ_ONCE(vma->vm_lock_seq) == mm->mm_lock_seq)', [set(locked, vma.write_locked(v))]),
    if_(locked, [ret(false, bool)]),
    step('refcnt', '__refcount_inc_not_zero_limited_acquire(&vma->vm_refcnt)', [tryAcquire(vma.lock(v), ok, 'read')]),
    if_(eq(ok, false), [ret(false, bool)]),
    step('recheck', 'if (vma->vm_lock_seq == mm->mm_lock_seq)', [set(locked, vma.write_locked(v))]),
    if_(locked, [
      step('put', 'vma_refcount_put(vma)', [release(vma.lock(v), 'read')]),
      let_(locked, false),
      ret(false, bool),
    ]),
    ret(true, bool),
  ],
})

/** Write-locks a VMA until the mmap write lock, which the caller holds, is dropped. */
export const vma_start_write: Routine = routine({
  name: 'vma_start_write',
  file: 'mm/mmap_lock.c',
  read: READ,
  params: [v],
  locals: [locked],
  body: [
    step('seq', 'if (vma->vm_lock_seq == mm->mm_lock_seq)', [set(locked, vma.write_locked(v))]),
    if_(eq(locked, false), [
      step('exclude', 'refcount_add_not_zero(VMA_LOCK_OFFSET, &vma->vm_refcnt)', [set(vma.lock.lock.owner(v), self)]),
      step('drain', 'rcuwait_wait_event(&mm->vma_writer_wait, ...)', [], {
        await: isEmpty(readersOf(v)),
        sleeps: true,
      }),
      step('set_seq', 'WRITE_ONCE(vma->vm_lock_seq, mm_lock_seq)', [
        set(vma.write_locked(v), true),
        noteHeld(vma.lock(v), 'write'),
      ]),
      step('readmit', 'refcount_sub(VMA_LOCK_OFFSET, &vma->vm_refcnt)', [set(vma.lock.lock.owner(v), 'nil')]),
    ]),
  ],
})

function readersOf(of: Expr): Expr {
  const readers = vma.lock.lock.readers
  if (readers === undefined) throw new Error('the per-VMA lock has readers')
  return readers(of)
}
