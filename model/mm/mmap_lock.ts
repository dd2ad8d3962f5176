/**
 * mm/mmap_lock.c and include/linux/mmap_lock.h: the mmap lock and the per-VMA lock, in both of its
 * generations: on an rwsem (v6.4 to v6.14) and on vm_refcnt (v6.15). Read at v6.12 and v7.0-rc6
 * (guard-regions facts 9.2-9.5).
 *
 * Not modelled: kernels before v6.12, so not B27, a look at vma->anon_vma before the VMA lock is held, which
 * v6.4 made for want of faults on anything else (what came of it, find_mergeable_anon_vma() among neighbours
 * that nobody has locked, is below what one bit of anon_vma can show); mm_take_all_locks() and B30 in it,
 * which only mmu_notifier_register() calls.
 *
 * A VMA that is freed is given to another mm (9.4.2c) only where the scenario says so: see vma_reuse.ts.
 *
 * Not modelled yet: killable variants, and the fairness of the rwsems towards waiting writers: of the first generation's rwsem, readers
 * may still be let in while a writer waits, which only adds behaviour.
 */
import {
  and,
  bound,
  eq,
  isEmpty,
  le,
  literal,
  local,
  ne,
  not,
  self,
  truth,
  type Expr,
  type FieldExpr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  check,
  continue_,
  forEach,
  if_,
  join,
  leave,
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
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { mm, page, vma } from './mm_types.ts'

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
const endWriteAll: Stmt = step('vma_end_write_all', 'vma_end_write_all(mm)', [
  forEach('vma', 'v', [
    when(eq(vma.mm(each), m), [set(vma.write_locked(each), false), noteDropped(vma.lock(each), 'write', true)]),
  ]),
])

export const mmap_write_unlock: Routine = routine({
  name: 'mmap_write_unlock',
  file: 'include/linux/mmap_lock.h',
  read: READ,
  params: [m],
  locals: [],
  body: [endWriteAll, unlock('up_write', 'up_write(&mm->mmap_lock)', mm.mmap_lock(m))],
})

/** From writer to reader without a gap; the VMA write locks go all the same. */
export const mmap_write_downgrade: Routine = routine({
  name: 'mmap_write_downgrade',
  file: 'include/linux/mmap_lock.h',
  read: READ,
  params: [m],
  locals: [],
  body: [
    endWriteAll,
    step('downgrade', 'downgrade_write(&mm->mmap_lock)', [
      release(mm.mmap_lock(m)),
      join(mmapReaders(m)),
      noteHeld(mm.mmap_lock(m), 'read'),
    ]),
  ],
})

const addr: Local = local('address', refTo('page'))
const found: Local = local('vma', nilable('vma'))
const attached: Local = local('attached', bool)
const inRange: Local = local('in_range', bool)
const none = literal(nilable('vma'), 'nil')

/** vm_start and vm_end around the address: one comparison each, of words that change only under the VMA write lock. */
const rangeCheck: Stmt = step(
  'range',
  'if (unlikely(address < vma->vm_start || address >= vma->vm_end))',
  [set(inRange, and(ne(vma.start(found), 'nil'), le(vma.start(found), addr), le(addr, vma.end(found))))],
  { atomic: 'the VMA is read-locked, so its range stands still' },
)

/** Locks the VMA of an address for a fault or a walk without the mmap lock; nil where it gives up. Never waits. */
export const lock_vma_under_rcu = (k: Build): Routine => (k.has('vma-refcnt') ? lockVmaByRefcnt(k) : lockVmaByRwsem)

const other: Local = local('other_mm', nilable('mm'))
const writer: Local = local('writer_only', bool)

/**
 * The VMA has become another process's: vma_refcount_put() may wake the writer that waits for it, through an
 * mm that nobody keeps from being freed unless mmgrab() does (9bbffee67ffd, v6.17; B29).
 */
const otherMm = (k: Build): readonly Stmt[] => [
  step('vm_mm', 'if (unlikely(vma->vm_mm != mm))', [set(other, vma.vm_mm(found))]),
  if_(ne(other, 'nil'), [
    ...(k.has('reused-vma-grabs-mm')
      ? [check('hold_mm', truth(true), [step('mmgrab', 'mmgrab(other_mm)', [join(mm.grabbed(other))])])]
      : []),
    step('refcount_put', '__refcount_dec_and_test(&vma->vm_refcnt, &oldcnt)', [
      release(vma.lock(found), 'read'),
      set(writer, and(ne(vma.lock.lock.owner(found), 'nil'), isEmpty(vmaReaders(found)))),
    ]),
    if_(writer, [
      step('rcuwait_wake_up', 'rcuwait_wake_up(&mm->vma_writer_wait)', [assert('NoFreedMm', not(mm.freed(other)))]),
    ]),
    ...(k.has('reused-vma-grabs-mm') ? [mmdrop(other)] : []),
    ret(none),
  ]),
]

/** The last reference frees the mm, at once and not after a grace period. */
export const mmdrop = (of: Expr): Stmt =>
  step(
    'mmdrop',
    'mmdrop(other_mm)',
    [leave(mm.grabbed(of)), when(and(mm.put(of), isEmpty(mm.grabbed(of))), [set(mm.freed(of), true)])],
    { atomic: 'one counter, mm_count' },
  )

const lockVmaByRefcnt = (k: Build): Routine =>
  routine({
    name: 'lock_vma_under_rcu',
    file: 'mm/mmap_lock.c',
    read: READ,
    params: [addr],
    locals: [found, locked, attached, ok, inRange, ...(k.reuse === true ? [other, writer] : [])],
    returns: nilable('vma'),
    body: [
      while_(truth(true), [
        step('mas_walk', 'vma = mas_walk(&mas)', [set(found, page.vma(addr))]),
        if_(eq(found, 'nil'), [ret(none)]),
        step('seq', 'if (READ_ONCE(vma->vm_lock_seq) == mm->mm_lock_seq)', [set(locked, vma.write_locked(found))]),
        if_(locked, [ret(none)]),
        step('refcnt', '__refcount_inc_not_zero_limited_acquire(&vma->vm_refcnt)', [
          set(attached, vma.attached(found)),
          when(attached, [tryAcquire(vma.lock(found), ok, 'read')], [set(ok, false)]),
        ]),
        // A detached VMA: the tree has another by now, or will have.
        if_(not(attached), [continue_]),
        if_(eq(ok, false), [ret(none)]),
        ...(k.reuse === true ? otherMm(k) : []),
        step('recheck', 'if (vma->vm_lock_seq == mm->mm_lock_seq)', [set(locked, vma.write_locked(found))]),
        if_(locked, [
          step('put', 'vma_refcount_put(vma)', [release(vma.lock(found), 'read')]),
          let_(locked, false),
          ret(none),
        ]),
        rangeCheck,
        if_(not(inRange), [unlock('end_read', 'vma_end_read(vma)', vma.lock(found), 'read'), ret(none)]),
        ret(found),
      ]),
    ],
  })

const lockVmaByRwsem: Routine = routine({
  name: 'lock_vma_under_rcu',
  file: 'mm/memory.c',
  read: 'v6.12',
  params: [addr],
  locals: [found, locked, attached, ok, inRange],
  returns: nilable('vma'),
  body: [
    while_(truth(true), [
      step('mas_walk', 'vma = mas_walk(&mas)', [set(found, page.vma(addr))]),
      if_(eq(found, 'nil'), [ret(none)]),
      step('seq', 'if (READ_ONCE(vma->vm_lock_seq) == READ_ONCE(vma->vm_mm->mm_lock_seq.sequence))', [
        set(locked, vma.write_locked(found)),
      ]),
      if_(locked, [ret(none)]),
      step('trylock', 'down_read_trylock(&vma->vm_lock->lock)', [tryAcquire(vma.lock(found), ok, 'read')]),
      if_(eq(ok, false), [ret(none)]),
      step('recheck', 'if (vma->vm_lock_seq == raw_read_seqcount(&vma->vm_mm->mm_lock_seq))', [
        set(locked, vma.write_locked(found)),
      ]),
      if_(locked, [
        unlock('up_read', 'up_read(&vma->vm_lock->lock)', vma.lock(found), 'read'),
        let_(locked, false),
        ret(none),
      ]),
      step('detached', 'if (vma->detached)', [set(attached, vma.attached(found))]),
      if_(not(attached), [unlock('end_read_detached', 'vma_end_read(vma)', vma.lock(found), 'read'), continue_]),
      rangeCheck,
      if_(not(inRange), [unlock('end_read', 'vma_end_read(vma)', vma.lock(found), 'read'), ret(none)]),
      ret(found),
    ]),
  ],
})

/** Write-locks a VMA until the mmap write lock, which the caller holds, is dropped. */
export const vma_start_write = (k: Build): Routine => (k.has('vma-refcnt') ? startWriteByRefcnt : startWriteByRwsem)

const startWriteByRefcnt: Routine = routine({
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
        await: isEmpty(vmaReaders(v)),
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

const startWriteByRwsem: Routine = routine({
  name: 'vma_start_write',
  file: 'include/linux/mm.h',
  read: 'v6.12',
  params: [v],
  locals: [locked],
  body: [
    step('seq', '__is_vma_write_locked(vma, &mm_lock_seq)', [set(locked, vma.write_locked(v))]),
    if_(eq(locked, false), [
      lock('down_write', 'down_write(&vma->vm_lock->lock)', vma.lock(v)),
      step('set_seq', 'WRITE_ONCE(vma->vm_lock_seq, mm_lock_seq)', [set(vma.write_locked(v), true)]),
      step('up_write', 'up_write(&vma->vm_lock->lock)', [release(vma.lock(v)), noteHeld(vma.lock(v), 'write')]),
    ]),
  ],
})

function mmapReaders(of: Expr): FieldExpr {
  const readers = mm.mmap_lock.lock.readers
  if (readers === undefined) throw new Error('the mmap lock has readers')
  return readers(of)
}

/** Who has the VMA read-locked. */
export function vmaReaders(of: Expr): Expr {
  const readers = vma.lock.lock.readers
  if (readers === undefined) throw new Error('the per-VMA lock has readers')
  return readers(of)
}
