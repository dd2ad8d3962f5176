/** Where every thread stands in each state of a trace, and whether it can go on. */
import type { LoweredModel } from '../../model/language/lowered.ts'
import { successors, type State } from '../../solver/reference/interpreter.ts'

export interface Standing {
  /** `blocked`: its next step waits. `idle`: the same of a daemon, which waits for work. */
  readonly kind: 'ready' | 'blocked' | 'idle' | 'done'
  /** The C text of its next step; empty where there is none. */
  readonly next: string
}

/** By thread. */
export function standingsIn(model: LoweredModel, state: State): readonly Standing[] {
  const threadOf = new Map(model.steps.map((s) => [s.id, s.thread]))
  const moving = new Set(successors(model, state).map((s) => threadOf.get(s.move.step)))
  return model.threads.map(({ pcSlot, donePc, daemon }, thread): Standing => {
    const pc = state[pcSlot]
    const step = model.steps.find((s) => s.thread === thread && s.pc === pc)
    if (pc === donePc || step === undefined) return { kind: 'done', next: '' }
    const next = step.text === '' ? step.local : step.text
    return { kind: moving.has(thread) ? 'ready' : daemon ? 'idle' : 'blocked', next }
  })
}
