/**
 * fs/userfaultfd.c: a fault that userfaultfd has to resolve, and the wake of the ioctls. Read in a copy of
 * v6.1 and in the patches that moved must_wait from pte_none_mostly() to pte_is_uffd_marker() (Nov 2025,
 * v6.19); the order of the steps is the same in both (guard-regions facts 3.1.6, 8.1).
 *
 * The context is UFFD_USER_MODE_ONLY: a fault that the kernel makes on behalf of a process (GUP) gets SIGBUS,
 * whatever its features. With UFFD_FEATURE_SIGBUS so does every fault; without (the setting `uffd_waits`)
 * a fault of user mode lets go of its lock and waits until an ioctl on its page wakes it.
 *
 * Not modelled yet: minor faults, the fd being read or closed, signals that end the wait, write-protect
 * waits on swap and migration entries, whose bits must_wait decodes at random.
 */
import {
  and,
  bound,
  contains,
  eq,
  hasAny,
  isOneOf,
  le,
  local,
  ne,
  not,
  self,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import { call, check, forEach, if_, join, leave, ret, set, step, when, while_, type Stmt } from '../language/stmt.ts'
import { bool, nilable, refTo } from '../language/types.ts'
import type { Build } from './build.ts'
import { VmFault } from './errno.ts'
import { release_fault_lock } from './filemap_fault.ts'
import { isHuge } from './huge_memory.ts'
import { page, pmd, PmdKind, Pte, table, vma } from './mm_types.ts'
import { rcu_read_lock, rcu_read_unlock } from './rcu.ts'

const READ = 'v6.1 (a copy), the patches of Nov 2025'
const v: Local = local('vma', nilable('vma'))
const addr: Local = local('address', refTo('page'))
const vmaLocked: Local = local('vma_locked', bool)
const kind: Local = local('pmdval', PmdKind)
const t: Local = local('table', nilable('table'))
const pte: Local = local('ptent', Pte)
const mustWait: Local = local('must_wait', bool)
const flagged: Local = local('armed', bool)
const fault: Local = local('ret', VmFault)
const under = page.pmd(addr)

export type Reason = 'VM_UFFD_MISSING' | 'VM_UFFD_WP'

/** A fault that the kernel makes itself: never waits, since the context is for user mode only. */
export const ofKernelMode = (k: Build): Build => (k.uffd === undefined ? k : { ...k, uffd: 'sigbus' })

/**
 * What leaves a fault unresolved: an entry that is not writable, or for a missing page one that is empty or
 * a marker of userfaultfd's own. Before v6.19 pte_none_mostly() took every marker for empty, guards among them.
 */
const unresolved = (k: Build, reason: Reason): Expr => {
  if (reason === 'VM_UFFD_WP') return not(isOneOf(pte, 'anon', 'file'))
  const own = isOneOf(pte, 'none', 'uffd_wp', 'poison')
  return k.has('uffd-own-markers') ? own : isOneOf(pte, 'none', 'uffd_wp', 'poison', 'guard')
}

/** Looks again, once on the queue, whether the fault is still there to be resolved. */
const userfaultfd_must_wait = (k: Build, reason: Reason): Routine =>
  routine({
    name: 'userfaultfd_must_wait',
    file: 'fs/userfaultfd.c',
    read: READ,
    params: [addr],
    locals: [kind, t, pte],
    returns: bool,
    body: [
      while_(truth(true), [
        step('pmd', '_pmd = pmdp_get_lockless(pmd)', [set(kind, pmd.kind(under))]),
        if_(eq(kind, 'none'), [ret(true, bool)]),
        if_(isHuge(kind), [ret(false, bool)]),
        step('map', 'pte = pte_offset_map(pmd, address)', [
          set(t, pmd.table(under)),
          when(ne(t, 'nil'), rcu_read_lock),
        ]),
        if_(ne(t, 'nil'), [
          step('ptep_get', 'ptent = ptep_get(pte)', [set(pte, table.pte(t, page.slot(addr))), ...rcu_read_unlock]),
          ret(unresolved(k, reason)),
        ]),
      ]),
    ],
  })

/** VM_FAULT_SIGBUS with the caller's lock still held, or VM_FAULT_RETRY without it, after the wait. */
export const handle_userfault = (k: Build, reason: Reason): Routine =>
  routine({
    name: 'handle_userfault',
    file: 'fs/userfaultfd.c',
    read: READ,
    params: [v, addr, vmaLocked],
    locals: k.uffd === 'waits' ? [mustWait] : [],
    returns: VmFault,
    body:
      k.uffd === 'waits'
        ? [
            step('add_wait_queue', '__add_wait_queue(&ctx->fault_pending_wqh, &uwq.wq), set_current_state(...)', [
              join(page.uffd_waiters(addr)),
            ]),
            call('must_wait', userfaultfd_must_wait(k, reason), [addr], mustWait),
            release_fault_lock('release_fault_lock', vmaLocked, v, addr),
            check('resolved', not(mustWait), [
              step('list_del', 'list_del(&uwq.wq.entry)', [leave(page.uffd_waiters(addr))]),
              ret('VM_FAULT_RETRY', VmFault),
            ]),
            step('schedule', 'schedule()', [], {
              await: not(contains(page.uffd_waiters(addr), self)),
              sleeps: true,
            }),
            ret('VM_FAULT_RETRY', VmFault),
          ]
        : [step('features', 'if (ctx->features & UFFD_FEATURE_SIGBUS) goto out', []), ret('VM_FAULT_SIGBUS', VmFault)],
  })

/**
 * What a fault does where a VMA may be registered: asks its flag, and hands over to userfaultfd. `before`
 * drops the locks that handle_userfault() is not called with. Nothing where nothing is registered.
 */
export function deliver(k: Build, reason: Reason, before: readonly Stmt[]): readonly Stmt[] {
  if (k.uffd === undefined) return []
  const name = reason === 'VM_UFFD_MISSING' ? 'userfaultfd_missing' : 'userfaultfd_wp'
  return [
    step(name, `${name}(vma)`, [set(flagged, hasAny(vma.vm_flags(v), reason))]),
    check(`${name}_check`, flagged, [
      ...before,
      call('handle_userfault', handle_userfault(k, reason), [v, addr, vmaLocked], fault),
      ret(fault),
    ]),
  ]
}
/** The locals that deliver() needs in its routine, besides `ret`. */
export const deliverLocals = (k: Build): readonly Local[] => (k.uffd === undefined ? [] : [flagged])

const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const each = bound('p', 'page')

/** Every fault that waits for a page of the range takes its instruction up again. */
export const wake_userfault: Routine = routine({
  name: 'wake_userfault',
  file: 'fs/userfaultfd.c',
  read: READ,
  params: [first, last],
  locals: [],
  body: [
    step(
      'wake_up',
      '__wake_up_locked_key(&ctx->fault_pending_wqh, TASK_NORMAL, range)',
      [forEach('page', 'p', [when(and(le(first, each), le(each, last)), [set(page.uffd_waiters(each), '{}')])])],
      { atomic: 'under the lock of the wait queue' },
    ),
  ],
})

/** wake_userfault() of an ioctl, in scenarios whose faults wait. */
export const wakes = (k: Build, label: string, from: Expr, to: Expr): readonly Stmt[] =>
  k.uffd === 'waits' ? [call(label, wake_userfault, [from, to])] : []
