/** The proofs that `mmcheck prove` makes: what is claimed, of which routines and sizes, and what it rests on. */
import { render } from '../../model/language/expr.ts'
import type { Kernel } from '../../model/kernels/kernel.ts'
import type { CheckOptions, Unmet } from './check.ts'
import type { Core } from './core.ts'
import { exclusions } from './held.ts'
import type { Lemma } from './lemma.ts'
import { setUp } from './setup.ts'
import { weaken } from './weaken.ts'

/** What threads do in the core model of a shared mapping of shmem. */
export const OPERATIONS: readonly string[] = ['guard_install', 'guard_remove', 'dontneed', 'collapse']

/** What every proof of the core model rests on, beside the lemmas. */
export const RESTS_ON: readonly string[] = [
  'any number of threads; each makes any of these calls, on any range of pages, again and again; one RCU callback',
  'any number of pages, page tables and folios; one mm, one VMA, one PMD, one file of shmem, mapped shared',
  'locals may begin with any value, and the page cache with any folios; nothing is mapped at first',
  'a loop without a step in it is taken turn by turn, which only adds interleavings',
  'lemmas by hand: none',
]

/** What became of one class of locks. */
export interface LockVerdict {
  readonly lock: string
  readonly verdict: 'proved' | 'unknown'
  /** Labels at which a thread is in a section of the lock. */
  readonly labels: number
  readonly lemmas: readonly { readonly text: string; readonly labels: readonly string[] | undefined }[]
  /** Where the first proof broke: one step, and the lemma that it might break. */
  readonly broken: readonly {
    readonly lemma: string
    readonly from: string
    readonly to: string
    readonly said: string
  }[]
}

export interface LockProof {
  readonly property: 'LockExclusion'
  readonly kernel: string
  readonly without: readonly string[]
  readonly operations: readonly string[]
  readonly locks: readonly LockVerdict[]
  readonly queries: number
  readonly rounds: number
}

/**
 * Mutual exclusion of each class of locks: a thread between taking a lock and letting go of it is its owner
 * (or among its readers), who lets go of it holds it, and no lock has readers and a writer. Two threads in
 * sections of one lock would be one. Throws where `without` names nothing.
 */
export async function proveLocks(
  kernel: Kernel,
  without: readonly string[],
  options: CheckOptions,
  operations: readonly string[] = OPERATIONS,
): Promise<LockProof> {
  const core: Core = { name: 'shmem', world: 'shmem', operations, without }
  const setup = setUp(core, kernel)
  const { classes, support } = exclusions(setup.system)
  const all = [...classes.flatMap((c) => c.lemmas), ...support]
  const first: Unmet[] = []
  const { lemmas, checked, rounds } = await weaken(setup, all, options, (unmet) => {
    first.push(...unmet)
  })
  const sound = checked.unmet.length === 0
  const kept = (l: Lemma): boolean => lemmas.some((k) => k === l)
  const labelName = (i: number): string => setup.system.labels[i]?.name ?? ''
  return {
    property: 'LockExclusion',
    kernel: kernel.name,
    without,
    operations,
    rounds,
    queries: checked.queries,
    locks: classes.map((c) => ({
      lock: c.lock.name,
      verdict: sound && c.labels > 0 && c.lemmas.every(kept) ? 'proved' : 'unknown',
      labels: c.labels,
      lemmas: c.lemmas.map((l) => ({ text: render(l.body), labels: l.labels && [...l.labels].map(labelName) })),
      broken: first
        .filter((u) => c.lemmas.some((l) => l.name === u.lemma.name && l.vars.length === u.lemma.vars.length))
        .map((u) => ({ lemma: render(u.lemma.body), from: u.from ?? 'the start', to: u.to ?? '', said: u.said })),
    })),
  }
}
