/** The largest part of a set of lemmas that is inductive: what cannot be shown of a label is not claimed of it. */
import { check, type Checked, type CheckOptions, type Unmet } from './check.ts'
import type { Lemma } from './lemma.ts'
import type { Setup } from './setup.ts'

export interface Weakened {
  readonly lemmas: readonly Lemma[]
  readonly checked: Checked
  readonly rounds: number
}

const ROUNDS_MAX = 12

/** Takes labels (or whole lemmas) away until all that is left is shown. The last check is of exactly what is returned. */
export async function weaken(
  setup: Setup,
  from: readonly Lemma[],
  options: CheckOptions,
  lost: (unmet: readonly Unmet[]) => void = () => undefined,
): Promise<Weakened> {
  const names = setup.system.labels.map((l) => l.name)
  let lemmas = from
  for (let rounds = 1; ; rounds++) {
    const checked = await check(setup, lemmas, options)
    lost(checked.unmet)
    if (checked.unmet.length === 0 || rounds === ROUNDS_MAX) return { lemmas, checked, rounds }
    lemmas = lemmas.flatMap((l): readonly Lemma[] => {
      const mine = checked.unmet.filter((u) => u.lemma === l)
      if (mine.length === 0) return [l]
      const gone = new Set(mine.flatMap((u) => (u.whose === 'own' ? [u.to] : [])))
      if (l.labels === undefined || mine.some((u) => u.whose !== 'own')) return []
      const labels = new Set([...l.labels].filter((i) => !gone.has(names[i] ?? '')))
      return labels.size === 0 ? [] : [{ ...l, labels }]
    })
  }
}
