/** Labels that do not name one step. */
import type { LoweredModel } from '../lowered.ts'
import type { Finding } from './rules.ts'

/** Reports ML007: a full label that two steps of a thread have, by one routine or by two calls of one label. */
export function checkLabels(model: LoweredModel, add: (f: Omit<Finding, 'help'>) => void): void {
  const seen = new Map<string, number | undefined>()
  for (const step of model.steps) {
    const thread = model.threads[step.thread]?.name ?? String(step.thread)
    const key = `${thread}\n${step.label}`
    const frame = step.frames.at(-1)?.id
    if (!seen.has(key)) {
      seen.set(key, frame)
      continue
    }
    const message =
      seen.get(key) === frame
        ? `two steps of ${step.routine} have the label '${step.local}'`
        : `two calls with one label lead to two steps called '${step.label}'`
    add({ code: 'ML007', message, thread, label: step.label })
  }
}
