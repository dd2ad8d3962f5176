/** Necessity: for every lock, wait, check, order and atomic update that a scenario reaches, whether it is needed. */
import { mutationWord } from '../../model/language/mutate/name.ts'
import { mutationsOf, type Mutation } from '../../model/language/mutate/mutate.ts'
import { reachedLabels } from '../../model/language/mutate/reached.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { SearchOptions } from '../../solver/engine.ts'
import { judge, searchBase, type Base, type Judgement } from './judge.ts'

export interface NecessityRow {
  readonly mutation: Mutation
  readonly judgement: Judgement
}

export interface Necessity {
  readonly base: Base
  /** By routine, in alphabetical order; within one, in the order of its text. */
  readonly rows: readonly NecessityRow[]
}

/** What can be taken away from a scenario that was searched as it is. */
export const mutationsIn = (scenario: Scenario, base: Base): readonly Mutation[] => {
  const reached = reachedLabels(base.model, base.result.reachedSteps)
  return mutationsOf(scenario.program, (label) => reached.has(label))
}

/**
 * Takes each away in turn and searches again. `onRow` is told what is about to be tried. Throws
 * ModelError where the scenario itself cannot be lowered.
 */
export async function necessity(
  scenario: Scenario,
  options: SearchOptions,
  onRow: (done: number, of: number, name: string) => void = () => undefined,
): Promise<Necessity> {
  const base = searchBase(scenario, options)
  const mutations = mutationsIn(scenario, base)
  const rows: NecessityRow[] = []
  for (const [i, mutation] of mutations.entries()) {
    onRow(i, mutations.length, mutation.name)
    rows.push({ mutation, judgement: judge(scenario, [mutationWord(mutation.name)], base, options) })
    // An interrupt is heard between two searches.
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
  const at = new Map(rows.map((r, i) => [r, i]))
  const order = (r: NecessityRow): number => at.get(r) ?? 0
  return {
    base,
    rows: rows.sort((a, b) =>
      a.mutation.routine === b.mutation.routine
        ? order(a) - order(b)
        : a.mutation.routine < b.mutation.routine
          ? -1
          : 1,
    ),
  }
}
