/** A counterexample with page frames on the running kernel: its operations whole, in every order. */
import { ok, type Result } from '../../counterexamples/result.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { openProbe } from '../probe/probe.ts'
import { registersKey, shows } from '../race/judge.ts'
import type { RaceOutcome } from '../race/outcome.ts'
import type { Skip } from '../skip.ts'
import { runOrder } from './conform.ts'
import { framesProgram } from './program.ts'

export interface FramesSeen {
  readonly orders: number
  /** Orders whose registers the model has on no path that keeps the property, and those of the first of them. */
  readonly hits: number
  readonly outcome?: RaceOutcome
}

/** How long each search for an outcome may take, in milliseconds. */
const JUDGE_MS = 60_000

/** Runs each order once: what one thread does after the other comes out the same each time. */
export async function confirmFrames(scenario: Scenario, property: string): Promise<Result<FramesSeen, Skip>> {
  const program = framesProgram(scenario)
  if (!program.ok) return program
  const opened = await openProbe()
  if (!opened.ok) return opened
  const judged = new Map<string, boolean>()
  let seen: FramesSeen = { orders: 0, hits: 0 }
  try {
    for (const order of program.value.orders) {
      const ran = await runOrder(opened.value, program.value, order)
      if (!ran.ok) return ran
      seen = { ...seen, orders: seen.orders + 1 }
      if (ran.value.hung) break
      const { outcome } = ran.value
      const key = registersKey(outcome)
      const telling = judged.get(key) ?? shows(scenario, property, outcome, { maxMs: JUDGE_MS }) === true
      judged.set(key, telling)
      if (telling) seen = { ...seen, hits: seen.hits + 1, outcome: seen.outcome ?? outcome }
    }
  } finally {
    await opened.value.close()
  }
  return ok(seen)
}
