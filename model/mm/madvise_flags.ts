/**
 * mm/madvise.c: the behaviours that change vma->vm_flags, under the mmap write lock. Read at v6.12 and
 * v7.0-rc6.
 *
 * Not modelled: names of anonymous VMAs, KSM, VM_SPECIAL and VM_DROPPABLE mappings, what VM_SEQ_READ and
 * VM_NOHUGEPAGE do to readahead and to the THP paths.
 */
import { eq, hasAny, literal, local, ne, onlyBits, or, withBits, withoutBits, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { assert, call, if_, let_, ret, set, step, type Stmt } from '../language/stmt.ts'
import { nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { sys_madvise } from './madvise.ts'
import { vma_start_write } from './mmap_lock.ts'
import { vma, VmFlags } from './mm_types.ts'
import { vm_flags_reset } from './vma_flags.ts'
import { accountForSticky, vma_modify_flags } from './vma_modify.ts'

const READ = 'v6.12, v7.0-rc6'
const v: Local = local('vma', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const flags: Local = local('new_flags', VmFlags)
const now: Local = local('vm_flags', VmFlags)
const target: Local = local('target', nilable('vma'))
const result: Local = local('error', Result)

/** What a behaviour does to the flags. */
export interface FlagBehaviour {
  readonly name: string
  readonly sets: string
  readonly clears: string
  /** MADV_WIPEONFORK: anonymous memory only. */
  readonly anonymousOnly?: true
}

/** By the names of litmus files. */
export const FLAG_BEHAVIOURS: Readonly<Record<string, FlagBehaviour>> = {
  madvise_dontfork: { name: 'MADV_DONTFORK', sets: 'VM_DONTCOPY', clears: '' },
  madvise_dofork: { name: 'MADV_DOFORK', sets: '', clears: 'VM_DONTCOPY' },
  madvise_wipeonfork: { name: 'MADV_WIPEONFORK', sets: 'VM_WIPEONFORK', clears: '', anonymousOnly: true },
  madvise_keeponfork: { name: 'MADV_KEEPONFORK', sets: '', clears: 'VM_WIPEONFORK' },
  madvise_nohugepage: { name: 'MADV_NOHUGEPAGE', sets: 'VM_NOHUGEPAGE', clears: '' },
  madvise_hugepage: { name: 'MADV_HUGEPAGE', sets: '', clears: 'VM_NOHUGEPAGE' },
  madvise_sequential: { name: 'MADV_SEQUENTIAL', sets: 'VM_SEQ_READ', clears: '' },
  madvise_normal: { name: 'MADV_NORMAL', sets: '', clears: 'VM_SEQ_READ' },
}

/** Merges or splits, then stores the new flags. */
const madvise_update_vma = (k: Build, { sets, clears }: FlagBehaviour): Routine =>
  routine({
    name: 'madvise_update_vma',
    file: 'mm/madvise.c',
    read: READ,
    params: [v, first, last, flags],
    locals: [now, target],
    returns: Result,
    body: [
      step('same', 'if (new_flags == vma->vm_flags)', [set(now, vma.vm_flags(v))]),
      if_(eq(flags, now), [ret('0', Result)]),
      call('vma_modify_flags', vma_modify_flags(k), [v, first, last, flags], target),
      // -ENOMEM, which madvise_vma_behavior() makes -EAGAIN.
      if_(eq(target, 'nil'), [ret('-EAGAIN', Result)]),
      ...accountForSticky(k, flags, target),
      call('vma_start_write', vma_start_write(k), [target]),
      vm_flags_reset('vm_flags_reset', target, flags),
      step('requested', 'return 0', [
        assert(
          'FlagsAsRequested',
          eq(onlyBits(vma.vm_flags(target), [sets, clears].filter((b) => b !== '').join('|')), literal(VmFlags, sets)),
        ),
      ]),
      ret('0', Result),
    ],
  })

const madvise_vma_behavior = (k: Build, behaviour: FlagBehaviour): Routine =>
  routine({
    name: 'madvise_vma_behavior',
    file: 'mm/madvise.c',
    read: READ,
    params: [v, first, last],
    locals: [flags, result],
    returns: Result,
    body: [
      step('new_flags', 'new_flags = vma->vm_flags', [set(flags, vma.vm_flags(v))]),
      ...refusal(behaviour),
      let_(flags, withoutBits(withBits(flags, behaviour.sets), behaviour.clears)),
      call('update', madvise_update_vma(k, behaviour), [v, first, last, flags], result),
      ret(result),
    ],
  })

const refusal = ({ anonymousOnly }: FlagBehaviour): readonly Stmt[] =>
  anonymousOnly === true ? [if_(or(ne(vma.file(v), 'nil'), hasAny(flags, 'VM_SHARED')), [ret('-EINVAL', Result)])] : []

/** madvise() of one of these behaviours; a gap gives -ENOMEM once the rest is done. */
export const sys_madvise_flags = (k: Build, behaviour: FlagBehaviour, io: Syscall): Routine =>
  sys_madvise(
    k,
    { name: behaviour.name, visit: madvise_vma_behavior(k, behaviour), mode: 'mmap write', install: false },
    io,
  )
