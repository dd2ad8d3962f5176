/** The labels that ran, as mutations name them. */
import type { LoweredModel } from '../lowered.ts'
import { labelName } from './name.ts'

/** `routine.label` of every step with one of these ids, and of every call on the way to one. */
export function reachedLabels(model: LoweredModel, steps: readonly number[]): ReadonlySet<string> {
  const ran = new Set(steps)
  const out = new Set<string>()
  for (const s of model.steps) {
    if (!ran.has(s.id)) continue
    out.add(`${s.routine}.${s.local}`)
    // The call named by the i-th prefix stands in the routine of the frame before it.
    s.label
      .split('.')
      .slice(1, -1)
      .forEach((label, i) => {
        const caller = s.frames[i]
        if (caller !== undefined) out.add(labelName(caller.fn, label))
      })
  }
  return out
}
