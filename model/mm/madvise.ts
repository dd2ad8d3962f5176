/**
 * mm/madvise.c: MADV_GUARD_INSTALL, MADV_GUARD_REMOVE and MADV_DONTNEED, from system call to return. Read in
 * the RFC of 27 Sep 2024 (seeds/003), in the patch of guard pages v2 and the changelogs of v1 to v4, in a copy
 * that fits v6.17 and v6.18, in the stable backport and at v7.0-rc6 (guard-regions facts 1, 2, 4.1); v6.13 to
 * v6.16 themselves were not.
 *
 * Not modelled yet: mseal, hugetlb and VM_SPECIAL mappings, signals (a restart is immediate).
 */
import {
  and,
  eq,
  firstThat,
  hasAny,
  ite,
  le,
  local,
  lt,
  ne,
  not,
  or,
  plus,
  truth,
  type Expr,
  type Local,
} from '../language/expr.ts'
import { routine, type Routine } from '../language/routine.ts'
import {
  break_,
  call,
  check,
  continue_,
  for_,
  if_,
  let_,
  ret,
  set,
  step,
  when,
  while_,
  type Stmt,
} from '../language/stmt.ts'
import { bool, enumeration, int, nilable, refTo, type EnumType } from '../language/types.ts'
import type { Build, Syscall } from './build.ts'
import { Result } from './errno.ts'
import { framesOf, NO_DETAILS, zap_page_range_single } from './memory_zap.ts'
import {
  lock_vma_under_rcu,
  mmap_read_lock,
  mmap_read_unlock,
  mmap_write_lock,
  mmap_write_unlock,
  vma_end_read,
  vma_start_write,
} from './mmap_lock.ts'
import { page, vma, VmFlags } from './mm_types.ts'
import { guard_install_walk, guard_remove_walk, WalkResult } from './pagewalk.ts'
import { anon_vma_prepare } from './rmap.ts'
import { vm_flags_set, vma_set_atomic_flag } from './vma_flags.ts'

/** mm/madvise.c: walks in one call before the system call is restarted. */
export const MAX_MADVISE_GUARD_RETRIES = 3

const v: Local = local('vma', refTo('vma'))
const first: Local = local('start', refTo('page'))
const last: Local = local('end', refTo('page'))
const flags: Local = local('vm_flags', VmFlags)
const rc: Local = local('err', WalkResult)
const i: Local = local('i', int(0, MAX_MADVISE_GUARD_RETRIES))
const ok: Local = local('ok', bool)
const retried: Local = local('retried', bool)
const installed: Local = local('num_installed', bool)
const result: Local = local('ret', Result)

/** is_valid_guard_vma(); the RFC to v6.14 take anonymous memory only, and only if it may be written. */
function validGuardVma(k: Build, allowLocked: boolean): readonly Stmt[] {
  const invalid: Expr[] = []
  if (!k.has('guard-file-backed')) invalid.push(ne(vma.file(v), 'nil'))
  if (!allowLocked) invalid.push(hasAny(flags, 'VM_LOCKED'))
  return [
    step('is_valid_guard_vma', `is_valid_guard_vma(vma, ${String(allowLocked)})`, [set(flags, vma.vm_flags(v))]),
    if_(or(...invalid), [ret('-EINVAL', Result)]),
  ]
}

const prepareAnonVma = (k: Build): readonly Stmt[] => [
  call('anon_vma', anon_vma_prepare(k), [v], ok),
  if_(eq(ok, false), [ret('-ENOMEM', Result)]),
]

/** The RFC's function, under its later name: walk, then anon_vma; zap and walk once more; -EAGAIN. */
const guardPoison = (k: Build): Routine =>
  routine({
    name: 'madvise_guard_poison',
    file: 'mm/madvise.c',
    read: 'the RFC of 27 Sep 2024, as quoted in seeds/003',
    params: [v, first, last],
    locals: [flags, rc, ok, retried, installed],
    returns: Result,
    body: [
      ...validGuardVma(k, false),
      while_(truth(true), [
        let_(installed, false),
        // PGWALK_WRLOCK: the walker write-locks the VMA, which needs the mmap write lock.
        ...(k.has('guard-rfc-read-lock') ? [] : [call('process_mm_walk_lock', vma_start_write(k), [v])]),
        call('walk', guard_install_walk(k), [first, last, installed], rc),
        if_(eq(rc, '-ENOMEM'), [ret('-ENOMEM', Result)]),
        if_(installed, prepareAnonVma(k)),
        if_(eq(rc, '0'), [ret('0', Result)]),
        if_(retried, [step('eagain', 'return -EAGAIN', []), ret('-EAGAIN', Result)]),
        call('zap', zap_page_range_single(NO_DETAILS), [first, last]),
        let_(retried, true),
      ]),
    ],
  })

/** madvise_guard_install() from v6.13 on. */
const guardInstall = (k: Build): Routine =>
  routine({
    name: 'madvise_guard_install',
    file: 'mm/madvise.c',
    read: 'guard pages v2 and the changelogs to v4, a copy of v6.17, the stable backport, v7.0-rc6',
    params: [v, first, last],
    locals: k.has('guard-unbounded') ? [flags, rc, ok] : [flags, rc, ok, i],
    returns: Result,
    body: [
      ...validGuardVma(k, false),
      ...(k.has('maybe-guard-plain') ? [call('set_flag', vm_flags_set(k, 'VM_MAYBE_GUARD'), [v])] : []),
      ...(k.has('maybe-guard-atomic') ? [vma_set_atomic_flag('set_flag', v, 'VM_MAYBE_GUARD')] : []),
      ...(k.has('guard-any-anon-vma') ? prepareAnonVma(k) : []),
      ...(k.has('guard-anon-vma-if-anonymous') ? [if_(eq(vma.file(v), 'nil'), prepareAnonVma(k))] : []),
      ...(k.has('guard-unbounded')
        ? [while_(truth(true), attempt(k))]
        : [
            for_(i, 1, MAX_MADVISE_GUARD_RETRIES, attempt(k)),
            // Sets TIF_SIGPENDING of the running thread, which nobody else looks at.
            k.has('guard-raw-restart')
              ? step('restart', 'return -ERESTARTNOINTR', [])
              : step('restart', 'restart_syscall()', []),
            ret('-ERESTARTNOINTR', Result),
          ]),
    ],
  })

const attempt = (k: Build): readonly Stmt[] => [
  call('walk', guard_install_walk(k), [first, last, truth(false)], rc),
  if_(eq(rc, '-ENOMEM'), [ret('-ENOMEM', Result)]),
  if_(eq(rc, '0'), [ret('0', Result)]),
  call('zap', zap_page_range_single(NO_DETAILS), [first, last]),
]

const guardRemove = (k: Build): Routine =>
  routine({
    name: k.has('guard-rfc') ? 'madvise_guard_unpoison' : 'madvise_guard_remove',
    file: 'mm/madvise.c',
    read: 'the RFC of 27 Sep 2024 (seeds/003), guard pages v2, a copy of v6.17, v7.0-rc6',
    params: [v, first, last],
    locals: [flags],
    returns: Result,
    body: [...validGuardVma(k, true), call('walk', guard_remove_walk(k), [first, last]), ret('0', Result)],
  })

/** How a behaviour locks: get_lock_mode() of mm/madvise.c, per kernel. */
export type LockMode = 'mmap read' | 'mmap write' | 'vma read'
export const LockTaken: EnumType = enumeration('lock', ['none', 'vma', 'mmap'])
export const lockTaken: Local = local('lock_mode', LockTaken)
export const sufficient: Local = local('sufficient', bool)

function guardLockMode(k: Build, install: boolean): LockMode {
  if (k.has('guard-vma-lock')) return 'vma read'
  if (!install) return 'mmap read'
  if (k.has('maybe-guard-plain')) return 'mmap write'
  return k.has('guard-rfc') && !k.has('guard-rfc-read-lock') ? 'mmap write' : 'mmap read'
}

/** What a system call over a range is made of: the part for one VMA, and how it locks. */
export interface Behaviour {
  /** MADV_GUARD_INSTALL, and so on. */
  readonly name: string
  /** Takes the VMA, and the first and last page of the range in it; gives back a Result. */
  readonly visit: Routine
  readonly mode: LockMode
  /** MADV_GUARD_INSTALL: may have to make an anon_vma, which takes the mmap lock. */
  readonly install: boolean
}

export const oneVma: Local = local('vma', nilable('vma'))
const next: Local = local('addr', nilable('page'))
const seen: Local = local('from', refTo('page'))
const to: Local = local('tmp', refTo('page'))
const unmapped: Local = local('unmapped_error', bool)

/** is_vma_lock_sufficient(): the whole range in one VMA that no userfaultfd watches, and no anon_vma to be made. */
const vmaLockSuffices = (install: boolean): readonly Stmt[] => [
  step('range_in_vma', 'range->end > vma->vm_end, userfaultfd_armed(vma)', [
    set(sufficient, and(le(last, vma.end(oneVma)), not(hasAny(vma.vm_flags(oneVma), 'VM_UFFD_MISSING|VM_UFFD_WP')))),
  ]),
  ...(install
    ? [
        if_(and(sufficient, eq(vma.file(oneVma), 'nil')), [
          step('is_vma_lock_sufficient', 'if (behavior == MADV_GUARD_INSTALL && !vma->anon_vma)', [
            set(sufficient, ne(vma.anon_vma(oneVma), 'NULL')),
          ]),
        ]),
      ]
    : []),
]

/** madvise_lock(): the VMA lock where it is enough, the mmap lock otherwise. */
export function takeLock(k: Build, { mode, install }: Behaviour): readonly Stmt[] {
  const of = page.mm(first)
  switch (mode) {
    case 'mmap read':
      return [mmap_read_lock('mmap_read_lock', of)]
    case 'mmap write':
      return [mmap_write_lock('mmap_write_lock', of)]
    case 'vma read':
      return [
        let_(lockTaken, 'none'),
        call('lock_vma', lock_vma_under_rcu(k), [first], oneVma),
        if_(ne(oneVma, 'nil'), [
          let_(lockTaken, 'vma'),
          ...vmaLockSuffices(install),
          check('needs_mmap_lock', not(sufficient), [
            vma_end_read('vma_end_read_early', oneVma),
            let_(lockTaken, 'none'),
          ]),
        ]),
        if_(eq(lockTaken, 'none'), [mmap_read_lock('mmap_read_lock', of), let_(lockTaken, 'mmap')]),
      ]
  }
}

export function dropLock({ mode }: Behaviour): readonly Stmt[] {
  const of = page.mm(first)
  switch (mode) {
    case 'mmap read':
      return [mmap_read_unlock('mmap_read_unlock', of)]
    case 'mmap write':
      return [call('mmap_write_unlock', mmap_write_unlock, [of])]
    case 'vma read':
      return [
        if_(eq(lockTaken, 'vma'), [vma_end_read('vma_end_read', oneVma)], [mmap_read_unlock('mmap_read_unlock', of)]),
      ]
  }
}

/** madvise_walk_vmas(): the visitor on each VMA of the range; a gap gives -ENOMEM once the rest is done. */
export const madvise_walk_vmas = (visit: Routine): Routine =>
  routine({
    name: 'madvise_walk_vmas',
    file: 'mm/madvise.c',
    read: 'guard pages v2, a copy of v6.17, v7.0-rc6',
    params: [first, last],
    locals: [oneVma, next, seen, to, unmapped, result],
    returns: Result,
    body: [
      let_(seen, first),
      while_(truth(true), [
        step('find_vma', 'vma = find_vma_prev(mm, start, &prev)', [
          set(
            next,
            firstThat('page', 'p', (p) => and(le(seen, p), le(p, last), ne(page.vma(p), 'nil'))),
          ),
          when(ne(next, 'nil'), [
            set(oneVma, page.vma(next)),
            set(to, ite(lt(vma.end(oneVma), last), vma.end(oneVma), last)),
          ]),
        ]),
        if_(eq(next, 'nil'), [ret('-ENOMEM', Result)]),
        if_(ne(next, seen), [let_(unmapped, true)]),
        call('visit', visit, [oneVma, next, to], result),
        if_(ne(result, '0'), [ret(result)]),
        if_(eq(to, last), [break_]),
        let_(seen, plus(to, 1)),
      ]),
      if_(unmapped, [ret('-ENOMEM', Result)]),
      ret('0', Result),
    ],
  })

/** madvise() of one behaviour on the pages first..last of an mm, from system call to return. */
export const sys_madvise = (k: Build, behaviour: Behaviour, io: Syscall): Routine => {
  const visitOne = call('do', behaviour.visit, [oneVma, first, last], result)
  const walk = call('walk_vmas', madvise_walk_vmas(behaviour.visit), [first, last], result)
  return routine({
    name: `madvise(${behaviour.name})`,
    file: 'mm/madvise.c',
    read: 'a copy of v6.17, v7.0-rc6: madvise_lock(), madvise_do_behavior(), madvise_unlock()',
    params: [first, last],
    locals: behaviour.mode === 'vma read' ? [result, lockTaken, oneVma, sufficient] : [result],
    body: [
      ...io.enter,
      // -ERESTARTNOINTR never reaches user space: the system call starts over with the same arguments.
      while_(truth(true), [
        ...takeLock(k, behaviour),
        behaviour.mode === 'vma read' ? if_(eq(lockTaken, 'vma'), [visitOne], [walk]) : walk,
        ...dropLock(behaviour),
        // Without TIF_SIGPENDING the way out of the system call does not look for a restart.
        ...(k.has('guard-raw-restart') ? [] : [check('restart', eq(result, '-ERESTARTNOINTR'), [continue_])]),
        break_,
      ]),
      ...io.leave(result),
    ],
  })
}

export const guardInstallBehaviour = (k: Build): Behaviour => ({
  name: k.has('guard-rfc') ? 'MADV_GUARD_POISON' : 'MADV_GUARD_INSTALL',
  visit: k.has('guard-rfc') ? guardPoison(k) : guardInstall(k),
  mode: guardLockMode(k, true),
  install: true,
})

export const guardRemoveBehaviour = (k: Build): Behaviour => ({
  name: k.has('guard-rfc') ? 'MADV_GUARD_UNPOISON' : 'MADV_GUARD_REMOVE',
  visit: guardRemove(k),
  mode: guardLockMode(k, false),
  install: false,
})

/** madvise_behavior_valid(): a behaviour of a later kernel. */
const unknownBehaviour = (name: string, io: Syscall): Routine =>
  routine({
    name: `madvise(${name})`,
    file: 'mm/madvise.c',
    read: 'v5.14 merge window',
    params: [first, last],
    locals: [result],
    body: [...io.enter, let_(result, '-EINVAL'), ...io.leave(result)],
  })

export const sys_guard_install = (k: Build, io: Syscall): Routine =>
  k.has('zero-page-normal') ? unknownBehaviour('MADV_GUARD_INSTALL', io) : sys_madvise(k, guardInstallBehaviour(k), io)
export const sys_guard_remove = (k: Build, io: Syscall): Routine =>
  k.has('zero-page-normal') ? unknownBehaviour('MADV_GUARD_REMOVE', io) : sys_madvise(k, guardRemoveBehaviour(k), io)

const dontneed = (k: Build): Routine =>
  routine({
    name: 'madvise_dontneed_single_vma',
    file: 'mm/madvise.c',
    read: 'v6.12, v6.17, v7.0-rc6',
    params: [v, first, last],
    locals: [flags],
    returns: Result,
    body: [
      step('can_madv_lru_vma', 'madvise_dontneed_free_valid_vma(): vma->vm_flags', [set(flags, vma.vm_flags(v))]),
      if_(hasAny(flags, 'VM_LOCKED'), [ret('-EINVAL', Result)]),
      call(
        'zap',
        zap_page_range_single({ evenCows: true, dropMarkers: false, reclaimPt: k.has('pt-reclaim'), ...framesOf(k) }),
        [first, last],
      ),
      ret('0', Result),
    ],
  })

/** MADV_DONTNEED, and from v6.17 on MADV_FREE too, lock the VMA alone where they can. */
export const sys_madvise_dontneed = (k: Build, io: Syscall): Routine =>
  sys_madvise(
    k,
    {
      name: 'MADV_DONTNEED',
      visit: dontneed(k),
      mode: k.has('dontneed-vma-lock') ? 'vma read' : 'mmap read',
      install: false,
    },
    io,
  )
