/**
 * mm/mlock.c and the populating half of mm/gup.c: mlock() and munlock(). Read at v6.12 and v7.0-rc6
 * (guard-regions facts 8.1).
 *
 * Not modelled: RLIMIT_MEMLOCK, mlockall(), MLOCK_ONFAULT, the mlock counts of folios and the walk that
 * keeps them, for which VM_IO is set for a while.
 */
import {
  and,
  eq,
  firstThat,
  isOneOf,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  onlyBits,
  plus,
  truth,
  unionOf,
  withoutBits,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, break_, call, if_, let_, ret, set, step, when, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { __get_user_pages } from './gup.ts'
import { mmap_read_lock, mmap_read_unlock, mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { page, vma, VmFlags } from './mm_types.ts'
import { vm_flags_reset } from './vma_flags.ts'
import { accountForSticky, vma_modify_flags } from './vma_modify.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const found: Local = local('vma', nilable('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const from: Local = local('nstart', refTo('page'))
const to: Local = local('tmp', refTo('page'))
const next: Local = local('addr', nilable('page'))
const flags: Local = local('newflags', VmFlags)
const old: Local = local('oldflags', VmFlags)
const target: Local = local('target', nilable('vma'))
const write: Local = local('write', bool)
const result: Local = local('error', Result)

/** One VMA's part: `bits` is what the range is to have of VM_LOCKED. */
const mlock_fixup = (k: Build, bits: string): Routine =>
  routine({
    name: 'mlock_fixup',
    file: 'mm/mlock.c',
    read: READ,
    params: [v, first, last, flags],
    locals: [old, target],
    returns: Result,
    body: [
      step('oldflags', 'oldflags = vma->vm_flags', [set(old, vma.vm_flags(v))]),
      if_(eq(flags, old), [ret('0', Result)]),
      call('vma_modify_flags', vma_modify_flags(k), [v, first, last, flags], target),
      if_(eq(target, 'nil'), [ret('-ENOMEM', Result)]),
      ...accountForSticky(k, flags, target),
      call('vma_start_write', vma_start_write(k), [target]),
      vm_flags_reset('vm_flags_reset_once', target, flags),
      step('requested', 'mlock_vma_pages_range(): walk_page_range(vma->vm_mm, start, end, &mlock_walk_ops, NULL)', [
        assert('FlagsAsRequested', eq(onlyBits(vma.vm_flags(target), 'VM_LOCKED'), literal(VmFlags, bits))),
      ]),
      ret('0', Result),
    ],
  })

/** Sets or clears VM_LOCKED on start..end; -ENOMEM at a gap, with everything before it done. */
const apply_vma_lock_flags = (k: Build, bits: string): Routine =>
  routine({
    name: 'apply_vma_lock_flags',
    file: 'mm/mlock.c',
    read: READ,
    params: [first, last],
    locals: [found, from, to, flags, result],
    returns: Result,
    body: [
      let_(from, first),
      while_(truth(true), [
        step('for_each_vma_range', 'for_each_vma_range(vmi, vma, end): vma->vm_start, vma->vm_end', [
          set(found, page.vma(from)),
          set(to, ite(and(ne(found, 'nil'), lt(vma.end(found), last)), vma.end(found), last)),
        ]),
        if_(eq(found, 'nil'), [ret('-ENOMEM', Result)]),
        step('newflags', 'newflags = (vma->vm_flags & ~VM_LOCKED_MASK) | flags', [
          set(flags, unionOf(withoutBits(vma.vm_flags(found), 'VM_LOCKED'), literal(VmFlags, bits))),
        ]),
        call('fixup', mlock_fixup(k, bits), [found, from, to, flags], result),
        if_(ne(result, '0'), [ret(result)]),
        if_(eq(to, last), [ret('0', Result)]),
        let_(from, plus(to, 1)),
      ]),
    ],
  })

/** Faults in what is mapped of start..end; a gap ends it without an error. */
export const __mm_populate = (k: Build): Routine =>
  routine({
    name: '__mm_populate',
    file: 'mm/gup.c',
    read: READ,
    params: [first, last],
    locals: [from, next, to, write, result],
    returns: Result,
    body: [
      mmap_read_lock('mmap_read_lock', page.mm(first)),
      let_(from, first),
      let_(result, '0'),
      while_(truth(true), [
        step('find_vma', 'vma = find_vma_intersection(mm, nstart, end); vma->vm_flags', [
          set(
            next,
            firstThat('page', 'p', (p) => and(le(from, p), le(p, last), ne(page.vma(p), 'nil'))),
          ),
          when(ne(next, 'nil'), [
            set(to, ite(lt(vma.end(page.vma(next)), last), vma.end(page.vma(next)), last)),
            set(write, eq(onlyBits(vma.vm_flags(page.vma(next)), 'VM_WRITE|VM_SHARED'), literal(VmFlags, 'VM_WRITE'))),
          ]),
        ]),
        if_(eq(next, 'nil'), [break_]),
        call('populate_vma_page_range', __get_user_pages(k), [next, to, write], result),
        if_(eq(result, '-EHWPOISON'), [let_(result, '-EFAULT')]),
        if_(ne(result, '0'), [break_]),
        if_(eq(to, last), [break_]),
        let_(from, plus(to, 1)),
      ]),
      mmap_read_unlock('mmap_read_unlock', page.mm(first)),
      ret(result),
    ],
  })

/** mlock(): a guard in the range gives -ENOMEM, and the range stays VM_LOCKED. */
export const sys_mlock = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mlock',
    file: 'mm/mlock.c',
    read: `${READ}: do_mlock()`,
    params: [first, last],
    locals: [result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      call('apply', apply_vma_lock_flags(k, 'VM_LOCKED'), [first, last], result),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      if_(eq(result, '0'), [
        call('populate', __mm_populate(k), [first, last], result),
        // __mlock_posix_error_return()
        if_(eq(result, '-ENOMEM'), [let_(result, '-EAGAIN')]),
        if_(not(isOneOf(result, '0', '-EAGAIN')), [let_(result, '-ENOMEM')]),
      ]),
      ...io.leave(result),
    ],
  })

export const sys_munlock = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'munlock',
    file: 'mm/mlock.c',
    read: READ,
    params: [first, last],
    locals: [result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      call('apply', apply_vma_lock_flags(k, ''), [first, last], result),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(result),
    ],
  })
