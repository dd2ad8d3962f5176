/**
 * mm/mremap.c: mremap() to another place (MREMAP_FIXED, with and without MREMAP_DONTUNMAP), and shrinking
 * and growing in place. Read at v7.0-rc6; v6.17 and later move several VMAs at once, earlier kernels one
 * (guard-regions facts 8.1, 8.2.9).
 *
 * Not modelled: mseal, accounting, hugetlb, resizing while moving, moving where the kernel chooses,
 * vm_ops. The destination is a declared mapping of the same file at the same offset, declared after the
 * source, so that rmap walks come to it later, as mremap() arranges it.
 */
import {
  and,
  eq,
  exists,
  firstThat,
  hasAny,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  plus,
  truth,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, if_, let_, lock, ret, set, step, unlock, when, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { __mm_populate } from './mlock.ts'
import { linkFresh } from './mmap.ts'
import { mmap_read_unlock, mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { AnonVma, mapping, page, vma, VmFlags } from './mm_types.ts'
import { move_page_tables } from './mremap_move.ts'
import { mayFail, mayFailLocals, vm_area_take } from './vma.ts'
import { vm_flags_clear } from './vma_flags.ts'
import { vma_merge_new_range } from './vma_merge.ts'
import { do_vmi_munmap } from './vma_munmap.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const found: Local = local('vma', nilable('vma'))
const first: Local = local('addr', refTo('page'))
const last: Local = local('end', refTo('page'))
const to: Local = local('new_addr', refTo('page'))
const toLast: Local = local('new_end', refTo('page'))
const next: Local = local('start', nilable('page'))
const from: Local = local('from', refTo('page'))
const upTo: Local = local('up_to', refTo('page'))
const flags: Local = local('vm_flags', VmFlags)
const merged: Local = local('new_vma', nilable('vma'))
const fresh: Local = local('new', nilable('vma'))
const needed: Local = local('need_rmap_locks', bool)
const whole: Local = local('whole', bool)
const anon: Local = local('anon_vma', AnonVma)
const ok: Local = local('ok', bool)
const result: Local = local('ret', Result)
const grown: Local = local('populate_expand', bool)

/** copy_vma(): a VMA at the new place, grown or made, with the flags of the old one. Nil without memory. */
const copy_vma = (k: Build): Routine =>
  routine({
    name: 'copy_vma',
    file: 'mm/vma.c',
    read: READ,
    params: [v, to, toLast, needed],
    locals: [flags, merged, fresh, ...mayFailLocals(k)],
    returns: nilable('vma'),
    body: [
      step('vm_flags', 'VMG_VMA_STATE(vmg, &vmi, NULL, vma, addr, addr + len): vma->vm_flags', [
        set(flags, vma.vm_flags(v)),
      ]),
      call('merge', vma_merge_new_range(k), [to, toLast, flags, v], merged),
      if_(ne(merged, 'nil'), [
        step('need_rmap_locks', '*need_rmap_locks = new_vma->vm_pgoff <= vma->vm_pgoff', [
          set(needed, le(page.index(vma.start(merged)), page.index(vma.start(v)))),
        ]),
        ret(merged),
      ]),
      ...mayFail(k, 'may_fail', 'vm_area_dup(vma)', [ret('nil', nilable('vma'))]),
      step('vm_area_dup', 'vm_area_dup(vma), vma_set_range(new_vma, addr, addr + len, pgoff)', [
        ...vm_area_take(fresh, page.mapping(to), [
          set(vma.start(fresh), to),
          set(vma.end(fresh), toLast),
          set(vma.vm_flags(fresh), vma.vm_flags(v)),
          set(vma.anon_vma(fresh), vma.anon_vma(v)),
        ]),
      ]),
      if_(eq(fresh, 'nil'), [ret(fresh)]),
      ...linkFresh(fresh),
      let_(needed, false),
      ret(fresh),
    ],
  })

/** MREMAP_DONTUNMAP: the old VMA stays, empty, unlocked, and without an anon_vma if all of it was moved. */
const dontunmap_complete = (k: Build): Routine =>
  routine({
    name: 'dontunmap_complete',
    file: 'mm/mremap.c',
    read: READ,
    params: [v, first, last],
    locals: [whole, anon],
    body: [
      call('vm_flags_clear', vm_flags_clear(k, 'VM_LOCKED'), [v]),
      step('whole', 'start == old_start && end == old_end', [
        set(whole, and(eq(vma.start(v), first), eq(vma.end(v), last))),
        set(anon, vma.anon_vma(v)),
      ]),
      if_(and(whole, ne(anon, 'NULL')), [
        lock('anon_vma_lock', 'unlink_anon_vmas(): anon_vma_lock_write(root)', mapping.anon_rwsem(vma.anon_root(v))),
        step('unlink_anon_vmas', 'vma->anon_vma = NULL', [set(vma.anon_vma(v), 'NULL')]),
        unlock('anon_vma_unlock', 'anon_vma_unlock_write(root)', mapping.anon_rwsem(vma.anon_root(v))),
      ]),
    ],
  })

/** One VMA's part of the move. */
const move_vma = (k: Build, distance: number, unmap: boolean): Routine =>
  routine({
    name: 'move_vma',
    file: 'mm/mremap.c',
    read: READ,
    params: [v, first, last],
    locals: [merged, needed, ok],
    returns: bool,
    body: [
      call('vma_start_write', vma_start_write(k), [v]),
      call('copy_vma', copy_vma(k), [v, plus(first, distance), plus(last, distance), needed], merged),
      if_(eq(merged, 'nil'), [ret(false, bool)]),
      call('move_page_tables', move_page_tables(k, distance), [first, last, v, needed]),
      ...(k.uffd === undefined
        ? []
        : [call('mremap_userfaultfd_prep', vm_flags_clear(k, 'VM_UFFD_MISSING|VM_UFFD_WP'), [merged])]),
      unmap
        ? call('unmap_source_vma', do_vmi_munmap(k, false), [first, last], ok)
        : call('dontunmap_complete', dontunmap_complete(k), [v, first, last]),
      ret(true, bool),
    ],
  })

/**
 * mremap() of start..end to pages that lie `distance` further on. -EFAULT where nothing is mapped at its
 * start, and before v6.17 where it leaves the first VMA.
 */
export const sys_mremap = (k: Build, distance: number, unmap: boolean, io: Syscall): Routine =>
  routine({
    name: unmap ? 'mremap' : 'mremap(MREMAP_DONTUNMAP)',
    file: 'mm/mremap.c',
    read: `${READ}: do_mremap(), remap_move(), mremap_to()`,
    params: [first, last],
    locals: [next, from, upTo, found, ok, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      let_(from, first),
      let_(result, '-EFAULT'),
      while_(truth(true), [
        step('for_each_vma_range', 'for_each_vma_range(vmi, vma, end)', [
          set(
            next,
            firstThat('page', 'p', (x) => and(le(from, x), le(x, last), ne(page.vma(x), 'nil'))),
          ),
          when(ne(next, 'nil'), [set(upTo, ite(lt(vma.end(page.vma(next)), last), vma.end(page.vma(next)), last))]),
        ]),
        if_(eq(next, 'nil'), [break_]),
        if_(and(eq(from, first), ne(next, first)), [break_]),
        call('munmap_new', do_vmi_munmap(k, false), [plus(next, distance), plus(upTo, distance)], ok),
        if_(not(ok), [let_(result, '-ENOMEM'), break_]),
        ...(k.has('mremap-several') ? [] : [if_(ne(upTo, last), [let_(result, '-EFAULT'), break_])]),
        step('vma_lookup', 'vrm->vma = vma_lookup(mm, vrm->addr)', [set(found, page.vma(next))]),
        if_(eq(found, 'nil'), [let_(result, '-EFAULT'), break_]),
        call('move_vma', move_vma(k, distance, unmap), [found, next, upTo], ok),
        if_(not(ok), [let_(result, '-ENOMEM'), break_]),
        let_(result, '0'),
        if_(eq(upTo, last), [break_]),
        let_(from, plus(upTo, 1)),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      ...io.leave(result),
    ],
  })

/** mremap() that leaves out start..end, the tail of what it is called on. */
export const sys_mremap_shrink = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mremap(shrink)',
    file: 'mm/mremap.c',
    read: `${READ}: shrink_vma()`,
    params: [first, last],
    locals: [found, ok, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      step('vma_lookup', 'vrm->vma = vma_lookup(current->mm, vrm->addr)', [set(found, page.vma(page.prev(first)))]),
      let_(ok, false),
      let_(result, '-EFAULT'),
      if_(ne(found, 'nil'), [
        call('munmap', do_vmi_munmap(k, true), [first, last], ok),
        if_(ok, [let_(result, '0')], [let_(result, '-ENOMEM')]),
      ]),
      if_(
        ok,
        [mmap_read_unlock('mmap_read_unlock', page.mm(first))],
        [call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)])],
      ),
      ...io.leave(result),
    ],
  })

/** mremap() without MREMAP_MAYMOVE that takes start..end in, right behind the VMA that it is called on. */
export const sys_mremap_grow = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'mremap(grow)',
    file: 'mm/mremap.c',
    read: `${READ}: expand_vma_in_place(), vma_merge_extend()`,
    params: [first, last],
    locals: [found, ok, flags, merged, grown, result],
    body: [
      ...io.enter,
      mmap_write_lock('mmap_write_lock', page.mm(first)),
      step('vma_lookup', 'vrm->vma = vma_lookup(current->mm, vrm->addr)', [set(found, page.vma(page.prev(first)))]),
      let_(result, '-EFAULT'),
      if_(ne(found, 'nil'), [
        step(
          'vma_expandable',
          'vma_expandable(vrm->vma, vrm->delta): find_vma_intersection(vma->vm_mm, vma->vm_end, end)',
          [
            set(
              ok,
              and(
                eq(vma.end(found), page.prev(first)),
                not(exists('page', 'p', (x) => and(le(first, x), le(x, last), ne(page.vma(x), 'nil')))),
              ),
            ),
          ],
        ),
        let_(result, '-ENOMEM'),
        if_(ok, [
          step('vm_flags', 'VMG_VMA_STATE(vmg, vmi, vma, vma, vma->vm_end, vma->vm_end + delta): vma->vm_flags', [
            set(flags, vma.vm_flags(found)),
          ]),
          let_(grown, hasAny(flags, 'VM_LOCKED')),
          call(
            'vma_merge_new_range',
            vma_merge_new_range(k),
            [first, last, flags, literal(nilable('vma'), 'nil')],
            merged,
          ),
          if_(ne(merged, 'nil'), [let_(result, '0')]),
        ]),
      ]),
      call('mmap_write_unlock', mmap_write_unlock, [page.mm(first)]),
      if_(and(eq(result, '0'), grown), [call('mm_populate', __mm_populate(k), [first, last])]),
      ...io.leave(result),
    ],
  })
