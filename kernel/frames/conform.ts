/** A scenario with page frames on the running kernel and in its model. */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { openProbe, type Probe } from '../probe/probe.ts'
import type { OpResult } from '../probe/protocol.ts'
import type { RaceReport, SeenOutcome } from '../race/conform.ts'
import { allowedOutcomes, registersKey } from '../race/judge.ts'
import type { RaceOutcome } from '../race/outcome.ts'
import { resultOf } from '../sequential/statements.ts'
import { skip, type Skip } from '../skip.ts'
import { framesProgram, type FramesProgram } from './program.ts'
import type { Step } from './shapes.ts'

/** How long each search of the model may take, in milliseconds. */
const SEARCH_MS = 120_000
/** A huge page is filled, copied and compared several times. */
const SEQUENCE_MS = 20_000

export const hasFrames = (s: Scenario): boolean => s.world.frames !== undefined

const missingOf = (steps: readonly Step[], results: readonly OpResult[]): string | undefined =>
  steps.flatMap((x, i) => {
    const r = results[i]
    return r === undefined || r.kind === 'not-run' ? [] : (x.missing(r) ?? [])
  })[0]

export interface OrderRun {
  readonly outcome: RaceOutcome
  readonly hung: boolean
}

/** One order of the operations of a program, in a fresh process. The skip says what the kernel lacks for it. */
export async function runOrder(
  probe: Probe,
  { setUp, threads }: FramesProgram,
  order: readonly number[],
): Promise<Result<OrderRun, Skip>> {
  const at = threads.map(() => 0)
  const turns = order.flatMap((thread) => {
    const n = at[thread] ?? 0
    at[thread] = n + 1
    const call = threads[thread]?.[n]
    return call === undefined ? [] : [{ thread, n, call }]
  })
  const steps = [...setUp, ...turns.flatMap((t) => t.call.steps)]
  const observed = await probe.run({ ops: steps.map((x) => x.op), timeoutMs: SEQUENCE_MS })
  const missing = missingOf(steps, observed.ops)
  if (missing !== undefined) return failed(skip('feature', missing))
  let next = setUp.length
  const values = new Map<string, string>()
  for (const { call } of turns) {
    next += call.steps.length
    const o = call.steps.at(-1)?.op
    if (call.register !== undefined && o !== undefined)
      values.set(call.register, resultOf({ op: o, value: call.value }, observed.ops[next - 1]))
  }
  const registers = threads.flatMap((t) =>
    t.flatMap(({ register }) =>
      register === undefined ? [] : [{ name: register, value: values.get(register) ?? '' }],
    ),
  )
  return ok({ outcome: { registers, pages: [] }, hung: observed.end === 'timeout' || observed.end === 'stuck' })
}

/** Runs every order of a scenario's operations once, and asks the model about every outcome. */
export async function conformFrames(scenario: Scenario): Promise<Result<RaceReport, Skip>> {
  const program = framesProgram(scenario)
  if (!program.ok) return program
  const opened = await openProbe()
  if (!opened.ok) return opened
  const counted = new Map<string, { outcome: RaceOutcome; rounds: number }>()
  let rounds = 0
  let hung = false
  try {
    for (const order of program.value.orders) {
      const ran = await runOrder(opened.value, program.value, order)
      if (!ran.ok) return ran
      rounds++
      hung ||= ran.value.hung
      if (hung) break
      const key = registersKey(ran.value.outcome)
      counted.set(key, { outcome: ran.value.outcome, rounds: (counted.get(key)?.rounds ?? 0) + 1 })
    }
  } finally {
    await opened.value.close()
  }
  const allowed = allowedOutcomes(scenario, { maxMs: SEARCH_MS })
  const isAllowed = (key: string): boolean | undefined =>
    allowed.registers.includes(key) ? true : allowed.incomplete === undefined ? false : undefined
  const seen = [...counted].map(([key, o]): SeenOutcome => ({ ...o, allowed: isAllowed(key) }))
  return ok({
    scenario,
    seen,
    neverSeen: allowed.registers.filter((r) => !counted.has(r)),
    allowed,
    result: { outcomes: [], rounds, hits: 0, failed: 0, uncounted: 0, hung },
  })
}
