/**
 * include/linux/mm.h: the writers of vma->vm_flags (guard-regions facts 9.6), and which flags are sticky.
 *
 * Not modelled: vm_flags_init(), which writes a VMA that nobody else can see; that vm_flags_reset() of
 * v7.0 zeroes the bitmap before it stores its first word.
 */
import { local, unionOf, withBits, withoutBits, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, set, step, type Stmt } from '../language/stmt.ts'
import { refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { vma, VmFlags } from './mm_types.ts'
import { vma_start_write } from './mmap_lock.ts'

/** VM_STICKY, as far as its flags are modelled; VM_IGNORE_MERGE is the same set (and VM_SOFTDIRTY in v6.19). */
export const VM_STICKY = 'VM_MAYBE_GUARD'

const v: Local = local('vma', refTo('vma'))
const bits: Local = local('flags', VmFlags)

/** A plain read-modify-write of the flags word; takes the VMA write lock first. */
export const vm_flags_set = (k: Build, named: string): Routine =>
  routine({
    name: 'vm_flags_set',
    file: 'include/linux/mm.h',
    read: 'v6.12, v7.0-rc6',
    params: [v],
    locals: [],
    body: [
      call('vma_start_write', vma_start_write(k), [v]),
      step('store', `vma->vm_flags |= ${named}`, [set(vma.vm_flags(v), withBits(vma.vm_flags(v), named))]),
    ],
  })

/** The same with flags that only the caller knows. */
export const vm_flags_set_all = (k: Build): Routine =>
  routine({
    name: 'vm_flags_set',
    file: 'include/linux/mm.h',
    read: 'v6.12, v7.0-rc6',
    params: [v, bits],
    locals: [],
    body: [
      call('vma_start_write', vma_start_write(k), [v]),
      step('store', 'vma->vm_flags |= flags', [set(vma.vm_flags(v), unionOf(vma.vm_flags(v), bits))]),
    ],
  })

export const vm_flags_clear = (k: Build, named: string): Routine =>
  routine({
    name: 'vm_flags_clear',
    file: 'include/linux/mm.h',
    read: 'v6.12, v7.0-rc6',
    params: [v],
    locals: [],
    body: [
      call('vma_start_write', vma_start_write(k), [v]),
      step('store', `vma->vm_flags &= ~${named}`, [set(vma.vm_flags(v), withoutBits(vma.vm_flags(v), named))]),
    ],
  })

/** A plain store of a word that the caller has computed; the caller holds the VMA write lock. */
export const vm_flags_reset = (label: string, of: Expr, flags: Expr): Stmt =>
  step(label, `${label}(vma, newflags)`, [set(vma.vm_flags(of), flags)])

/** One atomic bit set; asks for the mmap lock or the VMA lock in any mode. */
export const vma_set_atomic_flag = (label: string, of: Expr, bit: string): Stmt =>
  step(label, `vma_set_atomic_flag(vma, ${bit.replace('VM_', 'VMA_')}_BIT)`, [
    set(vma.vm_flags(of), withBits(vma.vm_flags(of), bit)),
  ])
