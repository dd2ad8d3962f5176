/**
 * mm/mmap.c and mm/vma.c: the system calls munmap() and mmap() with MAP_FIXED. Read at v6.12 and
 * v7.0-rc6 (guard-regions facts 4.1, 8.1).
 *
 * Not modelled: limits and accounting, MAP_LOCKED and MAP_POPULATE, mmap_prepare hooks, userfaultfd
 * events. mmap() maps what the scenario declared there, at the offset and with the flags it declared.
 */
import { eq, literal, local, ne, not, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, let_, lock, ret, set, step, unlock, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { mmap_read_unlock, mmap_write_lock, mmap_write_unlock } from './mmap_lock.ts'
import { file, mapping, page, vma, VmFlags } from './mm_types.ts'
import { nosigbusAnswered, nosigbusArguments } from './nosigbus.ts'
import { mayFail, mayFailLocals, startWriteFresh, storeInTree, vm_area_take } from './vma.ts'
import { vma_merge_new_range } from './vma_merge.ts'
import { do_vmi_munmap, remove_vmas, unmap_region, vma_iter_clear, vms_gather_munmap_vmas } from './vma_munmap.ts'

const READ = 'v6.12, v7.0-rc6'
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const ok: Local = local('ok', bool)
const merged: Local = local('vma', nilable('vma'))
const fresh: Local = local('new', nilable('vma'))
const flags: Local = local('vm_flags', VmFlags)
const any: Local = local('any', bool)
const result: Local = local('ret', Result)

/** munmap(): the VMAs go under the mmap write lock, their entries and tables under the read lock. */
export const sys_munmap = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'munmap',
    file: 'mm/mmap.c',
    read: `${READ}: __vm_munmap()`,
    params: [first, last],
    locals: [ok, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      call('munmap', do_vmi_munmap(k, true), [first, last], ok),
      if_(
        ok,
        [let_(result, '0'), mmap_read_unlock('mmap_read_unlock', page.mm(first))],
        [let_(result, '-ENOMEM'), call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)])],
      ),
      ...io.leave(result),
    ],
  })

/** Makes the VMA of an empty range known: to the tree, then to the interval tree of its file. */
export const linkFresh = (of: Local): readonly Stmt[] => [
  startWriteFresh(of),
  storeInTree('vma_iter_store_new', 'vma_iter_store_new(vmi, vma)', of, [set(vma.attached(of), true)]),
  if_(ne(vma.file(of), 'nil'), [
    lock('i_mmap_lock_write', 'i_mmap_lock_write(mapping)', file.i_mmap(vma.file(of))),
    step('vma_link_file', '__vma_link_file(vma, mapping)', [set(vma.linked(of), true)]),
    unlock('i_mmap_unlock_write', 'i_mmap_unlock_write(mapping)', file.i_mmap(vma.file(of))),
  ]),
]

/** The part of mmap() under the lock: what is there goes, and a VMA is grown or made. False: no memory. */
const mmap_region = (k: Build): Routine =>
  routine({
    name: '__mmap_region',
    file: 'mm/vma.c',
    read: READ,
    params: [first, last, flags],
    locals: [any, ok, merged, fresh, ...mayFailLocals(k)],
    returns: bool,
    body: [
      call('gather', vms_gather_munmap_vmas(k), [first, last, any], ok),
      if_(not(ok), [ret(false, bool)]),
      // vms_clean_up_area(): entries go while the VMAs are still in the tree, though detached.
      if_(any, [call('vms_clean_up_area', unmap_region(k), [first, last])]),
      call('merge', vma_merge_new_range(k), [first, last, flags, literal(nilable('vma'), 'nil')], merged),
      if_(eq(merged, 'nil'), [
        ...mayFail(k, 'may_fail', 'vm_area_alloc(map->mm)', [
          // vms_abort_munmap_vmas(): the range stays unmapped.
          vma_iter_clear,
          call('abort_remove_vma', remove_vmas(true), [first, last]),
          ret(false, bool),
        ]),
        step('vm_area_alloc', 'vm_area_alloc(map->mm), vma_set_range(vma, addr, end, pgoff), vm_flags_init()', [
          ...vm_area_take(fresh, page.mapping(first), [
            set(vma.start(fresh), first),
            set(vma.end(fresh), last),
            set(vma.vm_flags(fresh), flags),
          ]),
        ]),
        if_(eq(fresh, 'nil'), [ret(false, bool)]),
        ...linkFresh(fresh),
      ]),
      if_(any, [call('complete_remove_vma', remove_vmas(true), [first, last])]),
      ret(true, bool),
    ],
  })

const region = (k: Build): Stmt =>
  call('mmap_region', mmap_region(k), [first, last, mapping.vm_flags(page.mapping(first))], ok)

/** mmap(MAP_FIXED) over start..end, of what the scenario declared there. */
export const sys_mmap = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mmap',
    file: 'mm/mmap.c',
    read: `${READ}: vm_mmap_pgoff(), do_mmap()`,
    params: [first, last],
    locals: [ok, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      ...(k.has('nosigbus')
        ? [
            ...nosigbusArguments(k, first, result),
            if_(eq(result, '0'), [region(k), if_(not(ok), [let_(result, '-ENOMEM')])]),
          ]
        : [region(k)]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...(k.has('nosigbus') ? [] : [if_(ok, [let_(result, '0')], [let_(result, '-ENOMEM')])]),
      ...nosigbusAnswered(k, first, result),
      ...io.leave(result),
    ],
  })
