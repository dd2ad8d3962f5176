/** Whether a changed model can still go the way of a trace: much cheaper than a search, where the answer is yes. */
import type { LoweredModel, Step } from '../../model/language/lowered.ts'
import { brokenInvariants, initialState, runStep, type State } from '../../solver/reference/interpreter.ts'
import type { TraceStep } from '../trace.ts'

/** More steps than any mutation adds in one place. */
const EXTRA = 16

/**
 * Runs the threads in the order of the trace. Steps that the changed model no longer has are passed
 * over; those that it has in addition (`known` says which are not) run where the thread comes to them.
 * True where that breaks the property. False says nothing: another way may.
 */
export function stillBreaks(
  model: LoweredModel,
  steps: readonly TraceStep[],
  property: string,
  known: (label: string) => boolean,
): boolean {
  const number = model.properties.findIndex((p) => p.name === property)
  const at = new Map<string, Step>(model.steps.map((s) => [`${s.thread} ${s.pc}`, s]))
  const labels = new Set(model.steps.map((s) => `${s.thread} ${s.label}`))
  let state: State = initialState(model)
  let broken = false
  const run = (step: Step, choices: readonly number[]): boolean => {
    if (choices.length !== step.choices.length) return false
    const next = runStep(model, step, choices, state)
    if (next === undefined) return false
    state = next.state
    broken ||= next.failed.includes(number) || brokenInvariants(model, state).includes(number)
    return true
  }
  for (const { thread, step, choices } of steps) {
    const slot = model.threads[thread.number]?.pcSlot
    if (slot === undefined) return false
    if (!labels.has(`${thread.number} ${step.label}`)) continue
    for (let extra = 0; ; extra++) {
      const current = at.get(`${thread.number} ${state[slot] ?? -1}`)
      if (current === undefined || extra > EXTRA) return broken
      const wanted = current.label === step.label
      if (!wanted && known(current.label)) return broken
      if (!run(current, wanted ? choices.map((c) => c.value) : [])) return broken
      if (broken) return true
      if (wanted) break
    }
  }
  return broken
}
