/** A counterexample on a real kernel: its operations again and again, until they end as it says. */
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Counterexample } from '../../counterexamples/json.ts'
import { findKernel } from '../../model/kernels/kernels.ts'
import type { RunningKernel } from '../probe/features.ts'
import { skip, type Skip } from '../skip.ts'
import { generateC, type RawOutcome } from './generate.ts'
import { rawOutcome, readOutcome, showPages, showRegisters, type RaceOutcome } from './outcome.ts'
import { raceTemplate, runRace, type Budget, type RaceResult } from './run.ts'
import type { Target } from './target.ts'

export interface Confirmation {
  readonly target: Target
  /** Outcomes that only the violation leads to, with the rounds that ended so. */
  readonly confirmed: readonly { readonly outcome: RaceOutcome; readonly rounds: number }[]
  readonly result: RaceResult
  /** The C program that was run, with what to look for in it. */
  readonly reproducer: string
}

function head(c: Counterexample, running: RunningKernel, target: Target, seen: string): readonly string[] {
  const litmus = c.scenario.litmus.split('\n')
  return [
    `${c.property.name}: ${c.title}`,
    '',
    `Counterexample ${c.id} of mmcheck, found on its model of ${c.scenario.kernel}:`,
    c.property.statement,
    '',
    ...litmus.filter((l) => l.trim() !== '').map((l) => `    ${l}`),
    '',
    `Looked for: ${showRegisters(target.outcome)} ${showPages(target.outcome)}`,
    `On Linux ${running.release}: ${seen}`,
    '',
    'cc -O2 -Wall -Wextra -pthread FILE.c -o race && ./race 0 10',
    'Arguments: rounds (0: no end), seconds, seed, hits after which it is enough.',
    'It makes memfds and mappings of its own, and nothing else. Exit code 1: the',
    'outcome was seen; 2: the first state could not be brought about.',
  ]
}

/** Runs a target within a budget. What is confirmed is what the model allows only with the violation. */
export async function confirm(
  c: Counterexample,
  target: Target,
  running: RunningKernel,
  budget: Budget,
): Promise<Result<Confirmation, Skip>> {
  const raw = rawOutcome(target.program, target.outcome)
  if (raw === undefined) return failed(skip('feature', 'an operation of the trace ends as none does on a real kernel'))
  const wanted: readonly RawOutcome[] = [raw]
  const ran = await runRace(target.program, { head: [`counterexample ${c.id}`], wanted }, budget)
  if (!ran.ok) return ran
  const outcomes = ran.value.outcomes.map(({ rounds, ...o }) => ({
    raw: o,
    rounds,
    outcome: readOutcome(target.program, o),
  }))
  const telling = outcomes.filter((o) => target.shows(o.outcome) === true)
  const hits = telling.reduce((n, o) => n + o.rounds, 0)
  const seen = hits === 0 ? `not seen in ${ran.value.rounds} rounds.` : `seen in ${hits} of ${ran.value.rounds} rounds.`
  const all = telling.length === 0 ? wanted : telling.map((o) => o.raw)
  const reproducer = generateC(await raceTemplate(), target.program, {
    head: head(c, running, target, seen),
    wanted: all,
  })
  return ok({
    target,
    confirmed: telling.map(({ outcome, rounds }) => ({ outcome, rounds })),
    result: ran.value,
    reproducer,
  })
}

/** Whether the kernel of a counterexample is the model that the running kernel is held against, untouched. */
export const isOf = (c: Counterexample, model: string): boolean => findKernel(c.scenario.kernel)?.name === model
