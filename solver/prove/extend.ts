/**
 * Where the guesses of an item that extends another come from: what its search of the other has lost need not be
 * guessed again. No lemma is taken over as true: what is left is refuted by runs, asked of every step and dropped
 * where it cannot be shown, as any other guess.
 */
import type { Lemma } from './lemma.ts'
import type { Attempt, Prepared } from './prove.ts'

/** Guesses of an item, after a search of what it extends. */
export interface Extension {
  readonly prepared: Prepared
  /** Guesses that both have, and that the other's search has kept at some label or more. */
  readonly kept: number
  /** Guesses that both have, and of which nothing was left there. */
  readonly lost: number
}

/** What is guessed of all states is told from the same thing guessed of some labels. */
const keyOf = (l: Lemma): string => `${l.labels === undefined ? 'always' : 'at labels'} ${l.name}`

interface Fate {
  /** Names of labels at which it was guessed, and of those at which it was kept, or that nobody came to. */
  readonly guessed: Set<string>
  readonly kept: Set<string>
  left: boolean
}

/** What has become of each guess of a search. */
function fates(a: Attempt): ReadonlyMap<string, Fate> {
  const name = (i: number): string => a.setup.system.labels[i]?.name ?? ''
  const out = new Map<string, Fate>()
  for (const l of a.asked) {
    const fate = out.get(keyOf(l)) ?? { guessed: new Set<string>(), kept: new Set<string>(), left: false }
    out.set(keyOf(l), fate)
    for (const i of l.labels ?? []) {
      fate.guessed.add(name(i))
      if (a.unreached.has(i)) fate.kept.add(name(i))
    }
  }
  for (const l of a.inductive) {
    const fate = out.get(keyOf(l))
    if (fate === undefined) continue
    fate.left = true
    for (const i of l.labels ?? []) fate.kept.add(name(i))
  }
  return out
}

/** The guesses of an item, less what the search `of` another item has lost of them. */
export function extended(prepared: Prepared, of: Attempt): Extension {
  const known = fates(of)
  const { labels } = prepared.setup.system
  const counts = { kept: 0, lost: 0 }
  const guesses = prepared.guesses.flatMap((l): readonly Lemma[] => {
    const fate = known.get(keyOf(l))
    if (fate === undefined) return [l]
    counts[fate.left ? 'kept' : 'lost']++
    if (!fate.left) return []
    if (l.labels === undefined) return [l]
    const left = new Set(
      [...l.labels].filter((i) => {
        const name = labels[i]?.name ?? ''
        return !fate.guessed.has(name) || fate.kept.has(name)
      }),
    )
    return left.size === 0 ? [] : [{ ...l, labels: left }]
  })
  return { prepared: { ...prepared, guesses }, ...counts }
}
