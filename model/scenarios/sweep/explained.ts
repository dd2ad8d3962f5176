/** What is known of the violations that the sweep finds. One that nobody has explained makes the run red. */

export interface Explanation {
  readonly property: string
  /** The step with which it breaks, `routine.label`, or all of a routine. */
  readonly at: string
  /** Where it explains anything. */
  readonly kernels: readonly string[]
  readonly why: string
  /** As counterexamples/corpus/findings.json calls it. */
  readonly finding: string
}

const COLLAPSE = {
  finding: 'guard-install-vs-try_collapse_pte_mapped_thp',
  kernels: ['v6.15', 'v6.18', 'v6.18.37', 'v6.19', 'v7.0'],
  why: 'try_collapse_pte_mapped_thp() empties a table and unlinks it later without a second look',
} as const
const PLAIN_STORE = {
  finding: 'VM_MAYBE_GUARD-lost-to-a-plain-store',
  // Where the install takes the per-VMA lock alone, and sets the flag.
  kernels: ['v6.19', 'v7.0'],
  why: 'VM_MAYBE_GUARD, set under the per-VMA lock alone, is lost to a plain store of flags that were read before',
} as const

export const EXPLAINED: readonly Explanation[] = [
  ...['GuardStays', 'GuardsRefine', 'EmptyUnlink'].map((property) => ({
    property,
    at: 'try_collapse_pte_mapped_thp.step4_pmdp_collapse_flush',
    ...COLLAPSE,
  })),
  ...['mprotect_fixup', 'mlock_fixup', 'madvise_update_vma'].map((at) => ({
    property: 'FlagsKept',
    at,
    ...PLAIN_STORE,
  })),
  ...['mmap_write_unlock', 'mmap_write_downgrade'].map((at) => ({ property: 'FlagSound', at, ...PLAIN_STORE })),
]

/** What explains that `property` breaks at a step of a kernel; undefined where nothing does. */
export function explanationOf(property: string, at: string, kernel: string): string | undefined {
  const found = EXPLAINED.filter((e) => e.property === property && e.kernels.includes(kernel)).find(
    (e) => at === e.at || at.startsWith(`${e.at}.`),
  )
  return found && `finding ${found.finding}: ${found.why}`
}
