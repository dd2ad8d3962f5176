/** What our own engine says of a model, in the words in which other checkers say it. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import type { SearchResult } from '../../solver/engine.ts'
import { model, num, slot } from '../engines/build.ts'
import { lowerScenario, scenarioOn, share } from '../support/scenarios.ts'
import { counters, peterson, philosophers, tokenRing } from '../engines/hand_models.ts'

export interface Told {
  readonly deadlock: boolean
  /** Names of the other properties that are violated. */
  readonly violated: ReadonlySet<string>
  readonly finalStates: number
}

export function told(model: LoweredModel, result: SearchResult): Told {
  const properties = result.violations.flatMap(({ property }) => model.properties[property] ?? [])
  return {
    deadlock: properties.some(({ kind }) => kind === 'deadlock'),
    violated: new Set(properties.filter(({ kind }) => kind !== 'deadlock').map(({ name }) => name)),
    finalStates: result.outcomes.reduce((n, { states }) => n + states, 0),
  }
}

type Named = readonly [title: string, model: LoweredModel]

const CATALOGUE: readonly (readonly [name: string, kernel: string, without?: readonly string[]])[] = [
  ['install+collapse', 'v7.0'],
  ['install+collapse', 'rfc-file'],
  ['install+collapse', 'v7.0', ['retract_page_tables.recheck']],
  ['install+remove', 'v6.13'],
  ['write-install-write-zero', 'v7.0'],
  ['install-oom', 'v7.0'],
  ['read-oom-part', 'v6.15'],
  ['two-processes+collapse', 'v6.15'],
  ['install-read+collapse', 'maybe-guard-v2'],
  ['install+madvise_collapse', 'maybe-guard-v3'],
  ['install+write-cow', 'v6.15'],
]

/** Cells of differing kind: with and without violations, with choices, with two processes. */
export const catalogueModels = (): readonly Named[] =>
  CATALOGUE.map(([name, kernel, without = []]) => {
    const left = without.length === 0 ? '' : ` without ${without.join(', ')}`
    return [`${name} on ${kernel}${left}`, lowerScenario(scenarioOn(name, kernel, without)).model]
  })

export const handModels = (): readonly Named[] => [
  ['counters', counters([2, 3])],
  ['philosophers', philosophers(4)],
  ['Peterson', peterson()],
  ['broken Peterson', peterson(true)],
  ['token ring', tokenRing(3, 2)],
  ['nothing ever changes', model([slot('x', 0, 1)], [[{ to: 0 }], [{ guard: num(0), to: 1 }]])],
  ['no thread at all', model([slot('x', 0, 1)], [])],
]

/** Models of the catalogue, by name and kernel: its share of this run. */
export const wholeCatalogue = (): readonly Named[] =>
  share(12).map(({ name, kernel, lowered }) => [`${name} on ${kernel}`, lowered.model])
