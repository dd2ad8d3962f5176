import { and, eq, exists, forall, hasAny, implies, ne, not, type Expr } from '../model/language/expr.ts'
import { page, pmd, table, vma } from '../model/mm/mm_types.ts'
import type { Scenario } from '../model/scenarios/scenario.ts'
import { performs, type Property } from './property.ts'

const guarded = (p: Expr): Expr =>
  and(eq(pmd.kind(page.pmd(p)), 'table'), eq(table.pte(pmd.table(page.pmd(p)), page.slot(p)), 'guard'))

/** What a VMA with guard markers shows: its flag, or its anon_vma before there was one; undefined in the RFC. */
const shown = (scenario: Scenario): ((v: Expr) => Expr) | undefined => {
  const { kernel } = scenario
  if (kernel.has('maybe-guard-plain') || kernel.has('maybe-guard-atomic'))
    return (v) => hasAny(vma.vm_flags(v), 'VM_MAYBE_GUARD')
  return kernel.has('guard-any-anon-vma') ? (v) => ne(vma.anon_vma(v), 'NULL') : undefined
}

/** P3 of the guard-region facts, and P3' of the kernels before the flag. */
export const FlagSound: Property = {
  name: 'FlagSound',
  statement:
    'a VMA that nobody has write-locked, and that a guard marker lies in, has VM_MAYBE_GUARD set; before there was that flag, it has an anon_vma.',
  sources: [
    'Lorenzo Stoakes, [PATCH v3 0/8] introduce VM_MAYBE_GUARD and make it sticky, 7 Nov 2025: ' +
      'if not set the VMA definitely does not have any guard regions present',
    'mm/madvise.c, madvise_guard_install() of v6.13: anon_vma_prepare(), so that fork copies the page tables',
  ],
  bang: 'guard marker in a VMA that does not tell of it',
  title: 'guard marker in a VMA without VM_MAYBE_GUARD',
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
  mutants: [
    { scenario: 'mmap-merge-guards', kernel: 'v7.0', without: ['vm_flags_set.store'] },
    { scenario: 'mmap-merge-guards', kernel: 'v7.0', without: ['vma_merge_new_range.sticky_next'] },
    { scenario: 'mprotect-merge-guards', kernel: 'v7.0', without: ['vma_modify_flags.vm_flags_ptr'] },
  ],
  reaches: ['vma_merge_existing_range.vma_iter_store_overwrite', '__split_vma.vma_iter_store_new'],
  build: (scenario) => {
    const tells = shown(scenario)
    return tells !== undefined && performs(scenario, 'guard_install', 'process_guard_install')
      ? {
          invariant: forall('page', 'p', (p) =>
            implies(and(ne(page.vma(p), 'nil'), guarded(p), not(vma.write_locked(page.vma(p)))), tells(page.vma(p))),
          ),
          covers: [{ name: 'a page is guarded', expr: exists('page', 'p', guarded) }],
        }
      : undefined
  },
}
