/**
 * A VMA that one process frees becomes another's: VMAs are SLAB_TYPESAFE_BY_RCU since v6.15, so that
 * lock_vma_under_rcu() may hold one that has changed hands since it was found. Read in the mails of 9bbffee67ffd
 * (July 2025, "mm: fix a UAF when vma->mm is freed after vma->vm_refcnt got dropped") and at v7.0-rc6
 * (guard-regions facts 9.4.2c, 9.4.6, B29).
 *
 * The other process is as small as can be: it has no page table, nobody faults in it, and it exits at once.
 * A run in which the slab gives it some other object is of no interest, and is left out.
 */
import { and, eq, firstThat, isEmpty, local, ne, not, self, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, set, step, type Stmt, when } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { mmap_write_lock, mmap_write_unlock, vmaReaders } from './mmap_lock.ts'
import { mm, vma } from './mm_types.ts'

const m: Local = local('mm', refTo('mm'))
const from: Local = local('mapping', refTo('mapping'))
const v: Local = local('vma', nilable('vma'))
const held: Local = local('readers', bool)
const result: Local = local('ret', Result)

const reuse: readonly Stmt[] = [
  mmap_write_lock('mmap_write_lock', m),
  step('vm_area_alloc', 'vma = kmem_cache_alloc(vm_area_cachep); vma->vm_mm = mm', [
    set(
      v,
      firstThat('vma', 'candidate', (c) =>
        and(eq(vma.mapping(c), from), eq(vma.start(c), 'nil'), eq(vma.vm_mm(c), 'nil'), not(vma.attached(c))),
      ),
    ),
    when(ne(v, 'nil'), [set(vma.vm_mm(v), m)]),
  ]),
  if_(
    ne(v, 'nil'),
    [
      step('vma_mark_attached', 'refcount_set_release(&vma->vm_refcnt, 1)', [set(vma.attached(v), true)]),
      call('mmap_write_unlock', mmap_write_unlock, [m]),
      mmap_write_lock('exit_mmap_write_lock', m),
      step('refcount_dec', 'vma_mark_detached(): refcount_dec_and_test(&vma->vm_refcnt)', [
        set(vma.attached(v), false),
        set(held, not(isEmpty(vmaReaders(v)))),
      ]),
      if_(held, [
        step('exclude', '__vma_enter_locked(): refcount_add_not_zero(VMA_LOCK_OFFSET, &vma->vm_refcnt)', [
          set(vma.lock.lock.owner(v), self),
        ]),
        step('drain', 'rcuwait_wait_event(&mm->vma_writer_wait, ...)', [], {
          await: isEmpty(vmaReaders(v)),
          sleeps: true,
        }),
        step('readmit', '__vma_exit_locked()', [set(vma.lock.lock.owner(v), 'nil')]),
      ]),
      step('vm_area_free', 'vm_area_free(vma)', [set(vma.vm_mm(v), 'nil')]),
      call('exit_mmap_write_unlock', mmap_write_unlock, [m]),
      step('mmdrop', 'mmput(mm): mmdrop(mm)', [set(mm.put(m), true), set(mm.freed(m), isEmpty(mm.grabbed(m)))], {
        atomic: 'one counter, mm_count',
      }),
      let_(result, '0'),
    ],
    [call('mmap_write_unlock_failed', mmap_write_unlock, [m])],
  ),
]

/**
 * mmap() and exit_mmap() of a process whose only VMA is one that `from` has freed; -ENOMEM where it has freed
 * none. Before v6.15 the object is free only after a grace period, when nobody looks at it any more.
 */
export const mmap_reusing = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mmap_reusing',
    file: 'mm/mmap.c',
    read: 'v7.0-rc6: vma_mark_attached(), exit_mmap(), vma_mark_detached(), mmput()',
    params: [m, from],
    locals: [v, held, result],
    body: [...io.enter, let_(result, '-ENOMEM'), ...(k.has('vma-refcnt') ? reuse : []), ...io.leave(result)],
  })
