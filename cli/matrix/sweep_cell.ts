/** One cell of the sweep, checked on several kernels: what a worker does, and what it gives back. */
import { digestOf } from '../../counterexamples/digest.ts'
import { lower } from '../../model/language/lower/lower.ts'
import type { LoweredModel } from '../../model/language/lowered.ts'
import { parseLitmus } from '../../model/litmus/parser.ts'
import { elaborate, type Scenario } from '../../model/scenarios/scenario.ts'
import { withProperties } from '../../properties/all.ts'
import type { Incomplete, SearchOptions, Violation } from '../../solver/engine.ts'
import { searchExplicit } from '../../solver/explicit/search.ts'

export interface SweepTask {
  /** Place of the cell in the sweep. */
  readonly index: number
  readonly name: string
  /** A litmus text on all the kernels to be asked. */
  readonly text: string
  readonly maxStates: number
  /** Bytes that the states of a cell may take, and when to end, as performance.now() has it. */
  readonly maxBytes?: number
  readonly until?: number
}

/** A violation as the sweep tells it: how many steps, and the step with which it happens. */
export interface SweepViolation {
  readonly property: string
  readonly steps: number
  /** `routine.label` of the last step; empty where the initial state is bad. */
  readonly at: string
}

export interface KernelResult {
  readonly kernel: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly violations: readonly SweepViolation[]
  readonly incomplete?: Incomplete['kind']
  /** An earlier kernel of the list with the very same lowered model, whose result this is. */
  readonly sameAs?: string
}

export type SweepResult =
  | { readonly ok: true; readonly index: number; readonly kernels: readonly KernelResult[] }
  | { readonly ok: false; readonly index: number; readonly message: string }

const told = (model: LoweredModel, { property, moves }: Violation): SweepViolation => {
  const last = model.steps.find((s) => s.id === moves.at(-1)?.step)
  return {
    property: model.properties[property]?.name ?? '?',
    steps: moves.length,
    at: last === undefined ? '' : `${last.routine}.${last.local}`,
  }
}

const limits = ({ maxStates, maxBytes, until }: SweepTask): SearchOptions => ({
  maxStates,
  ...(maxBytes === undefined ? {} : { maxBytes }),
  ...(until === undefined ? {} : { maxMs: Math.max(0, until - performance.now()) }),
})

function checkOn(scenario: Scenario, task: SweepTask, known: Map<string, KernelResult>): KernelResult {
  const { model } = lower(withProperties(scenario))
  const print = digestOf(model)
  const earlier = known.get(print)
  const kernel = scenario.kernel.name
  if (earlier !== undefined) return { ...earlier, kernel, sameAs: earlier.kernel }
  const result = searchExplicit(model, limits(task))
  const found: KernelResult = {
    kernel,
    states: result.states,
    transitions: result.transitions,
    depth: result.depth,
    violations: result.violations.map((v) => told(model, v)),
    ...(result.incomplete === undefined ? {} : { incomplete: result.incomplete.kind }),
  }
  // What a limit of time ended may end elsewhere on the next kernel.
  if (found.incomplete !== 'time') known.set(print, found)
  return found
}

/** Checks a cell on each kernel of its text. A cell that cannot be built or searched says why. */
export function runSweepCell(task: SweepTask): SweepResult {
  const { index } = task
  const parsed = parseLitmus({ name: task.name, text: task.text })
  const made = parsed.ok ? elaborate(parsed.file) : parsed
  if (!made.ok) return { ok: false, index, message: made.diagnostics.map((d) => d.message).join('; ') }
  const known = new Map<string, KernelResult>()
  try {
    return { ok: true, index, kernels: made.scenarios.map((s) => checkOn(s, task, known)) }
  } catch (e) {
    return { ok: false, index, message: e instanceof Error ? e.message : String(e) }
  }
}
