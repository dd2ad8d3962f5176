import { and, exists, forall, hasAny, implies, ne, old } from '../model/language/expr.ts'
import { vma } from '../model/mm/mm_types.ts'
import { performs, type Property } from './property.ts'

/** The converse of B07 of the guard-region facts, and its rule for atomic flags (9.6). */
export const FlagsKept: Property = {
  name: 'FlagsKept',
  statement:
    'VM_MAYBE_GUARD, once set, stays with a VMA for as long as it lives: no plain store of the flags loses it.',
  sources: [
    'include/linux/mm.h, VM_STICKY: what is merged keeps the flag',
    'Lorenzo Stoakes, [PATCH v4 3/9] mm: update vma_modify_flags() to handle residual flags, document, 18 Nov 2025',
    'Vlastimil Babka, Re: [PATCH v2 2/5] mm: add atomic VMA flags, 6 Nov 2025: ' +
      'the read lock excludes writers that update other flags without atomics',
  ],
  bang: 'VM_MAYBE_GUARD overwritten',
  title: 'plain store of vm_flags loses VM_MAYBE_GUARD',
  failsOn: [
    {
      kernels: ['maybe-guard-v1', 'maybe-guard-v2', 'maybe-guard-v3'],
      why: 'mprotect() stores the flags that it computed before a merge',
    },
    {
      kernels: ['v6.19', 'v7.0'],
      why: 'a finding: flags are read before vma_start_write(), while a guard install under the VMA lock sets one',
    },
  ],
  mutants: [{ scenario: 'mprotect-merge-guards', kernel: 'v7.0', without: ['vma_modify_flags.vm_flags_ptr'] }],
  reaches: ['vm_flags_set.store', 'mprotect_fixup.vm_flags_reset_once'],
  build: (scenario) =>
    scenario.kernel.has('sticky-flags') && performs(scenario, 'guard_install', 'process_guard_install')
      ? {
          step: forall('vma', 'v', (v) =>
            implies(
              and(
                hasAny(old(vma.vm_flags(v)), 'VM_MAYBE_GUARD'),
                ne(old(vma.start(v)), 'nil'),
                ne(vma.start(v), 'nil'),
              ),
              hasAny(vma.vm_flags(v), 'VM_MAYBE_GUARD'),
            ),
          ),
          covers: [
            { name: 'the flag is set', expr: exists('vma', 'v', (v) => hasAny(vma.vm_flags(v), 'VM_MAYBE_GUARD')) },
          ],
        }
      : undefined,
}
