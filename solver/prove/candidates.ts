/** The candidates of a setup that random runs do not refute. */
import { candidate, poolOf, randomStates, refute, type Candidate } from './filter.ts'
import { liveLocals } from './liveness.ts'
import type { Setup } from './setup.ts'
import { candidatesOf } from './templates.ts'
import { truth } from '../../model/language/expr.ts'

export interface Filtered {
  readonly candidates: readonly Candidate[]
  readonly states: number
  /** How many labels the runs came to. */
  readonly reached: number
}

export function filtered(setup: Setup, runs: number, length: number, seed: number): Filtered {
  const { finite, system } = setup
  const live = liveLocals(system)
  const nowhere = candidate(finite, { vars: [], body: truth(false), local: true }, live)
  const all = candidatesOf(system).map((d) => candidate(finite, d, live))
  const pool = poolOf(finite, all)
  let states = 0
  const seen = randomStates(finite, runs, length, seed, (state) => {
    states++
    refute(finite, state, pool)
  })
  let reached = 0
  seen.forEach((n, label) => {
    nowhere.alive[label] = n === 0 ? 1 : 0
    if (n > 0) reached++
  })
  for (const p of system.programs) nowhere.alive[p.entry] = 0
  const some = all.filter((c) => c.alive.some((a) => a === 1))
  return { candidates: [nowhere, ...some], states, reached }
}
