/** The permanent name of a counterexample: twelve hex digits, as a commit has in a mail. */
import { digestOf } from './digest.ts'
import type { Trace } from './trace.ts'

/** A step as the id sees it: nothing that another layout of the same model would change. */
export interface IdStep {
  readonly thread: string
  /** The full label, callers' prefixes first. */
  readonly label: string
  /** The values of the step's choices as people read them. */
  readonly choices: readonly string[]
}

export interface IdInput {
  /** The body of the scenario: canonical text without its name, so that renaming it keeps the id. */
  readonly scenario: string
  readonly kernel: string
  readonly property: string
  /** The trace, normalised (minimised, symmetry undone) by the caller. */
  readonly steps: readonly IdStep[]
  /** Where its loop begins, if it has one. */
  readonly loopStart?: number
}

export const ID_DIGITS = 12

export const idSteps = (trace: Trace): IdStep[] =>
  trace.steps.map(({ thread, step, choices }) => ({
    thread: thread.name,
    label: step.label,
    choices: choices.map((choice) => choice.shown),
  }))

/**
 * The first 12 hex digits of the SHA-256 of a canonical text: a JSON array, whose order is fixed and
 * whose strings are escaped, so that no two inputs share one. Changing it renames every counterexample.
 */
export function counterexampleId(input: IdInput): string {
  const steps = input.steps.map(({ thread, label, choices }) => [thread, label, choices])
  const loop = input.loopStart === undefined ? [] : [['loop', input.loopStart]]
  const parts = ['mmcheck-counterexample', 1, input.scenario, input.kernel, input.property, steps, ...loop]
  return digestOf(parts).slice(0, ID_DIGITS)
}
