/** N1, N2 and N7 of the MAP_NOSIGBUS facts: what may become of vm_flags. */
import { and, forall, hasAny, implies, ne, not, old, truth, withoutBits } from '../model/language/expr.ts'
import { mapping, mm, vma } from '../model/mm/mm_types.ts'
import { asksNosigbus, FLAG_SET, HUGH_1, HUGH_2, HUGH_3, SEED_004 } from './nosigbus.ts'
import { performs, type Property } from './property.ts'

/** N1. */
export const NosigbusIsPrivate: Property = {
  name: 'NosigbusIsPrivate',
  statement: 'no shared VMA has VM_NOSIGBUS: mmap() refuses MAP_NOSIGBUS with a shared type.',
  sources: [HUGH_1, HUGH_3, 'Linus Torvalds, 3 June 2021: agrees that VM_SHARED stays out'],
  bang: 'VM_NOSIGBUS on a shared VMA',
  title: 'shared mapping with MAP_NOSIGBUS',
  failsOn: [
    {
      kernels: ['nosigbus-sketch', 'nosigbus-v1', 'nosigbus-linus'],
      why: 'they take MAP_SHARED, on purpose or by not asking',
    },
  ],
  mutants: [
    { scenario: 'nosigbus-shared-grow', kernel: 'nosigbus-v2', without: ['mmap.nosigbus_not_private'] },
    { scenario: 'nosigbus-validate', kernel: 'nosigbus-v2', without: ['mmap.flags_mask'] },
  ],
  reaches: ['mmap.mmap_write_lock'],
  build: (s) =>
    asksNosigbus(s) && performs(s, 'mmap')
      ? {
          invariant: forall('vma', 'v', (v) =>
            implies(
              and(ne(vma.start(v), 'nil'), mapping.shared(vma.mapping(v))),
              not(hasAny(vma.vm_flags(v), 'VM_NOSIGBUS')),
            ),
          ),
          covers: [{ name: 'always', expr: truth(true) }],
        }
      : undefined,
}

/** N2. VM_MAYBE_GUARD, which is set atomically under a lock of readers, is the exception that vm_flags of today have. */
export const FlagsWriteLocked: Property = {
  name: 'FlagsWriteLocked',
  statement: 'vma->vm_flags changes only while the mmap lock is held for writing.',
  sources: [HUGH_1, 'mm/memory.c, vm_insert_page(): BUG_ON(mmap_read_trylock(vma->vm_mm))'],
  bang: 'vm_flags written under a read lock',
  title: 'vm_flags written under a read lock',
  failsOn: [{ kernels: ['nosigbus-v1', 'nosigbus-v1.5'], why: '`vma->vm_flags |= VM_MIXEDMAP` in the fault' }],
  mutants: [{ scenario: 'nosigbus-write-truncate', kernel: 'nosigbus-v2', without: ['mprotect.mmap_write_lock'] }],
  reaches: ['mprotect_fixup.vm_flags_reset_once'],
  build: (s) =>
    asksNosigbus(s)
      ? {
          step: forall('vma', 'v', (v) =>
            implies(
              ne(withoutBits(old(vma.vm_flags(v)), 'VM_MAYBE_GUARD'), withoutBits(vma.vm_flags(v), 'VM_MAYBE_GUARD')),
              ne(mm.mmap_lock.lock.owner(vma.mm(v)), 'nil'),
            ),
          ),
          covers: [FLAG_SET],
        }
      : undefined,
}

/** N7. */
export const NoDriverFlags: Property = {
  name: 'NoDriverFlags',
  statement: 'no VMA of a file gets VM_MIXEDMAP, which is for drivers.',
  sources: [HUGH_2, SEED_004],
  bang: 'VM_MIXEDMAP on a VMA of a file',
  title: 'VM_MIXEDMAP on a VMA of a file',
  failsOn: [{ kernels: ['nosigbus-v1', 'nosigbus-v1.5'], why: 'vm_insert_page() asks for it' }],
  mutants: [{ scenario: 'nosigbus-within', kernel: 'nosigbus-v1.5', without: ['shmem_fault.i_size'] }],
  reaches: ['vm_insert_page.set_pte_at'],
  build: (s) =>
    asksNosigbus(s)
      ? {
          invariant: forall('vma', 'v', (v) => not(hasAny(vma.vm_flags(v), 'VM_MIXEDMAP'))),
          covers: [FLAG_SET],
        }
      : undefined,
}
