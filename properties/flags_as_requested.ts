import { truth } from '../model/language/expr.ts'
import { performs, type Property } from './property.ts'

/** B07 of the guard-region facts. Asserted where mprotect(), mlock() and madvise() have stored the flags. */
export const FlagsAsRequested: Property = {
  name: 'FlagsAsRequested',
  statement: 'the flags that a system call was asked to set or clear are so in the VMA of its range afterwards.',
  sources: [
    'Lorenzo Stoakes, [PATCH v4 0/9] introduce VM_MAYBE_GUARD and make it sticky, 18 Nov 2025, changelog: ' +
      'Pedro Falcato on the fix-up of 17 Nov, which keeps what split and no-op were to overwrite',
    'mprotect(2)',
  ],
  bang: 'flags other than those asked for',
  title: 'mprotect() leaves a permission that it was to take away',
  failsOn: [
    { kernels: ['maybe-guard-v3-fixup'], why: 'B07: all flags of the VMA are kept, not the sticky ones alone' },
  ],
  mutants: [{ scenario: 'mprotect-write', kernel: 'v7.0', without: ['mprotect_fixup.vm_flags_reset_once'] }],
  reaches: ['mprotect_fixup.requested'],
  build: (scenario) =>
    performs(scenario, 'mprotect', 'mlock', 'munlock') ||
    scenario.file.threads.some((t) => t.stmts.some((s) => s.op.text.startsWith('madvise_')))
      ? { covers: [{ name: 'always', expr: truth(true) }] }
      : undefined,
}
