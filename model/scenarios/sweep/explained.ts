/** What is known of the violations that the sweep finds. One that nobody has explained makes the run red. */

export interface Explanation {
  readonly property: string
  /** The step with which it breaks, `routine.label`, or all of a routine. */
  readonly at: string
  readonly why: string
}

const COLLAPSE =
  'a finding: try_collapse_pte_mapped_thp() empties a table and unlinks it later without a second look (guard-install-vs-try_collapse_pte_mapped_thp)'
const PLAIN_STORE =
  'a finding: VM_MAYBE_GUARD, set under the per-VMA lock alone, is lost to a plain store of flags that were read before (flag-vs-plain-store)'

export const EXPLAINED: readonly Explanation[] = [
  ...['GuardStays', 'GuardsRefine', 'EmptyUnlink'].map((property) => ({
    property,
    at: 'try_collapse_pte_mapped_thp.step4_pmdp_collapse_flush',
    why: COLLAPSE,
  })),
  ...['mprotect_fixup', 'mlock_fixup', 'madvise_update_vma'].map((at) => ({
    property: 'FlagsKept',
    at,
    why: PLAIN_STORE,
  })),
  ...['mmap_write_unlock', 'mmap_write_downgrade'].map((at) => ({ property: 'FlagSound', at, why: PLAIN_STORE })),
]

/** What explains that `property` breaks at a step; undefined where nothing does. */
export const explanationOf = (property: string, at: string): string | undefined =>
  EXPLAINED.find((e) => e.property === property && (at === e.at || at.startsWith(`${e.at}.`)))?.why
