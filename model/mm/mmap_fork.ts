/**
 * dup_mmap(): fork's copy of an address space. It lies in mm/mmap.c of v7.0-rc6, and lay in
 * kernel/fork.c up to v6.14 or so. Read at v7.0-rc6 (guard-regions facts 7.1, 7.2) and in the patches
 * that made vma_start_write() killable.
 *
 * The mappings that a scenario declares children of are copied; of the others fork only locks the VMAs.
 *
 * Not modelled yet: UFFD_FEATURE_EVENT_FORK (userfaultfd never follows into the child here), memory
 * policies, accounting, fatal signals while it waits, a second fork of one mapping, forks of a child.
 */
import {
  and,
  bound,
  eq,
  firstThat,
  hasAny,
  ite,
  le,
  literal,
  local,
  lt,
  ne,
  not,
  withoutBits,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  assert,
  break_,
  call,
  forEach,
  if_,
  let_,
  lock,
  ret,
  set,
  step,
  unlock,
  when,
  while_,
  type Action,
  type Stmt,
} from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { exit_mmap } from './exit_mmap.ts'
import { copy_page_range } from './memory_fork.ts'
import { mmap_write_lock, mmap_write_unlock, vma_start_write } from './mmap_lock.ts'
import { file, mm, page, vma, VmFlags } from './mm_types.ts'
import { anon_vma_fork } from './rmap.ts'

const READ = 'v7.0-rc6; kernel/fork.c up to v6.14'
const m: Local = local('mm', refTo('mm'))
const old: Local = local('oldmm', refTo('mm'))
const at: Local = local('vmi', nilable('page'))
const mpnt: Local = local('mpnt', nilable('vma'))
const tmp: Local = local('tmp', nilable('vma'))
const flags: Local = local('vm_flags', VmFlags)
const ok: Local = local('ok', bool)
const fail: Local = local('fail', bool)
const retval: Local = local('retval', Result)

const nextVma = (label: string, after: Expr): Stmt =>
  step(label, 'for_each_vma(vmi, mpnt)', [
    set(
      at,
      firstThat('page', 'p', (p) => and(lt(after, p), eq(page.mm(p), old), ne(page.vma(p), 'nil'))),
    ),
    when(ne(at, 'nil'), [set(mpnt, page.vma(at))]),
  ])

const each = bound('p', 'page')
/** Pages of the child that the VMA would have become. */
const ofCopy = (actions: (copy: Expr) => readonly Action[]): Action =>
  forEach('page', 'p', [
    when(
      and(ne(page.child(each), 'nil'), le(vma.start(mpnt), each), le(each, vma.end(mpnt))),
      actions(page.child(each)),
    ),
  ])
/** The child gets none of the VMA's guards, by right. */
const noPromise: Action = ofCopy((copy) => [set(page.promised(copy), false)])

/** The scenario declares what becomes of this VMA in the child. */
const hasChild: Expr = ite(ne(page.child(at), 'nil'), eq(page.mm(page.child(at)), m), literal(bool, false))

const duplicate = (k: Build): readonly Stmt[] => [
  ...(k.oom
    ? [
        step('may_fail', 'vm_area_dup(): kmem_cache_alloc(vm_area_cachep, GFP_KERNEL)', [], {
          choose: [fail],
          sleeps: true,
        }),
        if_(fail, [let_(retval, '-ENOMEM'), break_]),
      ]
    : []),
  step('vm_area_dup', 'vm_area_dup(mpnt)', [
    set(
      tmp,
      firstThat('vma', 'v', (v) => and(eq(vma.mapping(v), page.mapping(page.child(at))), eq(vma.start(v), 'nil'))),
    ),
    assert('WorldLargeEnough', ne(tmp, 'nil')),
    when(ne(tmp, 'nil'), [
      set(vma.start(tmp), page.child(vma.start(mpnt))),
      set(vma.end(tmp), page.child(vma.end(mpnt))),
      set(vma.vm_flags(tmp), vma.vm_flags(mpnt)),
      set(vma.anon_vma(tmp), 'NULL'),
    ]),
  ]),
  if_(eq(tmp, 'nil'), [let_(retval, '-ENOMEM'), break_]),
  step('dup_userfaultfd', 'dup_userfaultfd(tmp, &uf)', [
    set(vma.vm_flags(tmp), withoutBits(vma.vm_flags(tmp), 'VM_UFFD_MISSING|VM_UFFD_WP')),
  ]),
  {
    kind: 'if',
    check: 'wipe_anon_vma',
    cond: hasAny(flags, 'VM_WIPEONFORK'),
    then: [step('wipeonfork', 'tmp->anon_vma = NULL', [noPromise])],
    else: [call('anon_vma_fork', anon_vma_fork, [tmp, mpnt])],
  },
  call('lock_copy', vma_start_write(k), [tmp]),
  step('vm_flags_clear', 'vm_flags_clear(tmp, VM_LOCKED_MASK)', [
    set(vma.vm_flags(tmp), withoutBits(vma.vm_flags(tmp), 'VM_LOCKED')),
  ]),
  step('vma_iter_bulk_store', 'vma_iter_bulk_store(&vmi, tmp)', [
    forEach('page', 'p', [when(and(le(vma.start(tmp), each), le(each, vma.end(tmp))), [set(page.vma(each), tmp)])]),
    set(vma.attached(tmp), true),
  ]),
  // From here on rmap and retract_page_tables() find the child, whose tables are still to be filled.
  if_(ne(vma.file(mpnt), 'nil'), [
    lock('i_mmap_lock', 'i_mmap_lock_write(mapping)', file.i_mmap(vma.file(mpnt))),
    step('i_mmap_insert', 'vma_interval_tree_insert_after(tmp, mpnt, &mapping->i_mmap)', [set(vma.linked(tmp), true)]),
    unlock('i_mmap_unlock', 'i_mmap_unlock_write(mapping)', file.i_mmap(vma.file(mpnt))),
  ]),
  {
    kind: 'if',
    check: 'wipeonfork',
    cond: not(hasAny(flags, 'VM_WIPEONFORK')),
    then: [call('copy', copy_page_range(k), [tmp, mpnt], ok), if_(eq(ok, false), [let_(retval, '-ENOMEM'), break_])],
    else: [],
  },
]

/** Copies the address space of oldmm into mm: 0, or -ENOMEM with what was copied so far still there. */
export const dup_mmap = (k: Build): Routine =>
  routine({
    name: 'dup_mmap',
    file: 'mm/mmap.c',
    read: READ,
    params: [m, old],
    locals: k.oom ? [at, mpnt, tmp, flags, ok, fail, retval] : [at, mpnt, tmp, flags, ok, retval],
    returns: Result,
    body: [
      mmap_write_lock('mmap_write_lock', old),
      lock('mmap_write_lock_nested', 'mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING)', mm.mmap_lock(m)),
      let_(retval, '0'),
      nextVma('first_vma', literal(nilable('page'), 'nil')),
      while_(ne(at, 'nil'), [
        // Readers are waited for before anything of the VMA is looked at (fb49c455323f, v6.5).
        call('lock_vma', vma_start_write(k), [mpnt]),
        step('flags', 'mpnt->vm_flags', [set(flags, vma.vm_flags(mpnt))]),
        if_(hasChild, [
          {
            kind: 'if',
            check: 'dontcopy',
            cond: hasAny(flags, 'VM_DONTCOPY'),
            then: [step('skip', 'if (mpnt->vm_flags & VM_DONTCOPY) vma_iter_clear_gfp(&vmi, ...)', [noPromise])],
            else: duplicate(k),
          },
        ]),
        nextVma('next_vma', vma.end(mpnt)),
      ]),
      call('unlock_new', mmap_write_unlock, [m]),
      step('flush_tlb_mm', 'flush_tlb_mm(oldmm)', [
        forEach('page', 'p', [when(eq(page.mm(each), old), [set(page.tlb_stale(each), false)])]),
      ]),
      call('unlock_old', mmap_write_unlock, [old]),
      ret(retval),
    ],
  })

/** fork(), as far as memory goes: the child's threads run once it has returned 0 here. */
export const sys_fork = (k: Build, io: Syscall): Routine =>
  routine({
    name: 'fork',
    file: 'kernel/fork.c',
    read: 'v7.0-rc6: copy_mm(), dup_mm(), wake_up_new_task()',
    params: [m, old],
    locals: [retval],
    body: [
      ...io.enter,
      call('dup_mmap', dup_mmap(k), [m, old], retval),
      if_(
        eq(retval, '0'),
        [step('wake_up_new_task', 'wake_up_new_task(p)', [set(mm.live(m), true)])],
        [call('mmput', exit_mmap(k), [m])],
      ),
      ...io.leave(retval),
    ],
  })
