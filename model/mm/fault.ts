/**
 * arch/x86/mm/fault.c: one memory access of a user thread, from the hardware's page walk through the
 * fault to its end. Read at v7.0-rc6 (guard-regions facts 3.1.1-2).
 *
 * Not modelled yet: TLBs (the walk reads the tables as they are; every path here flushes before it
 * relies on an entry being gone), accesses made by the kernel, stack expansion, signals.
 */
import {
  and,
  eq,
  hasAny,
  isOneOf,
  literal,
  local,
  ne,
  not,
  or,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { break_, call, continue_, if_, let_, set, step, while_ } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result, VmFault } from './errno.ts'
import { accessFrame, accessLocals, loaded } from './frame_access.ts'
import { asResult } from './frame.ts'
import { Content } from './frame_types.ts'
import { handle_mm_fault } from './memory.ts'
import { doSigbus, throughZero } from './nosigbus.ts'
import { nosigbus } from './nosigbus_types.ts'
import { lock_vma_under_rcu, mmap_read_lock, mmap_read_unlock, vma_end_read } from './mmap_lock.ts'
import { mapping, page, pmd, READABLE_PTES, table, vma } from './mm_types.ts'

const addr: Local = local('address', refTo('page'))
const mapped: Local = local('mapped', bool)
const vmaLocked: Local = local('vma_locked', bool)
const allowed: Local = local('allowed', bool)
const shared: Local = local('shared', bool)
const tryVma: Local = local('try_vma', bool)
const fault: Local = local('fault', VmFault)
const result: Local = local('result', Result)

const v: Local = local('vma', nilable('vma'))
const under = page.pmd(addr)

/** Whether the tables let the access through right now. A table under a pmd is never nil. */
const translates = (k: Build, isWrite: Expr): Expr => {
  const entry = table.pte(pmd.table(under), page.slot(addr))
  const sharedMapping = mapping.shared(page.mapping(addr))
  // A huge mapping keeps the protection that its mapping began with: vm_page_prot of do_set_pmd().
  const writableHuge = and(sharedMapping, hasAny(mapping.vm_flags(page.mapping(addr)), 'VM_WRITE'))
  const writableZero = and(eq(entry, 'zero'), nosigbus.writable(pmd.table(under), page.slot(addr)))
  const writable = or(
    eq(entry, 'anon'),
    and(eq(entry, 'file'), sharedMapping),
    ...(k.has('nosigbus') ? [writableZero] : []),
  )
  return or(
    eq(pmd.kind(under), 'huge_anon'),
    and(isOneOf(pmd.kind(under), 'huge_anon_ro', ...(k.frames === true ? ['huge_zero'] : [])), not(isWrite)),
    and(eq(pmd.kind(under), 'huge'), or(not(isWrite), writableHuge)),
    and(eq(pmd.kind(under), 'table'), or(and(not(isWrite), isOneOf(entry, ...READABLE_PTES)), and(isWrite, writable))),
  )
}

/** One load or store: `ok`, or the signal that it raised. */
export const access = (k: Build, isWrite: boolean, io: Syscall, value?: number): Routine =>
  accesses(k, isWrite, false, io, value)

/** One load, of contents: what it found, or the signal that it raised. For scenarios with page frames. */
export const load_value = (k: Build, io: Syscall): Routine => accesses(k, false, false, io, 'loaded')

/** Loads from one page, again and again until one raises a signal: `for (;;) x = *p;`. User space may stop between two. */
export const load_forever = (k: Build, io: Syscall): Routine => accesses(k, false, true, io)

const accesses = (k: Build, isWrite: boolean, endless: boolean, io: Syscall, value?: number | 'loaded'): Routine =>
  routine({
    name: endless ? 'load_forever' : isWrite ? 'store' : 'load',
    file: 'arch/x86/mm/fault.c',
    read: 'v7.0-rc6: do_user_addr_fault()',
    params: [addr],
    locals: [v, mapped, vmaLocked, allowed, shared, tryVma, fault, result, ...accessLocals(k, isWrite)],
    body: [
      ...io.enter,
      let_(tryVma, true),
      while_(truth(true), [
        step(
          'access',
          isWrite ? '*p = x' : 'x = *p',
          [
            set(mapped, translates(k, truth(isWrite))),
            { kind: 'assert', property: 'NoAccess', cond: or(not(mapped), not(page.promised(addr))) },
            ...throughZero(k, addr, isWrite, mapped),
            ...accessFrame(
              k,
              addr,
              mapped,
              isWrite ? literal(Content, typeof value === 'number' ? value : 1) : undefined,
            ),
          ],
          // A table that the walk is in is not freed before a flush that the walking CPU takes part in.
          { atomic: 'one page walk of the hardware', ...(endless ? { unfair: true } : {}) },
        ),
        if_(
          mapped,
          endless
            ? [let_(tryVma, true), continue_]
            : [let_(result, value === 'loaded' ? asResult(loaded) : 'ok'), break_],
        ),
        let_(vmaLocked, false),
        let_(v, 'nil'),
        ...(k.has('faults-mmap-lock')
          ? []
          : [if_(tryVma, [call('lock_vma', lock_vma_under_rcu(k), [addr], v), let_(vmaLocked, ne(v, 'nil'))])]),
        let_(allowed, true),
        if_(not(vmaLocked), [
          mmap_read_lock('mmap_read_lock', page.mm(addr)),
          step('find_vma', 'lock_mm_and_find_vma(): vma = find_vma(mm, addr)', [set(v, page.vma(addr))]),
          if_(eq(v, 'nil'), [let_(allowed, false)]),
        ]),
        if_(allowed, [
          step('access_error', 'access_error(error_code, vma)', [
            set(allowed, hasAny(vma.vm_flags(v), isWrite ? 'VM_WRITE' : 'VM_READ')),
            set(shared, hasAny(vma.vm_flags(v), 'VM_SHARED')),
          ]),
        ]),
        let_(fault, 'VM_FAULT_SIGSEGV'),
        if_(allowed, [
          call('fault', handle_mm_fault(k), [v, addr, truth(isWrite), shared, vmaLocked, not(tryVma)], fault),
        ]),
        // With VM_FAULT_RETRY the fault has let go of its lock itself.
        if_(ne(fault, 'VM_FAULT_RETRY'), [
          if_(vmaLocked, [vma_end_read('vma_end_read', v)], [mmap_read_unlock('mmap_read_unlock', page.mm(addr))]),
        ]),
        if_(eq(fault, 'VM_FAULT_SIGSEGV'), [let_(result, 'SEGV'), break_]),
        if_(eq(fault, 'VM_FAULT_SIGBUS'), [...doSigbus(k, addr), let_(result, 'BUS'), break_]),
        if_(eq(fault, 'VM_FAULT_HWPOISON'), [let_(result, 'HWPOISON'), break_]),
        if_(eq(fault, 'VM_FAULT_OOM'), [let_(result, 'OOM'), break_]),
        // VM_FAULT_RETRY: once more, under the mmap lock; otherwise the instruction runs again.
        let_(tryVma, ne(fault, 'VM_FAULT_RETRY')),
      ]),
      ...io.leave(result),
    ],
  })
