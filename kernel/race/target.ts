/** What to look for on a real kernel, given a counterexample: its operations, and how they must end. */
import { resolveMoves, recordSteps } from '../../counterexamples/json.ts'
import { failed, ok, type Result } from '../../counterexamples/result.ts'
import type { Trace } from '../../counterexamples/trace.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { kernelLine } from '../../model/litmus/kernel_line.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import { initialState, isDeadlock, isFinal, successors, type State } from '../../solver/reference/interpreter.ts'
import { replay } from '../../solver/reference/replay.ts'
import { skip, type Skip } from '../skip.ts'
import { outcomeOf, shows } from './judge.ts'
import { NO_RETURN, type RaceOutcome } from './outcome.ts'
import { labelsOf, raceProgram, type RaceProgram } from './program.ts'

export interface Target {
  /** The scenario, without what comes after the trace and tells nothing of it. */
  readonly scenario: Scenario
  readonly program: RaceProgram
  /** How the trace ends when every operation that it has begun has returned, or never will. */
  readonly outcome: RaceOutcome
  /** Whether an outcome shows that the property was broken; undefined where that cannot be told. */
  readonly shows: (o: RaceOutcome) => boolean | undefined
}

/** More steps than any operation of a test takes when it runs alone. */
const STEPS_MAX = 20_000

/** How long each search for an outcome may take, in milliseconds. */
export const JUDGE_MS = 60_000

/** The operations that a trace begins, and no others; a thread that begins none is left out. */
function begun(scenario: Scenario, trace: Trace): Scenario | string {
  const counts = scenario.file.threads.map(
    (_, t) =>
      new Set(trace.steps.filter((s) => s.thread.number === t).map((s) => s.step.label.split('.')[0] ?? '')).size,
  )
  const threads = scenario.file.threads.map((t, i) => ({ ...t, stmts: t.stmts.slice(0, counts[i]) }))
  if (threads.every((t, i) => t.stmts.length === scenario.file.threads[i]?.stmts.length)) return scenario
  const { final: _final, ...rest } = scenario.file
  const file = { ...rest, threads: threads.filter((t) => t.stmts.length > 0) }
  const made = elaborate(file, [kernelLine([scenario.kernel.name], scenario.without)])
  if (!made.ok) return made.diagnostics[0]?.message ?? 'it cannot be cut to the trace'
  return made.scenarios[0] ?? 'it has no kernel'
}

/** Runs what is still running to its end, one thread after the other. Undefined where it does not get there. */
function complete(model: LoweredModel, from: State): State | undefined {
  let state = from
  for (let n = 0; n < STEPS_MAX; n++) {
    if (isFinal(model, state)) return state
    const next = successors(model, state)
    const users = next.filter((s) => model.threads[thread(model, s.move.step)]?.daemon === false)
    const [first] = users.length > 0 ? users : next
    if (first === undefined) return undefined
    state = first.state
  }
  return undefined
}

const thread = (model: LoweredModel, step: number): number => model.steps.find((s) => s.id === step)?.thread ?? -1

/**
 * A deadlock: threads that have not returned when nobody can go on. The model has no other end in which they have
 * not, so that registers and guards tell it.
 */
function deadlocked(scenario: Scenario, model: LoweredModel, trace: Trace, end: State): Result<Target, Skip> {
  const no = (message: string): { readonly ok: false; readonly error: Skip } => failed(skip('feature', message))
  const open = new Set<string>()
  for (const { thread: t, stmts } of scenario.file.threads) {
    const number = model.threads.findIndex((x) => x.name === `P${t.index}`)
    const pc = end[model.threads[number]?.pcSlot ?? -1]
    const at = model.steps.find((s) => s.thread === number && s.pc === pc)?.label.split('.')[0] ?? ''
    const first = labelsOf(stmts).indexOf(at)
    if (first < 0) continue
    if (stmts[first]?.register === undefined)
      return no(`'${at}' has no register by which to see that it has not returned`)
    for (const s of stmts.slice(first)) if (s.register !== undefined) open.add(`P${t.index}:${s.register.text}`)
  }
  const made = raceProgram(scenario, trace, { waits: true })
  if (!made.ok) return made
  // Whatever they wait for, the program is not to wait for them.
  const program = { ...made.value, waits: true }
  const found = outcomeOf(scenario, model, end, program.pages)
  const registers = found.registers.map((r) => (open.has(r.name) ? { ...r, value: NO_RETURN } : r))
  const outcome = { registers, pages: found.pages }
  const key = JSON.stringify(outcome)
  return ok({ scenario, program, outcome, shows: (o) => JSON.stringify(o) === key })
}

/** The target of a scenario that begins with the trace. */
function targetIn(scenario: Scenario, trace: Trace, property: string): Result<Target, Skip> {
  const no = (message: string): { readonly ok: false; readonly error: Skip } => failed(skip('feature', message))
  const { model } = lower(withProperties(scenario))
  const moves = resolveMoves(model, recordSteps(trace))
  if (!moves.ok) return no(`the trace is none of the operations that it begins: ${moves.error.message}`)
  const ran = replay(model, moves.value)
  if (ran.kind === 'stuck') return no(`the trace cannot be replayed: ${ran.reason}`)
  const last = ran.states.at(-1) ?? initialState(model)
  if (isDeadlock(model, last)) return deadlocked(scenario, model, trace, last)
  const end = complete(model, last)
  if (end === undefined) return no('the operations of the trace do not all return, so no outcome can be looked at')
  const program = raceProgram(scenario, trace)
  if (!program.ok) return program
  const outcome = outcomeOf(scenario, model, end, program.value.pages)
  const judge = (o: RaceOutcome): boolean | undefined => shows(scenario, property, o, { maxMs: JUDGE_MS })
  const telling = judge(outcome)
  if (telling === true) return ok({ scenario, program: program.value, outcome, shows: judge })
  return no(
    telling === false
      ? `registers and guards end as they may without the violation of ${property}, so the kernel cannot show it`
      : `whether the outcome shows the violation of ${property} cannot be told`,
  )
}

/**
 * The target of a replayed counterexample, or why no real kernel can show it. What the scenario does after the
 * trace is left out, unless it looks at what came of the violation.
 */
export function targetOf(scenario: Scenario, trace: Trace, property: string): Result<Target, Skip> {
  const cut = begun(scenario, trace)
  if (typeof cut === 'string') return failed(skip('feature', cut))
  if (cut !== scenario && looksOn(scenario, cut)) {
    const whole = targetIn(scenario, trace, property)
    if (whole.ok) return whole
  }
  return targetIn(cut, trace, property)
}

/** Whether the operations that are cut off give results. */
const looksOn = (whole: Scenario, cut: Scenario): boolean =>
  results(whole) > results(cut) && whole.file.threads.length === cut.file.threads.length
const results = ({ file }: Scenario): number =>
  file.threads.reduce((n, t) => n + t.stmts.filter((s) => s.register !== undefined).length, 0)
