/** A litmus file on a real kernel and in its model: what was seen, and what may be. */
import { ok, type Result } from '../../counterexamples/result.ts'
import { scenarioText } from '../../counterexamples/build.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import type { Skip } from '../skip.ts'
import { allowedOutcomes, isAllowed, registersKey, type Allowed } from './judge.ts'
import { readOutcome, type RaceOutcome } from './outcome.ts'
import { raceProgram } from './program.ts'
import { runRace, type Budget, type RaceResult } from './run.ts'

export interface SeenOutcome {
  readonly outcome: RaceOutcome
  readonly rounds: number
  /** Undefined where the search for it was cut short. */
  readonly allowed: boolean | undefined
}

export interface RaceReport {
  readonly scenario: Scenario
  readonly seen: readonly SeenOutcome[]
  /** Registers that the model allows and that no round has shown. */
  readonly neverSeen: readonly string[]
  readonly allowed: Allowed
  readonly result: RaceResult
}

/** How long each search of the model may take, in milliseconds. */
const SEARCH_MS = 120_000

/** Runs the threads of a scenario on the kernel, and asks the model about every outcome that was seen. */
export async function conformRace(scenario: Scenario, budget: Budget): Promise<Result<RaceReport, Skip>> {
  const program = raceProgram(scenario)
  if (!program.ok) return program
  const head = ['A litmus test of mmcheck, as it is run on a real kernel.', ...scenarioText(scenario).split('\n')]
  const ran = await runRace(program.value, { head, wanted: [] }, budget)
  if (!ran.ok) return ran
  const options = { maxMs: SEARCH_MS }
  const allowed = allowedOutcomes(scenario, options)
  const seen = ran.value.outcomes.map(({ rounds, ...raw }): SeenOutcome => {
    const outcome = readOutcome(program.value, raw)
    return { outcome, rounds, allowed: isAllowed(scenario, outcome, options) }
  })
  const shown = new Set(seen.map((s) => registersKey(s.outcome)))
  return ok({
    scenario,
    seen,
    neverSeen: allowed.registers.filter((r) => !shown.has(r)),
    allowed,
    result: ran.value,
  })
}
