/** Every kernel routine of the model, for listings. */
import { routinesOf } from '../language/listing.ts'
import type { Routine } from '../language/routine.ts'
import type { Build, Syscall } from './build.ts'
import { access } from './fault.ts'
import { khugepaged_scan_file } from './khugepaged.ts'
import { sys_madvise_collapse } from './khugepaged_madvise.ts'
import { sys_guard_install, sys_guard_remove, sys_madvise_dontneed } from './madvise.ts'
import { sys_madvise_remove } from './madvise_remove.ts'
import { direct_write, drop_pagecache, sys_fallocate, sys_ftruncate } from './open.ts'
import { rcu_do_batch } from './rcu.ts'

const bare: Syscall = { enter: [], leave: () => [] }

/** The routines that a kernel's operations are made of, callers before callees, each name once. */
export function kernelRoutines(k: Build): readonly Routine[] {
  const roots = [
    sys_guard_install(k, bare),
    sys_guard_remove(k, bare),
    sys_madvise_dontneed(k, bare),
    access(k, false, bare),
    access(k, true, bare),
    khugepaged_scan_file(k),
    sys_madvise_collapse(k, bare),
    sys_ftruncate(k, bare),
    sys_fallocate(k, bare),
    sys_madvise_remove(k, bare),
    direct_write(k),
    drop_pagecache,
    rcu_do_batch,
  ]
  const byName = new Map<string, Routine[]>()
  for (const r of roots.flatMap((root) => [...routinesOf(root)])) {
    const same = byName.get(r.name) ?? []
    // The walk of an install and that of a removal have one name and two bodies.
    if (!same.some((s) => JSON.stringify(s.body) === JSON.stringify(r.body))) byName.set(r.name, [...same, r])
  }
  return [...byName.values()].flat()
}
