/** Labels that do not name one step. */
import type { LoweredModel, Step } from '../lowered.ts'
import type { Finding } from './rules.ts'

/**
 * Reports ML007: two steps of a thread that have one full label. Where two calls of one label are the
 * cause, that is said once, and not of each step within them.
 */
export function checkLabels(model: LoweredModel, add: (f: Omit<Finding, 'help'>) => void): void {
  const seen = new Map<string, Step>()
  for (const step of model.steps) {
    const thread = model.threads[step.thread]?.name ?? String(step.thread)
    const key = `${thread}\n${step.label}`
    const first = seen.get(key)
    if (first === undefined) {
      seen.set(key, step)
      continue
    }
    const at = step.frames.findIndex((f, i) => f.id !== first.frames[i]?.id)
    const call = step.label.split('.').slice(0, at + 1)
    if (at < 0)
      add({ code: 'ML007', message: `two steps of ${step.routine} have this label`, thread, label: step.label })
    else add({ code: 'ML007', message: 'two calls have this label', thread, label: call.join('.') })
  }
}
