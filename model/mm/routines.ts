/** Every kernel routine of the model, for listings. */
import { calls, routinesOf } from '../language/listing.ts'
import type { Routine } from '../language/routine.ts'
import type { Build, Syscall } from './build.ts'
import { do_exit } from './exit_mmap.ts'
import { access, load_forever } from './fault.ts'
import { khugepaged_scan_file } from './khugepaged.ts'
import { khugepaged_scan_anon } from './khugepaged_anon.ts'
import { sys_madvise_collapse } from './khugepaged_madvise.ts'
import { sys_guard_install, sys_guard_remove, sys_madvise_dontneed } from './madvise.ts'
import { sys_madvise_remove } from './madvise_remove.ts'
import { direct_write, drop_pagecache, sys_fallocate, sys_ftruncate } from './open.ts'
import { sys_fork } from './mmap_fork.ts'
import { FLAG_BEHAVIOURS, sys_madvise_flags } from './madvise_flags.ts'
import { sys_mlock, sys_munlock } from './mlock.ts'
import { sys_mmap, sys_munmap } from './mmap.ts'
import { sys_mprotect } from './mprotect.ts'
import { sys_mremap, sys_mremap_grow, sys_mremap_shrink } from './mremap.ts'
import { rcu_do_batch } from './rcu.ts'
import {
  mfill_atomic,
  userfaultfd_register,
  userfaultfd_unregister,
  userfaultfd_wake,
  userfaultfd_writeprotect,
} from './userfaultfd.ts'

const bare: Syscall = { enter: [], leave: () => [] }

/** What the operations of a kernel call first. */
function roots(k: Build): readonly Routine[] {
  return [
    sys_guard_install(k, bare),
    sys_guard_remove(k, bare),
    sys_madvise_dontneed(k, bare),
    access(k, false, bare),
    access(k, true, bare),
    load_forever(k, bare),
    khugepaged_scan_file(k),
    sys_madvise_collapse(k, false, bare),
    sys_madvise_collapse(k, true, bare),
    khugepaged_scan_anon(k),
    sys_ftruncate(k, bare),
    sys_fallocate(k, bare),
    sys_madvise_remove(k, bare),
    direct_write(k),
    drop_pagecache,
    sys_fork(k, bare),
    do_exit(k, bare),
    sys_munmap(k, bare),
    sys_mmap(k, bare),
    sys_mprotect(k, 'VM_READ', bare),
    sys_mlock(k, bare),
    sys_munlock(k, bare),
    sys_mremap(k, 1, true, bare),
    sys_mremap(k, 1, false, bare),
    sys_mremap_shrink(k, bare),
    sys_mremap_grow(k, bare),
    userfaultfd_register(k, 'missing', bare),
    userfaultfd_unregister(k, bare),
    userfaultfd_writeprotect(k, true, bare),
    userfaultfd_writeprotect(k, false, bare),
    mfill_atomic(k, 'copy', bare),
    mfill_atomic(k, 'zeropage', bare),
    mfill_atomic(k, 'poison', bare),
    userfaultfd_wake(k, bare),
    ...Object.values(FLAG_BEHAVIOURS).map((b) => sys_madvise_flags(k, b, bare)),
    rcu_do_batch,
  ]
}

/** The routines that a kernel's operations are made of, callers before callees, each once. */
export function kernelRoutines(k: Build): readonly Routine[] {
  // The walk of an install and that of a removal have one name and two bodies.
  const kept = new Map<number, Routine>()
  const numbered = numbering()
  for (const r of roots(k).flatMap(routinesOf)) {
    const n = numbered(r)
    if (!kept.has(n)) kept.set(n, r)
  }
  return byName([...kept.values()])
}

/** Their names alone, which takes no look at what they do. */
export function routineNames(k: Build): ReadonlySet<string> {
  const seen = new Set<Routine>()
  const visit = (r: Routine): void => {
    if (seen.has(r)) return
    seen.add(r)
    calls(r.body).forEach(visit)
  }
  roots(k).forEach(visit)
  return new Set([...seen].map((r) => r.name))
}

/** Together what has one name, in the order in which names come first. */
function byName(routines: readonly Routine[]): readonly Routine[] {
  const groups = new Map<string, Routine[]>()
  for (const r of routines) groups.set(r.name, [...(groups.get(r.name) ?? []), r])
  return [...groups.values()].flat()
}

/** Equal routines get equal numbers. A body holds the routines that it calls: as text each is its number. */
function numbering(): (routine: Routine) => number {
  const byText = new Map<string, number>()
  const known = new Map<Routine, number>()
  const number = (r: Routine): number => {
    const before = known.get(r)
    if (before !== undefined) return before
    const numbers = new Map<unknown, number>(calls(r.body).map((callee) => [callee, number(callee)]))
    const text = JSON.stringify([r.name, r.body], (_, v: unknown) => numbers.get(v) ?? v)
    const n = byText.get(text) ?? byText.size
    byText.set(text, n)
    known.set(r, n)
    return n
  }
  return number
}
