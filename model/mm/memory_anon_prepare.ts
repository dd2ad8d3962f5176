/** mm/memory.c: the anon_vma that a fault needs before it makes an anonymous page. Read at v7.0-rc6 (facts 3.1.9). */
import { local, ne, not, type Local } from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, if_, ret, set, step, tryAcquire } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { mmap_read_unlock, vma_end_read } from './mmap_lock.ts'
import { AnonVma, mm, page, vma } from './mm_types.ts'
import { anon_vma_prepare } from './rmap.ts'

const READ = 'v7.0-rc6'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const ok: Local = local('ok', bool)
const trylocked: Local = local('trylocked', bool)
const anon: Local = local('anon_vma', AnonVma)

/** Under the VMA lock, making an anon_vma needs the mmap lock as well; VM_FAULT_RETRY without it. */
export const vmf_anon_prepare = (k: Build): Routine =>
  routine({
    name: '__vmf_anon_prepare',
    file: 'mm/memory.c',
    read: READ,
    params: [v, addr, vmaLocked],
    locals: [anon, trylocked, ok],
    returns: VmFault,
    body: [
      step('load', 'if (likely(vma->anon_vma))', [set(anon, vma.anon_vma(v))]),
      if_(ne(anon, 'NULL'), [ret('done', VmFault)]),
      if_(vmaLocked, [
        step('mmap_read_trylock', 'mmap_read_trylock(vma->vm_mm)', [
          tryAcquire(mm.mmap_lock(page.mm(addr)), trylocked, 'read'),
        ]),
        if_(not(trylocked), [vma_end_read('vma_end_read', v), ret('VM_FAULT_RETRY', VmFault)]),
      ]),
      call('prepare', anon_vma_prepare(k), [v], ok),
      if_(trylocked, [mmap_read_unlock('mmap_read_unlock', page.mm(addr))]),
      if_(not(ok), [ret('VM_FAULT_OOM', VmFault)]),
      ret('done', VmFault),
    ],
  })
