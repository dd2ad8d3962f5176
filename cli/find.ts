/** A violation to begin with, where none was given: by a search, or by random walks where the world is too large. */
import { failed, ok, type Result } from '../counterexamples/result.ts'
import type { LoweredModel } from '../model/language/lowered.ts'
import { PROPERTIES } from '../properties/all.ts'
import type { Violation } from '../solver/engine.ts'
import { findViolation, searchExplicit } from '../solver/explicit/search.ts'
import { simulate } from '../solver/explicit/simulate.ts'

/** Why there is none: nothing is violated, none was found in time, or the world is too small to tell. */
export type NotFound = 'holds' | 'open' | 'world'

const LIMITS = { maxStates: 1_500_000, maxMs: 10_000 } as const
const WALKS = { seed: 1, runs: 20_000, depth: 1000, stay: 80, maxMs: 10_000 } as const

export const isOfModel = (name: string | undefined): boolean =>
  PROPERTIES.some((p) => p.ofModel === true && p.name === name)

/** The first violation in the order of the properties, or of the property named. */
export function findOne(model: LoweredModel, property?: string): Result<Violation, NotFound> {
  const wanted = property === undefined ? -1 : model.properties.findIndex((p) => p.name === property)
  if (property !== undefined && wanted < 0) return failed('holds')
  const name = (v: Violation): string | undefined => model.properties[v.property]?.name
  const { violations, incomplete } = property === undefined ? searchExplicit(model, LIMITS) : one()
  const first = violations.find((v) => !isOfModel(name(v)) || name(v) === property)
  if (first !== undefined) return ok(first)
  if (violations.length > 0) return failed('world')
  if (incomplete === undefined) return failed('holds')
  const walked = simulate(model, WALKS).violation
  if (walked === undefined) return failed('open')
  if (property !== undefined && walked.property !== wanted) return failed('open')
  return isOfModel(name(walked)) && property === undefined ? failed('world') : ok(walked)

  function one(): { readonly violations: readonly Violation[]; readonly incomplete?: unknown } {
    const finding = findViolation(model, wanted, LIMITS)
    switch (finding.kind) {
      case 'found':
        return { violations: [finding.violation] }
      case 'none':
        return { violations: [] }
      case 'open':
        return { violations: [], incomplete: finding.incomplete }
    }
  }
}
