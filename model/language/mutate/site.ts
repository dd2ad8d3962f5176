/** A place in a routine where something can be taken away, and the routine without it. */
import type { Routine } from '../routine.ts'

/** What kind of protection it is. */
export type MutationKind = 'lock' | 'wait' | 'check' | 'order' | 'atomic'

export interface Site {
  /** Label of the step, the call or the named check. */
  readonly label: string
  readonly kind: MutationKind
  /** What is done there: `drop lock`, `swap with walk`. */
  readonly what: string
  /** The C text of what is taken away. */
  readonly text: string
  /** Labels of which one must run for the mutation to matter. */
  readonly labels: readonly string[]
  readonly apply: () => Routine
}

/** Sites of one label that would have one name are numbered, from the second on. */
export function numbered(sites: readonly Site[]): readonly Site[] {
  const times = new Map<string, number>()
  return sites.map((s) => {
    const key = `${s.label}: ${s.what}`
    const n = (times.get(key) ?? 0) + 1
    times.set(key, n)
    return n === 1 ? s : { ...s, what: `${s.what} ${n}` }
  })
}
