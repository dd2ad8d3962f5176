/** Traces made without a model, for what only the writers have to deal with. */
import type { Frame, SlotKind } from '../../model/language/lowered.ts'
import { CONST_TRUE } from '../../model/language/lowered.ts'
import { show, type Type } from '../../model/language/types.ts'
import type { Trace, TraceStep } from '../../counterexamples/trace.ts'

export interface MadeChange {
  readonly name: string
  readonly kind: SlotKind
  readonly type: Type
  readonly from: number
  readonly to: number
}

export interface MadeStep {
  readonly thread: number
  /** Innermost last; a frame's number sets two calls of one function apart. */
  readonly frames: readonly (readonly [number, string])[]
  readonly text: string
  readonly changes?: readonly MadeChange[]
  readonly choices?: readonly { readonly name: string; readonly shown: string }[]
}

export function madeTrace(steps: readonly MadeStep[]): Trace {
  const made = steps.map((s, index): TraceStep => {
    const frames = s.frames.map(([id, fn]): Frame => ({ id, fn, file: 'mm/memory.c' }))
    const local = `l${index}`
    return {
      index,
      thread: { number: s.thread, name: `P${s.thread}` },
      step: {
        id: index,
        thread: s.thread,
        pc: index,
        label: [...frames.slice(1).map((f) => f.fn), local].join('.'),
        routine: frames.at(-1)?.fn ?? '',
        local,
        text: s.text,
        frames,
        choices: [],
        guard: CONST_TRUE,
        body: [],
      },
      choices: (s.choices ?? []).map((choice, slot) => ({ slot, value: 0, ...choice })),
      changes: (s.changes ?? []).map((c, slot) => ({
        slot,
        ...c,
        shownFrom: show(c.type, c.from),
        shownTo: show(c.type, c.to),
      })),
      loads: [],
    }
  })
  return { initial: [], steps: made, violated: [0] }
}
