/** A sequential litmus file on the running kernel and in its model. */
import { z } from 'zod'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Scenario } from '../../model/scenarios/scenario.ts'
import { PAGEMAP_BIT } from '../probe/operations.ts'
import { openProbe, type Probe } from '../probe/probe.ts'
import { showResult, type Observed } from '../probe/protocol.ts'
import type { RaceReport, SeenOutcome } from '../race/conform.ts'
import { allowedOutcomes, isAllowed, registersKey } from '../race/judge.ts'
import type { RaceOutcome } from '../race/outcome.ts'
import { skip, type Skip } from '../skip.ts'
import { hasMemoryFailure } from './poison.ts'
import { sequentialProgram, type SequentialProgram } from './program.ts'
import { resultOf } from './statements.ts'

/** What is run in one thread always ends alike; it is run again to see that it does. */
const ROUNDS_MAX = 10

const bitsOf = z.array(z.number())

/** The outcome of one run: every register, and whether each page is guarded at the end. */
function outcomeOf({ setUp, calls, looks }: SequentialProgram, { ops }: Observed): RaceOutcome {
  const registers = calls.flatMap(({ call, register }, i) =>
    register === undefined ? [] : [{ name: register, value: resultOf(call, ops[setUp.length + i]) }],
  )
  const pages = looks.flatMap((look, i) => {
    const r = ops[setUp.length + calls.length + i]
    const bits = bitsOf.safeParse(r?.kind === 'ok' ? r.data : [])
    return look.pages.map((name, n) => ({
      name,
      guard: bits.success && ((bits.data[n] ?? 0) & PAGEMAP_BIT.guard) !== 0,
    }))
  })
  return { registers, pages }
}

/** Runs a program once; the skip says what of its first state the kernel refuses. */
export async function runSequential(
  probe: Probe,
  program: SequentialProgram,
): Promise<Result<{ readonly outcome: RaceOutcome; readonly hung: boolean }, Skip>> {
  const { setUp, calls, looks } = program
  const observed = await probe.run({ ops: [...setUp, ...calls.map((c) => c.op), ...looks.map((l) => l.op)] })
  const refused = observed.ops.slice(0, setUp.length).findIndex((r) => r.kind !== 'ok')
  const result = observed.ops[refused]
  if (result !== undefined)
    return failed(skip('feature', `this kernel refuses '${setUp[refused]?.name ?? ''}': ${showResult(result)}`))
  return ok({ outcome: outcomeOf(program, observed), hung: observed.end === 'timeout' || observed.end === 'stuck' })
}

/**
 * What the kernel may have meant: without CONFIG_MEMORY_FAILURE the SIGBUS of a poison marker is like any
 * other.
 */
function readings(scenario: Scenario, outcome: RaceOutcome): readonly RaceOutcome[] {
  const poisons = scenario.file.threads.some((t) => t.stmts.some((s) => s.op.text === 'uffd_poison'))
  if (!poisons || hasMemoryFailure()) return [outcome]
  const registers = outcome.registers.map((r) => (r.value === 'BUS' ? { ...r, value: 'HWPOISON' } : r))
  return [outcome, { ...outcome, registers }]
}

/**
 * Whether the model ends so. A run that the kernel does not let end is one of its outcomes where it has no
 * other: an operation that never returns.
 */
function judge(scenario: Scenario, outcome: RaceOutcome, hung: boolean): boolean | undefined {
  if (!hung) {
    const judged = readings(scenario, outcome).map((o) => isAllowed(scenario, o))
    return judged.includes(true) ? true : judged.includes(undefined) ? undefined : false
  }
  const all = allowedOutcomes(scenario)
  return all.incomplete === undefined ? all.registers.length === 0 : undefined
}

/** Runs a scenario up to `rounds` times; 0 for as often as is of use. */
export async function conformSequential(scenario: Scenario, rounds: number): Promise<Result<RaceReport, Skip>> {
  const program = sequentialProgram(scenario)
  if (!program.ok) return program
  const opened = await openProbe()
  if (!opened.ok) return opened
  const probe = opened.value
  const counted = new Map<string, { outcome: RaceOutcome; hung: boolean; rounds: number }>()
  let done = 0
  try {
    const wanted = rounds === 0 ? ROUNDS_MAX : Math.min(rounds, ROUNDS_MAX)
    for (let hung = false; done < wanted && !hung; done++) {
      const ran = await runSequential(probe, program.value)
      if (!ran.ok) return ran
      hung = ran.value.hung
      const key = JSON.stringify(ran.value)
      const before = counted.get(key)
      counted.set(key, { ...ran.value, rounds: (before?.rounds ?? 0) + 1 })
    }
  } finally {
    await probe.close()
  }
  const seen = [...counted.values()].map((o): SeenOutcome => ({
    outcome: o.outcome,
    rounds: o.rounds,
    allowed: judge(scenario, o.outcome, o.hung),
  }))
  const allowed = allowedOutcomes(scenario)
  const shown = new Set(seen.map((s) => registersKey(s.outcome)))
  return ok({
    scenario,
    seen,
    neverSeen: allowed.registers.filter((r) => !shown.has(r)),
    allowed,
    result: { outcomes: [], rounds: done, hits: 0, failed: 0, uncounted: 0, hung: false },
  })
}
