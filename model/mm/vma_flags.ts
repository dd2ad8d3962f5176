/**
 * include/linux/mm.h: the writers of vma->vm_flags (guard-regions facts 9.6).
 *
 * Not modelled yet: vm_flags_reset(), vm_flags_clear(), vm_flags_mod(), vm_flags_init(), and writers
 * that compute new flags before they take the VMA write lock.
 */
import { local, withBits, type Expr, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, set, step, type Stmt } from '../language/stmt.ts'
import { refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { vma } from './mm_types.ts'
import { vma_start_write } from './mmap_lock.ts'

const v: Local = local('vma', refTo('vma'))

/** A plain read-modify-write of the flags word; takes the VMA write lock first. */
export const vm_flags_set = (k: Build, bits: string): Routine =>
  routine({
    name: 'vm_flags_set',
    file: 'include/linux/mm.h',
    read: 'v6.3 to v7.0-rc6',
    params: [v],
    locals: [],
    body: [
      call('vma_start_write', vma_start_write(k), [v]),
      step('store', `vma->vm_flags |= ${bits}`, [set(vma.vm_flags(v), withBits(vma.vm_flags(v), bits))]),
    ],
  })

/** One atomic bit set; asks for the mmap lock or the VMA lock in any mode. */
export const vma_set_atomic_flag = (label: string, of: Expr, bit: string): Stmt =>
  step(label, `vma_set_atomic_flag(vma, ${bit.replace('VM_', 'VMA_')}_BIT)`, [
    set(vma.vm_flags(of), withBits(vma.vm_flags(of), bit)),
  ])
