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
  /** Explains what comes of the finding: where the same cell breaks this property too, in fewer steps. */
  readonly after?: string
}

/** A violation of a cell, as explanations see it. */
export interface Broken {
  readonly property: string
  readonly at: string
  readonly steps: number
}

const COLLAPSE = {
  finding: 'guard-install-vs-try_collapse_pte_mapped_thp',
  kernels: ['v6.15', 'v6.18', 'v6.18.37', 'v6.19', 'v7.0'],
  why: 'try_collapse_pte_mapped_thp() empties a table and unlinks it later without a second look',
} as const
/** A marker is gone with its table: what the page is then used for. */
const AFTER_COLLAPSE = { ...COLLAPSE, after: 'EmptyUnlink' } as const

const PLAIN_STORE = {
  finding: 'VM_MAYBE_GUARD-lost-to-a-plain-store',
  // Where the install takes the per-VMA lock alone, and sets the flag.
  kernels: ['v6.19', 'v7.0'],
  why: 'VM_MAYBE_GUARD, set under the per-VMA lock alone, is lost to a plain store of flags that were read before',
} as const
/** The flag is gone: who looks at it takes the table for one without guards. */
const AFTER_PLAIN_STORE = { ...PLAIN_STORE, after: 'FlagSound' } as const

export const EXPLAINED: readonly Explanation[] = [
  ...['GuardStays', 'GuardsRefine', 'EmptyUnlink'].map((property) => ({
    property,
    at: 'try_collapse_pte_mapped_thp.step4_pmdp_collapse_flush',
    ...COLLAPSE,
  })),
  ...['load.access', 'store.access'].map((at) => ({ property: 'NoAccess', at, ...AFTER_COLLAPSE })),
  { property: 'ForkKept', at: 'fork.wake_up_new_task', ...AFTER_COLLAPSE },
  ...['mprotect_fixup', 'mlock_fixup', 'madvise_update_vma'].map((at) => ({
    property: 'FlagsKept',
    at,
    ...PLAIN_STORE,
  })),
  ...['mmap_write_unlock', 'mmap_write_downgrade'].map((at) => ({ property: 'FlagSound', at, ...PLAIN_STORE })),
  ...['GuardStays', 'GuardsRefine', 'EmptyUnlink'].map((property) => ({
    property,
    at: 'retract_page_tables.pmdp_collapse_flush',
    ...AFTER_PLAIN_STORE,
  })),
  ...['ForkKept', 'GuardStays'].map((property) => ({
    property,
    at: 'fork.wake_up_new_task',
    ...AFTER_PLAIN_STORE,
  })),
]

const follows = ({ after }: Explanation, v: Broken, cell: readonly Broken[]): boolean =>
  after === undefined || cell.some((c) => c.property === after && c.steps < v.steps)

/** What explains a violation on a kernel, given all of its cell; undefined where nothing does. */
export function explanationOf(v: Broken, kernel: string, cell: readonly Broken[]): string | undefined {
  const found = EXPLAINED.filter((e) => e.property === v.property && e.kernels.includes(kernel)).find(
    (e) => (v.at === e.at || v.at.startsWith(`${e.at}.`)) && follows(e, v, cell),
  )
  return found && `finding ${found.finding}: ${found.why}`
}
